/* The judge: what is let in, what comes out, and that one bad project costs nobody else anything. */
#include "catalog/engine/engine.h"
#include "common/json_writer.h"
#include "common/strbuf.h"
#include "common/text.h"
#include "tests/catalog/fixture.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct fixture *fixture;

static int set_up(void **state)
{
    (void)state;
    fixture = fixture_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_destroy(&fixture);
    return 0;
}

static void assert_refused(const char *body, size_t bytes, const char *code)
{
    struct answers answers = answers_of(fixture, body, bytes);
    assert_int_equal(answers.status, -1);
    assert_string_equal(answers.fault.code, code);
    assert_true(text_is_utf8(answers.fault.message, strlen(answers.fault.message)));
    assert_true(*answers.fault.message != 0);
    assert_int_equal(answers.count, 0);
    answers_free(&answers);
}

static void assert_error(const char *project, const char *code)
{
    struct jv *result = answer_of(fixture, project);
    assert_string_equal(error_code(result), code);
    assert_true(*jv_get_text(jv_get(result, "error"), "message") != 0);
    jv_destroy(&result);
}

/* The body `{"name":"…","description":"aaa…"}` with so many letters (free()). */
static char *project_with(const char *member, const char *part, size_t times)
{
    struct strbuf body = {0};
    strbuf_printf(&body, "{\"id\":\"big\",\"name\":\"居家养老服务\",\"unit\":\"民政局\",\"%s\":\"",
                  member);
    for (size_t i = 0; i < times; i++)
        strbuf_puts(&body, part);
    strbuf_puts(&body, "\"}");
    return strbuf_take(&body);
}

static char *batch_of(size_t count)
{
    struct strbuf body = {0};
    strbuf_puts(&body, "{\"projects\":[");
    for (size_t i = 0; i < count; i++)
        strbuf_printf(&body, "%s{\"id\":\"p%zu\",\"name\":\"居家养老服务\"}", i ? "," : "", i);
    strbuf_puts(&body, "]}");
    return strbuf_take(&body);
}

static void test_a_body_that_is_no_json_is_refused(void **state)
{
    (void)state;
    assert_refused("", 0, "input.not_json");
    assert_refused("{", 1, "input.not_json");
    assert_refused("{\"name\":\"居家", strlen("{\"name\":\"居家"), "input.not_json");
    assert_refused("{\"name\":1}x", 11, "input.not_json");
    assert_refused("{\"name\":\"a\",\"name\":\"b\"}", 23, "input.not_json");
    assert_refused("{\"name\":\"a\\u0000b\"}", 19, "input.not_json");
    assert_refused("{\"name\":\"\\ud800\"}", 17, "input.not_json");
    assert_refused("{\"name\":\"甲\",\"amount_yuan\":1e999}",
                   strlen("{\"name\":\"甲\",\"amount_yuan\":1e999}"), "input.not_json");
}

static void test_a_body_that_is_no_utf8_is_refused(void **state)
{
    (void)state;
    assert_refused("{\"name\":\"\xB3\xC7\"}", 13, "input.not_utf8");
    assert_refused("{\"name\":\"\xE5\xB1\"}", 13, "input.not_utf8");
    assert_refused("{\"name\":\"\xED\xA0\x80\"}", 14, "input.not_utf8");
    assert_refused("{\"name\":\"a\0b\"}", 14, "input.not_utf8");
}

static void test_a_body_that_is_no_object_is_refused(void **state)
{
    (void)state;
    assert_refused("[]", 2, "input.not_an_object");
    assert_refused("\"居家\"", strlen("\"居家\""), "input.not_an_object");
    assert_refused("7", 1, "input.not_an_object");
    assert_refused("null", 4, "input.not_an_object");
    assert_refused("{\"projects\":7}", 14, "batch.not_an_array");
    assert_refused("{\"projects\":null}", 17, "batch.not_an_array");
}

static void test_deep_nesting_is_refused_and_not_followed(void **state)
{
    (void)state;
    struct strbuf body = {0};
    strbuf_puts(&body, "{\"name\":\"居家养老\",\"extra\":");
    for (int i = 0; i < 100000; i++)
        strbuf_puts(&body, "[");
    assert_refused(body.text, body.length, "input.too_deep");
    strbuf_free(&body);
}

