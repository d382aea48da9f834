/* The model's text form: what is written is read again, and a bad line is named. */
#include "catalog/engine/model.h"
#include "catalog/import/csv_table.h"
#include "common/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char header[] = "jinmu-model 1\n";

static struct model *read_after_header(const char *lines, struct fault *fault)
{
    struct strbuf text = {0};
    strbuf_printf(&text, "%s%s", header, lines);
    struct model *model = model_read(text.text, fault);
    strbuf_free(&text);
    return model;
}

static void assert_same_model(const struct model *a, const struct model *b)
{
    assert_memory_equal(a->features, b->features, sizeof a->features);
    assert_memory_equal(a->kind_dense, b->kind_dense, sizeof a->kind_dense);
    assert_memory_equal(a->confidence, b->confidence, sizeof a->confidence);
    assert_true(a->auto_threshold == b->auto_threshold);
    assert_int_equal(a->kind_word_count, b->kind_word_count);
    for (size_t i = 0; i < a->kind_word_count; i++) {
        assert_int_equal(a->kind_words[i].place, b->kind_words[i].place);
        assert_int_equal(a->kind_words[i].pair, b->kind_words[i].pair);
        assert_memory_equal(a->kind_words[i].weights, b->kind_words[i].weights,
                            sizeof a->kind_words[i].weights);
    }
    assert_int_equal(a->item_count, b->item_count);
    for (size_t i = 0; i < a->item_count; i++) {
        assert_string_equal(a->items[i].department, b->items[i].department);
        assert_string_equal(a->items[i].name, b->items[i].name);
        assert_int_equal(a->items[i].count, b->items[i].count);
        for (size_t w = 0; w < a->items[i].count; w++) {
            assert_int_equal(a->items[i].words[w].pair, b->items[i].words[w].pair);
            assert_true(a->items[i].words[w].count == b->items[i].words[w].count);
        }
    }
}

/* What is read from the text and what is read from what is then written are the same. */
static void assert_round_trip(const char *text)
{
    struct fault fault = {0};
    struct strbuf written = {0}, again = {0};
    struct model *model = model_read(text, &fault);
    if (!model)
        fail_msg("%s", fault.message);
    model_write(model, &written);
    struct model *other = model_read(written.text, &fault);
    assert_non_null(other);
    assert_same_model(model, other);
    model_write(other, &again);
    assert_string_equal(written.text, again.text);
    model_destroy(&model);
    model_destroy(&other);
    strbuf_free(&written);
    strbuf_free(&again);
}

static void test_a_model_of_every_kind_of_line_comes_back_equal(void **state)
{
    (void)state;
    assert_round_trip("");
    assert_round_trip("jinmu-model 1\n"
                      "feature\twords\t0.1250\nfeature\tnot\t-3\n"
                      "kind-dense\t15\t1\t2\t3\t4\t5\t-6.5\n"
                      "confidence\tnone_logit\t0.3333\nauto-threshold\t0.8125\n"
                      "kind\tname\t设备\t0.10\t1.25\t0\t0\t0\t-0.75\n"
                      "kind\tending\t#年\t0\t0\t0\t0\t0\t1\n"
                      "item\t民政\t居家老年人照护服务\t居家=1.25\t#岁=0.35\tab=2.00\n"
                      "item\tB\t没有词的事项\n");
}

static void test_the_model_of_the_project_comes_back_byte_for_byte(void **state)
{
    (void)state;
    size_t length;
    struct fault fault = {0};
    char *text = file_read(JINMU_DATA_DIR "/model.txt", &length, &fault);
    assert_non_null(text);
    assert_round_trip(text);
    struct strbuf written = {0};
    struct model *model = model_read(text, &fault);
    model_write(model, &written);
    assert_string_equal(written.text, text);
    assert_true(model->item_count > 100 && model->kind_word_count > 100);
    model_destroy(&model);
    strbuf_free(&written);
    free(text);
}

