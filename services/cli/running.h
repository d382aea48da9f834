#ifndef JINMU_CLI_RUNNING_H
#define JINMU_CLI_RUNNING_H

#include "common/config.h"
#include "common/keys.h"

/* Where the services of a state directory are reached: as `jinmu serve` wrote it down in
 * STATE/services.zpl, else as configured, else at the local sockets in the directory; and who we are
 * there: an admin when this state has a key of that role, else a client. */
struct running {
    char *state;
    struct config *config;
    char *broker;
    char *collector;
    char *events;
    bool insecure;                 /* tcp:// without keys */
    struct identity *to_broker;    /* NULL: without keys */
    struct identity *to_collector; /* for `events` too */
};

/* Finds all of it; `state` may be NULL for the default one. 0, or -1 with a fault. Clear it
 * either way. */
int running_find(struct running *running, const char *state, struct fault *fault);
/* 0 when somebody listens there, or -1 with a fault: "services.none" that says how to start them, or
 * "keys.refused" when we are not let in. */
int running_check(const struct running *running, struct fault *fault);
/* Fills the identities of endpoints that are set. 0, or -1 with a fault. */
int running_identify(struct running *running, struct fault *fault);
/* Writes the endpoints down for other processes. */
int running_write(const struct running *running, struct fault *fault);
void running_clear(struct running *running);

#endif
