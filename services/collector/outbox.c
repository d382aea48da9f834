#include "services/collector/outbox.h"

#include "common/store.h"
#include "services/collector/lists.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    WEBHOOKS_MAX = 64,
    URL_BYTES_MAX = 2000,
    DEPARTMENTS_MAX = 100,
    ID_BYTES = 8,
    SECRET_BYTES = 32,
    OLD_SECRET_S = 24 * 3600, /* so long a replaced one signs too */
    OUTCOMES_MAX = 500,
    REMOVED_AT_ONCE = 500,
    LOG_DAYS = 30,
};
#define EVENTS_AT_ONCE "500"
#define PENDING_MAX    "10000" /* of one webhook; further events wait where they are */

bool outbox_is_about(const char *ask)
{
    return ask && strncmp(ask, "webhook", 7) == 0;
}

/* Runs SQL with values bound as store_bind does. How many rows changed, or -1 with a fault. */
static int run(struct results *results, struct fault *fault, const char *sql, const char *format,
               ...)
{
    struct store *store = results_store(results);
    sqlite3_stmt *statement = store_prepare(store, sql, fault);
    va_list values;
    if (!statement)
        return -1;
    va_start(values, format);
    int failed = store_run(store, store_bind_list(statement, format, values), fault);
    va_end(values);
    sqlite3_finalize(statement);
    return failed ? -1 : sqlite3_changes(store->db);
}

/* The number of the webhook that a question names, or -1 with a fault. */
static int64_t find_webhook(struct results *results, const struct jv *question, struct fault *fault)
{
    const char *id = jv_get_text(question, "id");
    struct store *store = results_store(results);
    sqlite3_stmt *row =
        store_prepare(store, "SELECT number FROM webhook WHERE id = ? AND NOT removed", fault);
    if (!row)
        return -1;
    int got = store_next(store, store_bind(row, "t", id ? id : ""), fault);
    int64_t number = got == 1 ? sqlite3_column_int64(row, 0) : -1;
    sqlite3_finalize(row);
    if (got == 0)
        fault_set(fault, "webhook.unknown", "没有编号为“%.40s”的推送", id ? id : "");
    return number;
}

static int add_secret(struct results *results, int64_t webhook, struct jv *body,
                      struct fault *fault)
{
    unsigned char bytes[SECRET_BYTES];
    char secret[8 + sodium_base64_ENCODED_LEN(SECRET_BYTES, sodium_base64_VARIANT_ORIGINAL)] =
        "whsec_";
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2base64(secret + 6, sizeof secret - 6, bytes, sizeof bytes,
                      sodium_base64_VARIANT_ORIGINAL);
    jv_set_text(body, "secret", secret);
    int done = run(results, fault, "INSERT INTO webhook_secret (webhook, secret) VALUES (?, ?)",
                   "it", webhook, secret);
    sodium_memzero(bytes, sizeof bytes);
    sodium_memzero(secret, sizeof secret);
    return done < 0 ? -1 : 0;
}

/* --- webhooks --- */

static bool is_event(const char *type)
{
    static const char *const all[] = {"result.stored", "review.stored", "reclassify.begun",
                                      "reclassify.stopped", "reclassify.finished"};
    for (size_t i = 0; type && i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i], type) == 0)
            return true;
    return false;
}

static int check_wish(const struct jv *wish, struct fault *fault)
{
    const char *url = jv_get_text(wish, "url");
    const struct jv *events = jv_get(wish, "events"), *departments = jv_get(wish, "departments");
    if (!url || strlen(url) > URL_BYTES_MAX || (events && !jv_is_array(events)) ||
        (departments && !jv_is_array(departments)) || jv_count(departments) > DEPARTMENTS_MAX)
        return fault_set(fault, "webhook.bad", "推送要有地址（url），events 和 departments 是数组");
    for (size_t i = 0; i < jv_count(events); i++)
        if (!is_event(jv_text(jv_at(events, i))))
            return fault_set(
                fault, "webhook.bad",
                "没有这种事件：%.40s（有 result.stored、review.stored、reclassify.begun、"
                "reclassify.stopped、reclassify.finished）",
                jv_text(jv_at(events, i)) ? jv_text(jv_at(events, i)) : "");
    for (size_t i = 0; i < jv_count(departments); i++)
        if (!jv_text(jv_at(departments, i)))
            return fault_set(fault, "webhook.bad", "departments 是部门名称的数组");
    return 0;
}

