/* catalog.db out of a data folder, and what of it survives a change of the data. */
#include "tests/catalog/catalog_case.h"

#include "catalog/catalog.h"
#include "catalog/label_file.h"
#include "common/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define REVISIONS "number,title,issued,effective,ended,repeals,complete,file\n"
#define ROWS      "department,code,name,line,page\n"

static void write_data(struct catalog_case *self)
{
    const char *data = self->directory;
    file_write(data, "revisions.csv",
               REVISIONS "测1号,旧,2021-11-03,2022-01-01,2023,,1,revisions/one.csv\n"
                         "测B号,辅,2023,2023,,,0,b-items.csv\n"
                         "测2号,新,2025-07-15,2025-07-15,,,0,revisions/two.csv\n");
    file_write(data, "revisions/one.csv",
               ROWS
               "人大办公厅(室),A,公共服务,5,1\n人大办公厅(室),A15,宣传服务,6,1\n"
               "人大办公厅(室),A1502,公益宣传服务,7,1\n人大办公厅(室),A150201,人大宣传服务,8,1\n"
               "人大办公厅(室),A160101,规划服务,9,2\n");
    file_write(data, "revisions/two.csv", ROWS "水利,A,公共服务,5,1\n水利,A15,宣传服务,6,1\n");
    file_write(
        data, "b-items.csv",
        "code,name,restriction,source\nB0105,书记员服务,any,某处\nB0302,审计服务,not:审计,别处\n");
    file_write(
        data, "regulations.csv",
        "number,title,issued,in_force_from,status,note\n令1号,办法,2020,2020-03-01,in_force,无\n");
    file_write(data, "labels/a.csv",
               "department,code,name,alt,hidden,not\n"
               "人大办公厅（室）,A150201,人大宣传 服务,代表风采;履职报道,人太宣传,政协\n"
               "B,B0105,书记员服务,速录员,,\n");
    file_write(data, "labels/parents.csv", "code,name,alt\nA1502,公益宣传服务,宣传片;展板\n");
    file_write(data, "aliases.csv", "alias,department,weight\n人大常委会,人大办公厅(室),1.0\n");
    file_write(data, "kinds.csv", "phrase,kind,weight,place,note\n设备购置,goods,2.5,any,\n");
}

static int setup(void **state)
{
    struct fault fault = {0};
    struct catalog_case *self = catalog_case_new();
    *state = self;
    write_data(self);
    return catalog_ensure(self->path, self->directory, &fault);
}

static int teardown(void **state)
{
    catalog_case_destroy((struct catalog_case **)state);
    return 0;
}

static void ensure(struct catalog_case *self)
{
    struct fault fault = {0};
    if (catalog_ensure(self->path, self->directory, &fault))
        fail_msg("%s", fault.message);
}

static void assert_text(struct catalog_case *self, const char *sql, const char *expected)
{
    char *text = case_text(self, sql);
    assert_string_equal(text, expected);
    free(text);
}

static void test_all_tables_are_filled_from_the_data(void **state)
{
    struct catalog_case *self = *state;
    assert_text(self,
                "SELECT group_concat(number || complete || origin || ended, ' ') FROM"
                " (SELECT * FROM revision ORDER BY effective)",
                "测1号1data2023 测B号0data 测2号0data");
    assert_int_equal(case_number(self, "SELECT count(*) FROM item"), 9);
    assert_text(self, "SELECT restriction || source || state FROM item WHERE code = 'B0302'",
                "not:审计别处offered");
    assert_text(self, "SELECT restriction FROM item WHERE code = 'B0105'", "");
    assert_text(self, "SELECT alias || department || weight FROM alias",
                "人大常委会人大办公厅(室)1.0");
    assert_text(self, "SELECT phrase || kind || weight || place FROM kind_phrase",
                "设备购置goods2.5any");
    assert_text(self, "SELECT number || status FROM regulation", "令1号in_force");
    assert_text(self, "SELECT substr(hash, 1, 7) || length(hash) || content FROM model",
                "sha256:71");
}

static void test_checks_run_on_built_revisions_with_their_own_lines(void **state)
{
    struct catalog_case *self = *state;
    assert_finding(self, "测1号", "import.parent_missing", "人大办公厅(室)", "A160101", 9);
    assert_finding(self, "测B号", "import.ancestor_unknown", "B", "", 2);
}

