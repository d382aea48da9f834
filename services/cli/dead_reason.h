#ifndef JINMU_CLI_DEAD_REASON_H
#define JINMU_CLI_DEAD_REASON_H

/* Why a job is dead, as the broker writes it down (dispatch.c), in words for people; a reason that is
 * not known is given back as it is. */
const char *dead_reason_words(const char *reason);

#endif