static int insert_webhook(struct results *results, const struct jv *wish, const char *id,
                          struct fault *fault)
{
    const struct jv *wanted = jv_get(wish, "events");
    char *events = jv_count(wanted) ? jv_write(wanted)
                                    : xstrdup("[\"result.stored\",\"review."
                                              "stored\"]");
    char *departments =
        jv_get(wish, "departments") ? jv_write(jv_get(wish, "departments")) : xstrdup("[]");
    int done = run(results, fault,
                   "INSERT INTO webhook (id, url, events, departments, created_at, cursor)"
                   " VALUES (?, ?, ?, ?, ?, (SELECT ifnull(max(number), 0) FROM event))",
                   "tttti", id, jv_get_text(wish, "url"), events, departments, (int64_t)time(NULL));
    free(departments);
    free(events);
    return done < 0 ? -1 : 0;
}

static int add(struct results *results, const struct jv *question, struct strbuf *answer,
               struct fault *fault)
{
    struct store *store = results_store(results);
    unsigned char bytes[ID_BYTES];
    char id[2 * ID_BYTES + 1];
    struct jv *body = NULL;
    int status = -1;
    if (check_wish(question, fault))
        return -1;
    if (store_number(store, "SELECT count(*) FROM webhook WHERE NOT removed", 0) >= WEBHOOKS_MAX)
        return fault_set(fault, "webhook.too_many", "最多 %d 个推送", WEBHOOKS_MAX);
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2hex(id, sizeof id, bytes, sizeof bytes);
    if (insert_webhook(results, question, id, fault) ||
        !(body = lists_webhook_of(store, id, fault)) ||
        add_secret(results, sqlite3_last_insert_rowid(store->db), body, fault))
        goto done;
    jv_set_number(body, "secrets", 1);
    jv_append(body, answer);
    status = 0;
done:
    jv_destroy(&body);
    return status;
}

static int remove_one(struct results *results, const struct jv *question, struct strbuf *answer,
                      struct fault *fault)
{
    int64_t webhook = find_webhook(results, question, fault);
    if (webhook < 0 ||
        run(results, fault, "UPDATE webhook SET removed = 1 WHERE number = ?", "i", webhook) < 0 ||
        run(results, fault, "DELETE FROM webhook_secret WHERE webhook = ?", "i", webhook) < 0)
        return -1;
    strbuf_puts(answer, "{}");
    return 0;
}

static int enable(struct results *results, const struct jv *question, struct strbuf *answer,
                  struct fault *fault)
{
    int64_t webhook = find_webhook(results, question, fault);
    struct jv *body = NULL;
    if (webhook < 0 ||
        run(results, fault,
            "UPDATE webhook SET disabled = 0, disabled_reason = '', not_before = 0"
            " WHERE number = ?",
            "i", webhook) < 0 ||
        run(results, fault,
            "UPDATE delivery SET due_at = 0 WHERE webhook = ? AND state = 'pending'", "i",
            webhook) < 0 ||
        !(body = lists_webhook_of(results_store(results), jv_get_text(question, "id"), fault)))
        return -1;
    jv_append(body, answer);
    jv_destroy(&body);
    return 0;
}

static int rotate(struct results *results, const struct jv *question, struct strbuf *answer,
                  struct fault *fault)
{
    int64_t webhook = find_webhook(results, question, fault), now = (int64_t)time(NULL);
    struct jv *body = jv_object();
    int status = -1;
    if (webhook >= 0 &&
        run(results, fault, "DELETE FROM webhook_secret WHERE webhook = ? AND ends_at IS NOT NULL",
            "i", webhook) >= 0 &&
        run(results, fault, "UPDATE webhook_secret SET ends_at = ? WHERE webhook = ?", "ii",
            now + OLD_SECRET_S, webhook) >= 0 &&
        add_secret(results, webhook, body, fault) == 0) {
        jv_append(body, answer);
        status = 0;
    }
    jv_destroy(&body);
    return status;
}

/* --- deliveries --- */

static int send_test(struct results *results, const struct jv *question, struct strbuf *answer,
                     struct fault *fault)
{
    int64_t webhook = find_webhook(results, question, fault);
    if (webhook < 0 || run(results, fault,
                           "INSERT INTO delivery (webhook, project, type, state, made_at)"
                           " VALUES (?, '', 'webhook.test', 'pending', ?)",
                           "ii", webhook, (int64_t)time(NULL)) < 0)
        return -1;
    struct store *store = results_store(results);
    return lists_delivery_of(store, sqlite3_last_insert_rowid(store->db), answer, fault);
}

static int replay(struct results *results, const struct jv *question, struct strbuf *answer,
                  struct fault *fault)
{
    const char *name = jv_get_text(question, "delivery");
    int64_t delivery = name ? strtoll(name, NULL, 10) : 0;
    int64_t webhook = find_webhook(results, question, fault);
    if (webhook < 0)
        return -1;
    int done = run(results, fault,
                   "UPDATE delivery SET state = 'pending', tries = 0, due_at = 0"
                   " WHERE number = ? AND webhook = ?",
                   "ii", delivery, webhook);
    if (done == 0)
        return fault_set(fault, "webhook.unknown", "没有编号为“%.40s”的推送记录", name ? name : "");
    return done < 0 ? -1 : lists_delivery_of(results_store(results), delivery, answer, fault);
}

