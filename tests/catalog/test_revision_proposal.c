/* Items that a catalog lacks, by the services that none fits. */
#include "catalog/catalog.h"
#include "catalog/revision/proposal_table.h"
#include "tests/catalog/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct proposing {
    struct fixture *fixture;
    struct store *store;
    struct proposals *proposals;
};

static void open_proposing_for(struct proposing *self, const char *department)
{
    struct fault fault = {0};
    self->fixture = fixture_new();
    self->store = catalog_open(self->fixture->path, STORE_READ_ONLY, &fault);
    assert_non_null(self->store);
    self->proposals = proposals_new(self->store, REVISION_OLD, department, &fault);
    assert_non_null(self->proposals);
}

static void open_proposing(struct proposing *self)
{
    open_proposing_for(self, NULL);
}

static void close_proposing(struct proposing *self)
{
    proposals_destroy(&self->proposals);
    store_close(&self->store);
    fixture_destroy(&self->fixture);
}

static void add(struct proposing *self, const char *department, const char *name,
                const char *nearest, double yuan)
{
    struct unfit unfit = {"", "", department, name, nearest, 0.4, yuan, 0, ""};
    proposals_add(self->proposals, &unfit);
}

static void test_projects_of_one_kind_are_one_proposal(void **state)
{
    (void)state;
    struct proposing self;
    size_t count;
    open_proposing(&self);
    add(&self, "民政", "2023年婚俗改革宣传", "A040101", 100);
    add(&self, "民政", "2024年婚俗改革宣传", "A040101", 200);
    add(&self, "民政", "婚俗改革主题宣传活动", "A040201", 300);
    add(&self, "民政", "地名标志牌巡检", "A040201", 50);
    const struct proposal *all = proposals_finish(self.proposals, 2, &count);
    assert_int_equal(count, 1);
    assert_int_equal(all[0].count, 3);
    assert_true(all[0].yuan > 599 && all[0].yuan < 601);
    assert_string_equal(all[0].item, "婚俗改革宣传服务");
    assert_string_equal(all[0].names[0], "婚俗改革宣传");
    close_proposing(&self);
}

static void test_an_item_is_named_for_the_service_not_for_the_budget_line(void **state)
{
    static const char *const names[][2] = {{"地名标志牌巡检项目经费", "地名标志牌巡检服务"},
                                           {"殡葬车辆维护费", "殡葬车辆维护服务"},
                                           {"社工站运营服务费", "社工站运营服务"},
                                           {"公墓代收费", "公墓代收费服务"}};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct proposing self;
        size_t count;
        open_proposing(&self);
        add(&self, "民政", names[i][0], "A040101", 100);
        const struct proposal *all = proposals_finish(self.proposals, 1, &count);
        assert_int_equal(count, 1);
        assert_string_equal(all[0].item, names[i][1]);
        close_proposing(&self);
    }
}

static void test_departments_are_not_mixed(void **state)
{
    (void)state;
    struct proposing self;
    size_t count;
    open_proposing(&self);
    add(&self, "民政", "无人机巡检", "", 1);
    add(&self, "民政", "无人机巡检", "", 1);
    add(&self, "交通运输", "无人机巡检", "A170101", 1);
    const struct proposal *all = proposals_finish(self.proposals, 1, &count);
    assert_int_equal(count, 2);
    assert_string_equal(all[0].department, "交通运输");
    assert_int_equal(all[0].count, 1);
    assert_int_equal(all[1].count, 2);
    close_proposing(&self);
}

/* Under the parent of what came closest; behind the last code, and not the same one twice. */
static void test_the_next_free_code_is_suggested(void **state)
{
    (void)state;
    struct proposing self;
    size_t count;
    open_proposing(&self);
    add(&self, "交通运输", "智慧路灯代维", "A170102", 1);
    add(&self, "交通运输", "智慧路灯代维", "A170101", 1);
    add(&self, "交通运输", "水上应急演练", "A170101", 1);
    const struct proposal *all = proposals_finish(self.proposals, 1, &count);
    assert_int_equal(count, 2);
    assert_string_equal(all[0].code, "A170103");
    assert_string_equal(all[1].code, "A170104");
    assert_string_equal(all[0].upper[0], "公共服务");
    assert_string_equal(all[0].upper[1], "交通运输服务");
    assert_string_equal(all[0].upper[2], "公路养护服务");
    assert_int_equal(all[0].place, PLACE_OWN);
    close_proposing(&self);
}

