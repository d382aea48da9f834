/* JSON values and the writer: what goes in comes out, and what is none is refused with its place. */
#include "common/arena.h"
#include "common/json.h"
#include "common/json_reader.h"
#include "common/json_writer.h"
#include "common/strbuf.h"
#include "common/text.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct jv *read_text(const char *text)
{
    struct fault fault = {0};
    struct jv *value = jv_read(text, strlen(text), &fault);
    if (!value)
        fail_msg("%s: %s", text, fault.message);
    return value;
}

static void assert_written(const char *text, const char *wanted)
{
    struct jv *value = read_text(text);
    char *written = jv_write(value);
    assert_string_equal(written, wanted);
    free(written);
    jv_destroy(&value);
    assert_null(value);
}

static void test_what_is_read_is_written_in_the_same_order(void **state)
{
    (void)state;
    assert_written(" { \"z\" : 1 , \"a\" : [ true , false , null ] } ",
                   "{\"z\":1,\"a\":[true,false,null]}");
    assert_written("\"\\u517b\\ud83d\\ude00\"", "\"养😀\"");
    assert_written("\"\\\"\\\\\\b\\f\\n\\r\\t/\"", "\"\\\"\\\\\\b\\f\\n\\r\\t/\"");
    assert_written("{}", "{}");
    assert_written("[]", "[]");
    assert_written("null", "null");
}

