/* `jinmu audit`, `jinmu findings` and `jinmu rules` as a person runs them. */
#include "common/json.h"
#include "common/strbuf.h"
#include "services/cli/verbs.h"
#include "tests/services/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SAMPLE "deploy/sample/预算公开样例.txt"

/* A document of one project, whose unit declares a code. */
#define DOCUMENT(unit, code)                                                                                                              \
    unit                                                                                                                                  \
        "2026年度单位预算公开\n\n项目名称：政务服务标准化\n实施单位：" unit                                                               \
        "\n年度预算（元）：480000\n项目概况：委托第三方机构驻场梳理依申请事项，编写事项标准和窗口" \
        "操作手册，组织标准宣贯培训八场，搭建标准体系信息库。\n立项依据：试点方案。\n\n"              \
        "十二、其他说明\n\n（一）政府购买服务指导性目录\n\n我单位政府购买服务包括：" code                                                 \
        "政务服务事项标准化服务48万元。\n\n（二）其他\n\n无\n"

static char *scratch;

struct run {
    int status;
    char *out, *err;
};

static char *path_of(const char *name)
{
    struct strbuf path = {0};
    strbuf_printf(&path, "%s/%s", scratch, name);
    return strbuf_take(&path);
}

static char *text_of(const char *path)
{
    struct strbuf text = {0};
    FILE *file = fopen(path, "rb");
    char piece[4096];
    assert_non_null(file);
    for (size_t got; (got = fread(piece, 1, sizeof piece, file)) > 0;)
        strbuf_add(&text, piece, got);
    fclose(file);
    return strbuf_take(&text);
}

