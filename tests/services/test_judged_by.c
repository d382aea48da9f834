/* By what workers judge: a difference is told, a change that all make is none. */
#include "services/collector/judged_by.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SETTLE_S = JUDGED_BY_SETTLE_MS / 1000, RECENT_S = JUDGED_BY_RECENT_MS / 1000 };

static int open_judged_by(void **state)
{
    *state = judged_by_new();
    return 0;
}

static int close_judged_by(void **state)
{
    judged_by_destroy((struct judged_by **)state);
    return 0;
}

/* At that second a peer, with the key of its name in capitals or without, stores what that model gave. */
static void note(void **state, int second, const char *peer, const char *model)
{
    zframe_t *address = zframe_from(peer), *engine = zframe_from("0.1"), *by = zframe_from(model);
    judged_by_note(*state, address, *peer >= 'a' ? NULL : peer, engine, by, 1000LL * second);
    zframe_destroy(&address);
    zframe_destroy(&engine);
    zframe_destroy(&by);
}

static struct jv *status_at(void **state, int second)
{
    struct jv *status = jv_object();
    jv_set(status, "judged_by", judged_by_describe(*state, 1000LL * second));
    return status;
}

static void assert_told(void **state, int second, const char *expected)
{
    struct jv *status = status_at(state, second);
    struct strbuf told = {0};
    strbuf_puts(&told, "");
    judged_by_write(status, &told);
    assert_string_equal(told.text, expected);
    strbuf_free(&told);
    jv_destroy(&status);
}

static void test_workers_that_judge_alike_are_one(void **state)
{
    assert_told(state, 0, "");
    note(state, 1, "a", "m");
    note(state, 2, "b", "m");
    assert_told(state, 2, "0.1 m (without a key)");
}

static void test_keys_are_told_in_their_order(void **state)
{
    note(state, 1, "C", "m");
    note(state, 2, "A", "m");
    note(state, 3, "B", "m");
    assert_told(state, 3, "0.1 m (A, B, C)");
}

static void test_workers_that_differ_are_told_with_their_keys(void **state)
{
    note(state, 1, "A", "m");
    note(state, 2, "B", "n");
    assert_told(state, 3, ""); /* perhaps A follows in a moment */
    for (int later = SETTLE_S + 2; later < 10 * SETTLE_S; later += 7) {
        note(state, later, "A", "m");
        note(state, later + 1, "B", "n");
        note(state, later + 1, "C", "n");
        assert_told(state, later + 1, "0.1 m (A); 0.1 n (B, C)");
    }
    struct jv *status = status_at(state, 10 * SETTLE_S);
    struct strbuf metrics = {0};
    judged_by_metrics(status, &metrics);
    assert_non_null(strstr(metrics.text, "\njinmu_models_at_once 2\n"));
    strbuf_free(&metrics);
    jv_destroy(&status);
}

static void test_a_change_that_one_after_the_other_makes_is_no_difference(void **state)
{
    note(state, 1, "a", "m");
    note(state, 1, "b", "m"); /* and is idle from now on */
    note(state, 100, "a", "n");
    note(state, 101, "c", "m"); /* had it in its hands */
    note(state, 102, "c", "n");
    note(state, 102 + SETTLE_S, "a", "n");
    note(state, 200, "c", "n");
    assert_told(state, 200, "0.1 n (without a key)");
    note(state, 201, "b", "n"); /* nobody could have told before */
    note(state, 202, "a", "m"); /* back again: a review was withdrawn */
    note(state, 203, "b", "m");
    note(state, 202 + 2 * SETTLE_S, "a", "m");
    assert_told(state, 202 + 2 * SETTLE_S, "0.1 m (without a key)");
}

static void test_a_worker_that_connects_anew_is_no_change(void **state)
{
    note(state, 1, "a", "m");
    note(state, 1, "b", "n");
    note(state, 2 + SETTLE_S, "a", "m");
    note(state, 3 + SETTLE_S, "d", "n"); /* who was b */
    assert_told(state, 3 + SETTLE_S, "0.1 m (without a key); 0.1 n (without a key)");
}

static void test_what_was_long_ago_is_forgotten(void **state)
{
    note(state, 1, "a", "m");
    note(state, 1, "b", "n");
    note(state, 2 + SETTLE_S, "a", "m");
    note(state, 2 + SETTLE_S, "b", "n");
    note(state, 100 + RECENT_S, "a", "m");
    assert_told(state, 100 + RECENT_S, "0.1 m (without a key)");
}

static void test_many_workers_and_names_that_are_none_do_no_harm(void **state)
{
    char name[300];
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "p%d", i);
        note(state, 1 + i / 100, name, "m");
    }
    note(state, 20, "a", "\xff");
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = 0;
    note(state, 20, "a", name);
    assert_told(state, 20, "0.1 m (without a key)");
}

#define JUDGED_BY(test) cmocka_unit_test_setup_teardown(test, open_judged_by, close_judged_by)
int main(void)
{
    const struct CMUnitTest tests[] = {
        JUDGED_BY(test_workers_that_judge_alike_are_one),
        JUDGED_BY(test_keys_are_told_in_their_order),
        JUDGED_BY(test_workers_that_differ_are_told_with_their_keys),
        JUDGED_BY(test_a_change_that_one_after_the_other_makes_is_no_difference),
        JUDGED_BY(test_a_worker_that_connects_anew_is_no_change),
        JUDGED_BY(test_what_was_long_ago_is_forgotten),
        JUDGED_BY(test_many_workers_and_names_that_are_none_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