static void test_labels_meet_departments_whatever_the_brackets(void **state)
{
    struct catalog_case *self = *state;
    assert_text(self,
                "SELECT group_concat(department || kind || text || name, ' ') FROM (SELECT * FROM"
                " label WHERE code = 'A150201' ORDER BY rowid)",
                "人大办公厅(室)alt代表风采人大宣传服务 人大办公厅(室)alt履职报道人大宣传服务 "
                "人大办公厅(室)hidden人太宣传人大宣传服务 人大办公厅(室)not政协人大宣传服务");
    assert_text(self,
                "SELECT group_concat(text, ' ') FROM (SELECT text FROM label WHERE"
                " department = '' ORDER BY rowid)",
                "宣传片 展板");
}

static void test_unchanged_data_is_not_built_again(void **state)
{
    struct catalog_case *self = *state;
    long version = case_number(self, "PRAGMA data_version");
    ensure(self);
    assert_int_equal(case_number(self, "PRAGMA data_version"), version);
}

static void test_changed_data_is_built_again_and_changes_the_model(void **state)
{
    struct catalog_case *self = *state;
    char *before = case_text(self, "SELECT hash FROM model");
    file_write(self->directory, "model.txt", "bias 1\n");
    ensure(self);
    char *after = case_text(self, "SELECT hash FROM model");
    assert_string_not_equal(before, after);
    assert_text(self, "SELECT content FROM model", "bias 1\n");
    assert_int_equal(case_number(self, "SELECT count(*) FROM item"), 9);
    free(before);
    free(after);
}

static void test_data_that_decides_nothing_leaves_the_model_as_it_is(void **state)
{
    struct catalog_case *self = *state;
    char *before = case_text(self, "SELECT hash FROM model");
    file_write(self->directory, "regulations.csv",
               "number,title,issued,in_force_from,status,note\n令2号,办法,2020,,in_force,\n");
    ensure(self);
    assert_text(self, "SELECT number FROM regulation", "令2号");
    assert_text(self, "SELECT hash FROM model", before);
    free(before);
}

static void test_hand_imported_revision_and_settlements_survive_a_rebuild(void **state)
{
    struct catalog_case *self = *state;
    struct fault fault = {0};
    struct settlement settlement = {.department = "人大办公厅（室）", .code = "A160101"};
    assert_int_equal(
        case_import(self, "部门,代码,名称\n能源,A,公共服务\n能源,A150201,孤行\n", "手1号", &fault),
        IMPORT_DONE);
    assert_int_equal(settle_item(self->store, "测1号", &settlement, &fault), 0);
    assert_int_equal(catalog_build(self->directory, self->path, &fault), 0);
    assert_text(self, "SELECT state || department FROM item WHERE code = 'A160101'",
                "offered人大办公厅(室)");
    assert_text(self, "SELECT settled FROM finding WHERE code = 'A160101'", "released");
    assert_text(self, "SELECT origin FROM revision WHERE number = '手1号'", "import");
    assert_int_equal(case_number(self, "SELECT count(*) FROM item WHERE revision = '手1号'"), 2);
    assert_int_equal(case_number(self, "SELECT count(*) FROM finding WHERE revision = '手1号'"), 1);
}

static void test_what_an_imported_revision_repeals_stays_ended_after_a_rebuild(void **state)
{
    struct catalog_case *self = *state;
    struct fault fault = {0};
    static const char rows[] = "部门,代码,名称\n能源,A,公共服务\n";
    struct import_options options = {
        .number = "手2号", .effective = "2027-01-01", .repeals = "测2号", .complete = -1};
    assert_int_equal(
        import_bytes(self->store, "手2号.csv", rows, strlen(rows), &options, NULL, NULL, &fault),
        IMPORT_DONE);
    assert_text(self, "SELECT ended FROM revision WHERE number = '测2号'", "2027-01-01");
    assert_int_equal(catalog_build(self->directory, self->path, &fault), 0);
    assert_text(self, "SELECT ended FROM revision WHERE number = '测2号'", "2027-01-01");
    assert_text(self, "SELECT ended FROM revision WHERE number = '测1号'", "2023");
}

static void test_bad_data_leaves_the_database_and_names_file_and_line(void **state)
{
    struct catalog_case *self = *state;
    struct fault fault = {0};
    char *before = case_digest(self);
    file_write(self->directory, "kinds.csv",
               "phrase,kind,weight,place,note\n甲,goods,1,any,\n乙,thing,1,any,\n");
    assert_int_equal(catalog_ensure(self->path, self->directory, &fault), -1);
    assert_non_null(strstr(fault.message, "kinds.csv"));
    assert_non_null(strstr(fault.message, "第 3 行"));
    char *after = case_digest(self);
    assert_string_equal(before, after);
    assert_int_equal(case_number(self, "SELECT count(*) FROM kind_phrase"), 1);
    free(before);
    free(after);
}

