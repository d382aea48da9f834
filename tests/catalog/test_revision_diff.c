/* The comparison of revisions, against revisions that were derived with a known truth. */
#include "tests/catalog/catalog_case.h"
#include "tests/catalog/fixture.h"
#include "tests/catalog/revise.h"

#include "catalog/catalog.h"
#include "catalog/revision/diff.h"
#include "common/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OLD "晋财综〔2021〕63号"
#define NEW "测综〔2030〕1号"
static const char old_csv[] = JINMU_DATA_DIR "/revisions/" OLD ".csv";
enum { SEEDS = 5 };
static const double promised = 0.95;

/* A catalog.db with the project's own data and a derived revision. */
struct pair_case {
    char *directory, *path;
    struct store *store;
    struct revised *revised;
    struct diff *diff;
};

static void import_revision(struct store *store, const char *csv, const char *number, int complete)
{
    struct fault fault = {0};
    struct import_options options = {
        .number = number, .effective = "2030-01-01", .issued = "2030-01-01", .complete = complete};
    if (import_bytes(store, "revised.csv", csv, strlen(csv), &options, NULL, NULL, &fault) !=
        IMPORT_DONE)
        fail_msg("%s", fault.message);
}

static struct pair_case *pair_case_new(unsigned seed, bool (*held)(const char *department))
{
    struct pair_case *self = xcalloc(1, sizeof *self);
    struct fault fault = {0};
    self->directory = xstrdup("/tmp/jinmu-diff-XXXXXX");
    assert_non_null(mkdtemp(self->directory));
    self->path = fixture_build(JINMU_DATA_DIR, self->directory);
    self->store = catalog_open(self->path, STORE_WRITE, &fault);
    assert_non_null(self->store);
    self->revised = revise(old_csv, seed);
    char *csv = revised_csv(self->revised, held);
    import_revision(self->store, csv, NEW, held ? 0 : 1);
    free(csv);
    self->diff = diff_revisions(self->store, OLD, NEW, &fault);
    assert_non_null(self->diff);
    return self;
}

static void pair_case_destroy(struct pair_case **self)
{
    diff_destroy(&(*self)->diff);
    revised_destroy(&(*self)->revised);
    store_close(&(*self)->store);
    directory_remove((*self)->directory);
    free((*self)->directory);
    free((*self)->path);
    free(*self);
    *self = NULL;
}

static bool is_side(const struct outline *outline, int item, const struct revised_row *row)
{
    if (item == NOWHERE || !*row->code)
        return item == NOWHERE && !*row->code;
    const struct outline_item *one = &outline->items[item];
    return strcmp(one->code, row->code) == 0 &&
           strcmp(outline->departments[one->department].name, row->department) == 0;
}

/* Whether a link says that this happened to it; a restriction changes beside other things. */
static bool says(const struct link *link, enum fate fate)
{
    switch (fate) {
    case FATE_SAME:
        return link->relation == RELATION_EXACT && !(link->changes & CHANGE_RESTRICTION);
    case FATE_RENAMED:
    case FATE_UPPER_RENAMED:
        return link->relation == RELATION_RENAMED;
    case FATE_RECODED:
        return link->relation == RELATION_RECODED;
    case FATE_MOVED_PARENT:
        return link->relation == RELATION_MOVED && !(link->changes & CHANGE_DEPARTMENT);
    case FATE_MOVED_DEPARTMENT:
        return link->relation == RELATION_MOVED && (link->changes & CHANGE_DEPARTMENT);
    case FATE_SPLIT:
        return link->relation == RELATION_SPLIT;
    case FATE_MERGED:
        return link->relation == RELATION_MERGED;
    case FATE_REMOVED:
        return link->relation == RELATION_REMOVED;
    case FATE_ADDED:
        return link->relation == RELATION_ADDED;
    case FATE_RESTRICTED:
        return link->changes & CHANGE_RESTRICTION;
    default:
        return false;
    }
}

struct score {
    size_t right, true_ones, said;
};

