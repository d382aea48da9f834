/* Webhooks, the log of their deliveries, and what is to be sent now. */
#include "services/collector/lists.h"

#include "common/json_writer.h"

#include <stdlib.h>
#include <string.h>

enum { LOG_MAX = 200, LOG_LIMIT = 50, WEBHOOKS_MAX = 64 };
#define AT_ONCE "8" /* deliveries of one webhook on their way */

static struct jv *time_or_null(sqlite3_stmt *row, int column)
{
    char text[LIST_TIME_BYTES];
    if (sqlite3_column_type(row, column) == SQLITE_NULL)
        return jv_of_text(NULL);
    lists_time(sqlite3_column_int64(row, column), text);
    return jv_of_text(text);
}

static struct jv *number_or_null(sqlite3_stmt *row, int column)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL
               ? jv_of_text(NULL)
               : jv_of_number((double)sqlite3_column_int64(row, column));
}

static struct jv *stored_json(sqlite3_stmt *row, int column)
{
    const char *text = store_text(row, column);
    return jv_read(text, strlen(text), NULL);
}

/* --- webhooks --- */

#define WEBHOOK_COLUMNS                                                                            \
    "SELECT w.id, w.url, w.events, w.departments, w.disabled, w.disabled_reason, w.created_at,"    \
    " (SELECT count(*) FROM webhook_secret s WHERE s.webhook = w.number AND (s.ends_at IS NULL OR" \
    " s.ends_at > unixepoch())), (SELECT count(*) FROM delivery d WHERE d.webhook = w.number AND"  \
    " d.state = 'pending'), a.at, a.status FROM webhook w LEFT JOIN delivery_attempt a ON"         \
    " (a.delivery, a.attempt) = (SELECT d.number, d.attempts FROM delivery d WHERE d.webhook ="    \
    " w.number AND d.attempts > 0 ORDER BY d.number DESC LIMIT 1) WHERE NOT w.removed"

static struct jv *webhook_json(sqlite3_stmt *row)
{
    struct jv *webhook = jv_object();
    jv_set_text(webhook, "id", store_text(row, 0));
    jv_set_text(webhook, "url", store_text(row, 1));
    jv_set(webhook, "events", stored_json(row, 2));
    jv_set(webhook, "departments", stored_json(row, 3));
    jv_set(webhook, "disabled", jv_of_bool(sqlite3_column_int(row, 4)));
    jv_set_text(webhook, "disabled_reason", store_text(row, 5));
    jv_set(webhook, "created_at", time_or_null(row, 6));
    jv_set_number(webhook, "secrets", sqlite3_column_int(row, 7));
    jv_set_number(webhook, "pending", (double)sqlite3_column_int64(row, 8));
    jv_set(webhook, "last_delivery", time_or_null(row, 9));
    jv_set(webhook, "last_status", number_or_null(row, 10));
    return webhook;
}

struct jv *lists_webhook_of(struct store *store, const char *id, struct fault *fault)
{
    struct jv *webhook = NULL;
    sqlite3_stmt *row = store_prepare(store, WEBHOOK_COLUMNS " AND w.id = ?", fault);
    int got = row ? store_next(store, store_bind(row, "t", id ? id : ""), fault) : -1;
    if (got == 1)
        webhook = webhook_json(row);
    else if (got == 0)
        fault_set(fault, "webhook.unknown", "没有编号为“%.40s”的推送", id ? id : "");
    sqlite3_finalize(row);
    return webhook;
}

int lists_webhook(struct store *store, const struct jv *question, struct strbuf *answer,
                  struct fault *fault)
{
    struct jv *webhook = lists_webhook_of(store, jv_get_text(question, "id"), fault);
    if (!webhook)
        return -1;
    jv_append(webhook, answer);
    jv_destroy(&webhook);
    return 0;
}

