#include "services/collector/deliveries.h"

#include "services/collector/lists.h"

#include "common/json_writer.h"

#include <stdlib.h>

/* --- in results.db --- */

/* A delivery ended at its last attempt. The latest that arrived at a webhook is taken to be the one with
 * the highest number: near enough, and found at once. */
static const char figures_sql[] =
    "WITH used AS (SELECT number, disabled FROM webhook WHERE NOT removed), waiting AS (SELECT"
    " delivery.tries, delivery.made_at FROM used JOIN delivery INDEXED BY delivery_due ON"
    " delivery.webhook = used.number AND delivery.state = 'pending' WHERE NOT used.disabled),"
    " failed AS (SELECT used.number AS webhook, used.disabled, (SELECT at FROM delivery_attempt AS"
    " last WHERE last.delivery = delivery.number ORDER BY attempt DESC LIMIT 1) AS ended_at"
    " FROM used JOIN delivery ON delivery.webhook = used.number AND delivery.state = 'failed'),"
    " arrived AS MATERIALIZED (SELECT used.number AS webhook, (SELECT at FROM delivery_attempt"
    " WHERE delivery = (SELECT number FROM delivery WHERE webhook = used.number"
    " AND state = 'delivered' ORDER BY number DESC LIMIT 1) ORDER BY attempt DESC LIMIT 1)"
    " AS last_at FROM used)"
    " SELECT (SELECT count(*) FROM used), (SELECT count(*) FROM used WHERE disabled),"
    " (SELECT count(*) FROM waiting), (SELECT count(*) FROM waiting WHERE tries > 0),"
    " (SELECT max(0, ifnull(unixepoch() - min(made_at), 0)) FROM waiting),"
    " (SELECT count(*) FROM failed), (SELECT count(*) FROM failed JOIN arrived USING (webhook)"
    " WHERE NOT disabled AND ended_at > ifnull(min(last_at, unixepoch() - 86400), 0))";
static const char *const figure_names[] = {"webhooks", "disabled", "waiting",   "failing",
                                           "oldest_s", "failed",   "unresolved"};

int lists_deliveries(struct store *store, const struct jv *question, struct strbuf *answer,
                     struct fault *fault)
{
    sqlite3_stmt *row = store_prepare(store, figures_sql, fault);
    int got = row ? store_next(store, row, fault) : -1;
    struct jw *writer = jw_new();
    (void)question;
    jw_begin(writer, answer);
    jw_object(writer);
    for (int i = 0; got == 1 && i < (int)(sizeof figure_names / sizeof *figure_names); i++)
        jw_set_integer(writer, figure_names[i], sqlite3_column_int64(row, i));
    jw_end_object(writer);
    jw_destroy(&writer);
    sqlite3_finalize(row);
    return got == 1 ? 0 : -1;
}

/* --- joined --- */

static void take_over(const char *name, struct jv *value, void *argument)
{
    jv_set(argument, name, jv_copy(value));
}

void deliveries_join(struct jv *status, const struct jv *figures)
{
    if (!jv_get(status, "deliveries") || !figures)
        return;
    struct jv *joined = jv_copy(jv_get(status, "deliveries"));
    jv_each(figures, take_over, joined);
    jv_set(status, "deliveries", joined);
}

void deliveries_ask(struct inquiry *inquiry, int timeout_ms, struct jv *status)
{
    size_t length;
    struct fault fault;
    struct jv *question = jv_object();
    jv_set_text(question, "ask", "deliveries");
    char *json = inquiry_ask(inquiry, question, timeout_ms, &length, &fault);
    struct jv *figures = json ? jv_read(json, length, NULL) : NULL;
    deliveries_join(status, figures);
    jv_destroy(&figures);
    jv_destroy(&question);
    free(json);
}

static double number(const struct jv *status, const char *name)
{
    return jv_get_number(jv_get(status, "deliveries"), name, 0);
}

enum delivery_trouble deliveries_judge(const struct jv *status)
{
    double silent = jv_get_number(jv_get(status, "deliveries"), "postman_silent_s",
                                  POSTMAN_SILENT_S + 1); /* null: it never came */
    if (number(status, "waiting") > 0 && silent > POSTMAN_SILENT_S &&
        number(status, "oldest_s") > POSTMAN_SILENT_S)
        return DELIVERIES_POSTMAN_GONE;
    if (number(status, "failing") > 0 && number(status, "oldest_s") >= DELIVERIES_STUCK_S)
        return DELIVERIES_STUCK;
    if (number(status, "unresolved") > 0)
        return DELIVERIES_GIVEN_UP;
    return number(status, "disabled") > 0 ? DELIVERIES_DISABLED : DELIVERIES_WELL;
}

/* --- Prometheus --- */

struct metric {
    const char *member, *name, *type, *help;
};

static void write_metric(struct strbuf *out, const struct metric *metric, double value)
{
    strbuf_printf(out, "# HELP %s %s\n# TYPE %s %s\n%s %.15g\n", metric->name, metric->help,
                  metric->name, metric->type, metric->name, value);
}

void deliveries_metrics(const struct jv *status, struct strbuf *out)
{
    static const struct metric metrics[] = {
        {"webhooks", "jinmu_webhooks", "gauge", "Webhooks in use."},
        {"disabled", "jinmu_webhooks_disabled", "gauge", "Webhooks that are disabled."},
        {"waiting", "jinmu_webhook_deliveries_waiting", "gauge",
         "Deliveries to enabled webhooks that have yet to arrive."},
        {"failing", "jinmu_webhook_deliveries_failing", "gauge",
         "Those that failed before and are tried again."},
        {"failed", "jinmu_webhook_deliveries_failed", "gauge",
         "Deliveries that were given up, for as long as the log keeps them."},
        {"unresolved", "jinmu_webhook_deliveries_unresolved", "gauge",
         "Those to enabled webhooks given up within a day or since the last that arrived there."},
        {"oldest_s", "jinmu_webhook_oldest_seconds", "gauge",
         "Age of the oldest delivery that waits."},
        {"delivered", "jinmu_webhook_delivered_total", "counter", "Deliveries that arrived."},
        {"retries", "jinmu_webhook_retries_total", "counter",
         "Attempts that failed and are made again."},
        {"given_up", "jinmu_webhook_given_up_total", "counter", "Deliveries that were given up."},
        {"postman_silent_s", "jinmu_postman_silent_seconds", "gauge",
         "Since the postman asked what is due."},
    };
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
        const struct jv *value = jv_get(jv_get(status, "deliveries"), metrics[i].member);
        if (jv_is_number(value))
            write_metric(out, &metrics[i], jv_number(value, 0));
    }
}