static const struct link *find_link(const struct diff *diff, const struct deed *deed)
{
    for (size_t i = 0; i < diff->count; i++)
        if (is_side(diff->old, diff->links[i].old, &deed->old) &&
            is_side(diff->new, diff->links[i].new, &deed->new))
            return &diff->links[i];
    return NULL;
}

static void explain_miss(const struct diff *diff, const struct deed *deed, const struct link *link)
{
    if (!getenv("JINMU_TEST_VERBOSE"))
        return;
    printf("  missed %s: %s %s %s -> %s %s %s (%s)\n", fate_names[deed->fate], deed->old.department,
           deed->old.code, deed->old.name, deed->new.department, deed->new.code, deed->new.name,
           link ? relation_name(link->relation) : "no link");
    for (size_t i = 0; i < diff->count; i++) {
        const struct link *other = &diff->links[i];
        bool mine = (other->old != NOWHERE && is_side(diff->old, other->old, &deed->old)) ||
                    (other->new != NOWHERE &&is_side(diff->new, other->new, &deed->new));
        if (mine)
            printf("      instead %s %.2f: %s -> %s\n", relation_name(other->relation),
                   other->similarity,
                   other->old == NOWHERE ? "-" : diff->old->items[other->old].name,
                   other->new == NOWHERE ? "-" : diff->new->items[other->new].name);
    }
}

static void count_deeds(const struct pair_case *self, struct score scores[FATES])
{
    for (size_t i = 0; i < self->revised->deed_count; i++) {
        const struct deed *deed = &self->revised->deeds[i];
        const struct link *link = find_link(self->diff, deed);
        bool right = link && says(link, deed->fate);
        scores[deed->fate].true_ones++;
        scores[deed->fate].right += right;
        if (!right)
            explain_miss(self->diff, deed, link);
    }
}

static void count_links(const struct diff *diff, struct score scores[FATES])
{
    for (size_t i = 0; i < diff->count; i++) {
        const struct link *link = &diff->links[i];
        bool leaf = link_item(diff, link)->leaf;
        for (int fate = 0; fate < FATES; fate++)
            if (leaf == (fate != FATE_UPPER_RENAMED))
                scores[fate].said += says(link, (enum fate)fate);
    }
}

static void test_what_was_done_to_a_revision_is_found_and_nothing_else(void **state)
{
    (void)state;
    struct score scores[FATES] = {{0, 0, 0}};
    bool good = true;
    for (unsigned seed = 21; seed < 21 + SEEDS; seed++) {
        struct pair_case *self = pair_case_new(seed, NULL);
        count_deeds(self, scores);
        count_links(self->diff, scores);
        pair_case_destroy(&self);
    }
    printf("%-20s %6s %6s %9s %9s\n", "", "true", "said", "recall", "precision");
    for (int fate = 0; fate < FATES; fate++) {
        const struct score *score = &scores[fate];
        double recall = (double)score->right / (double)score->true_ones;
        double precision = score->said ? (double)score->right / (double)score->said : 0;
        printf("%-20s %6zu %6zu %9.3f %9.3f\n", fate_names[fate], score->true_ones, score->said,
               recall, precision);
        assert_true(score->true_ones >= 20);
        good = good && recall >= promised && precision >= promised;
    }
    assert_true(good);
}

/* Of the links with a confidence near 0.9 nine in ten should be right. */
static void test_confident_links_are_right(void **state)
{
    (void)state;
    size_t confident = 0, right = 0, doubtful = 0;
    for (unsigned seed = 11; seed < 11 + SEEDS; seed++) {
        struct pair_case *self = pair_case_new(seed, NULL);
        for (size_t i = 0; i < self->diff->count; i++) {
            const struct link *link = &self->diff->links[i];
            bool known = false;
            if (!link_item(self->diff, link)->leaf)
                continue;
            for (size_t d = 0; d < self->revised->deed_count && !known; d++)
                known = is_side(self->diff->old, link->old, &self->revised->deeds[d].old) &&
                        is_side(self->diff->new, link->new, &self->revised->deeds[d].new);
            confident += link->confidence >= 0.9;
            right += known && link->confidence >= 0.9;
            doubtful += link->confidence < 0.9;
        }
        pair_case_destroy(&self);
    }
    printf("confidence >= 0.9: %zu links, %zu right; %zu doubtful\n", confident, right, doubtful);
    assert_true((double)right >= 0.98 * (double)confident);
    assert_true(confident > 4 * doubtful);
}