int lists_webhooks(struct store *store, const struct jv *question, struct strbuf *answer,
                   struct fault *fault)
{
    struct jv *body = jv_object(), *webhooks = jv_array();
    sqlite3_stmt *row = store_prepare(store, WEBHOOK_COLUMNS " ORDER BY w.number", fault);
    int got = row ? 0 : -1;
    (void)question;
    jv_set(body, "webhooks", webhooks);
    while (row && (got = store_next(store, row, fault)) == 1)
        jv_push(webhooks, webhook_json(row));
    if (got == 0)
        jv_append(body, answer);
    sqlite3_finalize(row);
    jv_destroy(&body);
    return got;
}

/* What a receiver knows a message by, behind the webhook's id. The time it was made is in it, since
 * numbers are given again after an older backup was restored, and a message whose id is known is dropped. */
#define MESSAGE_ID "'_' || d.number || '_' || d.made_at"

/* --- the log --- */

#define DELIVERY_COLUMNS                                                                           \
    "SELECT d.number, 'msg_' || w.id || " MESSAGE_ID ", d.type, d.project, d.attempts, d.state,"   \
    " a.status, ifnull(a.error, ''), ifnull(a.at, d.made_at), CASE WHEN d.state <> 'pending' OR"   \
    " w.disabled THEN NULL WHEN d.due_at = 0 THEN max(d.made_at, w.not_before) ELSE max(d.due_at," \
    " w.not_before) END, (SELECT json_group_array(json_object('attempt', attempt, 'at',"           \
    " strftime('%Y-%m-%dT%H:%M:%SZ', at, 'unixepoch'), 'status', status, 'error', error,"          \
    " 'took_ms', took_ms)) FROM (SELECT * FROM delivery_attempt x WHERE x.delivery = d.number"     \
    " ORDER BY x.attempt)) FROM delivery d JOIN webhook w ON w.number = d.webhook LEFT JOIN"       \
    " delivery_attempt a ON a.delivery = d.number AND a.attempt = d.attempts WHERE NOT w.removed"

static struct jv *delivery_json(sqlite3_stmt *row)
{
    struct jv *delivery = jv_object();
    jv_set_text(delivery, "id", store_text(row, 0));
    jv_set_text(delivery, "message", store_text(row, 1));
    jv_set_text(delivery, "type", store_text(row, 2));
    jv_set_text(delivery, "project", store_text(row, 3));
    jv_set_number(delivery, "attempt", sqlite3_column_int(row, 4));
    jv_set_text(delivery, "state", store_text(row, 5));
    jv_set(delivery, "status", number_or_null(row, 6));
    jv_set_text(delivery, "error", store_text(row, 7));
    jv_set(delivery, "at", time_or_null(row, 8));
    jv_set(delivery, "next_at", time_or_null(row, 9));
    jv_set(delivery, "attempts", stored_json(row, 10));
    return delivery;
}

int lists_delivery_of(struct store *store, int64_t number, struct strbuf *answer,
                      struct fault *fault)
{
    sqlite3_stmt *row = store_prepare(store, DELIVERY_COLUMNS " AND d.number = ?", fault);
    int got = row ? store_next(store, store_bind(row, "i", number), fault) : -1;
    if (got == 1) {
        struct jv *delivery = delivery_json(row);
        jv_append(delivery, answer);
        jv_destroy(&delivery);
    } else if (got == 0) {
        fault_set(fault, "webhook.unknown", "没有这条推送记录");
    }
    sqlite3_finalize(row);
    return got == 1 ? 0 : -1;
}

