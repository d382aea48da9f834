/* GET /audit: who did what. */
#include "services/gateway/route.h"

static void list_audit(struct exchange *exchange, struct backend *backend)
{
    (void)backend;
    struct audit_filter filter = {.who = exchange_query(exchange, "who"),
                                  .action = exchange_query(exchange, "action"),
                                  .object = exchange_query(exchange, "object")};
    if (exchange_query_number(exchange, "limit", 1, 500, 100, &filter.limit) &&
        exchange_query_number(exchange, "before", 0, INT64_MAX, 0, &filter.before))
        reply_json(exchange, MHD_HTTP_OK, accounts_audit(exchange->gateway->accounts, &filter));
}

const struct route audit_routes[] = {{"GET", "/audit", list_audit, ADMINS, 0}, {0}};
