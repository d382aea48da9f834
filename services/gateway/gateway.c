#include "services/gateway/gateway.h"

#include "common/guard.h"
#include "common/log.h"
#include "common/state.h"
#include "common/strbuf.h"
#include "services/cli/running.h"
#include "services/gateway/doorkeeper.h"
#include "services/gateway/hands.h"
#include "services/gateway/page.h"
#include "services/gateway/parking.h"
#include "services/gateway/server.h"
#include "services/gateway/stream.h"
#include "services/gateway/throttle.h"

#include <czmq.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>

enum {
    SWEEP_MS = 1000,
    TIDY_MS = 3600 * 1000,
    LOOK_MS = 60 * 1000,
    READING_S = 120,
    SPARE_DESCRIPTORS = 256
};

const struct gateway_options gateway_defaults = {
    .open_catalog = true,
    .hands = 8,
    .connections = 4096,
    .connections_each = 512,
    .body_bytes = 8 << 20,
    .bodies_bytes = 256 << 20,
    .headers_s = 10,
    .body_s = 60,
};

/* As many descriptors as connections need, when the system lets us. */
static void raise_descriptors(struct gateway *gateway)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)gateway->options.connections + SPARE_DESCRIPTORS;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur < wanted) {
        gateway->options.connections = (int)limit.rlim_cur - SPARE_DESCRIPTORS;
        log_warning("few_descriptors", "connections=%d", gateway->options.connections);
    }
}

static int open_parts(struct gateway *gateway, struct fault *fault)
{
    char *path = state_path(gateway->options.running->state, "gateway.db");
    gateway->accounts = accounts_open(path, fault);
    free(path);
    if (!gateway->accounts || !(gateway->page = page_open(gateway->options.page, fault)))
        return -1;
    gateway->catalog = state_path(gateway->options.running->state, "catalog.db");
    gateway->doorkeeper = doorkeeper_new();
    gateway->throttle = throttle_new();
    if (!(gateway->feed = feed_new(gateway, fault)))
        return -1;
    gateway->parking = parking_new(gateway);
    gateway->hands = hands_new(gateway, gateway->options.hands);
    return server_start(gateway, fault);
}

struct gateway *gateway_new(const struct gateway_options *options, struct fault *fault)
{
    struct gateway *gateway = xcalloc(1, sizeof *gateway);
    gateway->options = *options;
    gateway->started_ms = zclock_mono();
    raise_descriptors(gateway);
    if (open_parts(gateway, fault))
        gateway_destroy(&gateway);
    return gateway;
}

/* From the outside in: nothing new comes, what was begun is answered, then the sockets close. */
void gateway_destroy(struct gateway **gateway)
{
    struct gateway *old = *gateway;
    if (!old)
        return;
    server_refuse(old);
    hands_stop(old->hands);
    parking_destroy(&old->parking);
    feed_stop(old->feed);
    server_stop(old);
    hands_destroy(&old->hands);
    feed_destroy(&old->feed);
    doorkeeper_destroy(&old->doorkeeper);
    throttle_destroy(&old->throttle);
    page_close(&old->page);
    accounts_close(&old->accounts);
    free(old->catalog);
    free(old);
    *gateway = NULL;
}

/* A service that does not answer may have refused our key: that is told to nobody but here. */
static void look_at_keys(const struct running *running)
{
    const struct {
        const char *name, *endpoint;
        const struct identity *identity;
    } services[] = {{"broker", running->broker, running->to_broker},
                    {"collector", running->collector, running->to_collector}};
    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        struct fault fault;
        if (services[i].identity && guard_greet(services[i].endpoint, services[i].identity, &fault))
            log_warning("service_silent", "service=%s code=%s reason=\"%s\"", services[i].name,
                        fault.code, fault.message);
    }
}

void gateway_run(struct gateway *gateway, int ending)
{
    const struct gateway_options *options = &gateway->options;
    int64_t tidy_at = zclock_mono(), look_at = tidy_at;
    uint64_t silences = 0;
    for (;;) {
        struct pollfd item = {ending, POLLIN, 0};
        if (poll(&item, 1, SWEEP_MS) > 0)
            return;
        int dropped =
            doorkeeper_sweep(gateway->doorkeeper, options->headers_s, options->body_s, READING_S);
        gateway->counts.dropped_slow += (uint64_t)dropped;
        if (gateway->counts.silences != silences && zclock_mono() >= look_at) {
            silences = gateway->counts.silences;
            look_at_keys(options->running);
            look_at = zclock_mono() + LOOK_MS;
        }
        if (zclock_mono() >= tidy_at) {
            accounts_tidy(gateway->accounts);
            tidy_at = zclock_mono() + TIDY_MS;
        }
    }
}