static void test_nesting_that_is_let_in_is_handed_on_whole(void **state)
{
    (void)state;
    struct strbuf body = {0};
    strbuf_puts(&body, "{\"name\":\"居家养老\",\"extra\":");
    for (int i = 0; i < JW_DEPTH - 1; i++)
        strbuf_puts(&body, "[");
    for (int i = 0; i < JW_DEPTH - 1; i++)
        strbuf_puts(&body, "]");
    strbuf_puts(&body, "}");
    struct jv *result = answer_of(fixture, body.text);
    assert_string_equal(error_code(result), "");
    jv_destroy(&result);
    strbuf_free(&body);
}

static void test_an_empty_batch_is_refused(void **state)
{
    (void)state;
    assert_refused("{\"projects\":[]}", 15, "batch.empty");
}

static void test_a_batch_holds_at_most_1024_projects(void **state)
{
    (void)state;
    char *body = batch_of(1025);
    assert_refused(body, strlen(body), "batch.too_large");
    free(body);
    body = batch_of(1024);
    struct answers answers = answers_of(fixture, body, strlen(body));
    assert_int_equal(answers.status, 0);
    assert_int_equal(answers.count, 1024);
    assert_int_equal(answers.errors, 0);
    assert_string_equal(jv_get_text(answers.all[0], "id"), "p0");
    assert_string_equal(jv_get_text(answers.all[1023], "id"), "p1023");
    answers_free(&answers);
    free(body);
}

static void test_a_message_over_8_mib_is_refused(void **state)
{
    (void)state;
    char *body = project_with("description", "a", 8 * 1024 * 1024);
    assert_refused(body, strlen(body), "input.too_large");
    free(body);
}

static void test_a_project_over_256_kib_gets_an_error(void **state)
{
    (void)state;
    static const char *const members[] = {"description", "attribute", "department", "anything"};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        char *project = project_with(members[i], "养", 700000);
        assert_error(project, "project.too_large");
        free(project);
    }
}

static void test_many_small_members_count_towards_the_limit_too(void **state)
{
    (void)state;
    struct strbuf body = {0};
    strbuf_puts(&body, "{\"name\":\"居家养老\",\"indicators\":[0");
    for (int i = 0; i < 200000; i++)
        strbuf_puts(&body, ",0");
    strbuf_puts(&body, "]}");
    assert_error(body.text, "project.too_large");
    strbuf_free(&body);
}

static void test_the_limits_are_those_that_the_judge_was_given(void **state)
{
    (void)state;
    const struct project_limits limits = {.project_bytes = 100, .message_bytes = 400, .batch = 2};
    struct judge *kept = fixture->judge;
    fixture->judge = judge_new(fixture->engine, &limits);
    char *body = batch_of(3);
    assert_refused(body, strlen(body), "batch.too_large");
    free(body);
    body = project_with("description", "a", 90);
    assert_error(body, "project.too_large");
    free(body);
    body = project_with("description", "a", 400);
    assert_refused(body, strlen(body), "input.too_large");
    free(body);
    judge_destroy(&fixture->judge);
    fixture->judge = kept;
}

static void test_the_largest_project_let_in_is_judged(void **state)
{
    (void)state;
    /* 66,000 times the same pair: more than a 16-bit counter holds. */
    static const char *const parts[] = {"aa", "老", "7,", "不含", "除外", "居家养老"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char *project = project_with("description", parts[i], 250000 / strlen(parts[i]));
        struct jv *result = answer_of(fixture, project);
        assert_string_equal(error_code(result), "");
        assert_string_equal(first_code(result), "A040103");
        double confidence = jv_get_number(result, "confidence", -1);
        assert_true(confidence >= 0 && confidence <= 1);
        jv_destroy(&result);
        free(project);
    }
}

static void test_a_project_needs_a_name(void **state)
{
    (void)state;
    assert_error("{}", "project.name_missing");
    assert_error("{\"name\":\"\"}", "project.name_missing");
    assert_error("{\"name\":\" \\t\\r\\n \"}", "project.name_missing");
    assert_error("{\"name\":null}", "project.name_missing");
    assert_error("{\"name\":\"　\"}", "project.name_missing");
    assert_error("{\"description\":\"居家养老\"}", "project.name_missing");
}