static void test_what_a_file_does_not_say_keeps_its_starting_weight(void **state)
{
    (void)state;
    struct fault fault = {0};
    struct model *start = model_new();
    struct model *model = read_after_header("feature\tlabels\t7\n\n", &fault);
    assert_non_null(model);
    assert_true(model->features[FEATURE_LABELS] == 7.0);
    model->features[FEATURE_LABELS] = start->features[FEATURE_LABELS];
    assert_same_model(start, model);
    model_destroy(&model);
    model_destroy(&start);
}

static void test_a_text_that_is_no_model_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"\n", "jinmu-model 2\n", "feature\twords\t1\n",
                                        " jinmu-model 1\n", "jinmu-model 1\nitem\tB\t\xFF\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct fault fault = {0};
        assert_null(model_read(texts[i], &fault));
        assert_string_equal(fault.code, "model.unreadable");
    }
}

static void test_a_bad_line_is_refused_with_its_number(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "nonsense\t1",
        " ",
        "\t",
        "feature",
        "feature\twords",
        "feature\twords\t",
        "feature\twords\tx",
        "feature\twords\t1x",
        "feature\twords\tnan",
        "feature\twords\tinf",
        "feature\twords\t1e999",
        "feature\twords\t1\t2",
        "feature\tunknown\t1",
        "confidence\tnothing\t1",
        "confidence\tbias\t",
        "auto-threshold",
        "auto-threshold\thalf",
        "kind-dense\t0\t1\t2\t3\t4\t5",
        "kind-dense\t0\t1\t2\t3\t4\t5\t6\t7",
        "kind-dense\tx\t1\t2\t3\t4\t5\t6",
        "kind-dense\t1.5\t1\t2\t3\t4\t5\t6",
        "kind-dense\t-1\t1\t2\t3\t4\t5\t6",
        "kind-dense\t16\t1\t2\t3\t4\t5\t6",
        "kind\tname\t设备\t1\t2\t3\t4\t5",
        "kind\ttitle\t设备\t1\t2\t3\t4\t5\t6",
        "kind\tname\t设\t1\t2\t3\t4\t5\t6",
        "kind\tname\t设备费\t1\t2\t3\t4\t5\t6",
        "kind\tname\t设😀\t1\t2\t3\t4\t5\t6",
        "item\t民政",
        "item\t民政\t居家养老\t居家",
        "item\t民政\t居家养老\t居=1",
        "item\t民政\t居家养老\t居家养=1",
        "item\t民政\t居家养老\t居家=",
        "item\t民政\t居家养老\t居家=x",
        "item\t民政\t居家养老\t居家=nan",
        "item\t民政\t居家养老\t居家=-1",
        "item\t民政\t居家养老\t居家=0",
        "item\t民政\t居家养老\t\t居家=1",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fault fault = {0};
        struct strbuf lines = {0};
        strbuf_printf(&lines, "feature\twords\t1\n%s\nfeature\tnot\t1\n", bad[i]);
        struct model *model = read_after_header(lines.text, &fault);
        if (model)
            fail_msg("'%s' was read", bad[i]);
        assert_string_equal(fault.code, "model.unreadable");
        assert_non_null(strstr(fault.message, "line 3 "));
        strbuf_free(&lines);
    }
}

static void test_kinds_have_names_that_lead_back_to_them(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++)
        assert_int_equal(kind_of_name(kind_name((enum kind)k)), k);
    assert_int_equal(kind_of_name("services"), KINDS);
    assert_int_equal(kind_of_name(""), KINDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_model_of_every_kind_of_line_comes_back_equal),
        cmocka_unit_test(test_the_model_of_the_project_comes_back_byte_for_byte),
        cmocka_unit_test(test_what_a_file_does_not_say_keeps_its_starting_weight),
        cmocka_unit_test(test_a_text_that_is_no_model_is_refused),
        cmocka_unit_test(test_a_bad_line_is_refused_with_its_number),
        cmocka_unit_test(test_kinds_have_names_that_lead_back_to_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
