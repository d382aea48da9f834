/* A project as the engine reads it: pairs, phrases, what is denied, and what each place weighs. */
#include "catalog/engine/reading.h"
#include "common/strbuf.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct folder *folder;
static struct trie *phrases;
static struct reading reading;

static uint32_t add_phrase(const char *text)
{
    struct folded folded = {0};
    folder_fold(folder, text, strlen(text), &folded);
    uint32_t number = trie_add(phrases, folded.units, folded.length);
    folded_free(&folded);
    return number;
}

static int set_up(void **state)
{
    (void)state;
    folder = folder_new();
    phrases = trie_new();
    add_phrase("养老");
    add_phrase("居家养老");
    add_phrase("审计");
    add_phrase("led");
    struct folded word = {0};
    folder_fold(folder, "物业", strlen("物业"), &word);
    trie_add_word(phrases, word.units, word.length);
    folded_free(&word);
    trie_settle(phrases);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    reading_free(&reading);
    trie_destroy(&phrases);
    folder_destroy(&folder);
    return 0;
}

/* Takes a name and a description. */
static void take(const char *name, const char *description)
{
    const char *texts[FIELDS] = {name, description, "", "", "", ""};
    reading_take(&reading, folder, phrases, texts);
}

/* The pairs of a field, as text: "居家 家养 …" (free()). */
static char *pairs_of(enum field f)
{
    struct strbuf out = {0};
    const struct reading_field *field = &reading.fields[f];
    for (size_t i = 0; i < field->pair_count; i++) {
        uint32_t pair = field->pairs[i].units;
        for (int half = 0; half < 2; half++) {
            uint32_t code = half ? pair & 0xFFFF : pair >> 16;
            char utf8[4] = {(char)code, 0, 0, 0};
            if (code >= 0x800) {
                utf8[0] = (char)(0xE0 | code >> 12);
                utf8[1] = (char)(0x80 | (code >> 6 & 0x3F));
                utf8[2] = (char)(0x80 | (code & 0x3F));
            }
            strbuf_puts(&out, utf8);
        }
        strbuf_puts(&out, i + 1 < field->pair_count ? " " : "");
    }
    return strbuf_take(&out);
}

static void assert_pairs(const char *name, const char *pairs)
{
    take(name, "");
    char *found = pairs_of(FIELD_NAME);
    assert_string_equal(found, pairs);
    free(found);
}

static float weight_of(const char *pair)
{
    struct folded folded = {0};
    struct pair wanted;
    folder_fold(folder, pair, strlen(pair), &folded);
    assert_int_equal(reading_pairs(&folded, &wanted), 1);
    folded_free(&folded);
    for (size_t i = 0; i < reading.mass_count; i++)
        if (reading.masses[i].units == wanted.units)
            return reading.masses[i].weight;
    return 0;
}

static void assert_near(double a, double b)
{
    if (fabs(a - b) > 1e-4)
        fail_msg("%f is not %f", a, b);
}

static void test_pairs_are_two_word_units_side_by_side(void **state)
{
    (void)state;
    assert_pairs("居家养老", "居家 家养 养老");
    assert_pairs("居家，养老", "居家 养老");
    assert_pairs("居 家", "居家");
    assert_pairs("OA系统", "oa a系 系统");
    assert_pairs("居", "");
    assert_pairs("", "");
    assert_pairs("，。！？", "");
    assert_pairs("居😀家", "");
    assert_pairs("養老", "养老");
}

static void test_a_run_of_digits_is_one_unit(void **state)
{
    (void)state;
    assert_pairs("共120人", "共# #人");
    assert_pairs("１２，３００．５元", "#元");
    assert_pairs("12345", "");
}

static void test_a_pair_knows_where_it_stands(void **state)
{
    (void)state;
    take("共120人", "");
    const struct pair *pairs = reading.fields[FIELD_NAME].pairs;
    assert_int_equal(pairs[0].position, 0);
    assert_int_equal(pairs[0].end, 4);
    assert_int_equal(pairs[1].position, 1);
    assert_int_equal(pairs[1].end, 5);
}