static void test_members_of_a_wrong_type_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *project, *member;
    } bad[] = {
        {"{\"name\":7}", "name"},
        {"{\"name\":\"甲\",\"id\":7}", "id"},
        {"{\"name\":\"甲\",\"description\":[]}", "description"},
        {"{\"name\":\"甲\",\"unit\":{}}", "unit"},
        {"{\"name\":\"甲\",\"catalog\":true}", "catalog"},
        {"{\"name\":\"甲\",\"year\":\"2024\"}", "year"},
        {"{\"name\":\"甲\",\"amount_yuan\":\"50万元\"}", "amount_yuan"},
        {"{\"name\":\"甲\",\"amount_yuan\":1e300}", "amount_yuan"},
        {"{\"name\":\"甲\",\"term_years\":false}", "term_years"},
        {"{\"name\":\"甲\",\"declared\":{}}", "declared"},
        {"{\"name\":\"甲\",\"declared\":[7]}", "declared"},
        {"{\"name\":\"甲\",\"declared\":[{\"code\":7}]}", "code"},
        {"{\"name\":\"甲\",\"declared\":[{\"code\":\"A\",\"amount_yuan\":\"x\"}]}", "amount_yuan"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct jv *result = answer_of(fixture, bad[i].project);
        assert_string_equal(error_code(result), "project.bad_type");
        assert_non_null(strstr(jv_get_text(jv_get(result, "error"), "message"), bad[i].member));
        jv_destroy(&result);
    }
}

static void test_a_revision_that_is_not_held_is_an_error(void **state)
{
    (void)state;
    assert_error("{\"name\":\"甲\",\"catalog\":\"测综〔1999〕9号\"}", "project.unknown_catalog");
    /* A document that holds B items alone is no catalog to judge by. */
    assert_error("{\"name\":\"甲\",\"catalog\":\"测综〔2023〕3号\"}", "project.unknown_catalog");
}

static void test_a_long_unknown_revision_still_gives_well_formed_json(void **state)
{
    (void)state;
    for (size_t shift = 0; shift < 4; shift++) {
        struct strbuf body = {0};
        strbuf_printf(&body, "{\"name\":\"甲\",\"catalog\":\"%.*s", (int)shift, "aaaa");
        for (int i = 0; i < 300; i++)
            strbuf_puts(&body, "综");
        strbuf_puts(&body, "\"}");
        assert_error(body.text, "project.unknown_catalog");
        strbuf_free(&body);
    }
}

static void test_the_revision_may_be_written_with_any_brackets(void **state)
{
    (void)state;
    static const char *const spellings[] = {"测综〔2021〕1号", "测综[2021]1号", "测综（2021）1号",
                                            "测综【２０２１】１号", "测綜〔2021〕 1号"};
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        struct strbuf body = {0};
        strbuf_printf(&body, "{\"name\":\"居家养老\",\"catalog\":\"%s\"}", spellings[i]);
        struct jv *result = answer_of(fixture, body.text);
        assert_string_equal(jv_get_text(result, "catalog"), REVISION_OLD);
        jv_destroy(&result);
        strbuf_free(&body);
    }
}

static void test_one_bad_project_does_not_disturb_the_others(void **state)
{
    (void)state;
    static const char good[] = "{\"id\":\"g\",\"name\":\"居家养老服务\",\"unit\":\"某县民政局\"}";
    static const char *const bad[] = {"7",
                                      "null",
                                      "[]",
                                      "\"居家养老\"",
                                      "{}",
                                      "{\"id\":\"b\",\"name\":7}",
                                      "{\"id\":\"b\",\"name\":\"甲\",\"catalog\":\"无\"}",
                                      "{\"id\":\"b\",\"name\":\"甲\",\"declared\":[{\"code\":7}]}"};
    struct answers alone = answers_of(fixture, good, strlen(good));
    assert_int_equal(alone.count, 1);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct strbuf body = {0};
        strbuf_printf(&body, "{\"projects\":[%s,%s,%s]}", good, bad[i], good);
        struct answers answers = answers_of(fixture, body.text, body.length);
        assert_int_equal(answers.status, 0);
        assert_int_equal(answers.count, 3);
        assert_int_equal(answers.errors, 1);
        assert_true(*error_code(answers.all[1]) != 0);
        size_t length = strlen(alone.text);
        assert_memory_equal(answers.text, alone.text, length);
        assert_string_equal(answers.text + strlen(answers.text) - length, alone.text);
        answers_free(&answers);
        strbuf_free(&body);
    }
    answers_free(&alone);
}

