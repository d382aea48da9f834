/* UTF-8, spans and folding: what two spellings of one text have in common, and where it stood. */
#include "common/fault.h"
#include "common/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct folder *folder;

static int set_up(void **state)
{
    (void)state;
    folder = folder_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    folder_destroy(&folder);
    assert_null(folder);
    return 0;
}

static void assert_folds(const char *text, const char *wanted)
{
    char *folded = folder_fold_utf8(folder, text);
    assert_string_equal(folded, wanted);
    char *again = folder_fold_utf8(folder, folded);
    assert_string_equal(again, folded);
    free(folded);
    free(again);
}

static void test_well_formed_utf8_is_told_from_the_rest(void **state)
{
    (void)state;
    static const char *const good[] = {"", "a", "é", "养", "😀", "\xF4\x8F\xBF\xBF", "\xEF\xBF\xBF"};
    static const char *const bad[] = {"\x80",
                                      "\xC0\x80",
                                      "\xC1\xBF",
                                      "\xC3",
                                      "\xE5\xB1",
                                      "\xE0\x9F\xBF",
                                      "\xED\xA0\x80",
                                      "\xF0\x8F\xBF\xBF",
                                      "\xF4\x90\x80\x80",
                                      "\xF5\x80\x80\x80",
                                      "\xFF",
                                      "a\xFEz",
                                      "养\xE8\x80",
                                      "\xB3\xC7"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(text_is_utf8(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(text_is_utf8(bad[i], strlen(bad[i])));
    assert_false(text_is_utf8("a\0b", 3));
    assert_true(text_is_utf8("a\0b", 1));
}

static void test_lengths_and_offsets_count_code_points(void **state)
{
    (void)state;
    static const char text[] = "aé养😀z";
    assert_int_equal(text_length(text), 5);
    static const size_t offsets[] = {0, 1, 3, 6, 10, 11, 11, 11};
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(text_offset(text, i), offsets[i]);
    assert_int_equal(text_length(""), 0);
    assert_int_equal(text_offset("", 3), 0);
}

static void assert_cut(const char *text, size_t start, size_t end, const char *wanted)
{
    char *cut = text_cut(text, (struct span){start, end});
    assert_string_equal(cut, wanted);
    free(cut);
}

static void test_a_cut_is_half_open_and_ends_with_the_text(void **state)
{
    (void)state;
    assert_cut("aé养😀z", 1, 4, "é养😀");
    assert_cut("aé养😀z", 0, 99, "aé养😀z");
    assert_cut("aé养😀z", 7, 9, "");
    assert_cut("aé养😀z", 3, 3, "");
    assert_cut("aé养😀z", 3, 1, "");
}

static void test_spellings_of_one_text_fold_to_one_form(void **state)
{
    (void)state;
    assert_folds("ＡＢＣ１２３", "abc123");
    assert_folds("Hello World", "helloworld");
    assert_folds("養老服務", "养老服务");
    assert_folds("㎡", "m2");
    assert_folds("㈠", "(一)");
    assert_folds("①⑩", "110");
    assert_folds("ﬁ", "fi");
    assert_folds("e\u0301", "e");
    assert_folds("é", "e");
    assert_folds("〔2021〕【2021】（2021）[2021]｛2021｝", "(2021)(2021)(2021)(2021)(2021)");
    assert_folds("“养老”「养老」", "\"养老\"\"养老\"");
    assert_folds("、，。．；：！", ",,..;:!");
    assert_folds("～—–~", "----");
    assert_folds(" \t\r\n\u3000\u00A0\u200B\uFEFF\u2028", "");
    assert_folds("豈", "岂");
    assert_folds("", "");
}

static void test_a_character_beyond_the_bmp_folds_to_a_unit_of_its_own(void **state)
{
    (void)state;
    struct folded folded = {0};
    folder_fold(folder, "a😀\xEF\xBF\xBF养", strlen("a😀\xEF\xBF\xBF养"), &folded);
    assert_int_equal(folded.length, 4);
    assert_int_equal(folded.units[1], 0xFFFD);
    assert_int_equal(folded.units[2], 0xFFFD);
    assert_int_equal(folded.units[3], 0x517B);
    assert_int_equal(folded.code_points, 4);
    folded_free(&folded);
    assert_folds("𝐀𝟏", "a1"); /* but one that is a letter in another dress is that letter */
}

static void assert_span(const char *text, size_t from, size_t to, size_t start, size_t end)
{
    struct folded folded = {0};
    folder_fold(folder, text, strlen(text), &folded);
    assert_true(to <= folded.length);
    struct span span = folded_span(&folded, from, to);
    assert_int_equal(span.start, start);
    assert_int_equal(span.end, end);
    folded_free(&folded);
}

static void test_every_unit_knows_the_code_point_that_it_came_from(void **state)
{
    (void)state;
    assert_span("养老", 0, 2, 0, 2);
    assert_span("养 老", 0, 2, 0, 3);
    assert_span("😀养\u0301老", 1, 3, 1, 4);
    assert_span("㎡养", 0, 1, 0, 1);
    assert_span("㎡养", 1, 3, 0, 2);
    assert_span("甲㈠乙", 1, 4, 1, 2);
    assert_span("甲㈠乙", 4, 5, 2, 3);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static size_t put_code_point(char *out, uint32_t code)
{
    if (code < 0x80)
        return out[0] = (char)code, 1;
    if (code < 0x800)
        return out[0] = (char)(0xC0 | code >> 6), out[1] = (char)(0x80 | (code & 0x3F)), 2;
    if (code < 0x10000) {
        out[0] = (char)(0xE0 | code >> 12), out[1] = (char)(0x80 | (code >> 6 & 0x3F));
        return out[2] = (char)(0x80 | (code & 0x3F)), 3;
    }
    out[0] = (char)(0xF0 | code >> 18), out[1] = (char)(0x80 | (code >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code >> 6 & 0x3F));
    return out[3] = (char)(0x80 | (code & 0x3F)), 4;
}

/* Code points of all planes, those with long expansions (U+FDFA gives 18) more often. */
static size_t random_text(uint32_t *seed, char *text, size_t code_points)
{
    size_t length = 0;
    for (size_t i = 0; i < code_points; i++) {
        uint32_t code = next_random(seed) % 8 == 0 ? 0xFDFA : next_random(seed) % 0x11000 + 1;
        if (code >= 0xD800 && code < 0xE000)
            code = 0x3231;
        length += put_code_point(text + length, code);
    }
    text[length] = 0;
    return length;
}

static void test_folding_random_text_keeps_to_its_memory_and_order(void **state)
{
    (void)state;
    uint32_t seed = 11;
    struct folded folded = {0};
    char text[4 * 300 + 1];
    for (int round = 0; round < 300; round++) {
        size_t code_points = next_random(&seed) % 300;
        size_t length = random_text(&seed, text, code_points);
        assert_true(text_is_utf8(text, length));
        assert_int_equal(text_length(text), code_points);
        folder_fold(folder, text, length, &folded);
        assert_int_equal(folded.code_points, code_points);
        assert_true(folded.length <= folded.capacity);
        for (size_t i = 0; i < folded.length; i++) {
            assert_true(folded.origin[i] < code_points && folded.units[i] != 0);
            assert_true(i == 0 || folded.origin[i] >= folded.origin[i - 1]);
        }
    }
    folded_free(&folded);
    assert_null(folded.units);
}

/* Each character of the BMP folds alike whether it stands alone or in a text. */
static void test_each_character_folds_the_same_in_company(void **state)
{
    (void)state;
    struct folded alone = {0}, among = {0};
    for (uint32_t code = 1; code < 0x10000; code++) {
        char text[16] = "养";
        if (code >= 0xD800 && code < 0xE000)
            continue;
        size_t length = 3 + put_code_point(text + 3, code);
        folder_fold(folder, text + 3, length - 3, &alone);
        memcpy(text + length, "老", 4);
        folder_fold(folder, text, length + 3, &among);
        assert_int_equal(among.length, alone.length + 2);
        assert_memory_equal(among.units + 1, alone.units, alone.length * sizeof *alone.units);
    }
    folded_free(&alone);
    folded_free(&among);
}

static void test_a_fault_holds_its_code_and_message(void **state)
{
    (void)state;
    struct fault fault;
    assert_int_equal(fault_set(&fault, "input.x", "第 %d 行", 7), -1);
    assert_string_equal(fault.code, "input.x");
    assert_string_equal(fault.message, "第 7 行");
    assert_int_equal(fault_set(NULL, "input.x", "%s", "y"), -1);
}

static void test_a_faults_message_is_well_formed_wherever_it_is_cut(void **state)
{
    (void)state;
    char text[700];
    for (size_t shift = 0; shift < 4; shift++) {
        struct fault fault;
        memset(text, 'a', shift);
        for (size_t i = 0; i < 200; i++)
            memcpy(text + shift + 3 * i, "养", 4);
        fault_set(&fault, "x", "%s", text);
        assert_true(strlen(fault.message) > 450);
        assert_true(text_is_utf8(fault.message, strlen(fault.message)));
        assert_memory_equal(fault.message, text, strlen(fault.message));
        fault_set(&fault, "x", "“%.100s”", text);
        assert_true(text_is_utf8(fault.message, strlen(fault.message)));
        assert_string_equal(fault.message + strlen(fault.message) - 3, "”");
    }
    struct fault fault;
    fault_set(&fault, "x", "%s: no such file", "/tmp/\xB3\xC7.txt");
    assert_string_equal(fault.message, "/tmp/.txt: no such file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_well_formed_utf8_is_told_from_the_rest),
        cmocka_unit_test(test_lengths_and_offsets_count_code_points),
        cmocka_unit_test(test_a_cut_is_half_open_and_ends_with_the_text),
        cmocka_unit_test(test_spellings_of_one_text_fold_to_one_form),
        cmocka_unit_test(test_a_character_beyond_the_bmp_folds_to_a_unit_of_its_own),
        cmocka_unit_test(test_every_unit_knows_the_code_point_that_it_came_from),
        cmocka_unit_test(test_folding_random_text_keeps_to_its_memory_and_order),
        cmocka_unit_test(test_each_character_folds_the_same_in_company),
        cmocka_unit_test(test_a_fault_holds_its_code_and_message),
        cmocka_unit_test(test_a_faults_message_is_well_formed_wherever_it_is_cut),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
