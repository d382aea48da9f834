#include "services/collector/decisions.h"

#include "common/store.h"
#include "services/collector/listing.h"
#include "services/collector/lists.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REVIEWS_MAX = 500, TOPIC_BYTES = 160 };

/* One wish on its way. */
struct wish {
    const struct jv *json;
    int64_t result, version, now;
    struct jv *review; /* Review of the HTTP API */
};

static const char *text_of(const struct jv *object, const char *name)
{
    const char *text = jv_get_text(object, name);
    return text ? text : "";
}

static int64_t number(struct store *store, const char *sql, int64_t value, int64_t otherwise)
{
    int64_t found = otherwise;
    sqlite3_stmt *statement = store_prepare(store, sql, NULL);
    if (statement && store_next(store, store_bind(statement, "i", value), NULL) == 1)
        found = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return found;
}

static void make_review(struct wish *wish, int64_t review)
{
    static const char *const members[] = {"decision", "department", "code",    "name",
                                          "kind",     "reason",     "reviewer"};
    char at[LIST_TIME_BYTES];
    lists_time(wish->now, at);
    wish->review = jv_object();
    jv_set_number(wish->review, "number", (double)review);
    jv_set_number(wish->review, "result", (double)wish->result);
    jv_set_number(wish->review, "version", (double)wish->version + 1);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        jv_set_text(wish->review, members[i], text_of(wish->json, members[i]));
    jv_set_text(wish->review, "time", at);
    if (jv_get_bool(wish->json, "bulk", false))
        jv_set(wish->review, "bulk", jv_of_bool(true));
}

static int insert(struct store *store, struct wish *wish, const char *json, struct fault *fault)
{
    const char *decision = text_of(wish->json, "decision");
    sqlite3_stmt *add = store_prepare(
        store,
        "INSERT INTO review (result, version, decision, department, code, kind, reviewer, address,"
        " reviewed_at, json) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        fault);
    int failed = -1;
    if (add)
        failed =
            store_run(store,
                      store_bind(add, "iittttttit", wish->result, wish->version + 1, decision,
                                 text_of(wish->json, "department"), text_of(wish->json, "code"),
                                 text_of(wish->json, "kind"), text_of(wish->json, "reviewer"),
                                 text_of(wish->json, "address"), wish->now, json),
                      fault) ||
            listing_review(store, wish->result, decision, wish->version + 1, fault);
    sqlite3_finalize(add);
    return failed ? -1 : 0;
}

/* Stores one that fits; its event's number, or -1 with a fault. */
static int64_t store_one(struct results *results, struct wish *wish, decision_fn *stored,
                         void *argument, struct fault *fault)
{
    struct store *store = results_store(results);
    char topic[TOPIC_BYTES];
    int64_t review = store_number(store, "SELECT ifnull(max(number), 0) + 1 FROM review", 1);
    make_review(wish, review);
    char *json = jv_write(wish->review);
    snprintf(topic, sizeof topic, "review.%.150s", text_of(wish->json, "department"));
    int64_t event = -1;
    if (insert(store, wish, json, fault) == 0)
        event = results_add_review_event(results, topic, wish->result, review, fault);
    if (event >= 0)
        stored(topic, event, json, argument);
    free(json);
    jv_destroy(&wish->review);
    return event;
}

/* What becomes of one; -1 with a fault that undoes all. */
static int decide(struct results *results, struct wish *wish, struct jv *outcome,
                  decision_fn *stored, void *argument, struct fault *fault)
{
    int64_t known = number(results_store(results),
                           "SELECT ifnull((SELECT max(version) FROM review WHERE result = ?1), 0)"
                           " FROM result WHERE number = ?1",
                           wish->result, -1);
    jv_set_number(outcome, "result", (double)wish->result);
    if (known < 0) {
        jv_set_text(outcome, "status", "unknown");
        return 0;
    }
    if (known != wish->version) {
        jv_set_text(outcome, "status", "conflict");
        jv_set_number(outcome, "version", (double)known);
        return 0;
    }
    int64_t event = store_one(results, wish, stored, argument, fault);
    if (event < 0)
        return -1;
    jv_set_text(outcome, "status", "stored");
    jv_set_number(outcome, "version", (double)known + 1);
    jv_set_number(outcome, "event", (double)event);
    return 1;
}

int decisions_store(struct results *results, const struct jv *question, decision_fn *stored,
                    void *argument, struct strbuf *answer, struct fault *fault)
{
    const struct jv *reviews = jv_get(question, "reviews");
    if (!jv_is_array(reviews) || jv_count(reviews) < 1 || jv_count(reviews) > REVIEWS_MAX)
        return fault_set(fault, "question.bad", "“reviews”应为 1 至 %d 条", REVIEWS_MAX);
    struct jv *body = jv_object(), *outcomes = jv_array();
    int failed = 0, count = 0;
    jv_set(body, "outcomes", outcomes);
    for (size_t i = 0; i < jv_count(reviews) && !failed; i++) {
        const struct jv *one = jv_at(reviews, i);
        struct wish wish = {.json = one,
                            .result = (int64_t)jv_get_number(one, "result", 0),
                            .version = (int64_t)jv_get_number(one, "version", -1),
                            .now = (int64_t)time(NULL)};
        struct jv *outcome = jv_object();
        jv_push(outcomes, outcome);
        int decided = decide(results, &wish, outcome, stored, argument, fault);
        failed = decided < 0;
        count += decided == 1;
    }
    jv_set_number(body, "stored", count);
    jv_append(body, answer);
    jv_destroy(&body);
    return failed ? -1 : 0;
}