static void assert_is_text(const struct jv *object, const char *member)
{
    if (!jv_is_text(jv_get(object, member)))
        fail_msg("%s is no text", member);
}

static void assert_probability(const struct jv *object, const char *member)
{
    double value = jv_get_number(object, member, -1);
    if (value < 0 || value > 1)
        fail_msg("%s is no probability: %f", member, value);
}

static void assert_candidate_shape(const struct jv *candidate)
{
    assert_is_text(candidate, "department");
    assert_is_text(candidate, "code");
    assert_is_text(candidate, "name");
    assert_probability(candidate, "score");
    assert_false(jv_get_bool(candidate, "provisional", true));
    const struct jv *path = jv_get(candidate, "path");
    assert_true(jv_count(path) >= 1 && jv_count(path) <= 4);
    assert_string_equal(jv_text(jv_at(path, jv_count(path) - 1)), jv_get_text(candidate, "name"));
}

static void test_a_result_has_the_shape_of_the_design(void **state)
{
    (void)state;
    struct jv *result = answer_of(
        fixture, "{\"id\":\"p-1\",\"catalog\":\"" REVISION_OLD "\",\"unit\":\"某县民政局\","
                 "\"name\":\"居家养老服务\",\"description\":\"委托机构为老人提供上门助浴服务。\"}");
    assert_string_equal(jv_get_text(result, "id"), "p-1");
    assert_string_equal(jv_get_text(result, "catalog"), REVISION_OLD);
    assert_string_equal(jv_get_text(result, "engine"), engine_version());
    assert_string_equal(jv_get_text(result, "model"), engine_model(fixture->engine));
    assert_int_equal(strncmp(engine_model(fixture->engine), "sha256:", 7), 0);
    assert_int_equal(strlen(engine_model(fixture->engine)), 7 + 64);
    assert_string_equal(jv_get_text(result, "kind"), "service");
    assert_probability(result, "confidence");
    assert_true(jv_is_array(jv_get(result, "items")));
    assert_true(jv_is_array(jv_get(result, "findings")));
    const struct jv *candidates = jv_get(result, "candidates");
    assert_true(jv_count(candidates) >= 2);
    for (size_t i = 0; i < jv_count(candidates); i++) {
        assert_candidate_shape(jv_at(candidates, i));
        if (i > 0)
            assert_true(jv_get_number(jv_at(candidates, i), "score", 2) <=
                        jv_get_number(jv_at(candidates, i - 1), "score", -1));
    }
    const struct jv *first = jv_at(candidates, 0);
    assert_string_equal(jv_get_text(first, "department"), "民政");
    assert_string_equal(jv_get_text(first, "code"), "A040101");
    assert_int_equal(jv_count(jv_get(first, "path")), 4);
    assert_string_equal(jv_text(jv_at(jv_get(first, "path"), 0)), "公共服务");
    assert_string_equal(jv_text(jv_at(jv_get(first, "path"), 2)), "养老服务");
    assert_true(jv_count(jv_get(first, "evidence")) >= 1);
    jv_destroy(&result);
}

static void test_the_same_project_gives_the_same_bytes(void **state)
{
    (void)state;
    char *body = batch_of(40);
    struct answers first = answers_of(fixture, body, strlen(body));
    /* Another judge, whose memory holds nothing of earlier projects, and another engine. */
    struct fixture *other = fixture_new();
    struct answers second = answers_of(other, body, strlen(body));
    struct answers third = answers_of(fixture, body, strlen(body));
    assert_string_equal(first.text, second.text);
    assert_string_equal(first.text, third.text);
    answers_free(&first);
    answers_free(&second);
    answers_free(&third);
    fixture_destroy(&other);
    free(body);
}