static void test_folder_without_data_is_refused(void **state)
{
    struct catalog_case *self = *state;
    struct fault fault = {0};
    struct strbuf labels = {0};
    strbuf_printf(&labels, "%s/labels", self->directory);
    assert_int_equal(catalog_ensure(self->path, labels.text, &fault), -1);
    assert_string_equal(fault.code, "catalog.no_data");
    strbuf_free(&labels);
}

static void test_revision_of_a_year_is_the_newest_in_force_with_items(void **state)
{
    struct catalog_case *self = *state;
    static const struct {
        int year;
        const char *number;
    } years[] = {{2022, "测1号"}, {2024, "测1号"}, {2025, "测2号"}, {2030, "测2号"}};
    for (size_t i = 0; i < sizeof years / sizeof *years; i++) {
        char *number = catalog_revision_of_year(self->store, years[i].year, NULL);
        assert_string_equal(number, years[i].number);
        free(number);
    }
    struct fault fault = {0};
    assert_null(catalog_revision_of_year(self->store, 2021, &fault));
    assert_string_equal(fault.code, "catalog.no_revision");
}

static void test_revision_is_found_by_a_part_of_its_number(void **state)
{
    struct catalog_case *self = *state;
    struct fault fault = {0};
    char *number = catalog_find_revision(self->store, "1号", &fault);
    assert_string_equal(number, "测1号");
    free(number);
    assert_null(catalog_find_revision(self->store, "测", &fault));
    assert_null(catalog_find_revision(self->store, "9号", &fault));
    assert_string_equal(fault.code, "catalog.unknown_revision");
}

static void test_processes_that_start_at_once_build_one_database(void **state)
{
    struct catalog_case *self = *state;
    struct strbuf path = {0};
    pid_t children[4];
    strbuf_printf(&path, "%s/other.db", self->directory);
    for (size_t i = 0; i < 4; i++) {
        children[i] = fork();
        if (children[i] == 0)
            _exit(catalog_ensure(path.text, self->directory, NULL) ? 1 : 0);
    }
    for (size_t i = 0; i < 4; i++) {
        int status = -1;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    struct store *store = catalog_open(path.text, STORE_READ_ONLY, NULL);
    assert_int_equal(store_number(store, "SELECT count(*) FROM item", -1), 9);
    store_close(&store);
    strbuf_free(&path);
}

static void test_labels_are_added_to_and_removed_from_their_file(void **state)
{
    struct catalog_case *self = *state;
    struct fault fault = {0};
    size_t changed = 0;
    const char *phrases[] = {"议案办理", "代表风采"};
    struct label_edit edit = {.department = "人大办公厅(室)",
                              .code = "A150201",
                              .kind = "alt",
                              .phrases = phrases,
                              .phrase_count = 2};
    assert_int_equal(label_file_edit(self->directory, &edit, &changed, &fault), 0);
    assert_int_equal(changed, 1);
    edit.remove = true;
    edit.phrases = phrases + 1;
    edit.phrase_count = 1;
    assert_int_equal(label_file_edit(self->directory, &edit, &changed, &fault), 0);
    assert_int_equal(changed, 1);
    ensure(self);
    assert_text(self,
                "SELECT group_concat(text, ' ') FROM (SELECT text FROM label WHERE code ="
                " 'A150201' AND kind = 'alt' ORDER BY rowid)",
                "履职报道 议案办理");
    edit.code = "A159999";
    assert_int_equal(label_file_edit(self->directory, &edit, &changed, &fault), -1);
    assert_string_equal(fault.code, "labels.no_row");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_all_tables_are_filled_from_the_data),
        TEST(test_checks_run_on_built_revisions_with_their_own_lines),
        TEST(test_labels_meet_departments_whatever_the_brackets),
        TEST(test_unchanged_data_is_not_built_again),
        TEST(test_changed_data_is_built_again_and_changes_the_model),
        TEST(test_data_that_decides_nothing_leaves_the_model_as_it_is),
        TEST(test_hand_imported_revision_and_settlements_survive_a_rebuild),
        TEST(test_what_an_imported_revision_repeals_stays_ended_after_a_rebuild),
        TEST(test_bad_data_leaves_the_database_and_names_file_and_line),
        TEST(test_folder_without_data_is_refused),
        TEST(test_revision_of_a_year_is_the_newest_in_force_with_items),
        TEST(test_revision_is_found_by_a_part_of_its_number),
        TEST(test_processes_that_start_at_once_build_one_database),
        TEST(test_labels_are_added_to_and_removed_from_their_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
