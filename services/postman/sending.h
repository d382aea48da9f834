#ifndef JINMU_POSTMAN_SENDING_H
#define JINMU_POSTMAN_SENDING_H

#include "common/json.h"
#include "services/postman/targets.h"

#include <curl/curl.h>
#include <stdint.h>

/* One delivery on its way. */
struct sending;

struct sending_options {
    const struct targets *targets;
    const char *ca; /* certificates; NULL: the system's */
    int64_t timeout_ms;
};

/* Makes a request of a member of webhook_due's answer, signed at `now`, and hands it to `multi`. NULL
 * with a fault when it must not be sent: webhook.…. */
struct sending *sending_begin(CURLM *multi, const struct jv *due,
                              const struct sending_options *options, int64_t now,
                              struct fault *fault);
/* Whose transfer that is. */
struct sending *sending_of(CURL *transfer);
/* What became of it, as webhook_report wants it; then destroys it. */
struct jv *sending_end(struct sending **sending, CURLcode code, int64_t now, double random);
/* Without an end. */
void sending_destroy(struct sending **sending);

/* The outcome of a delivery that was not even begun. */
struct jv *sending_refused(const struct jv *due, const struct fault *fault, int64_t now,
                           double random);

int64_t sending_delivery(const struct sending *sending);
const char *sending_webhook(const struct sending *sending);

#endif
