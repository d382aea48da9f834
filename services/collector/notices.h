#ifndef JINMU_COLLECTOR_NOTICES_H
#define JINMU_COLLECTOR_NOTICES_H

#include "common/fault.h"
#include "common/json.h"
#include "services/collector/results.h"

/* Numbered events that tell of no single result. A question, for admins alone,
 *
 *   {"ask":"notice","about":"reclassify","of":"晋财综〔2025〕28号","notice":{…}}
 *
 * becomes the event of topic "reclassify.晋财综〔2025〕28号" with the notice as its JSON, to which "time" is
 * added, and is answered with {"event":N}. */

/* Whether a question is one. */
bool notices_is_one(const char *ask);
enum { NOTICE_TOPIC_BYTES = 160, NOTICE_BYTES = 64 * 1024 };
/* Stores it between results_begin and results_commit. Its event's number, topic and JSON (free()), or
 * -1 with a fault. */
int64_t notices_store(struct results *results, const struct jv *question,
                      char topic[NOTICE_TOPIC_BYTES], char **json, struct fault *fault);

#endif
