#ifndef JINMU_RECLASSIFY_NOTICE_H
#define JINMU_RECLASSIFY_NOTICE_H

#include "services/cli/reclassify.h"

/* What a run tells those who watch, webhooks among them: events of topic reclassify.<revision>,
 * reclassify.engine for a run with --engine. Their JSON, to which the collector adds "time":
 *
 *   {"reclassify":"begun","revision","engine","model","from","department","projects":N}
 *   {"reclassify":"stopped", the same, "judged":N}
 *   {"reclassify":"finished", the same, "judged":N,"skipped":N,"changed":N,
 *    "to_review":{"count","yuan"},"moves":{"same":{"count","yuan"},"renamed":…}}
 *
 * `from` and `department` are there when the run was asked for those alone. */

enum run_state { RUN_BEGUN, RUN_STOPPED, RUN_FINISHED };
/* `moves` (of RUN_FINISHED, else NULL) are those of the report. 0, or -1 with a fault. */
int reclassify_tell(const struct reclassify *reclassify, const struct running *running,
                    enum run_state state, const struct moves *moves, struct fault *fault);

#endif