static void test_numbers_keep_their_digits(void **state)
{
    (void)state;
    static const char *const same[] = {"0",    "-1",         "9007199254740993", "1234567.89",
                                       "0.97", "98765432.1", "90000000.01",      "0.000125",
                                       "1.0",  "-0.5",       "123456789012.34"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        assert_written(same[i], same[i]);
    struct jv *value = jv_of_number(5592000.5);
    char *text = jv_write(value);
    assert_string_equal(text, "5592000.5");
    free(text);
    jv_destroy(&value);
}

static void test_a_number_that_is_none_becomes_null(void **state)
{
    (void)state;
    static const double none[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < 3; i++) {
        struct jv *value = jv_of_number(none[i]);
        assert_true(jv_is_null(value));
        jv_destroy(&value);
    }
}

static void test_what_is_no_json_is_refused_with_its_place(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",          " ",    "{",           "]",           "{\"a\"}",
        "{\"a\":}",  "[1,]", "nul",         "01",          "1.",
        "\"a",       "'a'",  "{a:1}",       "1 2",         "\"\\x\"",
        "\"\n\"",    "[1}",  "\"\\ud800\"", "\"\\u0000\"", "{\"养\":1,\"养\":2}",
        "[养老服务]"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fault fault = {0};
        assert_null(jv_read(bad[i], strlen(bad[i]), &fault));
        assert_string_equal(fault.code, "input.not_json");
        assert_non_null(strstr(fault.message, "行"));
        assert_true(text_is_utf8(fault.message, strlen(fault.message)));
    }
    struct fault fault = {0};
    assert_null(jv_read("\"\xFF\"", 3, &fault));
    assert_string_equal(fault.code, "input.not_utf8");
}

static void test_every_prefix_of_a_text_is_refused_in_well_formed_words(void **state)
{
    (void)state;
    static const char text[] =
        "{\"名称\":\"居家养老😀\",\"a\":[1.5,true,null,{\"服务\":\"\\u517b\"}]}";
    for (size_t length = 0; length < strlen(text); length++) {
        struct fault fault = {0};
        assert_null(jv_read(text, length, &fault));
        assert_int_equal(strncmp(fault.code, "input.not_", 10), 0);
        assert_true(text_is_utf8(fault.message, strlen(fault.message)));
    }
}

/* A text of tokens that JSON is made of and of some that it is not, by chance: mostly nearly JSON. */
static void make_text(struct strbuf *out, uint32_t *seed)
{
    static const char *const tokens[] = {"{",
                                         "}",
                                         "[",
                                         "]",
                                         ",",
                                         ":",
                                         "\"a\"",
                                         "\"b\"",
                                         "\"养老\"",
                                         "1",
                                         "0",
                                         "-",
                                         ".5",
                                         "e3",
                                         "E-400",
                                         "e400",
                                         "true",
                                         "null",
                                         "false",
                                         " ",
                                         "\n",
                                         "\t",
                                         "\v",
                                         "\f",
                                         "\"",
                                         "\\",
                                         "\\n",
                                         "\\u12",
                                         "\x01",
                                         "/",
                                         "//",
                                         "/**/",
                                         "nul",
                                         "NaN",
                                         "'",
                                         "\uFEFF",
                                         "0x1",
                                         "9223372036854775807",
                                         "9223372036854775808",
                                         "-0",
                                         "{\"a\":1}",
                                         "[1,2]",
                                         "{\"a\":[",
                                         "\"\\/\"",
                                         "1.0",
                                         "\x7F",
                                         "[[",
                                         "]]",
                                         "\"b\":",
                                         "\"\":"};
    static const char *const starts[] = {"", "[", "{\"a\":", "{\"a\":1,", "[{\"b\":"};
    static const char *const ends[] = {"", "]", "}", "}]", " "};
    strbuf_reset(out);
    *seed = *seed * 1664525u + 1013904223u;
    size_t end = (*seed >> 8) % 5;
    strbuf_puts(out, starts[(*seed >> 16) % 5]);
    for (uint32_t left = (*seed >> 24) % 6; left-- > 0;) {
        *seed = *seed * 1664525u + 1013904223u;
        strbuf_puts(out, tokens[(*seed >> 8) % (sizeof tokens / sizeof *tokens)]);
    }
    strbuf_puts(out, ends[end]);
}

static void test_the_fast_reader_lets_in_nothing_that_the_careful_one_refuses(void **state)
{
    (void)state;
    enum { TEXTS = 300000 };
    struct strbuf text = {0};
    uint32_t seed = 1;
    size_t read = 0;
    for (int i = 0; i < TEXTS; i++) {
        make_text(&text, &seed);
        json_t *fast = json_reader_read(text.text, text.length);
        if (!fast)
            continue;
        json_t *careful =
            json_loadb(text.text, text.length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
        if (!careful || !json_equal(fast, careful))
            fail_msg("“%s” is read otherwise", text.text);
        json_decref(fast);
        json_decref(careful);
        read++;
    }
    assert_true(read > TEXTS / 100);
    strbuf_free(&text);
}

static char *nested(size_t depth, char open, char close)
{
    struct strbuf text = {0};
    for (size_t i = 0; i < depth; i++)
        strbuf_add(&text, &open, 1);
    for (size_t i = 0; i < depth; i++)
        strbuf_add(&text, &close, 1);
    return strbuf_take(&text);
}

static void test_nesting_is_let_in_as_deep_as_it_can_be_written(void **state)
{
    (void)state;
    struct fault fault = {0};
    char *text = nested(JW_DEPTH, '[', ']');
    assert_written(text, text);
    free(text);
    text = nested(JW_DEPTH + 1, '[', ']');
    assert_null(jv_read(text, strlen(text), &fault));
    assert_string_equal(fault.code, "input.too_deep");
    free(text);
    /* Brackets in texts are none, and neither are those behind an escaped quotation mark. */
    struct strbuf quoted = {0};
    char *brackets = nested(500, '[', '{');
    strbuf_printf(&quoted, "{\"a\":\"\\\"%s\",\"b\":\"\\\\\",\"c\":[\"%s\"]}", brackets, brackets);
    assert_written(quoted.text, quoted.text);
    strbuf_free(&quoted);
    free(brackets);
}

static void test_members_are_got_by_name_and_type(void **state)
{
    (void)state;
    struct jv *value =
        read_text("{\"t\":\"甲\",\"n\":2,\"r\":0.5,\"y\":true,\"f\":false,\"z\":null,"
                  "\"a\":[1,2]}");
    assert_string_equal(jv_get_text(value, "t"), "甲");
    assert_null(jv_get_text(value, "n"));
    assert_null(jv_get_text(value, "missing"));
    assert_true(jv_get_number(value, "n", -1) == 2.0 && jv_get_number(value, "r", -1) == 0.5);
    assert_true(jv_get_number(value, "t", -1) == -1.0);
    assert_true(jv_get_bool(value, "y", false) && !jv_get_bool(value, "f", true));
    assert_true(jv_get_bool(value, "n", true) && !jv_get_bool(value, "z", false));
    assert_true(jv_is_null(jv_get(value, "z")) && jv_is_null(jv_get(value, "missing")));
    assert_int_equal(jv_count(value), 7);
    assert_int_equal(jv_count(jv_get(value, "a")), 2);
    assert_int_equal(jv_count(jv_get(value, "t")), 0);
    assert_null(jv_at(jv_get(value, "a"), 2));
    assert_null(jv_get(jv_get(value, "a"), "t"));
    assert_null(jv_get(NULL, "t"));
    assert_int_equal(jv_count(NULL), 0);
    jv_destroy(&value);
}

static void gather(const char *name, struct jv *value, void *out)
{
    strbuf_printf(out, "%s=%g ", name, jv_number(value, -1));
}

static void test_members_are_visited_in_order(void **state)
{
    (void)state;
    struct strbuf seen = {0};
    struct jv *value = read_text("{\"z\":1,\"a\":2,\"m\":3}");
    jv_each(value, gather, &seen);
    assert_string_equal(seen.text, "z=1 a=2 m=3 ");
    strbuf_free(&seen);
    jv_destroy(&value);
}

static void test_a_copy_is_deep(void **state)
{
    (void)state;
    struct jv *value = read_text("{\"a\":{\"b\":1}}"), *copy = jv_copy(value);
    jv_set_number(jv_get(value, "a"), "b", 2);
    assert_true(jv_get_number(jv_get(copy, "a"), "b", 0) == 1.0);
    jv_destroy(&value);
    jv_destroy(&copy);
}

static void test_the_writer_gives_what_the_tree_would_give(void **state)
{
    (void)state;
    struct strbuf text = {0};
    struct jw *writer = jw_new();
    struct jv *tree = read_text("{\"deep\":[1,{\"b\":\"\\\"\\n养\\u0001\"}]}");
    for (int again = 0; again < 2; again++) {
        strbuf_reset(&text);
        jw_begin(writer, &text);
        jw_object(writer);
        jw_set_text(writer, "t", "甲\"\\\n");
        jw_set_text(writer, "none", NULL);
        jw_set_number(writer, "n", 1234567.89);
        jw_set_integer(writer, "i", -5);
        jw_key(writer, "v");
        jw_value(writer, tree);
        jw_key(writer, "a");
        jw_array(writer);
        jw_bool(writer, true);
        jw_number(writer, 3);
        jw_end_array(writer);
        jw_end_object(writer);
        assert_string_equal(text.text, "{\"t\":\"甲\\\"\\\\\\n\",\"none\":null,\"n\":1234567.89,"
                                       "\"i\":-5,\"v\":{\"deep\":[1,{\"b\":\"\\\"\\n养\\u0001\"}]},"
                                       "\"a\":[true,3]}");
    }
    jv_destroy(&tree);
    jw_destroy(&writer);
    strbuf_free(&text);
}

static void test_a_probability_has_four_digits_at_most(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } wanted[] = {
        {0, "0"},       {1, "1"},           {0.5, "0.5"},   {0.97, "0.97"}, {0.12345, "0.1235"},
        {0.00004, "0"}, {0.0001, "0.0001"}, {0.99996, "1"}, {0.9, "0.9"},   {0.1001, "0.1001"},
        {-0.1, "0"},    {1.5, "1"}};
    struct jw *writer = jw_new();
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        struct strbuf text = {0};
        jw_begin(writer, &text);
        jw_probability(writer, wanted[i].value);
        assert_string_equal(text.text, wanted[i].text);
        strbuf_free(&text);
    }
    jw_destroy(&writer);
}