int lists_webhook_log(struct store *store, const struct jv *question, struct strbuf *answer,
                      struct fault *fault)
{
    const char *id = jv_get_text(question, "id"), *cursor = jv_get_text(question, "cursor");
    double wanted = jv_get_number(question, "limit", LOG_LIMIT);
    int64_t limit = wanted >= 1 && wanted <= LOG_MAX ? (int64_t)wanted : LOG_LIMIT;
    int64_t before = cursor ? strtoll(cursor, NULL, 10) : INT64_MAX;
    struct jv *webhook = lists_webhook_of(store, id, fault);
    struct jv *body = jv_object(), *deliveries = jv_array();
    sqlite3_stmt *row = NULL;
    int got = -1;
    jv_set(body, "deliveries", deliveries);
    if (!webhook ||
        !(row = store_prepare(store,
                              DELIVERY_COLUMNS
                              " AND w.id = ? AND d.number < ? ORDER BY d.number DESC LIMIT ?",
                              fault)))
        goto done;
    store_bind(row, "tii", id, before, limit);
    while ((got = store_next(store, row, fault)) == 1)
        jv_push(deliveries, delivery_json(row));
    bool more = (int64_t)jv_count(deliveries) == limit;
    const struct jv *last = more ? jv_at(deliveries, jv_count(deliveries) - 1) : NULL;
    jv_set(body, "next", jv_of_text(jv_get_text(last, "id")));
    if (got == 0)
        jv_append(body, answer);
done:
    sqlite3_finalize(row);
    jv_destroy(&webhook);
    jv_destroy(&body);
    return got;
}

/* --- what is to be sent now --- */

static const char due_sql[] =
    "SELECT d.number, d.attempts, d.tries, d.type, d.project, d.made_at, e.number, r.number,"
    " r.stored_at, p.unit, lower(hex(p.content_hash)), unpacked(r.json), v.json, v.reviewed_at,"
    " e.topic, e.notice, 'msg_' || (SELECT id FROM webhook WHERE number = d.webhook) || " MESSAGE_ID
    " FROM delivery d LEFT JOIN event e ON e.number = d.event LEFT JOIN result r "
    "ON r.number ="
    " e.result LEFT JOIN project p ON p.number = r.project LEFT JOIN review v ON v.number = "
    "e.review"
    " WHERE d.webhook = ?1 AND d.state = 'pending' AND d.due_at <= ?2 AND (?3 OR d.event IS NULL)"
    " AND d.number NOT IN (SELECT value FROM json_each(?4)) AND NOT EXISTS (SELECT 1 FROM delivery"
    " f WHERE f.webhook = d.webhook AND f.project = d.project AND f.state = 'pending' AND f.number"
    " < d.number) ORDER BY d.due_at, d.number LIMIT " AT_ONCE;

static void add_text(struct strbuf *out, const char *name, const char *text)
{
    struct jv *value = jv_of_text(text);
    strbuf_printf(out, ",\"%s\":", name);
    jv_append(value, out);
    jv_destroy(&value);
}

static void write_notice(struct strbuf *out, sqlite3_stmt *row)
{
    const char *text = store_text(row, 15);
    struct jv *notice = jv_read(text, strlen(text), NULL);
    const char *at = jv_get_text(notice, "time");
    char made_at[LIST_TIME_BYTES];
    lists_time(sqlite3_column_int64(row, 5), made_at);
    strbuf_printf(out, "{\"type\":\"%s\",\"timestamp\":\"%s\",\"data\":{\"event\":%lld",
                  store_text(row, 3), at ? at : made_at, (long long)sqlite3_column_int64(row, 6));
    add_text(out, "topic", store_text(row, 14));
    strbuf_printf(out, ",\"notice\":%s}}", text);
    jv_destroy(&notice);
}

/* The message: the same bytes each time it is sent. */
static void write_body(struct strbuf *out, sqlite3_stmt *row, const char *webhook)
{
    if (sqlite3_column_type(row, 15) != SQLITE_NULL) {
        write_notice(out, row);
        return;
    }
    const char *review = store_text(row, 12);
    char at[LIST_TIME_BYTES];
    bool test = sqlite3_column_type(row, 6) == SQLITE_NULL;
    lists_time(sqlite3_column_int64(row, test ? 5 : *review ? 13 : 8), at);
    strbuf_printf(out, "{\"type\":\"%s\",\"timestamp\":\"%s\",\"data\":{", store_text(row, 3), at);
    if (test) {
        strbuf_printf(out, "\"webhook\":\"%s\"}}", webhook);
        return;
    }
    strbuf_printf(out, "\"event\":%lld,\"number\":%lld", (long long)sqlite3_column_int64(row, 6),
                  (long long)sqlite3_column_int64(row, 7));
    add_text(out, "project", store_text(row, 4));
    add_text(out, "unit", store_text(row, 9));
    add_text(out, "content_hash", store_text(row, 10));
    strbuf_printf(out, ",\"%s\":%s}}", *review ? "review" : "result",
                  *review ? review : store_text(row, 11));
}