static char *write_document(const char *name, const char *text)
{
    char *path = path_of(name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return path;
}

/* Runs a verb in a process of its own; the arguments end with NULL. */
static struct run run_verb(int (*verb)(int, char **), const char *name, ...)
{
    char *arguments[16] = {(char *)name}, *out = path_of("out"), *err = path_of("err");
    int count = 1, status = 0;
    va_list list;
    va_start(list, name);
    while (count < 15 && (arguments[count] = va_arg(list, char *)) != NULL)
        count++;
    va_end(list);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (!freopen(out, "wb", stdout) || !freopen(err, "wb", stderr))
            _exit(99);
        status = verb(count, arguments);
        fflush(NULL);
        _exit(status);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    struct run run = {WEXITSTATUS(status), text_of(out), text_of(err)};
    free(out);
    free(err);
    return run;
}

static void run_clear(struct run *run)
{
    free(run->out);
    free(run->err);
}

static bool has_rule(const struct jv *findings, const char *rule)
{
    for (size_t i = 0; i < jv_count(findings); i++)
        if (strcmp(jv_get_text(jv_at(findings, i), "rule"), rule) == 0)
            return true;
    return false;
}

static void test_warnings_alone_are_status_0(void **state)
{
    (void)state;
    struct run run = run_verb(verb_audit, "audit", SAMPLE, NULL);
    assert_int_equal(run.status, 0);
    assert_non_null(strstr(run.out, "河汾市政务服务中心 2026年预算"));
    assert_non_null(strstr(run.out, "成本指标“邮寄费用”为18万元，高于项目预算15万元"));
    assert_string_equal(run.err, "");
    run_clear(&run);
}

static void test_the_document_is_held_against_itself(void **state)
{
    (void)state;
    struct run run = run_verb(verb_audit, "audit", "--json", SAMPLE, NULL);
    struct jv *audited = jv_read(run.out, strlen(run.out), NULL);
    assert_non_null(audited);
    const struct jv *findings = jv_get(audited, "findings");
    assert_true(has_rule(findings, "reference.superseded"));
    assert_true(has_rule(findings, "declaration.amount_mismatch"));
    assert_int_equal(jv_count(jv_get(audited, "projects")), 9);
    jv_destroy(&audited);
    run_clear(&run);
}

static void test_an_error_is_status_1(void **state)
{
    (void)state;
    char *path = write_document("wrong.txt", DOCUMENT("河汾市行政审批服务管理局", "A990101"));
    struct run run = run_verb(verb_audit, "audit", path, NULL);
    assert_int_equal(run.status, 1);
    assert_non_null(strstr(run.out, "code.unknown"));
    run_clear(&run);
    unlink(path);
    free(path);
}

static void test_what_cannot_be_read_is_status_2_and_the_rest_is_audited(void **state)
{
    (void)state;
    struct run run = run_verb(verb_audit, "audit", "/nonexistent.txt", SAMPLE, NULL);
    assert_int_equal(run.status, 2);
    assert_non_null(strstr(run.err, "无法打开"));
    assert_non_null(strstr(run.out, "河汾市政务服务中心"));
    run_clear(&run);
}

static void test_a_project_of_another_document_is_found_again(void **state)
{
    (void)state;
    char *one = write_document("a.txt", DOCUMENT("河汾市行政审批服务管理局", "A160603"));
    char *two = write_document("b.txt", DOCUMENT("河汾市政务服务中心", "A160603"));
    struct run run = run_verb(verb_audit, "audit", one, two, NULL);
    assert_non_null(strstr(run.out, "duplicate.near"));
    assert_non_null(strstr(run.out, "另一项目：政务服务标准化"));
    run_clear(&run);
    unlink(one);
    unlink(two);
    free(one);
    free(two);
}

static void test_the_page_stands_alone_and_marks_the_words(void **state)
{
    (void)state;
    char *page = path_of("page.html"), *sheet = path_of("sheet.xlsx");
    struct run run = run_verb(verb_audit, "audit", "--html", page, "--xlsx", sheet, SAMPLE, NULL);
    char *html = text_of(page), *xlsx = text_of(sheet);
    assert_int_equal(run.status, 0);
    assert_non_null(strstr(html, "<mark class=\"warning\">≤18万元<sup>1</sup></mark>"));
    assert_non_null(strstr(html, "<svg"));
    assert_null(strstr(html, "<script"));
    assert_null(strstr(html, "http://"));
    assert_null(strstr(html, "https://"));
    assert_memory_equal(xlsx, "PK", 2);
    run_clear(&run);
    unlink(page);
    unlink(sheet);
    free(page);
    free(sheet);
    free(html);
    free(xlsx);
}

static void test_an_accepted_finding_is_shown_and_counts_no_more(void **state)
{
    (void)state;
    char *path = write_document("wrong.txt", DOCUMENT("河汾市行政审批服务管理局", "A990101"));
    struct run run = run_verb(verb_audit, "audit", "--json", path, NULL);
    struct jv *audited = jv_read(run.out, strlen(run.out), NULL);
    const char *id = jv_get_text(audited, "id");
    run_clear(&run);
    run = run_verb(verb_findings, "findings", "accept", id, "code.unknown", "--by", "李审核", NULL);
    assert_int_equal(run.status, 2); /* no reason */
    run_clear(&run);
    run = run_verb(verb_findings, "findings", "accept", id, "code.unknown", "--by", "李审核",
                   "--reason", "目录正在增设", NULL);
    assert_int_equal(run.status, 0);
    run_clear(&run);
    run = run_verb(verb_audit, "audit", path, NULL);
    assert_int_equal(run.status, 0);
    assert_non_null(strstr(run.out, "已接受：目录正在增设（李审核"));
    assert_non_null(strstr(run.out, "错误0"));
    run_clear(&run);
    run =
        run_verb(verb_findings, "findings", "withdraw", id, "code.unknown", "--by", "李审核", NULL);
    assert_int_equal(run.status, 0);
    run_clear(&run);
    run =
        run_verb(verb_findings, "findings", "withdraw", id, "code.unknown", "--by", "李审核", NULL);
    assert_int_equal(run.status, 1);
    run_clear(&run);
    run = run_verb(verb_audit, "audit", path, NULL);
    assert_int_equal(run.status, 1);
    run_clear(&run);
    jv_destroy(&audited);
    unlink(path);
    free(path);
}

static void test_an_accepted_finding_of_a_project_stands_in_its_result(void **state)
{
    (void)state;
    char *path = write_document("p.jsonl", "{\"id\":\"x-1\",\"name\":\"窗口运行\",\"amount_yuan\":"
                                           "500000,\"indicators\":[{\"name\":\"运行总成本\","
                                           "\"value\":\"≤80万元\"}]}\n");
    struct run run = run_verb(verb_findings, "findings", "accept", "x-1", "amount.cap_mismatch",
                              "--by", "王", "--reason", "含结转资金", NULL);
    assert_int_equal(run.status, 0);
    run_clear(&run);
    run = run_verb(verb_classify, "classify", path, NULL);
    assert_non_null(strstr(run.out, "\"accepted\":{\"reason\":\"含结转资金\",\"by\":\"王\""));
    run_clear(&run);
    run = run_verb(verb_findings, "findings", "list", NULL);
    assert_non_null(strstr(run.out, "含结转资金"));
    run_clear(&run);
    run = run_verb(verb_findings, "findings", "accept", "x-1", "no.rule", "--by", "王", "--reason",
                   "x", NULL);
    assert_int_equal(run.status, 2);
    run_clear(&run);
    unlink(path);
    free(path);
}

static void test_rules_are_listed_shown_and_tried(void **state)
{
    (void)state;
    struct run run = run_verb(verb_rules, "rules", "list", NULL);
    assert_int_equal(run.status, 0);
    assert_non_null(strstr(run.out, "scope.personnel"));
    assert_non_null(strstr(run.out, "第十条第（五）项"));
    run_clear(&run);
    run = run_verb(verb_rules, "rules", "show", "term.over_three_years", NULL);
    assert_int_equal(run.status, 0);
    assert_non_null(strstr(run.out, "第二十四条"));
    run_clear(&run);
    run = run_verb(verb_rules, "rules", "show", "no.rule", NULL);
    assert_int_equal(run.status, 1);
    run_clear(&run);
    run = run_verb(verb_rules, "rules", "test", NULL);
    assert_int_equal(run.status, 0);
    run_clear(&run);
    char *path = write_document(
        "rules.jsonl", "{\"project\":{\"name\":\"窗口\",\"description\":\"服务期限五年。\"},"
                       "\"fires\":[]}\n");
    run = run_verb(verb_rules, "rules", "test", "--only", "term.", path, NULL);
    assert_int_equal(run.status, 1);
    assert_non_null(strstr(run.out, ":1: fired term.over_three_years"));
    run_clear(&run);
    unlink(path);
    free(path);
}

static int start(void **state)
{
    (void)state;
    scratch = scratch_new();
    return setenv("JINMU_STATE", scratch, 1);
}

static int stop(void **state)
{
    (void)state;
    scratch_destroy(&scratch);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_warnings_alone_are_status_0),
        cmocka_unit_test(test_the_document_is_held_against_itself),
        cmocka_unit_test(test_an_error_is_status_1),
        cmocka_unit_test(test_what_cannot_be_read_is_status_2_and_the_rest_is_audited),
        cmocka_unit_test(test_a_project_of_another_document_is_found_again),
        cmocka_unit_test(test_the_page_stands_alone_and_marks_the_words),
        cmocka_unit_test(test_an_accepted_finding_is_shown_and_counts_no_more),
        cmocka_unit_test(test_an_accepted_finding_of_a_project_stands_in_its_result),
        cmocka_unit_test(test_rules_are_listed_shown_and_tried),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
