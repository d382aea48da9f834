/* Amounts and dates as clerks write them, read exactly. */
#include "catalog/checks/dates.h"
#include "catalog/checks/money.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct plain plain;

static size_t find(const char *text, struct money *out, size_t max)
{
    plain_take(&plain, text, strlen(text));
    return money_find(&plain, out, max);
}

static struct money only(const char *text)
{
    struct money all[8];
    size_t count = find(text, all, 8);
    if (count != 1)
        fail_msg("%zu amounts in '%s'", count, text);
    return all[0];
}

static void assert_fen(const char *text, int64_t fen)
{
    struct money money = only(text);
    if (money.fen != fen)
        fail_msg("'%s' gives %lld fen, not %lld", text, (long long)money.fen, (long long)fen);
}

static void assert_none(const char *text)
{
    struct money all[8];
    if (find(text, all, 8))
        fail_msg("'%s' holds no amount, but %lld fen at %zu", text, (long long)all[0].fen,
                 all[0].span.start);
}

static void test_every_way_of_writing_an_amount_gives_exact_fen(void **state)
{
    (void)state;
    assert_fen("80万元", 80000000);
    assert_fen("5,350,000元", 535000000);
    assert_fen("5，350，000元", 535000000);
    assert_fen("49.2475万元", 49247500);
    assert_fen("一百二十万元", 120000000);
    assert_fen("一百二十三万四千五百元", 123450000);
    assert_fen("壹佰贰拾万元整", 120000000);
    assert_fen("叁仟伍佰元", 350000);
    assert_fen("十五万元", 15000000);
    assert_fen("两百万元", 200000000);
    assert_fen("五千元", 500000);
    assert_fen("３５００元", 350000);
    assert_fen("１２．５万元", 12500000);
    assert_fen("1.2亿元", 12000000000);
    assert_fen("3千元", 300000);
    assert_fen("3百万元", 300000000);
    assert_fen("¥500,000", 50000000);
    assert_fen("￥500.50元", 50050);
    assert_fen("人民币80000元", 8000000);
    assert_fen("12元5角", 1250);
    assert_fen("80 万元", 80000000);
    assert_fen("合同价为252万元整", 252000000);
}

static void test_formulas_are_computed_and_compared_with_their_result(void **state)
{
    (void)state;
    struct money money = only("3500元/月×12个月");
    assert_true(money.formula && !money.has_result);
    assert_int_equal(money.computed_fen, 4200000);
    money = only("224*3000+3*5000=687000");
    assert_true(money.formula && money.has_result && money.ambiguous);
    assert_int_equal(money.fen, 68700000);
    assert_int_equal(money.computed_fen, 68700000);
    money = only("6.99万元×80人=559.2万元");
    assert_int_equal(money.fen, 559200000);
    assert_int_equal(money.computed_fen, 559200000);
    money = only("12人*3000元/人*12月=42.2万元");
    assert_int_equal(money.fen, 42200000);
    assert_int_equal(money.computed_fen, 43200000);
    money = only("252万元×40%=100.8万元");
    assert_int_equal(money.computed_fen, 100800000);
    money = only("5人×12月×3000元=18万元");
    assert_int_equal(money.fen, money.computed_fen);
    assert_none("提供7x24小时服务");
    assert_none("幅面210×297毫米");
    assert_none("20×50=1000人");
}

static void test_limits_and_estimates_are_told_apart(void **state)
{
    (void)state;
    assert_int_equal(only("≤186万元").relation, MONEY_AT_MOST);
    assert_int_equal(only("不超过50万元").relation, MONEY_AT_MOST);
    assert_int_equal(only("10万元以内").relation, MONEY_AT_MOST);
    assert_int_equal(only("不低于50万元").relation, MONEY_AT_LEAST);
    assert_int_equal(only("超过50万元").relation, MONEY_AT_LEAST);
    assert_int_equal(only("约20万").relation, MONEY_ABOUT);
    assert_int_equal(only("20余万元").relation, MONEY_ABOUT);
    assert_int_equal(only("20万元左右").relation, MONEY_ABOUT);
    assert_int_equal(only("共20万元").relation, MONEY_IS);
    struct money range = only("2-3万元");
    assert_int_equal(range.fen, 2000000);
    assert_int_equal(range.high_fen, 3000000);
    range = only("10万元至15万元");
    assert_int_equal(range.fen, 10000000);
    assert_int_equal(range.high_fen, 15000000);
    assert_int_equal(only("12-3万元").fen, 3000000); /* falls: a number, then an amount */
    assert_true(only("每人3000元").rate);
    assert_true(only("3000元/人").rate);
    assert_true(only("人均经费6.47万元").rate);
    assert_false(only("每年开展培训，经费5万元").rate);
}

static void test_doubtful_writing_is_marked(void **state)
{
    (void)state;
    struct money split = only("年度资金 670,00 0元");
    assert_int_equal(split.fen, 67000000);
    assert_true(split.ambiguous);
    assert_true(only("5 350 000元").ambiguous);
    assert_true(only("约20万").bare);
    assert_true(only("20,936,400").ambiguous);
    assert_true(only("剩余两百万完成招标").ambiguous);
    assert_int_equal(only("合同总金额6478980中的应付款").fen, 647898000);
    assert_false(only("80万元").ambiguous);
}

static void test_other_numbers_are_no_amounts(void **state)
{
    (void)state;
    assert_none("2026年1-6月");
    assert_none("12345热线受理70人");
    assert_none("印制3万册");
    assert_none("服务20万人次");
    assert_none("第三单元");
    assert_none("二元结构与一元化");
    assert_none("占80.74%");
    assert_none("面积4,500平方米");
    assert_none("电话2218679");
    assert_none("十五五规划");
    assert_none("1.2.3节");
    assert_none("");
}

