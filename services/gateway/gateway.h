#ifndef JINMU_GATEWAY_H
#define JINMU_GATEWAY_H

#include "common/fault.h"
#include "services/gateway/accounts.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* The HTTP service: JSON API, the reviewer's page, metrics. It decides nothing: it hands projects to
 * the broker, asks the collector, and reads catalog.db. */

struct gateway_options {
    const struct running *running; /* state directory and endpoints (services/cli/running.h) */
    const char *listen;            /* "127.0.0.1:8080", "[::1]:8080", "0.0.0.0:443" */
    const char *page;              /* folder of the page's files */
    const char *certificate;       /* PEM files; NULL: no TLS */
    const char *key;
    const char
        *proxy; /* address of a reverse proxy whose X-Forwarded-For is believed; NULL: none */
    bool open_catalog;    /* ROUTE_OPEN needs no session */
    bool https_outside;   /* the proxy speaks TLS: cookies are Secure */
    int hands;            /* threads that work on requests */
    int connections;      /* at most, in all */
    int connections_each; /* and from one address */
    int64_t body_bytes;   /* of one request */
    int64_t bodies_bytes; /* of all together */
    int headers_s;        /* to send the headers, to send the body */
    int body_s;
};
extern const struct gateway_options gateway_defaults;

/* What it counts; for /metrics and /system. */
struct gateway_counts {
    _Atomic uint64_t requests, responses_2xx, responses_3xx, responses_4xx, responses_5xx;
    _Atomic uint64_t refused_busy, dropped_slow, sign_ins, sign_ins_refused;
    _Atomic uint64_t silences; /* of broker or collector, when they were asked */
    _Atomic uint64_t response_us, streamed_events;
    _Atomic int64_t connections, streams, bodies_bytes;
    _Atomic int64_t pdfs, groupings; /* of proposals; in work, each takes much */
};

struct doorkeeper;
struct throttle;
struct hands;
struct feed;
struct parking;
struct page;
struct MHD_Daemon;
struct gateway {
    struct gateway_options options;
    char *catalog; /* path of catalog.db */
    struct accounts *accounts;
    struct doorkeeper *doorkeeper;
    struct throttle *throttle;
    struct hands *hands;
    struct feed *feed;
    struct parking *parking;
    struct page *page;
    struct MHD_Daemon *daemon;
    uint16_t port; /* where it listens */
    char openapi_etag[24];
    int64_t started_ms;
    struct gateway_counts counts;
};

/* Opens gateway.db and listens. NULL with a fault. `options` is copied, its texts are borrowed. */
struct gateway *gateway_new(const struct gateway_options *options, struct fault *fault);
/* Answers what it has begun, then ends. */
void gateway_destroy(struct gateway **gateway);
/* Housekeeping, until `ending` (a descriptor) is readable. */
void gateway_run(struct gateway *gateway, int ending);

#endif
