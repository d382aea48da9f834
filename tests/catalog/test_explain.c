/* jinmu explain: what it shows of a candidate is all that its score is made of. */
#include "catalog/import/csv_table.h"
#include "common/strbuf.h"
#include "tests/catalog/catalog_case.h"
#include "tests/catalog/fixture.h"

#include <math.h>
#include <setjmp.h>
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

/* What `jinmu explain` prints of the project (free()). */
static char *explain(const char *project)
{
    const char *programs = getenv("JINMU_BIN");
    struct strbuf command = {0}, path = {0};
    size_t length;
    file_write(fixture->directory, "in", project);
    strbuf_printf(&path, "%s/out", fixture->directory);
    strbuf_printf(&command,
                  "D='%s'; exec '%s/jinmu' explain --db \"$D/catalog.db\" \"$D/in\" >\"%s\"",
                  fixture->directory, programs ? programs : "build/bin", path.text);
    assert_int_equal(system(command.text), 0);
    char *out = file_read(path.text, &length, NULL);
    assert_non_null(out);
    strbuf_free(&command);
    strbuf_free(&path);
    return out;
}

/* The text of candidate `number` (from 1), or NULL. */
static const char *candidate_of(const char *out, int number)
{
    char start[16];
    snprintf(start, sizeof start, "\n%d. ", number);
    return strstr(out, start);
}

static double score_of(const char *candidate)
{
    double score = NAN;
    assert_int_equal(sscanf(strstr(candidate, "score "), "score %lf", &score), 1);
    return score;
}

/* The sum of the products in the rows below the heading. */
static double sum_of_rows(const char *candidate)
{
    char name[32];
    double value, weight, product, sum = 0;
    int length;
    const char *line = strchr(strstr(candidate, "product"), '\n') + 1;
    /* a row ends with its product; evidence goes on with words */
    while (sscanf(line, "%31s %lf %lf %lf%n", name, &value, &weight, &product, &length) == 4 &&
           line[length] == '\n') {
        assert_true(fabs(value * weight - product) < 1e-3 * (1 + fabs(value) + fabs(weight)));
        sum += product;
        line = strchr(line, '\n') + 1;
    }
    return sum;
}

static void assert_rows_sum_to_scores(const char *out)
{
    for (int number = 1; number <= 3; number++) {
        const char *candidate = candidate_of(out, number);
        assert_non_null(candidate);
        assert_true(fabs(sum_of_rows(candidate) - score_of(candidate)) < 1e-3);
    }
}

static const char mixed[] = "{\"id\":\"e1\",\"year\":2022,\"unit\":\"%s\",\"name\":"
                            "\"公务用车租赁与专项审计、绩效评价服务\","
                            "\"description\":\"租车，决算审计，绩效评价，居家养老。\"}\n";

static void test_the_rows_of_the_first_three_candidates_sum_to_their_scores(void **state)
{
    (void)state;
    struct strbuf project = {0};
    strbuf_printf(&project, mixed, "某县民政局");
    char *out = explain(project.text);
    assert_rows_sum_to_scores(out);
    free(out);
    strbuf_free(&project);
}

static void test_a_forbidden_item_shows_what_that_costs_it(void **state)
{
    (void)state;
    struct strbuf project = {0};
    strbuf_printf(&project, mixed, "某县审计局");
    char *out = explain(project.text);
    assert_rows_sum_to_scores(out);
    const char *audit = strstr(out, "B0302");
    assert_non_null(audit);
    assert_non_null(strstr(audit, "\n    restricted       1.0000    -3.0000    -3.0000\n"));
    free(out);
    strbuf_free(&project);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_rows_of_the_first_three_candidates_sum_to_their_scores),
        cmocka_unit_test(test_a_forbidden_item_shows_what_that_costs_it),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