static void test_what_is_denied_gives_no_pairs_and_no_phrases(void **state)
{
    (void)state;
    assert_pairs("社区服务（不含居家养老）活动", "社区 区服 服务 活动");
    assert_int_equal(reading.fields[FIELD_NAME].hit_count, 0);
    assert_pairs("不包括审计，另行采购", "另行 行采 采购");
    assert_pairs("不涉及审计。活动", "活动");
    assert_pairs("除审计外，居家", "居家");
    /* 除 without 外 denies nothing. */
    assert_pairs("清除积雪", "清除 除积 积雪");
    take("居家养老", "除居家养老");
    assert_int_equal(reading.fields[FIELD_DESCRIPTION].hit_count, 2);
}

static void test_a_denial_reaches_24_units_at_most(void **state)
{
    (void)state;
    take("不含一二三四五六七八九十一二三四五六七八九十一二养老", "");
    assert_int_equal(reading.fields[FIELD_NAME].hit_count, 1);
    take("不含一二三四五六七八九十一二三四五六七八九十养老", "");
    assert_int_equal(reading.fields[FIELD_NAME].hit_count, 0);
}

static void test_all_phrases_are_found_however_many(void **state)
{
    (void)state;
    struct strbuf text = {0};
    for (int i = 0; i < 3000; i++)
        strbuf_puts(&text, "居家养老");
    take("", text.text);
    assert_int_equal(reading.fields[FIELD_DESCRIPTION].hit_count, 6000);
    strbuf_free(&text);
}

static void test_the_name_weighs_more_than_the_description(void **state)
{
    (void)state;
    take("居家", "前言。养老");
    assert_near(weight_of("居家"), 2.0);
    assert_near(weight_of("养老"), 0.7);
    assert_near(weight_of("前言"), 0.7 + 0.6);
    take("居家", "居家");
    assert_near(weight_of("居家"), 2.0 + 0.7 + 0.6);
}

static void test_what_is_said_again_weighs_a_little_more_each_time(void **state)
{
    (void)state;
    take("x", "前。居家，居家，居家");
    assert_near(weight_of("居家"), 0.7 + 0.3 * log(3));
    take("居家居家", "");
    assert_near(weight_of("居家"), 2.0);
}

static void test_a_pair_said_many_thousand_times_weighs_as_if_said_15_times(void **state)
{
    (void)state;
    struct strbuf text = {0};
    strbuf_puts(&text, "前。");
    for (int i = 0; i < 70000; i++)
        strbuf_puts(&text, "居家，");
    take("x", text.text);
    assert_near(weight_of("居家"), 0.7 + 0.3 * log(15));
    strbuf_free(&text);
}

static void test_masses_say_in_which_fields_a_pair_stands(void **state)
{
    (void)state;
    const char *texts[FIELDS] = {"居家", "", "居家", "", "", "养老"};
    double total = 0;
    reading_take(&reading, folder, phrases, texts);
    assert_int_equal(reading.mass_count, 2);
    assert_int_equal(reading.masses[0].fields, 1u << FIELD_NAME | 1u << FIELD_PLAN);
    assert_int_equal(reading.masses[1].fields, 1u << FIELD_BASIS);
    for (size_t i = 0; i < reading.mass_count; i++)
        total += (double)reading.masses[i].weight;
    assert_near(reading.total_mass, total);
}

static void test_words_for_another_end_are_no_phrases_and_cannot_be_denied(void **state)
{
    (void)state;
    const struct reading_field *name = &reading.fields[FIELD_NAME];
    take("不含物业的居家养老", "");
    assert_int_equal(name->hit_count, 0);
    assert_int_equal(name->word_count, 1);
    assert_int_equal(name->words[0].start, 2);
    take("居家养老", "");
    assert_int_equal(name->hit_count, 2);
    assert_int_equal(name->word_count, 0);
}

