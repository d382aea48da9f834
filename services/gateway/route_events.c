/* GET /events: server-sent events. */
#include "services/gateway/route.h"
#include "services/gateway/stream.h"

#include <errno.h>
#include <stdlib.h>

/* The number that the client saw last; false with an answer when what it says is none. */
static bool read_since(struct exchange *exchange, int64_t *since)
{
    const char *seen = exchange_header(exchange, "Last-Event-ID");
    char *end;
    if (!seen || !*seen)
        return exchange_query_number(exchange, "since", 0, (int64_t)9e15, -1, since);
    errno = 0;
    *since = strtoll(seen, &end, 10);
    if (!errno && !*end && *since >= 0)
        return true;
    reply_problem(exchange, "request.bad", "Last-Event-ID 应为事件编号");
    return false;
}

static void stream_events(struct exchange *exchange, struct backend *backend)
{
    int64_t since;
    (void)backend;
    if (!read_since(exchange, &since))
        return;
    if (feed_join(exchange->gateway->feed, exchange, since)) {
        exchange->answer.status = MHD_HTTP_OK;
        return;
    }
    reply_problem(exchange, "throttled", "打开的事件流太多");
    reply_header(exchange, "Retry-After", "30");
}

const struct route event_routes[] = {{"GET", "/events", stream_events, ANYBODY, ROUTE_AT_ONCE},
                                     {0}};
