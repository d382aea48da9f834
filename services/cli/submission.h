#ifndef JINMU_CLI_SUBMISSION_H
#define JINMU_CLI_SUBMISSION_H

#include "common/keys.h"
#include "services/cli/batches.h"

#include <stdbool.h>
#include <stdint.h>

/* Batches handed to the broker's queue (jinmu.submit, titanic.reply, titanic.close), several at once.
 * Each has an idempotency key of its own, so that asking again after a broker's silence neither
 * loses nor doubles it. */
struct submission;

/* What happens on the way; all may be NULL. */
struct submission_watch {
    /* The broker has batch `index` on disk. */
    void (*accepted)(size_t index, const char *receipt, void *argument);
    /* Its answer came; called in the order of the batches. */
    void (*answered)(size_t index, const char *body, size_t bytes, void *argument);
    /* No answer will come, or none came before all was given up; called in its turn as `answered`.
     * The code says why: "job.dead" with the broker's reason, "receipt.unknown" when it was taken
     * back or dropped, "submission.unanswered" when it may still be done. */
    void (*failed)(size_t index, const char *receipt, const struct fault *why, void *argument);
    /* Something got done, or waits: `why` is NULL or says for what. */
    void (*progress)(size_t projects_done, const char *why, void *argument);
    void *argument;
};

struct submission_options {
    const struct identity *identity; /* at the broker; NULL: its endpoint has no keys */
    const char *broker;              /* endpoint */
    bool bulk;                       /* priority; without `wait`, the answers are but summaries */
    bool wait;                       /* for the answers */
    int64_t delay_s;                 /* before it may be begun */
    int64_t deadline_s;              /* after which it is not begun any more; 0: none */
    int patience_ms;                 /* how long the broker may be silent; 0: a minute */
};

/* Submits all. 0, or -1 with a fault when the broker does not answer any more or refuses to take one;
 * what was accepted stays accepted. One that was accepted and failed later is the watcher's matter. */
int submission_run(const struct batches *batches, const struct submission_options *options,
                   const struct submission_watch *watch, struct fault *fault);

#endif
