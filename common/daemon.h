#ifndef JINMU_DAEMON_H
#define JINMU_DAEMON_H

#include "common/config.h"
#include "common/guard.h"
#include "common/options.h"
#include "common/signals.h"

#include <stdbool.h>

/* What every daemon of jinmu begins with: whose rights it has, its state directory, its
 * configuration, and the signals that end it or make it read the configuration again. */
struct daemon {
    /* From the command line: DAEMON_OPTIONS. */
    const char *wanted_state;
    const char *config_path; /* NULL: STATE/jinmu.zpl */
    const char *user;        /* to become, when started as root; NULL: to stay */
    bool insecure;           /* tcp:// without keys, on the loopback */
    /* From daemon_open on: */
    char *state;
    struct config *config;
    struct config *replaced; /* by the last reload, or NULL */
    int ending;              /* readable when it shall end */
    int reloading;           /* readable at SIGHUP */
    int lock;                /* of the state, shared with other daemons */
};

/* The rows of a structure with a struct daemon as its member `daemon`. */
#define DAEMON_OPTIONS(structure)                                                                  \
    PATH_OPTION(structure, daemon.wanted_state, "state", 's', "DIR",                               \
                "State directory (default: $JINMU_STATE, else the XDG one)"),                      \
        PATH_OPTION(structure, daemon.config_path, "config", 0, "FILE",                            \
                    "Configuration (default: DIR/jinmu.zpl, if it is there)"),                     \
        TEXT_OPTION(structure, daemon.user, "user", 0, "NAME",                                     \
                    "Become this user when started as root"),                                      \
        FLAG_OPTION(structure, daemon.insecure, "insecure", 0,                                     \
                    "tcp:// without keys; only on the loopback")

/* What a daemon is from its start to its end. */
struct daemon_program {
    const char *name; /* "collector": in its log, and in that of its fault, collector_failed */
    const struct command_form *form;
    /* Works until daemon->ending is readable, with all that it opens closed behind it. 0, or -1 with a
     * fault, if it has one to tell. */
    int (*run)(struct daemon *daemon, struct fault *fault);
};
/* Reads the command line into a structure that begins with this struct daemon, opens, runs and closes
 * it. The exit status. */
int daemon_main(const struct daemon_program *program, int argc, char **argv, struct daemon *daemon);

/* Gives up root's rights when told to, finds state and configuration, sets the log's level. A state on
 * which a restore has not finished is refused. Before the first socket. 0, or -1 with a fault; close it either way. */
int daemon_open(struct daemon *daemon, struct fault *fault);
void daemon_close(struct daemon *daemon);

/* At SIGHUP: reads the configuration again and sets the log's level. False when it has a fault: that
 * is logged, and the configuration stays as it was. */
bool daemon_reload(struct daemon *daemon);
/* After that, when the program finds a fault in what it reads of the configuration: logs it, and puts
 * the configuration and the log's level of before back. */
void daemon_refuse_reload(struct daemon *daemon, const struct fault *fault);

/* The guard of a server's endpoints, all of which (up to NULL) have keys or none has; *guard is NULL
 * in the latter case. 0, or -1 with a fault, also when one may not be used so (endpoint_check). */
int daemon_guard(const struct daemon *daemon, enum key_role role, const char *const endpoints[],
                 struct guard **guard, struct fault *fault);
/* Who this daemon is when it connects there, as a `role` to a `server`: *identity
 * (identity_destroy) is NULL when that endpoint has no keys. 0, or -1 with a fault. */
int daemon_identity(const struct daemon *daemon, enum key_role role, enum key_role server,
                    const char *endpoint, struct identity **identity, struct fault *fault);
/* Sets the guard's limits (limits/connections…) as the configuration now has them; `guard` may be
 * NULL. False, and refused as above, when they have a fault. */
bool daemon_reload_guard(struct daemon *daemon, struct guard *guard);

#endif
