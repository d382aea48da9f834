#ifndef JINMU_POSTMAN_SIGNATURE_H
#define JINMU_POSTMAN_SIGNATURE_H

#include "common/json.h"
#include "common/strbuf.h"

#include <stddef.h>
#include <stdint.h>

/* The value of webhook-signature (Standard Webhooks 1.0): "v1," and base64 of HMAC-SHA256 over
 * "id.timestamp.body", for each secret (texts "whsec_…"), with spaces between them. 0, or -1 when a
 * secret is none. */
int signature_make(const struct jv *secrets, const char *id, int64_t timestamp, const char *body,
                   size_t bytes, struct strbuf *value);

#endif