/* --- what became of them --- */

static int note_attempt(struct results *results, const struct jv *outcome, int64_t delivery,
                        int64_t attempt, struct fault *fault)
{
    const char *error = jv_get_text(outcome, "error");
    int64_t status = (int64_t)jv_get_number(outcome, "status", 0);
    return run(results, fault,
               "INSERT INTO delivery_attempt (delivery, attempt, at, status, error, took_ms)"
               " VALUES (?, ?, ?, nullif(?, 0), ?, ?)",
               "iiiiti", delivery, attempt, (int64_t)jv_get_number(outcome, "at", 0), status,
               error ? error : "", (int64_t)jv_get_number(outcome, "took_ms", 0)) < 0
               ? -1
               : 0;
}

static int note_webhook(struct results *results, const struct jv *outcome, int64_t delivery,
                        struct fault *fault)
{
    bool gone = jv_get_bool(outcome, "gone", false);
    int64_t not_before = (int64_t)jv_get_number(outcome, "not_before", 0);
    if (!gone && !not_before)
        return 0;
    return run(results, fault,
               "UPDATE webhook SET disabled = disabled OR ?1, disabled_reason = iif(?1, '接收方答复"
               " 410（不再接收）', disabled_reason), not_before = max(not_before, ?2)"
               " WHERE number = (SELECT webhook FROM delivery WHERE number = ?3)",
               "iii", (int64_t)gone, not_before, delivery) < 0
               ? -1
               : 0;
}

/* 1 when it was news, 0 when not, -1 with a fault. */
static int note_outcome(struct results *results, const struct jv *outcome, struct fault *fault)
{
    const char *state = jv_get_text(outcome, "state");
    int64_t delivery = (int64_t)jv_get_number(outcome, "delivery", 0);
    int64_t attempt = (int64_t)jv_get_number(outcome, "attempt", 0);
    int done = run(results, fault,
                   "UPDATE delivery SET state = ?, attempts = attempts + 1, tries = tries + 1,"
                   " due_at = ? WHERE number = ? AND attempts = ? AND state = 'pending'",
                   "tiii", state ? state : "", (int64_t)jv_get_number(outcome, "due_at", 0),
                   delivery, attempt - 1);
    if (done <= 0)
        return done;
    return note_attempt(results, outcome, delivery, attempt, fault) ||
                   note_webhook(results, outcome, delivery, fault)
               ? -1
               : 1;
}

static void count_outcome(struct delivery_tally *tally, const struct jv *outcome)
{
    const char *state = jv_get_text(outcome, "state");
    tally->delivered += strcmp(state, "delivered") == 0;
    tally->retries += strcmp(state, "pending") == 0;
    tally->given_up += strcmp(state, "failed") == 0;
}

static int report(struct results *results, const struct jv *question, struct strbuf *answer,
                  struct delivery_tally *tally, struct fault *fault)
{
    const struct jv *outcomes = jv_get(question, "outcomes");
    int noted = 0;
    if (!jv_is_array(outcomes) || jv_count(outcomes) > OUTCOMES_MAX)
        return fault_set(fault, "question.bad", "at most %d outcomes", OUTCOMES_MAX);
    for (size_t i = 0; i < jv_count(outcomes); i++) {
        int news = note_outcome(results, jv_at(outcomes, i), fault);
        if (news < 0)
            return -1;
        if (news)
            count_outcome(tally, jv_at(outcomes, i));
        noted += news;
    }
    strbuf_printf(answer, "{\"noted\":%d}", noted);
    return 0;
}

static const struct {
    const char *ask;
    int (*answer)(struct results *results, const struct jv *question, struct strbuf *answer,
                  struct fault *fault);
} changes[] = {{"webhook_add", add},        {"webhook_remove", remove_one},
               {"webhook_enable", enable},  {"webhook_rotate", rotate},
               {"webhook_test", send_test}, {"webhook_replay", replay}};
enum { CHANGES = sizeof changes / sizeof *changes };

static const char report_ask[] = "webhook_report";

bool outbox_changes(const char *ask)
{
    if (ask && strcmp(ask, report_ask) == 0)
        return true;
    for (size_t i = 0; ask && i < CHANGES; i++)
        if (strcmp(changes[i].ask, ask) == 0)
            return true;
    return false;
}

int outbox_change(struct results *results, const struct jv *question, struct strbuf *answer,
                  struct delivery_tally *tally, struct fault *fault)
{
    const char *ask = jv_get_text(question, "ask");
    if (ask && strcmp(ask, report_ask) == 0)
        return report(results, question, answer, tally, fault);
    for (size_t i = 0; ask && i < CHANGES; i++)
        if (strcmp(changes[i].ask, ask) == 0)
            return changes[i].answer(results, question, answer, fault);
    return fault_set(fault, "question.unknown", "no such question");
}