static void test_spans_point_at_the_code_points_of_the_original(void **state)
{
    (void)state;
    struct money all[4];
    const char *text = "项目需约２０万元，另付5,000元。";
    assert_int_equal(find(text, all, 4), 2);
    assert_int_equal(all[0].span.start, 4);
    assert_int_equal(all[0].span.end, 8);
    assert_int_equal(all[1].span.start, 11);
    assert_int_equal(all[1].span.end, 17);
}

static void test_list_marks_do_not_join_amounts(void **state)
{
    (void)state;
    struct money all[8];
    assert_int_equal(find("1.设备维护36万元；2.印刷2万元；3.邮寄10万元", all, 8), 3);
    assert_int_equal(all[0].fen, 36000000);
    assert_int_equal(all[1].fen, 2000000);
    assert_int_equal(all[2].fen, 10000000);
    assert_int_equal(find("约10000份2万元", all, 8), 1);
    assert_int_equal(all[0].fen, 2000000);
    assert_int_equal(find("2025年1-6月未付合同款2000元", all, 8), 1);
    assert_int_equal(all[0].fen, 200000);
}

static void test_amounts_are_written_as_a_clerk_would(void **state)
{
    (void)state;
    char text[MONEY_TEXT];
    assert_string_equal(money_text(80000000, text), "80万元");
    assert_string_equal(money_text(49247500, text), "49.2475万元");
    assert_string_equal(money_text(200000, text), "2000元");
    assert_string_equal(money_text(1250, text), "12.5元");
    assert_string_equal(money_text(-80000000, text), "-80万元");
    assert_string_equal(money_text(120000000050, text), "1200000000.5元");
}

static void test_rounding_of_what_is_stated_is_allowed(void **state)
{
    (void)state;
    struct money money = only("53.6万元");
    assert_true(money_agrees(&money, 53600000));
    assert_true(money_agrees(&money, 53640000));
    assert_false(money_agrees(&money, 53700000));
}

static struct dates date_of(const char *text)
{
    struct dates dates;
    size_t at = 0;
    plain_take(&plain, text, strlen(text));
    if (!dates_next(&plain, &at, &dates))
        fail_msg("no date in '%s'", text);
    return dates;
}

static void assert_dates(const char *text, int year, int month, int to_year, int to_month)
{
    struct dates dates = date_of(text);
    if (dates.year != year || dates.month != month || dates.to_year != to_year ||
        dates.to_month != to_month)
        fail_msg("'%s' gives %d-%d to %d-%d", text, dates.year, dates.month, dates.to_year,
                 dates.to_month);
}

static void test_stretches_of_time_are_read(void **state)
{
    (void)state;
    assert_dates("2025年1-6月", 2025, 1, 2025, 6);
    assert_dates("2005年7-11月", 2005, 7, 2005, 11);
    assert_dates("2025年12-2026年5月", 2025, 12, 2026, 5);
    assert_dates("2025年12月至2026年5月", 2025, 12, 2026, 5);
    assert_dates("2025-2028年", 2025, 0, 2028, 0);
    assert_dates("2023年-2026年", 2023, 0, 2026, 0);
    assert_dates("2025年8月27日—2026年8月26日", 2025, 8, 2026, 8);
    assert_dates("２０２６年３月", 2026, 3, 2026, 3);
    assert_true(date_of("20205年9.8万元").impossible);
    assert_true(date_of("2026年13月").impossible);
    assert_true(date_of("2026年2月30日").impossible);
    assert_false(date_of("2024年2月29日").impossible);
}

static void test_no_text_makes_the_readers_run_past_its_end(void **state)
{
    (void)state;
    static const char *const pieces[] = {"1",  ",", "000", "万", "元", "×",  "=",
                                         "+",  "-", ".",   "年", "月", "一", "百",
                                         "亿", " ", "/",   "%",  "≤",  "约", "每"};
    enum { PIECES = sizeof pieces / sizeof *pieces, LENGTH = 12 };
    unsigned seed = 7;
    for (int round = 0; round < 20000; round++) {
        char text[LENGTH * 4 + 1] = "";
        for (int i = 0; i < LENGTH; i++) {
            seed = seed * 1103515245u + 12345u;
            strcat(text, pieces[(seed >> 16) % PIECES]);
        }
        struct money all[32];
        size_t count = find(text, all, 32);
        for (size_t i = 0; i < count; i++) {
            assert_true(all[i].span.start < all[i].span.end);
            assert_true(all[i].span.end <= plain.length);
            assert_true(all[i].fen >= 0);
        }
        struct dates dates;
        for (size_t at = 0; dates_next(&plain, &at, &dates);)
            assert_true(dates.span.end <= plain.length);
    }
}

static int clean_up(void **state)
{
    (void)state;
    plain_free(&plain);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_way_of_writing_an_amount_gives_exact_fen),
        cmocka_unit_test(test_formulas_are_computed_and_compared_with_their_result),
        cmocka_unit_test(test_limits_and_estimates_are_told_apart),
        cmocka_unit_test(test_doubtful_writing_is_marked),
        cmocka_unit_test(test_other_numbers_are_no_amounts),
        cmocka_unit_test(test_spans_point_at_the_code_points_of_the_original),
        cmocka_unit_test(test_list_marks_do_not_join_amounts),
        cmocka_unit_test(test_amounts_are_written_as_a_clerk_would),
        cmocka_unit_test(test_rounding_of_what_is_stated_is_allowed),
        cmocka_unit_test(test_stretches_of_time_are_read),
        cmocka_unit_test(test_no_text_makes_the_readers_run_past_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, clean_up);
}
