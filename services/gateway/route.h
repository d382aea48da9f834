#ifndef JINMU_GATEWAY_ROUTE_H
#define JINMU_GATEWAY_ROUTE_H

#include "services/gateway/backend.h"
#include "services/gateway/exchange.h"
#include "services/gateway/gateway.h"

/* Gives the exchange its answer. `backend` is the hand's own; NULL when the route is ROUTE_AT_ONCE. */
typedef void route_fn(struct exchange *exchange, struct backend *backend);

enum route_flags {
    ROUTE_AT_ONCE = 1, /* never waits for anything: answered by the thread that reads sockets */
    ROUTE_BODY = 2,    /* takes a body */
    ROUTE_PUBLIC = 4,  /* no session or token needed */
    ROUTE_NO_CSRF = 8, /* changes nothing, though it is a POST */
    ROUTE_OPEN = 16    /* shows the catalog alone: any site's pages may ask, and anybody unless
                          http/open_catalog is 0 */
};

enum {
    ANYBODY = ROLE_SUBMITTER | ROLE_REVIEWER | ROLE_KEEPER | ROLE_ADMIN,
    REVIEWERS = ROLE_REVIEWER | ROLE_KEEPER | ROLE_ADMIN,
    KEEPERS = ROLE_KEEPER | ROLE_ADMIN,
    ADMINS = ROLE_ADMIN
};

struct route {
    const char *method;
    const char *path; /* below /api/v1; "{}" stands for any one segment */
    route_fn *serve;
    unsigned roles; /* who may, unless ROUTE_PUBLIC */
    unsigned flags;
};

/* A resource's routes; the last one has no method. One table a file, all of them in routes.c. */
extern const struct route session_routes[], user_routes[], token_routes[], audit_routes[],
    project_routes[], receipt_routes[], document_routes[], result_routes[], review_routes[],
    event_routes[], catalog_routes[], catalog_item_routes[], change_routes[], manual_routes[],
    system_routes[], dead_routes[], service_routes[], similar_routes[], webhook_routes[],
    reconcile_routes[], skos_routes[], map_routes[], proposal_routes[];

/* Finds the route and fills the captures. NULL with an answer: 404, or 405 with Allow. */
const struct route *routes_find(struct exchange *exchange);
/* Whether the path is one of the API's. */
bool routes_is_api(const struct exchange *exchange);
/* Whether it is below one that pages of other sites may ask: /reconcile, /catalog/….ttl. */
bool routes_is_open(const struct exchange *exchange);

/* access.c: finds out who makes the request, and whether that may be. false with an answer. */
bool access_check(struct exchange *exchange);
/* What a change was, for the audit log. */
void access_note(struct exchange *exchange, const char *action, const char *object,
                 const char *detail);

#endif
