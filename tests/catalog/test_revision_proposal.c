/* Items that a catalog lacks, by the services that none fits. */
#include "catalog/catalog.h"
#include "catalog/revision/proposal.h"
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

static void open_proposing(struct proposing *self)
{
    struct fault fault = {0};
    self->fixture = fixture_new();
    self->store = catalog_open(self->fixture->path, STORE_READ_ONLY, &fault);
    assert_non_null(self->store);
    self->proposals = proposals_new(self->store, REVISION_OLD, &fault);
    assert_non_null(self->proposals);
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
    struct unfit unfit = {department, name, nearest, yuan};
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
    assert_false(all[0].other_department);
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
    assert_true(all[0].other_department);
    close_proposing(&self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_projects_of_one_kind_are_one_proposal),
        cmocka_unit_test(test_departments_are_not_mixed),
        cmocka_unit_test(test_the_next_free_code_is_suggested),
        cmocka_unit_test(test_a_department_without_items_borrows_a_parent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