/* Names that are alike speak for a parent, an item that came closest but does not fit hardly: a person
 * has to choose. */
static void test_a_parent_without_reason_is_said_to_be_unsure(void **state)
{
    (void)state;
    struct proposing self;
    size_t count;
    open_proposing(&self);
    const struct unfit all_of_them[] = {
        {"示例县民政局", "", "民政", "社区社会组织培育评估", "A040201", 0.3, 3, 0, ""},
        {"示例县民政局", "", "民政", "无人机巡河", "A040101", 0.1, 2, 0, ""},
        {"示例县民政局", "", "民政", "碳足迹核算", "A040101", 0.4, 1, 0, ""},
    };
    for (size_t i = 0; i < sizeof all_of_them / sizeof *all_of_them; i++)
        proposals_add(self.proposals, &all_of_them[i]);
    const struct proposal *all = proposals_finish(self.proposals, 1, &count);
    static const struct {
        double yuan;
        const char *parent;
        bool sure;
    } right[] = {{3, "社区服务", true}, {2, "养老服务", false}, {1, "养老服务", false}};
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++) {
        size_t at = 3 - (size_t)all[i].yuan;
        assert_string_equal(all[i].upper[2], right[at].parent);
        assert_int_equal(all[i].sure, right[at].sure);
    }
    close_proposing(&self);
}

/* Of many the most money; how many there are is said all the same. */
static void test_the_projects_of_the_most_money_are_listed(void **state)
{
    (void)state;
    static const double yuan[] = {3, 9, 1, 9, 5};
    static const char *const ids[] = {"three", "nine", "one", "other nine", "five"};
    struct proposing self;
    struct proposal_table table = {.revision = REVISION_OLD, .complete = true, .lists = true};
    struct strbuf out = {0};
    open_proposing(&self);
    proposals_list(self.proposals, 3);
    for (size_t i = 0; i < 5; i++) {
        struct unfit unfit = {"", "",      "民政",           "婚俗改革宣传", "A040101",
                              0,  yuan[i], (int64_t)i + 100, ids[i]};
        proposals_add(self.proposals, &unfit);
    }
    table.all = proposals_finish(self.proposals, 1, &table.count);
    assert_int_equal(table.count, 1);
    assert_int_equal(table.all->count, 5);
    assert_int_equal(table.all->listed, 3);
    proposal_table_json(&table, &out);
    assert_non_null(strstr(out.text, "\"results\":[{\"number\":101,\"project\":\"nine\"},"
                                     "{\"number\":103,\"project\":\"other nine\"},"
                                     "{\"number\":104,\"project\":\"five\"}]"));
    out.length = 0;
    proposal_table_csv(&table, &out);
    assert_non_null(strstr(out.text, ",nine；other nine；five\n"));
    strbuf_free(&out);
    close_proposing(&self);
}

/* 农业农村 has no section here: the likest parent of others serves. */
static void test_a_department_without_items_borrows_a_parent(void **state)
{
    (void)state;
    struct proposing self;
    size_t count;
    open_proposing(&self);
    add(&self, "农业农村", "机耕道路日常养护", "", 1);
    const struct proposal *all = proposals_finish(self.proposals, 1, &count);
    assert_int_equal(count, 1);
    assert_string_equal(all[0].upper[2], "公路养护服务");
    assert_string_equal(all[0].code, "A170101");
    assert_int_equal(all[0].place, PLACE_OTHER);
    close_proposing(&self);
}

/* The new revision has no section 交通运输; held as an excerpt, it is taken to have the old one's. */
static void test_missing_pages_are_taken_from_the_revision_before(void **state)
{
    (void)state;
    static const char *const ways[] = {
        "UPDATE revision SET complete = 1",
        "UPDATE revision SET complete = 0 WHERE number = '" REVISION_NEW "'"};
    for (size_t excerpt = 0; excerpt < 2; excerpt++) {
        struct proposing self;
        struct fault fault = {0};
        size_t count;
        open_proposing(&self);
        proposals_destroy(&self.proposals);
        store_close(&self.store);
        assert_non_null(self.store = catalog_open(self.fixture->path, STORE_WRITE, &fault));
        assert_int_equal(store_exec(self.store, ways[excerpt], &fault), 0);
        self.proposals = proposals_new(self.store, REVISION_NEW, NULL, &fault);
        assert_non_null(self.proposals);
        assert_int_equal(proposals_are_complete(self.proposals), !excerpt);
        add(&self, "交通运输", "智慧路灯代维", "A170102", 1);
        const struct proposal *all = proposals_finish(self.proposals, 1, &count);
        assert_int_equal(count, 1);
        assert_int_equal(all[0].place, excerpt ? PLACE_EARLIER : PLACE_NONE);
        assert_string_equal(all[0].code, excerpt ? "A170103" : "");
        assert_string_equal(all[0].upper[2], excerpt ? "公路养护服务" : "");
        close_proposing(&self);
    }
}

