/* Codes and names as scans print them. */
#include "catalog/catalog.h"
#include "catalog/import/sheet.h"
#include "catalog/import/text_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_code(const char *text, const char *code, const char *rest)
{
    char read[CODE_BYTES] = "";
    size_t used = cell_code(text, read);
    if (!code) {
        if (used)
            fail_msg("'%s' gave the code '%s'", text, read);
        return;
    }
    assert_string_equal(read, code);
    assert_string_equal(text + used, rest);
}

static void test_codes_are_read_in_every_print(void **state)
{
    (void)state;
    assert_code("A150201", "A150201", "");
    assert_code("A 150201", "A150201", "");
    assert_code("A1502 01", "A150201", "");
    assert_code("A15 02 01 宣传", "A150201", " 宣传");
    assert_code("Ａ１５０２０１", "A150201", "");
    assert_code("A15O2Ol", "A150201", "");
    assert_code("AI50201", "A150201", "");
    assert_code("B0105书记员", "B0105", "书记员");
    assert_code("A 公共服务", "A", " 公共服务");
    assert_code("A公共服务", "A", "公共服务");
}

static void test_digits_of_a_name_are_not_taken_for_the_code(void **state)
{
    (void)state;
    assert_code("A1807 12345热线", "A1807", " 12345热线");
    assert_code("A180701\t12345政务", "A180701", "\t12345政务");
    assert_code("A1807 12热线", "A1807", " 12热线");
    assert_code("A1502 01宣传", "A150201", "宣传");
}

static void test_words_that_look_like_codes_are_none(void **state)
{
    (void)state;
    assert_code("AI智能服务", NULL, NULL);
    assert_code("All", NULL, NULL);
    assert_code("A级景区评定服务", NULL, NULL);
    assert_code("B超检查服务", NULL, NULL);
    assert_code("12345热线", NULL, NULL);
    assert_code("2025年规划", NULL, NULL);
    assert_code("宣传部", NULL, NULL);
}

static void test_codes_that_cannot_be_read_are_kept_as_they_stand(void **state)
{
    (void)state;
    assert_code("A15020", "A15020", "");
    assert_code("A 15020 宣传", "A15020", " 宣传");
    assert_code("4150201 宣传", "4150201", " 宣传");
    assert_int_equal(catalog_code_level("A15020"), 0);
    assert_int_equal(catalog_code_level("4150201"), 0);
}

static void test_level_is_that_of_the_length(void **state)
{
    (void)state;
    assert_int_equal(catalog_code_level("A"), 1);
    assert_int_equal(catalog_code_level("A15"), 2);
    assert_int_equal(catalog_code_level("B0105"), 3);
    assert_int_equal(catalog_code_level("A150201"), 4);
    assert_int_equal(catalog_code_level("A15020101"), 0);
    assert_int_equal(catalog_code_level("C15"), 0);
    assert_int_equal(catalog_code_level(""), 0);
}

static void test_spaces_go_out_of_chinese_names_only(void **state)
{
    (void)state;
    static const char *const names[][2] = {{" 公 共　服务 ", "公共服务"},
                                           {"12345 政务热线", "12345政务热线"},
                                           {"Web Service 开发", "Web Service开发"},
                                           {"　", ""}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *clean = name_clean(names[i][0]);
        assert_string_equal(clean, names[i][1]);
        free(clean);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes_are_read_in_every_print),
        cmocka_unit_test(test_digits_of_a_name_are_not_taken_for_the_code),
        cmocka_unit_test(test_words_that_look_like_codes_are_none),
        cmocka_unit_test(test_codes_that_cannot_be_read_are_kept_as_they_stand),
        cmocka_unit_test(test_level_is_that_of_the_length),
        cmocka_unit_test(test_spaces_go_out_of_chinese_names_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