struct target {
    int64_t number;
    char *id, *url, *secrets; /* JSON */
    bool open;
};

static void write_due(struct jw *writer, sqlite3_stmt *row, const struct target *target)
{
    struct strbuf body = {0};
    struct jv *secrets = jv_read(target->secrets, strlen(target->secrets), NULL);
    write_body(&body, row, target->id);
    jw_object(writer);
    jw_set_integer(writer, "delivery", sqlite3_column_int64(row, 0));
    jw_set_text(writer, "webhook", target->id);
    jw_set_text(writer, "url", target->url);
    jw_set_text(writer, "message", store_text(row, 16));
    jw_set_integer(writer, "attempt", sqlite3_column_int64(row, 1) + 1);
    jw_set_integer(writer, "tries", sqlite3_column_int64(row, 2));
    jw_set_text(writer, "type", store_text(row, 3));
    jw_key(writer, "secrets");
    jw_value(writer, secrets);
    jw_set_text(writer, "body", body.text);
    jw_end_object(writer);
    jv_destroy(&secrets);
    strbuf_free(&body);
}

static int read_targets(struct store *store, int64_t now, struct target targets[WEBHOOKS_MAX],
                        struct fault *fault)
{
    int count = 0, got = -1;
    sqlite3_stmt *row = store_prepare(
        store,
        "SELECT number, id, url, (SELECT json_group_array(secret) FROM (SELECT secret FROM"
        " webhook_secret s WHERE s.webhook = webhook.number AND (ends_at IS NULL OR ends_at > ?1)"
        " ORDER BY number DESC)), NOT disabled AND not_before <= ?1 FROM webhook WHERE NOT removed"
        " ORDER BY number",
        fault);
    if (row)
        store_bind(row, "i", now);
    while (row && count < WEBHOOKS_MAX && (got = store_next(store, row, fault)) == 1)
        targets[count++] = (struct target){
            sqlite3_column_int64(row, 0), xstrdup(store_text(row, 1)), xstrdup(store_text(row, 2)),
            xstrdup(store_text(row, 3)), sqlite3_column_int(row, 4) != 0};
    sqlite3_finalize(row);
    return got < 0 ? -1 : count;
}

int lists_webhook_due(struct store *store, const struct jv *question, struct strbuf *answer,
                      struct fault *fault)
{
    struct target targets[WEBHOOKS_MAX] = {0};
    int64_t now = (int64_t)jv_get_number(question, "now", 0);
    const struct jv *busy = jv_get(question, "busy");
    char *skip = jv_is_array(busy) ? jv_write(busy) : xstrdup("[]");
    struct jw *writer = jw_new();
    sqlite3_stmt *row = store_prepare(store, due_sql, fault);
    int count = row ? read_targets(store, now, targets, fault) : -1, got = count < 0 ? -1 : 0;
    jw_begin(writer, answer);
    jw_object(writer);
    jw_set_integer(writer, "webhooks", count);
    jw_key(writer, "due");
    jw_array(writer);
    for (int i = 0; i < count && got == 0; i++) {
        store_bind(row, "iiit", targets[i].number, now, (int64_t)targets[i].open, skip);
        while ((got = store_next(store, row, fault)) == 1)
            write_due(writer, row, &targets[i]);
    }
    jw_end_array(writer);
    jw_end_object(writer);
    sqlite3_finalize(row);
    jw_destroy(&writer);
    for (int i = 0; i < WEBHOOKS_MAX; i++) {
        free(targets[i].id);
        free(targets[i].url);
        free(targets[i].secrets);
    }
    free(skip);
    return got;
}
