/* The sample of our own, always, and two published documents where they are at hand. */
#include "catalog/intake/document.h"
#include "tests/catalog/documents.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SAMPLE "deploy/sample/预算公开样例.txt"
#define SEEDS  "../shared/seeds/"

struct expected {
    const char *name;
    double amount, total;
};

static struct jv *read_path(const char *path)
{
    size_t length = 0;
    char *bytes = read_bytes(path, &length);
    struct fault fault = {0};
    if (!bytes)
        return NULL;
    struct jv *document = document_read(bytes, length, path, &fault);
    free(bytes);
    if (!document)
        fail_msg("%s: %s", path, fault.message);
    return document;
}

static void assert_projects(const struct jv *document, const struct expected *expected,
                            size_t count, const char *unit)
{
    assert_int_equal(jv_count(jv_get(document, "projects")), count);
    assert_string_equal(jv_get_text(document, "unit"), unit);
    assert_true(jv_get_number(document, "year", 0) == 2026);
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        const struct jv *project = project_at(document, i);
        assert_project(project, expected[i].name, unit, expected[i].amount);
        assert_true(jv_get_number(project, "total_yuan", -1) == expected[i].total);
        assert_true(jv_get_number(project, "year", 0) == 2026);
        const char *const texts[] = {"description", "basis", "necessity",
                                     "measures",    "plan",  "goals"};
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
            assert_non_null(jv_get_text(project, texts[k]));
        sum += expected[i].amount;
    }
    assert_true(jv_get_number(jv_get(document, "tables"), "project_budget_total_yuan", 0) == sum);
}

static void test_the_sample_is_read_in_full(void **state)
{
    (void)state;
    static const struct expected expected[] = {
        {"综合窗口受理服务外包", 1860000, 5580000},
        {"政务服务事项标准化试点建设", 480000, 480000},
        {"政务大厅办件免费邮寄", 150000, 150000},
        {"12345政务服务便民热线受理及质检服务", 3200000, 9600000},
        {"政务云平台等级保护测评和密码应用安全性评估", 200000, 200000},
        {"自助服务终端购置", 360000, 360000},
        {"政务大厅东区改造工程尾款", 425600, 1425600},
        {"小微企业开办奖补资金", 1000000, 1000000},
        {"窗口公益性岗位人员工资及社会保险", 268800, 268800},
    };
    struct jv *document = read_path(SAMPLE);
    assert_non_null(document);
    assert_projects(document, expected, sizeof expected / sizeof *expected, "河汾市政务服务中心");
    const struct jv *declaration = jv_get(document, "declaration");
    assert_int_equal(jv_count(jv_get(declaration, "items")), 4);
    assert_string_equal(jv_text(jv_at(jv_get(declaration, "references"), 0)), "晋财综〔2023〕43号");
    assert_string_equal(
        jv_get_text(project_at(document, 3), "description"),
        "市12345热线实行全天候人工接听，由中标单位提供52名话务员和6名质检、知识库维护人员，承担来电"
        "受理、工单派发、回访和通话质检。2026年所需服务费320万元，按合同分季度支付，每季度80万元"
        "。");
    jv_destroy(&document);
}

static void test_the_published_document_of_three_projects(void **state)
{
    (void)state;
    static const struct expected expected[] = {{"窗口运行经费", 500000, 500000},
                                               {"云桌面服务费", 800000, 2800000},
                                               {"政务服务标准化", 500000, 500000}};
    struct jv *document = read_path(SEEDS "000_a3ba8bce9b5d5600.txt");
    if (!document) {
        print_message("no " SEEDS "\n");
        skip();
    }
    assert_projects(document, expected, 3, "晋城市政务服务中心");
    for (size_t i = 0; i < 3; i++) {
        const struct jv *project = project_at(document, i);
        assert_string_equal(jv_get_text(project, "department"), "晋城市行政审批服务管理局");
        assert_string_equal(jv_get_text(jv_at(jv_get(project, "declared"), 0), "code"), "A160603");
        assert_string_equal(jv_text(jv_at(jv_get(jv_get(project, "declaration"), "references"), 0)),
                            "晋财综〔2025〕28号");
    }
    const struct jv *procurement = jv_get(jv_get(document, "tables"), "procurement");
    assert_true(jv_get_number(procurement, "services_yuan", 0) == 1300000);
    jv_destroy(&document);
}

static void test_the_published_document_of_thirteen_projects(void **state)
{
    (void)state;
    static const struct expected expected[] = {
        {"热线受理中心运营管理及人员外包服务费用", 5350000, 20936400},
        {"大数据应用运行费", 450000, 1594100},
        {"智慧晋城运营指挥中心项目", 1104900, 1104900},
        {"应用系统适配改造及国产化资源租用项目", 5780000, 5780000},
        {"信息系统等保测评和商用密码测评服务", 200000, 200000},
        {"数字身份认证系统升级改造", 300000, 300000},
        {"数据管理维护费", 12400000, 12400000},
        {"晋城市智慧人大建设项目费用", 585800, 585800},
        {"晋城市新型智慧城市建设项目一期、二期工程合同款", 12000000, 17517400},
        {"晋城市数据治理项目", 200000, 200000},
        {"晋城市“十五五”数字经济发展规划和晋城市智慧城市建设三年行动方案编制服务", 200000, 476000},
        {"办文、办会等一体化平台服务", 650000, 1950000},
        {"数字经济示范项目（市县）", 5000000, 5000000},
    };
    struct jv *document = read_path(SEEDS "001_18b53201dfcda966.txt");
    if (!document) {
        print_message("no " SEEDS "\n");
        skip();
    }
    assert_projects(document, expected, 13, "晋城市数据局");
    for (size_t i = 0; i < 13; i++)
        assert_string_equal(jv_get_text(project_at(document, i), "department"),
                            i == 12 ? "基建科" : "晋城市数据局");
    const struct jv *declaration = jv_get(document, "declaration");
    assert_false(jv_get_bool(declaration, "none", true));
    assert_int_equal(jv_count(jv_get(declaration, "items")), 0);
    assert_int_equal(jv_count(jv_get(declaration, "references")), 2);
    assert_string_equal(jv_text(jv_at(jv_get(declaration, "references"), 1)), "晋财综〔2023〕47号");
    assert_true(has_finding(jv_get(project_at(document, 11), "intake_findings"),
                            "intake.amount_from_budget"));
    const struct jv *rows = jv_get(jv_get(document, "tables"), "project_budget");
    assert_int_equal(jv_count(rows), 13);
    assert_string_equal(jv_get_text(jv_at(rows, 2), "name"),
                        "热线受理中心运营管理及人员外包服务费用");
    jv_destroy(&document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_sample_is_read_in_full),
        cmocka_unit_test(test_the_published_document_of_three_projects),
        cmocka_unit_test(test_the_published_document_of_thirteen_projects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
