#include "catalog/intake/document_amount.h"
#include "catalog/intake/document_project.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int64_t fen_of(const char *text, enum amount_unit unit)
{
    struct amount amount;
    return amount_read(slice_of(text), unit, &amount) ? amount.fen : -1;
}

static bool is_irregular(const char *text)
{
    struct amount amount;
    assert_true(amount_read(slice_of(text), AMOUNT_YUAN, &amount));
    return amount.irregular;
}

static void test_amounts_are_read_to_the_fen(void **state)
{
    (void)state;
    assert_int_equal(fen_of("553.60", AMOUNT_WAN), 553600000);
    assert_int_equal(fen_of("20,936,400", AMOUNT_YUAN), 2093640000);
    assert_int_equal(fen_of("0.07", AMOUNT_YUAN), 7);
    assert_int_equal(fen_of("0.1", AMOUNT_WAN), 100000);
    assert_int_equal(fen_of("585,800", AMOUNT_UNSTATED), 58580000);
    assert_int_equal(fen_of("0", AMOUNT_WAN), 0);
}

static void test_a_stated_unit_goes_before_the_heading(void **state)
{
    (void)state;
    assert_int_equal(fen_of("50万元", AMOUNT_YUAN), 50000000);
    assert_int_equal(fen_of("500000元", AMOUNT_WAN), 50000000);
    assert_int_equal(fen_of("约 1.2亿元", AMOUNT_YUAN), 12000000000);
    assert_int_equal(fen_of("¥3,000.50 元", AMOUNT_YUAN), 300050);
}

static void test_split_and_wide_digits_are_one_number(void **state)
{
    (void)state;
    assert_int_equal(fen_of("670,00 0", AMOUNT_YUAN), 67000000);
    assert_false(is_irregular("670,00 0"));
    assert_int_equal(fen_of("２０，０００．５", AMOUNT_YUAN), 2000050);
    assert_int_equal(fen_of("1 104 900", AMOUNT_YUAN), 110490000);
}

static void test_wrong_groups_are_read_and_reported(void **state)
{
    (void)state;
    assert_int_equal(fen_of("5,00,000", AMOUNT_YUAN), 50000000);
    assert_true(is_irregular("5,00,000"));
    assert_false(is_irregular("500,000"));
    assert_int_equal(fen_of("500,000 500,000", AMOUNT_YUAN), 50000000);
}

static void test_what_is_no_amount_is_refused(void **state)
{
    (void)state;
    const char *const texts[] = {"",       "无",   "—",       "晋城市数据局",
                                 "12个月", "99年", "3楼12室", "9999999999999999999999"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(fen_of(texts[i], AMOUNT_YUAN), -1);
    assert_int_equal(fen_of("92233720368547758", AMOUNT_YI), -1);
    assert_int_equal(fen_of("1086000010860000", AMOUNT_YUAN), -1); /* two cells run together */
    assert_int_equal(fen_of("9,000,000,000,000", AMOUNT_YUAN), 900000000000000);
}

static void test_amounts_of_a_sentence_are_found_in_turn(void **state)
{
    (void)state;
    struct slice text = slice_of("共3项：一是28万元，二是9.6 万元；2026年付12,000元。");
    const int64_t expected[] = {28000000, 9600000, 1200000};
    size_t at = 0, start;
    struct amount amount;
    for (size_t i = 0; i < 3; i++) {
        assert_true(amount_find(text, &at, &start, &amount));
        assert_int_equal(amount.fen, expected[i]);
    }
    assert_false(amount_find(text, &at, &start, &amount));
}

static void test_terms_become_years(void **state)
{
    (void)state;
    const struct {
        const char *text;
        double years;
    } cases[] = {{"99年", 99},
                 {"1年", 1},
                 {"三年", 3},
                 {"6个月", 0.5},
                 {"1年6个月", 1.5},
                 {"2026年", 1},
                 {"2026年-2028年", 3},
                 {"2026年1月至2026年12月", 1},
                 {"2026.07-2027.12", 1.5},
                 {"长期", 99},
                 {"晋城市数据局", 0},
                 {"", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(document_term_years(slice_of(cases[i].text)) == cases[i].years);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_amounts_are_read_to_the_fen),
        cmocka_unit_test(test_a_stated_unit_goes_before_the_heading),
        cmocka_unit_test(test_split_and_wide_digits_are_one_number),
        cmocka_unit_test(test_wrong_groups_are_read_and_reported),
        cmocka_unit_test(test_what_is_no_amount_is_refused),
        cmocka_unit_test(test_amounts_of_a_sentence_are_found_in_turn),
        cmocka_unit_test(test_terms_become_years),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
