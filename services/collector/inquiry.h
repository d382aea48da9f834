#ifndef JINMU_COLLECTOR_INQUIRY_H
#define JINMU_COLLECTOR_INQUIRY_H

#include "common/fault.h"
#include "common/json.h"
#include "common/keys.h"

#include <czmq.h>
#include <stdint.h>

/* Asks a collector (question.h says what). One question at a time. */
struct inquiry;
struct inquiry *inquiry_new(const char *endpoint, struct fault *fault);
/* The same, over an endpoint with keys; NULL: without. */
struct inquiry *inquiry_new_as(const struct identity *identity, const char *endpoint,
                               struct fault *fault);
void inquiry_destroy(struct inquiry **inquiry);

/* Asks for the service's numbers: a JSON object (jv_destroy), or NULL with a fault:
 * "inquiry.timeout" when no collector answers in time, or what the collector refused it for. */
struct jv *inquiry_status(struct inquiry *inquiry, int timeout_ms, struct fault *fault);

/* Asks anything else of question.h: the first frame of the answer, JSON (free()), or NULL with a
 * fault. */
char *inquiry_ask(struct inquiry *inquiry, const struct jv *question, int timeout_ms,
                  size_t *length, struct fault *fault);

/* A stored event; texts are valid during the call. */
struct inquiry_row {
    int64_t event;
    const char *topic;
    const char *json; /* of the result */
};
typedef void inquiry_row_fn(const struct inquiry_row *row, void *argument);

/* Gives events after `since` in order, at most `limit` and at most 1,000. Returns how many, or -1
 * with a fault as above. `last` (may be NULL) is set to the newest event's number. */
int inquiry_events(struct inquiry *inquiry, int64_t since, int64_t limit, int timeout_ms,
                   inquiry_row_fn *each, void *argument, int64_t *last, struct fault *fault);
/* Gives all results of a project. */
int inquiry_project(struct inquiry *inquiry, const char *id, int timeout_ms, inquiry_row_fn *each,
                    void *argument, struct fault *fault);

#endif
