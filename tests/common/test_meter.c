/* What services measure of themselves. */
#include "common/meter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int at(const struct jv *buckets, size_t index, size_t column)
{
    return (int)jv_number(jv_at(jv_at(buckets, index), column), -1);
}

static void test_a_description_counts_up_to_each_bound(void **state)
{
    (void)state;
    struct meter_durations durations = {0};
    static const int64_t times[] = {0, 1, 2, 3, 4, 100};
    for (int i = 0; i < 6; i++)
        meter_add(&durations, times[i]);
    struct jv *description = meter_describe(&durations);
    assert_int_equal((int)jv_get_number(description, "count", -1), 6);
    assert_int_equal((int)jv_get_number(description, "sum_us", -1), 110);
    assert_int_equal((int)jv_get_number(description, "longest_us", -1), 100);
    const struct jv *buckets = jv_get(description, "buckets");
    static const int expected[][2] = {{1, 2}, {2, 3}, {4, 5}, {8, 5}, {16, 5}, {32, 5}, {64, 5}};
    assert_int_equal(jv_count(buckets), 7); /* the longest stands in the bound that is infinite */
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(at(buckets, i, 0), expected[i][0]);
        assert_int_equal(at(buckets, i, 1), expected[i][1]);
    }
    jv_destroy(&description);
}

static void test_nothing_measured_has_no_buckets(void **state)
{
    (void)state;
    struct meter_durations durations = {0};
    struct jv *description = meter_describe(&durations);
    assert_int_equal(jv_count(jv_get(description, "buckets")), 0);
    assert_int_equal((int)jv_get_number(description, "p99_us", -1), 0);
    jv_destroy(&description);
}

static void test_quantiles_are_at_most_a_fifth_too_high(void **state)
{
    (void)state;
    struct meter_durations durations = {0};
    for (int64_t i = 1; i <= 1000; i++)
        meter_add(&durations, i);
    assert_in_range(meter_quantile(&durations, 0.5), 500, 600);
    assert_in_range(meter_quantile(&durations, 0.99), 990, 1000);
    assert_int_equal(meter_quantile(&durations, 1), 1000);
}

static void test_a_rate_forgets_what_is_over_ten_seconds_old(void **state)
{
    (void)state;
    struct meter_rate rate = {0};
    meter_count(&rate, 50, 1000000);
    assert_true(meter_per_second(&rate, 1001000) == 5);
    assert_true(meter_per_second(&rate, 1010000) == 5);
    assert_true(meter_per_second(&rate, 1011000) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_description_counts_up_to_each_bound),
        cmocka_unit_test(test_nothing_measured_has_no_buckets),
        cmocka_unit_test(test_quantiles_are_at_most_a_fifth_too_high),
        cmocka_unit_test(test_a_rate_forgets_what_is_over_ten_seconds_old),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
