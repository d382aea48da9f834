#ifndef JINMU_CONNECTIONS_H
#define JINMU_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which new connections a server takes before it knows whose they are, so that a flood of them
 * costs it little; and who ended one. */
struct connection_limits {
    size_t open;        /* at the same time */
    size_t open_of_one; /* of one address */
    double per_second;  /* of one address, when its first `open_of_one` are used up */
};
extern const struct connection_limits connection_limits_default;

struct connections;
struct connections *connections_new(const struct connection_limits *limits);
void connections_destroy(struct connections **connections);
/* For connections from now on. */
void connections_limit(struct connections *connections, const struct connection_limits *limits);

/* A connection was made: `source` and `number` (its descriptor, which is its owner's) name it until
 * connections_end. Whether it may stay; one that may not is shut down, and counts until its end too. */
bool connections_begin(struct connections *connections, unsigned source, int number,
                       const char *address, int64_t now_ms);

enum { ADDRESS_BYTES = 64 };
enum connection_end { CONNECTION_UNKNOWN, CONNECTION_LEFT, CONNECTION_CUT, CONNECTION_TURNED_AWAY };
/* Its owner closed it: CONNECTION_LEFT when the peer had left, CONNECTION_CUT when the peer would have
 * stayed, CONNECTION_TURNED_AWAY when it was over a limit. */
enum connection_end connections_end(struct connections *connections, unsigned source, int number,
                                    char address[ADDRESS_BYTES]);
/* Shuts all of that source down. */
void connections_cut(struct connections *connections, unsigned source);
size_t connections_open(const struct connections *connections);

#endif
