#ifndef JINMU_POSTMAN_TRUST_H
#define JINMU_POSTMAN_TRUST_H

#include "common/fault.h"

#include <curl/curl.h>
#include <stddef.h>

/* Whose certificates receivers of webhooks may have: those that the authorities in a file vouch for, or,
 * without one, the system's. */

/* 0 when the file (webhooks/ca) has certificates, or -1 with a fault. */
int trust_check_file(const char *path, struct fault *fault);
/* Sets that for a transfer; `ca` may be NULL. */
void trust_set(CURL *transfer, const char *ca);
/* What was wrong with the encryption or the receiver's certificate, in Chinese, and as a word for the log
 * ("certificate_expired"); NULL when that is not what failed. `host` is the receiver's. */
const char *trust_failure(CURL *transfer, CURLcode code, const char *host, const char *detail,
                          char *text, size_t size);

#endif
