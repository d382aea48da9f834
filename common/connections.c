#include "common/connections.h"

#include "common/strbuf.h"

#include <czmq.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_ADDRESSES = 4096 };

/* A host has some dozens of workers and clients, each with two or three connections. */
const struct connection_limits connection_limits_default = {
    .open = 4000, .open_of_one = 250, .per_second = 20};

struct address {
    char name[ADDRESS_BYTES];
    size_t open;
    double allowance; /* connections that it may make now */
    int64_t since_ms; /* when that was so */
};

struct connection {
    struct address *address;
    unsigned source;
    bool stays;
    int copy; /* of the descriptor: stays ours when its owner closes the other */
};

struct connections {
    struct connection_limits limits;
    zhashx_t *open;      /* struct connection by "source:number" */
    zhashx_t *addresses; /* struct address */
};

static void destroy_item(void **item)
{
    free(*item);
    *item = NULL;
}

static void destroy_connection(void **item)
{
    struct connection *connection = *item;
    if (connection->copy >= 0)
        close(connection->copy);
    destroy_item(item);
}

struct connections *connections_new(const struct connection_limits *limits)
{
    struct connections *connections = xcalloc(1, sizeof *connections);
    connections->limits = *limits;
    connections->open = zhashx_new();
    connections->addresses = zhashx_new();
    zhashx_set_destructor(connections->open, destroy_connection);
    zhashx_set_destructor(connections->addresses, destroy_item);
    return connections;
}

void connections_destroy(struct connections **connections)
{
    if (!*connections)
        return;
    zhashx_destroy(&(*connections)->open);
    zhashx_destroy(&(*connections)->addresses);
    free(*connections);
    *connections = NULL;
}

void connections_limit(struct connections *connections, const struct connection_limits *limits)
{
    connections->limits = *limits;
}

/* Forgets addresses without connections. Those that were just refused may begin anew: with so many
 * addresses only the limit of all helps. */
static void tidy(struct connections *connections)
{
    zlistx_t *names = zhashx_keys(connections->addresses);
    for (const char *name = zlistx_first(names); name; name = zlistx_next(names)) {
        const struct address *address = zhashx_lookup(connections->addresses, name);
        if (address->open == 0)
            zhashx_delete(connections->addresses, name);
    }
    zlistx_destroy(&names);
}

static struct address *address_of(struct connections *connections, const char *name, int64_t now_ms)
{
    struct address *address = zhashx_lookup(connections->addresses, name);
    if (!address) {
        if (zhashx_size(connections->addresses) >= MOST_ADDRESSES)
            tidy(connections);
        address = xcalloc(1, sizeof *address);
        snprintf(address->name, sizeof address->name, "%s", name);
        address->allowance = (double)connections->limits.open_of_one;
        address->since_ms = now_ms;
        zhashx_insert(connections->addresses, name, address);
    }
    return address;
}

static bool take_allowance(struct address *address, const struct connection_limits *limits,
                           int64_t now_ms)
{
    address->allowance += (double)(now_ms - address->since_ms) / 1000 * limits->per_second;
    if (address->allowance > (double)limits->open_of_one)
        address->allowance = (double)limits->open_of_one;
    address->since_ms = now_ms;
    if (address->allowance < 1)
        return false;
    address->allowance -= 1;
    return true;
}

static void write_name(char name[32], unsigned source, int number)
{
    snprintf(name, 32, "%u:%d", source, number);
}

bool connections_begin(struct connections *connections, unsigned source, int number,
                       const char *peer, int64_t now_ms)
{
    char name[32], before[ADDRESS_BYTES];
    connections_end(connections, source, number, before);
    struct address *address = address_of(connections, peer, now_ms);
    struct connection *connection = xcalloc(1, sizeof *connection);
    connection->address = address;
    connection->source = source;
    connection->copy = fcntl(number, F_DUPFD_CLOEXEC, 0);
    write_name(name, source, number);
    zhashx_insert(connections->open, name, connection);
    connection->stays = ++address->open <= connections->limits.open_of_one &&
                        zhashx_size(connections->open) <= connections->limits.open &&
                        take_allowance(address, &connections->limits, now_ms);
    if (!connection->stays && connection->copy >= 0)
        shutdown(connection->copy, SHUT_RDWR);
    return connection->stays;
}

/* A peer that has left leaves an end of the stream behind; one that was cut off does not. */
static enum connection_end ended_how(const struct connection *connection)
{
    char byte;
    int copy = connection->copy;
    if (!connection->stays)
        return CONNECTION_TURNED_AWAY;
    ssize_t length = copy < 0 ? 0 : recv(copy, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    bool cut = length > 0 || (length < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
    return cut ? CONNECTION_CUT : CONNECTION_LEFT;
}

enum connection_end connections_end(struct connections *connections, unsigned source, int number,
                                    char address[ADDRESS_BYTES])
{
    char name[32];
    write_name(name, source, number);
    struct connection *connection = zhashx_lookup(connections->open, name);
    if (!connection)
        return CONNECTION_UNKNOWN;
    enum connection_end end = ended_how(connection);
    snprintf(address, ADDRESS_BYTES, "%s", connection->address->name);
    connection->address->open--;
    zhashx_delete(connections->open, name);
    return end;
}

void connections_cut(struct connections *connections, unsigned source)
{
    for (struct connection *connection = zhashx_first(connections->open); connection;
         connection = zhashx_next(connections->open))
        if (connection->source == source && connection->copy >= 0)
            shutdown(connection->copy, SHUT_RDWR);
}

size_t connections_open(const struct connections *connections)
{
    return zhashx_size(connections->open);
}