/* Else an office's wishes would be told to another, whose item fits as little. */
static void test_the_units_department_proposes(void **state)
{
    (void)state;
    struct proposing self;
    size_t count;
    open_proposing(&self);
    const struct unfit all_of_them[] = {
        {"示例县民政局", "", "B", "婚俗改革宣传", "B1001", 0.2, 1, 0, ""},
        {"示例县服务中心", "示例县民政局", "交通运输", "婚俗改革宣传", "A170101", 0.2, 1, 0, ""},
        {"示例县交通信访局", "", "信访", "婚俗改革宣传", "", 0, 1, 0, ""},
        {"示例县服务中心", "", "交通运输", "婚俗改革宣传", "", 0, 1, 0, ""},
        {"示例县服务中心", "", "B", "婚俗改革宣传", "", 0, 1, 0, ""},
    };
    for (size_t i = 0; i < sizeof all_of_them / sizeof *all_of_them; i++)
        proposals_add(self.proposals, &all_of_them[i]);
    const struct proposal *all = proposals_finish(self.proposals, 1, &count);
    assert_int_equal(count, 4);
    static const struct {
        const char *department;
        size_t count;
    } right[] = {{"", 1}, {"交通运输", 1}, {"信访", 1}, {"民政", 2}};
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(all[i].department, right[i].department);
        assert_int_equal(all[i].count, right[i].count);
    }
    close_proposing(&self);
}

static void test_other_departments_are_passed_over_when_one_is_wanted(void **state)
{
    (void)state;
    struct proposing self;
    size_t count;
    open_proposing_for(&self, "民政");
    add(&self, "民政", "无人机巡检", "", 1);
    add(&self, "交通运输", "无人机巡检", "A170101", 1);
    assert_int_equal(proposals_added(self.proposals), 1);
    const struct proposal *all = proposals_finish(self.proposals, 1, &count);
    assert_int_equal(count, 1);
    assert_string_equal(all[0].department, "民政");
    close_proposing(&self);
}

/* Names come from units: what a spreadsheet would run is defused, what CSV must quote is quoted. */
static void test_the_table_is_harmless_csv(void **state)
{
    (void)state;
    struct proposing self;
    struct proposal_table table = {.revision = REVISION_OLD, .complete = true};
    struct strbuf out = {0};
    open_proposing(&self);
    add(&self, "交通运输", "=HYPERLINK(\"x\"),路灯", "A170101", 15000);
    table.all = proposals_finish(self.proposals, 1, &table.count);
    proposal_table_csv(&table, &out);
    assert_string_equal(out.text, "部门,代码,一级目录,二级目录,三级目录,四级目录,项目数,金额（元）,"
                                  "典型项目名称,备注\n"
                                  "交通运输,A170103,公共服务,交通运输服务,公路养护服务,"
                                  "\"'=HYPERLINK(\"\"x\"\"),路灯服务\",1,15000.00,"
                                  "\"'=HYPERLINK(\"\"x\"\"),路灯\",上级待定\n");
    strbuf_free(&out);
    close_proposing(&self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_projects_of_one_kind_are_one_proposal),
        cmocka_unit_test(test_an_item_is_named_for_the_service_not_for_the_budget_line),
        cmocka_unit_test(test_departments_are_not_mixed),
        cmocka_unit_test(test_the_next_free_code_is_suggested),
        cmocka_unit_test(test_a_parent_without_reason_is_said_to_be_unsure),
        cmocka_unit_test(test_the_projects_of_the_most_money_are_listed),
        cmocka_unit_test(test_a_department_without_items_borrows_a_parent),
        cmocka_unit_test(test_missing_pages_are_taken_from_the_revision_before),
        cmocka_unit_test(test_the_units_department_proposes),
        cmocka_unit_test(test_other_departments_are_passed_over_when_one_is_wanted),
        cmocka_unit_test(test_the_table_is_harmless_csv),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