static void test_a_project_after_another_is_judged_as_if_alone(void **state)
{
    (void)state;
    static const char project[] = "{\"name\":\"桥梁检测\",\"unit\":\"某县交通局\"}";
    struct answers alone = answers_of(fixture, project, strlen(project));
    struct answers other = answers_of(
        fixture, "{\"name\":\"养老院设备购置\",\"catalog\":\"" REVISION_OLD "\",\"plan\":\"补贴\"}",
        strlen("{\"name\":\"养老院设备购置\",\"catalog\":\"" REVISION_OLD "\",\"plan\":\"补贴\"}"));
    struct answers after = answers_of(fixture, project, strlen(project));
    assert_string_equal(alone.text, after.text);
    answers_free(&alone);
    answers_free(&other);
    answers_free(&after);
}

struct seen {
    char hash[65], id[256], project[2048];
};

static void see(const struct judged *judged, void *argument)
{
    struct seen *seen = argument;
    snprintf(seen->hash, sizeof seen->hash, "%s", judged->content_hash);
    snprintf(seen->id, sizeof seen->id, "%s", judged->id);
    snprintf(seen->project, sizeof seen->project, "%.*s", (int)judged->project_bytes,
             judged->project);
}

static struct seen seen_of(const char *body)
{
    struct seen seen;
    struct fault fault;
    assert_int_equal(judge_body(fixture->judge, body, strlen(body), see, &seen, &fault), 0);
    return seen;
}

static void test_the_project_is_kept_as_it_was_read(void **state)
{
    (void)state;
    static const char body[] =
        "{\"name\":\"甲\\n\\t\\\"乙\\\\\\u001f😀\",\"amount_yuan\":1234567.89,\"n\":12345678901234,"
        "\"tiny\":0.000125,\"z\":[true,null,{\"b\":1,\"a\":2}]}";
    struct seen seen = seen_of(body);
    assert_string_equal(seen.project,
                        "{\"name\":\"甲\\n\\t\\\"乙\\\\\\u001F😀\",\"amount_yuan\":1234567.89,"
                        "\"n\":12345678901234,\"tiny\":0.000125,\"z\":[true,null,{\"b\":1,\"a\":2}"
                        "]}");
}

static void test_projects_that_differ_by_a_fen_have_different_hashes(void **state)
{
    (void)state;
    struct seen one = seen_of("{\"name\":\"甲\",\"amount_yuan\":98765432.10}");
    struct seen other = seen_of("{\"name\":\"甲\",\"amount_yuan\":98765432.11}");
    struct seen again = seen_of(" {\"name\" : \"甲\", \"amount_yuan\": 98765432.10 }\n");
    assert_string_not_equal(one.hash, other.hash);
    assert_string_equal(one.hash, again.hash);
}

static void test_an_id_is_made_from_the_content_when_there_is_none(void **state)
{
    (void)state;
    struct seen one = seen_of("{\"name\":\"甲\"}"), other = seen_of("{\"name\":\"乙\"}");
    assert_int_equal(strncmp(one.id, "sha-", 4), 0);
    unsigned char digest[crypto_hash_sha256_BYTES];
    char hex[crypto_hash_sha256_BYTES * 2 + 1];
    crypto_hash_sha256(digest, (const unsigned char *)one.project, strlen(one.project));
    assert_memory_equal(one.id + 4, sodium_bin2hex(hex, sizeof hex, digest, sizeof digest), 16);
    assert_string_not_equal(one.id, other.id);
    assert_string_equal(seen_of("{\"name\":\"甲\",\"id\":\"\"}").id + 0,
                        seen_of("{\"name\":\"甲\",\"id\":\"\"}").id + 0);
    struct jv *result = answer_of(fixture, "{\"name\":\"甲\"}");
    assert_string_equal(jv_get_text(result, "id"), one.id);
    jv_destroy(&result);
}