static bool is_in_the_excerpt(const char *department)
{
    return strcmp(department, "民政") == 0 || strcmp(department, "水利") == 0 ||
           strcmp(department, "司法") == 0;
}

static void test_departments_that_an_excerpt_lacks_are_not_removed(void **state)
{
    (void)state;
    struct pair_case *self = pair_case_new(3, is_in_the_excerpt);
    const struct diff *diff = self->diff;
    size_t unseen = 0;
    for (size_t i = 0; i < diff->count; i++) {
        const struct link *link = &diff->links[i];
        if (link->old == NOWHERE || is_in_the_excerpt(link_department(diff, link)))
            continue;
        assert_int_not_equal(link->relation, RELATION_REMOVED);
        unseen += link->relation == RELATION_UNSEEN;
    }
    assert_true(unseen > 400);
    assert_true(diff_count(diff, RELATION_REMOVED, true) > 0);
    pair_case_destroy(&self);
}

static void test_a_revision_is_the_same_as_itself(void **state)
{
    (void)state;
    struct pair_case *self = pair_case_new(1, NULL);
    struct diff *same = diff_revisions(self->store, OLD, OLD, NULL);
    assert_non_null(same);
    assert_int_equal(diff_count(same, RELATION_EXACT, true) +
                         diff_count(same, RELATION_EXACT, false),
                     same->count);
    diff_destroy(&same);
    pair_case_destroy(&self);
}

/* The code of one item given to another, and back: names decide. */
static void test_exchanged_codes_are_not_taken_for_exchanged_names(void **state)
{
    (void)state;
    struct catalog_case *self = catalog_case_new();
    static const char head[] = "department,code,name\n甲局,A,公共服务\n甲局,A01,文化服务\n"
                               "甲局,A0101,群众文化服务\n";
    char old[512], new[512];
    snprintf(old, sizeof old, "%s甲局,A010101,戏曲下乡演出服务\n甲局,A010102,图书馆夜间开放服务\n",
             head);
    snprintf(new, sizeof new, "%s甲局,A010101,图书馆夜间开放服务\n甲局,A010102,戏曲下乡演出服务\n",
             head);
    import_revision(self->store, old, "甲〔2020〕1号", 1);
    import_revision(self->store, new, "甲〔2021〕1号", 1);
    struct diff *diff = diff_revisions(self->store, "甲〔2020〕1号", "甲〔2021〕1号", NULL);
    assert_non_null(diff);
    assert_int_equal(diff_count(diff, RELATION_RECODED, true), 2);
    assert_int_equal(diff_count(diff, RELATION_RENAMED, true), 0);
    diff_destroy(&diff);
    catalog_case_destroy(&self);
}

static void test_unknown_revision_is_a_fault(void **state)
{
    (void)state;
    struct catalog_case *self = catalog_case_new();
    struct fault fault = {0};
    assert_null(diff_revisions(self->store, "甲〔2020〕1号", "甲〔2021〕1号", &fault));
    assert_string_equal(fault.code, "catalog.unknown_revision");
    catalog_case_destroy(&self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_done_to_a_revision_is_found_and_nothing_else),
        cmocka_unit_test(test_confident_links_are_right),
        cmocka_unit_test(test_departments_that_an_excerpt_lacks_are_not_removed),
        cmocka_unit_test(test_a_revision_is_the_same_as_itself),
        cmocka_unit_test(test_exchanged_codes_are_not_taken_for_exchanged_names),
        cmocka_unit_test(test_unknown_revision_is_a_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
