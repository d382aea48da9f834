#ifndef JINMU_COMPLAINTS_H
#define JINMU_COMPLAINTS_H

#include <czmq.h>

/* Logs what bad peers do, one line a peer and minute, so that a flood of nonsense does not become a
 * flood of log. */
struct complaints;
struct complaints *complaints_new(void);
void complaints_destroy(struct complaints **complaints);
/* Logs "bad_peer peer=… reason=…" unless this peer had its line within the last minute. */
void complain(struct complaints *complaints, const zframe_t *peer, const char *reason);
/* The same, of a peer that is known by name. */
void complain_of(struct complaints *complaints, const char *name, const char *reason);
uint64_t complaints_count(const struct complaints *complaints); /* all, logged or not */

#endif
