/* How the sending of webhooks goes, as operators are told. */
#include "common/state.h"
#include "common/store.h"
#include "services/collector/deliveries.h"
#include "services/collector/lists.h"
#include "services/collector/results.h"
#include "tests/services/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct jv *json_of(const char *text)
{
    struct jv *json = jv_read(text, strlen(text), NULL);
    assert_non_null(json);
    return json;
}

/* What a results.db into which the SQL has written gives to that who asks so. */
static struct jv *answer_after(const char *sql, const char *ask)
{
    struct fault fault = {"", ""};
    struct strbuf answer = {0};
    char *directory = scratch_new(), *path = state_path(directory, "results.db");
    struct results *results = results_open(path, &fault);
    assert_non_null(results);
    assert_int_equal(store_exec(results_store(results), sql, &fault), 0);
    assert_int_equal(lists_find(ask)(results_store(results), NULL, &answer, &fault), 0);
    struct jv *figures = json_of(answer.text);
    strbuf_free(&answer);
    results_close(&results);
    free(path);
    scratch_destroy(&directory);
    return figures;
}

static struct jv *figures_after(const char *sql)
{
    return answer_after(sql, "deliveries");
}

/* The message ids of two deliveries, the second made at that time. */
static char *message_ids(int64_t made_at)
{
    struct strbuf sql = {0}, ids = {0};
    strbuf_printf(&sql,
                  "INSERT INTO webhook (number, id, url, events, departments, created_at, cursor)"
                  " VALUES (1, 'a', '', '[]', '[]', 0, 0);"
                  "INSERT INTO delivery (webhook, project, type, state, made_at) VALUES"
                  " (1, 'p', 'webhook.test', 'pending', 50),"
                  " (1, 'q', 'webhook.test', 'pending', %lld)",
                  (long long)made_at);
    struct jv *answer = answer_after(sql.text, "webhook_due");
    const struct jv *due = jv_get(answer, "due");
    for (size_t i = 0; i < jv_count(due); i++)
        strbuf_printf(&ids, "%s ", jv_get_text(jv_at(due, i), "message"));
    jv_destroy(&answer);
    strbuf_free(&sql);
    return strbuf_take(&ids);
}

static void test_a_number_that_is_given_again_makes_another_message(void **state)
{
    (void)state;
    char *before = message_ids(60), *again = message_ids(60), *restored = message_ids(70);
    assert_string_equal(before, again);
    assert_string_not_equal(before, restored);
    assert_string_equal(restored, "msg_a_1_50 msg_a_2_70 ");
    free(before);
    free(again);
    free(restored);
}

static void assert_figure(const struct jv *figures, const char *name, double wanted)
{
    double got = jv_get_number(figures, name, -1);
    if (got < wanted || got > wanted + 5)
        fail_msg("%s is %.0f, not %.0f", name, got, wanted);
}