static void test_what_is_no_number_is_written_as_null(void **state)
{
    (void)state;
    struct jw *writer = jw_new();
    struct strbuf text = {0};
    jw_begin(writer, &text);
    jw_array(writer);
    jw_number(writer, NAN);
    jw_number(writer, -INFINITY);
    jw_probability(writer, NAN);
    jw_end_array(writer);
    assert_string_equal(text.text, "[null,null,null]");
    jw_destroy(&writer);
    strbuf_free(&text);
}

static void test_a_string_buffer_grows_and_is_always_ended(void **state)
{
    (void)state;
    struct strbuf text = {0};
    for (int i = 0; i < 1000; i++)
        strbuf_printf(&text, "%d,", i);
    assert_int_equal(text.length, strlen(text.text));
    assert_int_equal(text.length, 10 * 2 + 90 * 3 + 900 * 4);
    strbuf_add(&text, "a\0b", 3);
    assert_int_equal(text.text[text.length], 0);
    assert_memory_equal(text.text + text.length - 3, "a\0b", 3);
    strbuf_reset(&text);
    assert_string_equal(text.text, "");
    char *taken = strbuf_take(&text);
    assert_string_equal(taken, "");
    assert_null(text.text);
    free(taken);
    taken = strbuf_take(&text);
    assert_string_equal(taken, "");
    free(taken);
    strbuf_free(&text);
}

static void test_an_arena_gives_zeroed_aligned_memory_that_does_not_move(void **state)
{
    (void)state;
    struct arena arena = {0};
    char *first = arena_text(&arena, "居家养老");
    for (size_t bytes = 0; bytes < 200000; bytes = bytes * 3 + 1) {
        unsigned char *memory = arena_alloc(&arena, bytes);
        assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < bytes; i++)
            assert_int_equal(memory[i], 0);
        memset(memory, 0xAA, bytes);
    }
    assert_string_equal(first, "居家养老");
    arena_free(&arena);
    assert_null(arena.last);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_read_is_written_in_the_same_order),
        cmocka_unit_test(test_numbers_keep_their_digits),
        cmocka_unit_test(test_a_number_that_is_none_becomes_null),
        cmocka_unit_test(test_what_is_no_json_is_refused_with_its_place),
        cmocka_unit_test(test_every_prefix_of_a_text_is_refused_in_well_formed_words),
        cmocka_unit_test(test_the_fast_reader_lets_in_nothing_that_the_careful_one_refuses),
        cmocka_unit_test(test_nesting_is_let_in_as_deep_as_it_can_be_written),
        cmocka_unit_test(test_members_are_got_by_name_and_type),
        cmocka_unit_test(test_members_are_visited_in_order),
        cmocka_unit_test(test_a_copy_is_deep),
        cmocka_unit_test(test_the_writer_gives_what_the_tree_would_give),
        cmocka_unit_test(test_a_probability_has_four_digits_at_most),
        cmocka_unit_test(test_what_is_no_number_is_written_as_null),
        cmocka_unit_test(test_a_string_buffer_grows_and_is_always_ended),
        cmocka_unit_test(test_an_arena_gives_zeroed_aligned_memory_that_does_not_move),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