static void test_an_id_may_have_200_bytes(void **state)
{
    (void)state;
    struct strbuf body = {0};
    char id[202];
    memset(id, 'x', sizeof id);
    strbuf_printf(&body, "{\"name\":\"甲\",\"id\":\"%.200s\"}", id);
    struct jv *result = answer_of(fixture, body.text);
    assert_int_equal(strlen(jv_get_text(result, "id")), 200);
    jv_destroy(&result);
    strbuf_reset(&body);
    strbuf_printf(&body, "{\"name\":\"甲\",\"id\":\"%.201s\"}", id);
    assert_error(body.text, "project.id_too_long");
    strbuf_free(&body);
}

static void test_control_and_escape_characters_in_a_name_do_no_harm(void **state)
{
    (void)state;
    struct jv *result = answer_of(
        fixture,
        "{\"id\":\"a\\u0001\\\"\\\\\\n\\u2028\\u202e\",\"name\":\"居\\u0007家\\u200b养\\n老"
        "\\ufeff服\\u007f务\\uffff\\ud83d\\ude00\",\"unit\":\"民政局\\u0001\"}");
    assert_string_equal(error_code(result), "");
    assert_string_equal(jv_get_text(result, "id"), "a\x01\"\\\n\u2028\u202e");
    assert_string_equal(first_code(result), "A040103");
    const struct jv *evidence = jv_get(jv_at(jv_get(result, "candidates"), 0), "evidence");
    assert_int_equal((int)jv_get_number(jv_at(evidence, 0), "start", -1), 0);
    jv_destroy(&result);
}

static void test_a_name_without_any_word_is_judged(void **state)
{
    (void)state;
    static const char *const names[] = {"，。！", "\\u0301", "😀😀", "1", "\\uffff", "㎡", "x"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct strbuf body = {0};
        strbuf_printf(&body, "{\"name\":\"%s\"}", names[i]);
        struct jv *result = answer_of(fixture, body.text);
        assert_string_equal(error_code(result), "");
        assert_string_not_equal(jv_get_text(result, "decision"), "auto");
        jv_destroy(&result);
        strbuf_free(&body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_body_that_is_no_json_is_refused),
        cmocka_unit_test(test_a_body_that_is_no_utf8_is_refused),
        cmocka_unit_test(test_a_body_that_is_no_object_is_refused),
        cmocka_unit_test(test_deep_nesting_is_refused_and_not_followed),
        cmocka_unit_test(test_nesting_that_is_let_in_is_handed_on_whole),
        cmocka_unit_test(test_an_empty_batch_is_refused),
        cmocka_unit_test(test_a_batch_holds_at_most_1024_projects),
        cmocka_unit_test(test_a_message_over_8_mib_is_refused),
        cmocka_unit_test(test_a_project_over_256_kib_gets_an_error),
        cmocka_unit_test(test_many_small_members_count_towards_the_limit_too),
        cmocka_unit_test(test_the_limits_are_those_that_the_judge_was_given),
        cmocka_unit_test(test_the_largest_project_let_in_is_judged),
        cmocka_unit_test(test_a_project_needs_a_name),
        cmocka_unit_test(test_members_of_a_wrong_type_are_named),
        cmocka_unit_test(test_a_revision_that_is_not_held_is_an_error),
        cmocka_unit_test(test_a_long_unknown_revision_still_gives_well_formed_json),
        cmocka_unit_test(test_the_revision_may_be_written_with_any_brackets),
        cmocka_unit_test(test_one_bad_project_does_not_disturb_the_others),
        cmocka_unit_test(test_a_result_has_the_shape_of_the_design),
        cmocka_unit_test(test_the_same_project_gives_the_same_bytes),
        cmocka_unit_test(test_a_project_after_another_is_judged_as_if_alone),
        cmocka_unit_test(test_the_project_is_kept_as_it_was_read),
        cmocka_unit_test(test_projects_that_differ_by_a_fen_have_different_hashes),
        cmocka_unit_test(test_an_id_is_made_from_the_content_when_there_is_none),
        cmocka_unit_test(test_an_id_may_have_200_bytes),
        cmocka_unit_test(test_control_and_escape_characters_in_a_name_do_no_harm),
        cmocka_unit_test(test_a_name_without_any_word_is_judged),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