static void test_nothing_waits_where_there_is_no_webhook(void **state)
{
    (void)state;
    struct jv *figures = figures_after("SELECT 1");
    static const char *const names[] = {"webhooks", "disabled",   "waiting", "failing",
                                        "failed",   "unresolved", "oldest_s"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_true(jv_get_number(figures, names[i], -1) == 0);
    jv_destroy(&figures);
}

/* Those of disabled and removed webhooks wait for a person, not for the postman. */
static void test_what_waits_is_counted_by_webhook_in_use(void **state)
{
    (void)state;
    struct jv *figures = figures_after(
        "INSERT INTO webhook (number, id, url, events, departments, created_at, cursor, disabled,"
        " removed) VALUES (1, 'a', '', '[]', '[]', 0, 0, 0, 0), (2, 'b', '', '[]', '[]', 0, 0, 1,"
        " 0), (3, 'c', '', '[]', '[]', 0, 0, 0, 1);"
        "INSERT INTO delivery (webhook, project, type, state, tries, made_at) VALUES"
        " (1, '', 'webhook.test', 'pending', 0, unixepoch() - 100),"
        " (1, '', 'webhook.test', 'pending', 3, unixepoch() - 7200),"
        " (1, '', 'webhook.test', 'delivered', 1, unixepoch() - 90000),"
        " (1, '', 'webhook.test', 'failed', 10, unixepoch() - 90000),"
        " (2, '', 'webhook.test', 'pending', 1, unixepoch() - 90000),"
        " (2, '', 'webhook.test', 'failed', 10, unixepoch() - 90000),"
        " (3, '', 'webhook.test', 'failed', 10, unixepoch() - 90000)");
    static const struct {
        const char *name;
        double value;
    } wanted[] = {{"webhooks", 2}, {"disabled", 1}, {"waiting", 2},
                  {"failing", 1},  {"failed", 2},   {"oldest_s", 7200}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        assert_figure(figures, wanted[i].name, wanted[i].value);
    assert_true(jv_get_number(figures, "waiting", 0) == 2);
    jv_destroy(&figures);
}

/* Deliveries of webhook 1, of which the last attempt was so many seconds ago; how many somebody should
 * look after. */
static double unresolved_of(bool disabled, size_t count, const char *const states[],
                            const int ended_s[])
{
    struct strbuf sql = {0};
    strbuf_printf(&sql,
                  "INSERT INTO webhook (number, id, url, events, departments, created_at, cursor,"
                  " disabled) VALUES (1, 'a', '', '[]', '[]', 0, 0, %d);",
                  disabled);
    for (size_t i = 0; i < count; i++)
        strbuf_printf(&sql,
                      "INSERT INTO delivery (number, webhook, project, type, state, made_at) VALUES"
                      " (%zu, 1, '', 'webhook.test', '%s', 0);"
                      "INSERT INTO delivery_attempt (delivery, attempt, at, error, took_ms) VALUES"
                      " (%zu, 1, 0, '', 0), (%zu, 2, unixepoch() - %d, '', 0);",
                      i + 1, states[i], i + 1, i + 1, ended_s[i]);
    struct jv *figures = figures_after(sql.text);
    double unresolved = jv_get_number(figures, "unresolved", -1);
    strbuf_free(&sql);
    jv_destroy(&figures);
    return unresolved;
}

enum { HOUR_S = 3600, DAY_S = 86400 };

static void test_what_was_given_up_is_looked_after_for_a_day_or_until_something_arrives(
    void **state)
{
    (void)state;
    static const struct {
        bool disabled;
        size_t count;
        const char *states[3];
        int ended_s[3];
        double unresolved;
    } cases[] = {
        {false, 2, {"failed", "delivered"}, {2 * HOUR_S, HOUR_S}, 1},
        {false, 2, {"failed", "delivered"}, {2 * DAY_S, HOUR_S}, 0},
        {false, 2, {"delivered", "failed"}, {3 * DAY_S, 2 * DAY_S}, 1},
        {false, 2, {"failed", "failed"}, {9 * DAY_S, HOUR_S}, 2},
        {false, 3, {"failed", "delivered", "failed"}, {9 * DAY_S, 8 * DAY_S, 7 * DAY_S}, 1},
        {false, 3, {"failed", "delivered", "pending"}, {9 * DAY_S, 8 * DAY_S, HOUR_S}, 0},
        {true, 1, {"failed"}, {HOUR_S}, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double unresolved =
            unresolved_of(cases[i].disabled, cases[i].count, cases[i].states, cases[i].ended_s);
        if (unresolved != cases[i].unresolved)
            fail_msg("case %zu: %.0f", i, unresolved);
    }
}

static void test_the_worst_trouble_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *deliveries;
        enum delivery_trouble trouble;
    } cases[] = {
        {"{}", DELIVERIES_WELL},
        {"{\"webhooks\":1,\"waiting\":5,\"oldest_s\":2,\"postman_silent_s\":null}",
         DELIVERIES_WELL},
        {"{\"webhooks\":1,\"waiting\":5,\"oldest_s\":600,\"postman_silent_s\":null}",
         DELIVERIES_POSTMAN_GONE},
        {"{\"webhooks\":1,\"waiting\":5,\"oldest_s\":600,\"postman_silent_s\":31}",
         DELIVERIES_POSTMAN_GONE},
        {"{\"webhooks\":1,\"waiting\":0,\"oldest_s\":0,\"postman_silent_s\":31}", DELIVERIES_WELL},
        {"{\"webhooks\":1,\"waiting\":5,\"failing\":1,\"oldest_s\":600,\"postman_silent_s\":0.1}",
         DELIVERIES_WELL},
        {"{\"webhooks\":1,\"waiting\":5,\"failing\":1,\"oldest_s\":3600,\"unresolved\":2,"
         "\"postman_silent_s\":0.1}",
         DELIVERIES_STUCK},
        {"{\"webhooks\":2,\"failed\":2,\"unresolved\":1,\"disabled\":1,"
         "\"postman_silent_s\":0.1}",
         DELIVERIES_GIVEN_UP},
        {"{\"webhooks\":1,\"failed\":2,\"unresolved\":0,\"postman_silent_s\":0.1}",
         DELIVERIES_WELL},
        {"{\"webhooks\":2,\"failed\":2,\"disabled\":1,\"postman_silent_s\":0.1}",
         DELIVERIES_DISABLED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct jv *status = jv_object();
        jv_set(status, "deliveries", json_of(cases[i].deliveries));
        assert_int_equal(deliveries_judge(status), cases[i].trouble);
        jv_destroy(&status);
    }
}

static void test_metrics_are_those_of_both_sources(void **state)
{
    (void)state;
    struct strbuf out = {0};
    struct jv *status = json_of("{\"deliveries\":{\"delivered\":7,\"postman_silent_s\":null}}");
    struct jv *figures = json_of("{\"waiting\":3,\"oldest_s\":60}");
    deliveries_join(status, figures);
    deliveries_metrics(status, &out);
    assert_non_null(strstr(out.text, "\njinmu_webhook_delivered_total 7\n"));
    assert_non_null(strstr(out.text, "# TYPE jinmu_webhook_deliveries_waiting gauge\n"
                                     "jinmu_webhook_deliveries_waiting 3\n"));
    assert_non_null(strstr(out.text, "\njinmu_webhook_oldest_seconds 60\n"));
    assert_null(strstr(out.text, "jinmu_postman_silent_seconds"));
    jv_destroy(&status);
    jv_destroy(&figures);
    strbuf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_waits_where_there_is_no_webhook),
        cmocka_unit_test(test_what_waits_is_counted_by_webhook_in_use),
        cmocka_unit_test(
            test_what_was_given_up_is_looked_after_for_a_day_or_until_something_arrives),
        cmocka_unit_test(test_a_number_that_is_given_again_makes_another_message),
        cmocka_unit_test(test_the_worst_trouble_is_told),
        cmocka_unit_test(test_metrics_are_those_of_both_sources),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