/* --- events on their way --- */

/* Those that have events to get and room for them. */
static const char behind_sql[] =
    "SELECT number FROM webhook WHERE NOT disabled AND NOT removed AND cursor < (SELECT max(number)"
    " FROM event) AND (SELECT count(*) FROM delivery WHERE webhook = webhook.number AND"
    " state = 'pending') < " PENDING_MAX;

static int take_up(struct results *results, int64_t webhook, struct fault *fault)
{
    /* A notice is of all departments or of one, and those of a topic keep their order as the events of
     * a project do. */
    static const char take_sql[] =
        "INSERT INTO delivery (webhook, event, project, type, state, made_at)"
        " SELECT w.number, e.number, ifnull(p.id, e.topic), e.type, 'pending', ?2 FROM webhook w"
        " JOIN (SELECT number, topic, result, notice, CASE WHEN notice IS NOT NULL THEN"
        " 'reclassify.' || json_extract(notice, '$.reclassify') WHEN review IS NULL THEN"
        " 'result.stored' ELSE 'review.stored' END AS type FROM event) e ON e.number > w.cursor"
        " AND e.number <= w.cursor + " EVENTS_AT_ONCE " LEFT JOIN result r ON r.number = e.result"
        " LEFT JOIN project p ON p.number = r.project WHERE w.number = ?1"
        " AND e.type IN (SELECT value FROM json_each(w.events)) AND (w.departments = '[]'"
        " OR iif(e.notice IS NULL, r.department, json_extract(e.notice, '$.department')) IN"
        " (SELECT value FROM json_each(w.departments)) OR (e.notice IS NOT NULL AND"
        " json_extract(e.notice, '$.department') IS NULL) OR (e.notice IS NULL AND substr(e.topic,"
        " length('result.') + 1) IN (SELECT value FROM json_each(w.departments))))"
        " ORDER BY e.number";
    static const char move_sql[] =
        "UPDATE webhook SET cursor = min(cursor + " EVENTS_AT_ONCE ", (SELECT max(number) FROM"
        " event)) WHERE number = ?";
    return run(results, fault, take_sql, "ii", webhook, (int64_t)time(NULL)) < 0 ||
                   run(results, fault, move_sql, "i", webhook) < 0
               ? -1
               : 0;
}

static int take_up_all(struct results *results, struct fault *fault)
{
    struct store *store = results_store(results);
    int64_t webhooks[WEBHOOKS_MAX];
    int count = 0, failed = 0;
    sqlite3_stmt *row = store_prepare(store, behind_sql, fault);
    if (!row)
        return -1;
    while (count < WEBHOOKS_MAX && store_next(store, row, fault) == 1)
        webhooks[count++] = sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    for (int i = 0; i < count && !failed; i++)
        failed = take_up(results, webhooks[i], fault);
    return failed;
}

static bool has_old(struct results *results)
{
    struct store *store = results_store(results);
    return store_number(store, "SELECT count(*) FROM webhook WHERE removed", 0) > 0 ||
           store_number(store,
                        "SELECT made_at FROM delivery WHERE state <> 'pending' ORDER BY number"
                        " LIMIT 1",
                        INT64_MAX) < (int64_t)time(NULL) - LOG_DAYS * 86400;
}

static int remove_old(struct results *results, struct fault *fault)
{
    int64_t before = (int64_t)time(NULL) - LOG_DAYS * 86400, limit = REMOVED_AT_ONCE;
    return run(results, fault,
               "DELETE FROM delivery WHERE number IN (SELECT delivery.number FROM delivery JOIN"
               " webhook ON webhook.number = webhook WHERE removed LIMIT ?)",
               "i", limit) < 0 ||
                   run(results, fault,
                       "DELETE FROM delivery WHERE number IN (SELECT number FROM delivery WHERE"
                       " state <> 'pending' ORDER BY number LIMIT ?) AND made_at < ?",
                       "ii", limit, before) < 0 ||
                   run(results, fault,
                       "DELETE FROM webhook WHERE removed AND NOT EXISTS (SELECT 1 FROM delivery"
                       " WHERE webhook = webhook.number)",
                       "") < 0
               ? -1
               : 0;
}

int outbox_advance(struct results *results, struct fault *fault)
{
    bool behind = store_number(results_store(results), behind_sql, 0) > 0;
    bool old = has_old(results);
    if (!behind && !old)
        return 0;
    if (results_begin(results, fault))
        return -1;
    if ((behind && take_up_all(results, fault)) || (old && remove_old(results, fault)) ||
        results_commit(results, fault)) {
        results_rollback(results);
        return -1;
    }
    return 0;
}