static void test_a_reading_knows_nothing_of_the_one_before(void **state)
{
    (void)state;
    struct reading fresh = {0};
    struct strbuf long_text = {0};
    const char *texts[FIELDS] = {"居家养老", "审计", "", "", "", ""};
    for (int i = 0; i < 5000; i++)
        strbuf_printf(&long_text, "居家养老%d审计社区", i);
    take(long_text.text, long_text.text);
    take("居家养老", "审计");
    reading_take(&fresh, folder, phrases, texts);
    assert_int_equal(fresh.mass_count, reading.mass_count);
    assert_memory_equal(fresh.masses, reading.masses, fresh.mass_count * sizeof *fresh.masses);
    assert_int_equal(fresh.fields[FIELD_NAME].hit_count, reading.fields[FIELD_NAME].hit_count);
    assert_int_equal(reading.fields[FIELD_PLAN].pair_count, 0);
    reading_free(&fresh);
    strbuf_free(&long_text);
}

/* The parts of the text, sliced out of its reading, against the same parts read by themselves. */
static void assert_slice(const char *text, struct span name, struct span description)
{
    struct reading whole = {0}, slice = {0};
    const char *texts[FIELDS] = {"居家", text, "审计", "", "", ""};
    char *parts[] = {text_cut(text, name), text_cut(text, description)};
    reading_take(&slice, folder, phrases, texts); /* leaves nothing behind */
    reading_find(&whole, folder, phrases, texts);
    reading_slice(&slice, &whole, phrases, name, description);
    reading_weigh(&slice);
    take(parts[0], parts[1]);
    for (int f = 0; f < FIELDS; f++) {
        const struct reading_field *one = &slice.fields[f], *other = &reading.fields[f];
        assert_int_equal(one->hit_count, other->hit_count);
        for (size_t i = 0; i < one->hit_count; i++)
            assert_memory_equal(&one->hits[i], &other->hits[i], sizeof *one->hits);
        assert_int_equal(one->pair_count, other->pair_count);
        for (size_t i = 0; i < one->pair_count; i++)
            assert_memory_equal(&one->pairs[i], &other->pairs[i], sizeof *one->pairs);
    }
    assert_int_equal(slice.mass_count, reading.mass_count);
    for (size_t i = 0; i < slice.mass_count; i++)
        assert_memory_equal(&slice.masses[i], &reading.masses[i], sizeof *slice.masses);
    assert_true(slice.total_mass == reading.total_mass);
    reading_free(&whole);
    reading_free(&slice);
    free(parts[0]);
    free(parts[1]);
}

static void test_a_slice_reads_like_a_text_of_its_own(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "一、居家 养老服务，审计费。二、除审计外，led屏5台",
        "①LED屏；②居家养老1,500人次③不含审计的居家养老",
        "1、2.5万元审计LED12块，除居家养老服务\n之外㎡都审计",
    };
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        size_t length = text_length(texts[t]);
        for (size_t from = 0; from <= length; from++)
            for (size_t to = from; to <= length; to++)
                assert_slice(texts[t], (struct span){from, from + (to - from) / 2},
                             (struct span){from, to});
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs_are_two_word_units_side_by_side),
        cmocka_unit_test(test_a_run_of_digits_is_one_unit),
        cmocka_unit_test(test_a_pair_knows_where_it_stands),
        cmocka_unit_test(test_what_is_denied_gives_no_pairs_and_no_phrases),
        cmocka_unit_test(test_a_denial_reaches_24_units_at_most),
        cmocka_unit_test(test_all_phrases_are_found_however_many),
        cmocka_unit_test(test_the_name_weighs_more_than_the_description),
        cmocka_unit_test(test_what_is_said_again_weighs_a_little_more_each_time),
        cmocka_unit_test(test_a_pair_said_many_thousand_times_weighs_as_if_said_15_times),
        cmocka_unit_test(test_masses_say_in_which_fields_a_pair_stands),
        cmocka_unit_test(test_words_for_another_end_are_no_phrases_and_cannot_be_denied),
        cmocka_unit_test(test_a_reading_knows_nothing_of_the_one_before),
        cmocka_unit_test(test_a_slice_reads_like_a_text_of_its_own),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
