/* livez, readyz, metrics, the OpenAPI document. */
#include "services/gateway/openapi.json.h"
#include "services/gateway/route.h"
#include "services/gateway/services.h"

#include "common/strbuf.h"
#include "services/collector/deliveries.h"
#include "services/collector/judged_by.h"

#include <string.h>

static void get_live(struct exchange *exchange, struct backend *backend)
{
    (void)backend;
    reply_text(exchange, MHD_HTTP_OK, "text/plain; charset=utf-8", "alive\n");
}

static void get_ready(struct exchange *exchange, struct backend *backend)
{
    struct services services;
    struct jv *body = jv_object();
    services_look(&services, exchange->gateway, backend);
    bool ready = jv_count(services.missing) == 0;
    jv_set(body, "ready", jv_of_bool(ready));
    jv_set(body, "missing", services.missing);
    services.missing = NULL;
    services_clear(&services);
    reply_json(exchange, ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, body);
}

static void get_openapi(struct exchange *exchange, struct backend *backend)
{
    (void)backend;
    reply_text(exchange, MHD_HTTP_OK, "application/json", openapi_json);
    reply_etag_of_body(exchange);
}

/* --- metrics: Prometheus text format 0.0.4 --- */

static void add_metric(struct strbuf *out, const char *name, const char *type, const char *help,
                       double value)
{
    strbuf_printf(out, "# HELP jinmu_%s %s\n# TYPE jinmu_%s %s\njinmu_%s %.15g\n", name, help, name,
                  type, name, value);
}

static void add_gateway(struct strbuf *out, const struct gateway *gateway)
{
    const struct gateway_counts *counts = &gateway->counts;
    const struct {
        const char *class;
        uint64_t count;
    } classes[] = {{"2xx", counts->responses_2xx},
                   {"3xx", counts->responses_3xx},
                   {"4xx", counts->responses_4xx},
                   {"5xx", counts->responses_5xx}};
    strbuf_puts(out, "# HELP jinmu_http_responses_total Responses by class of their status\n"
                     "# TYPE jinmu_http_responses_total counter\n");
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        strbuf_printf(out, "jinmu_http_responses_total{class=\"%s\"} %llu\n", classes[i].class,
                      (unsigned long long)classes[i].count);
    add_metric(out, "http_requests_total", "counter", "Requests begun", (double)counts->requests);
    add_metric(out, "http_response_seconds_total", "counter", "Time from headers to answer, summed",
               (double)counts->response_us / 1e6);
    add_metric(out, "http_connections", "gauge", "Open connections", (double)counts->connections);
    add_metric(out, "http_streams", "gauge", "Open event streams", (double)counts->streams);
    add_metric(out, "http_streamed_events_total", "counter", "Events sent to streams",
               (double)counts->streamed_events);
    add_metric(out, "http_bodies_bytes", "gauge", "Request bodies in memory",
               (double)counts->bodies_bytes);
    add_metric(out, "http_refused_busy_total", "counter", "Requests refused for want of room",
               (double)counts->refused_busy);
    add_metric(out, "http_dropped_slow_total", "counter", "Connections closed as too slow",
               (double)counts->dropped_slow);
    add_metric(out, "sign_ins_total", "counter", "Sessions opened", (double)counts->sign_ins);
    add_metric(out, "sign_ins_refused_total", "counter", "Sessions refused",
               (double)counts->sign_ins_refused);
}

static double number_at(const struct jv *value, const char *section, const char *name)
{
    return jv_get_number(jv_get(value, section), name, 0);
}

static void add_broker(struct strbuf *out, const struct jv *broker)
{
    static const char *const priorities[] = {"interactive", "bulk"};
    static const char *const states[] = {"ready", "delayed", "leased"};
    static const char *const totals[] = {"accepted", "done", "refused", "retries", "dead"};
    strbuf_puts(out, "# HELP jinmu_queue_jobs Jobs in the broker's queue\n"
                     "# TYPE jinmu_queue_jobs gauge\n");
    for (size_t p = 0; p < 2; p++)
        for (size_t s = 0; s < 3; s++)
            strbuf_printf(out, "jinmu_queue_jobs{priority=\"%s\",state=\"%s\"} %.15g\n",
                          priorities[p], states[s],
                          number_at(jv_get(broker, "queue"), priorities[p], states[s]));
    strbuf_puts(out, "# HELP jinmu_jobs_total Jobs since the broker's start\n"
                     "# TYPE jinmu_jobs_total counter\n");
    for (size_t t = 0; t < sizeof totals / sizeof *totals; t++)
        strbuf_printf(out, "jinmu_jobs_total{what=\"%s\"} %.15g\n", totals[t],
                      number_at(broker, "totals", totals[t]));
    add_metric(out, "spool_bytes", "gauge", "Size of the spool",
               number_at(broker, "spool", "bytes"));
    add_metric(out, "dead_letters", "gauge", "Jobs given up", number_at(broker, "spool", "dead"));
    add_metric(out, "workers", "gauge", "Workers connected",
               (double)jv_count(jv_get(broker, "workers")));
}

static void add_decision(const char *name, struct jv *count, void *out)
{
    strbuf_printf(out, "jinmu_results{decision=\"%s\"} %.15g\n", name, jv_number(count, 0));
}

static void add_collector(struct strbuf *out, const struct jv *collector)
{
    strbuf_puts(out, "# HELP jinmu_results Results stored\n# TYPE jinmu_results gauge\n");
    jv_each(jv_get(collector, "decisions"), add_decision, out);
    add_metric(out, "events_total", "counter", "Events numbered",
               jv_get_number(collector, "events", 0));
    add_metric(out, "results_writable", "gauge", "Whether results could be stored the last time",
               jv_get_bool(collector, "writable", true));
    add_metric(out, "results_db_bytes", "gauge", "Size of results.db",
               jv_get_number(collector, "db_bytes", 0));
    add_metric(out, "commit_seconds_p99", "gauge", "A commit of the collector, 99th percentile",
               jv_get_number(collector, "commit_us_p99", 0) / 1e6);
}

static bool is_local(const struct exchange *exchange)
{
    return strcmp(exchange->address, "127.0.0.1") == 0 || strcmp(exchange->address, "::1") == 0;
}

static void get_metrics(struct exchange *exchange, struct backend *backend)
{
    struct services services;
    struct strbuf out = {0};
    bool keeper = exchange->principal.role & KEEPERS;
    if (!keeper && !is_local(exchange)) {
        reply_problem(exchange, exchange->principal.role ? "auth.forbidden" : "auth.required",
                      "指标只给本机或管理人员");
        return;
    }
    services_look(&services, exchange->gateway, backend);
    services_count_deliveries(&services, backend);
    add_gateway(&out, exchange->gateway);
    add_metric(&out, "ready", "gauge", "1: all services are there",
               jv_count(services.missing) == 0);
    if (services.broker)
        add_broker(&out, services.broker);
    if (services.collector) {
        add_collector(&out, services.collector);
        deliveries_metrics(services.collector, &out);
        judged_by_metrics(services.collector, &out);
    }
    services_clear(&services);
    size_t length = out.length;
    reply_bytes(exchange, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8",
                strbuf_take(&out), length);
}

const struct route service_routes[] = {{"GET", "/livez", get_live, 0, ROUTE_PUBLIC | ROUTE_AT_ONCE},
                                       {"GET", "/readyz", get_ready, 0, ROUTE_PUBLIC},
                                       {"GET", "/metrics", get_metrics, 0, ROUTE_PUBLIC},
                                       {"GET", "/openapi.json", get_openapi, 0, ROUTE_PUBLIC},
                                       {0}};
