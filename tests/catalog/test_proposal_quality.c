/* How good proposals are, measured: whether parents are right, on catalogs from which leaves were taken
 * away, and whether projects of one service come together. Prints its figures. */
#include "catalog/catalog.h"
#include "catalog/engine/engine.h"
#include "catalog/learn/cases.h"
#include "catalog/revision/proposal.h"
#include "common/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { FOLDS = 10, REVISIONS = 2, STEPS = 20, NAMES_MAX = 300 };
static const char *const revisions[REVISIONS] = {"晋财综〔2021〕63号", "晋财综〔2025〕28号"};

struct files {
    char folder[64], whole[96], reduced[96];
};

static void clean(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
    char name[128];
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        unlink(name);
    }
}

static int build_catalog(void **state)
{
    struct fault fault = {0};
    struct files *files = xcalloc(1, sizeof *files);
    snprintf(files->folder, sizeof files->folder, "/tmp/jinmu-quality-XXXXXX");
    if (!mkdtemp(files->folder))
        return -1;
    snprintf(files->whole, sizeof files->whole, "%s/whole.db", files->folder);
    snprintf(files->reduced, sizeof files->reduced, "%s/reduced.db", files->folder);
    *state = files;
    return catalog_build(catalog_data_directory(), files->whole, &fault);
}

static int remove_catalog(void **state)
{
    struct files *files = *state;
    clean(files->whole);
    clean(files->reduced);
    rmdir(files->folder);
    free(files);
    return 0;
}

/* --- parents --- */

struct step { /* groups whose parent has at least this much support */
    size_t groups, right;
};
struct parents_trial {
    struct files *files;
    struct cases cases;
    struct step steps[STEPS], sure;
    size_t groups;
};

static unsigned fold_of(const char *department, const char *name)
{
    unsigned fold = 5381;
    for (; *department; department++)
        fold = fold * 33 ^ (unsigned char)*department;
    for (; *name; name++)
        fold = fold * 33 ^ (unsigned char)*name;
    return fold % FOLDS;
}

/* The catalog without the leaves of one fold. */
static void reduce(const struct files *files, unsigned fold)
{
    struct fault fault;
    struct strbuf gone = {0};
    clean(files->reduced);
    assert_int_equal(catalog_build(catalog_data_directory(), files->reduced, &fault), 0);
    struct store *store = catalog_open(files->reduced, STORE_WRITE, &fault);
    sqlite3_stmt *leaf =
        store_prepare(store, "SELECT id, department, name FROM item WHERE level = 4", &fault);
    strbuf_puts(&gone, "DELETE FROM item WHERE id IN (0");
    while (store_next(store, leaf, &fault) > 0)
        if (fold_of(store_text(leaf, 1), store_text(leaf, 2)) == fold)
            strbuf_printf(&gone, ",%lld", (long long)sqlite3_column_int64(leaf, 0));
    sqlite3_finalize(leaf);
    strbuf_puts(&gone, ")");
    assert_int_equal(store_exec(store, gone.text, &fault), 0);
    strbuf_free(&gone);
    store_close(&store);
}

/* Name (free()) of the leaf that a case is about, and of its parent; false when there is none. */
static bool find_truth(struct store *whole, const struct labelled *labelled, char **leaf,
                       char **parent)
{
    struct fault fault;
    const char *revision = jv_get_text(labelled->json, "catalog");
    if (labelled->kind != KIND_SERVICE || !labelled->code_count || !revision)
        return false;
    sqlite3_stmt *row = store_prepare(
        whole,
        "SELECT item.name, parent.name FROM item JOIN item parent ON parent.revision ="
        " item.revision AND parent.department = item.department AND parent.code = item.parent"
        " WHERE item.revision = ? AND item.department = ? AND item.code = ? AND item.level = 4"
        " AND item.state <> 'quarantine' AND parent.state <> 'quarantine'",
        &fault);
    store_bind(row, "ttt", revision, labelled->department, labelled->codes[0]);
    bool found = store_next(whole, row, &fault) > 0;
    *leaf = found ? xstrdup(store_text(row, 0)) : NULL;
    *parent = found ? xstrdup(store_text(row, 1)) : NULL;
    sqlite3_finalize(row);
    return found;
}

/* Adds a result as the collector would find it (unfit.h). */
struct addition {
    struct proposals *proposals;
    const struct labelled *labelled;
    size_t number;
};
static void add_result(const struct judged *judged, void *argument)
{
    struct addition *addition = argument;
    struct fault fault;
    struct jv *result = jv_read(judged->json, judged->json_bytes, &fault);
    const struct jv *json = addition->labelled->json;
    const char *code = jv_get_text(jv_at(jv_get(result, "candidates"), 0), "code"),
               *unit = jv_get_text(json, "unit"), *competent = jv_get_text(json, "department");
    if (!judged->is_error && strcmp(judged->kind, "service") == 0 &&
        strcmp(judged->decision, "review") == 0 && (!code || judged->confidence < proposal_below)) {
        struct unfit unfit = {.unit = unit ? unit : "",
                              .competent = competent ? competent : "",
                              .department = judged->department,
                              .name = jv_get_text(json, "name"),
                              .nearest = code ? code : "",
                              .confidence = judged->confidence,
                              .result = (int64_t)addition->number,
                              .project = judged->id};
        proposals_add(addition->proposals, &unfit);
    }
    jv_destroy(&result);
}

static void count_group(struct parents_trial *trial, const struct proposal *proposal, bool right)
{
    trial->groups++;
    trial->sure.groups += proposal->sure;
    trial->sure.right += proposal->sure && right;
    for (size_t i = 0; i < STEPS; i++)
        if (proposal->support * STEPS >= (double)i) {
            trial->steps[i].groups++;
            trial->steps[i].right += right;
        }
}

/* A group's parent is right when it is that of most of its projects. */
static void check_groups(struct parents_trial *trial, struct proposals *proposals,
                         struct store *whole)
{
    size_t count;
    const struct proposal *all = proposals_finish(proposals, 1, &count);
    for (size_t i = 0; i < count; i++) {
        size_t right = 0;
        for (size_t k = 0; k < all[i].listed; k++) {
            char *leaf, *parent;
            if (!find_truth(whole, &trial->cases.all[all[i].projects[k].result], &leaf, &parent))
                continue;
            right += strcmp(parent, all[i].upper[2]) == 0;
            free(leaf);
            free(parent);
        }
        count_group(trial, &all[i], right * 2 > all[i].listed);
    }
}

static void try_fold(struct parents_trial *trial, const char *revision, unsigned fold)
{
    struct fault fault = {0};
    struct store *whole = catalog_open(trial->files->whole, STORE_READ_ONLY, &fault);
    struct store *reduced = catalog_open(trial->files->reduced, STORE_READ_ONLY, &fault);
    struct engine *engine = engine_load(trial->files->reduced, &fault);
    struct judge *judge = judge_new(engine, NULL);
    struct addition addition = {proposals_new(reduced, revision, NULL, &fault), NULL, 0};
    proposals_list(addition.proposals, PROPOSAL_LISTED_MAX);
    for (size_t i = 0; i < trial->cases.count; i++) {
        char *leaf, *parent;
        addition.labelled = &trial->cases.all[i];
        addition.number = i;
        if (!find_truth(whole, addition.labelled, &leaf, &parent))
            continue;
        if (strcmp(jv_get_text(addition.labelled->json, "catalog"), revision) == 0 &&
            fold_of(addition.labelled->department, leaf) == fold)
            judge_project(judge, addition.labelled->json, add_result, &addition);
        free(leaf);
        free(parent);
    }
    check_groups(trial, addition.proposals, whole);
    proposals_destroy(&addition.proposals);
    judge_destroy(&judge);
    engine_destroy(&engine);
    store_close(&reduced);
    store_close(&whole);
}

static double share(size_t part, size_t whole)
{
    return whole ? (double)part / (double)whole : 0;
}

/* The figures stand in proposal_parent.c. */
static void test_a_parent_that_is_said_to_be_sure_is_mostly_right(void **state)
{
    static const double right = 0.88, given = 0.12;
    struct fault fault = {0};
    struct parents_trial trial = {.files = *state};
    assert_int_equal(cases_read_all(&trial.cases, catalog_data_directory(), &fault), 0);
    unsigned folds = getenv("JINMU_BRIEF") ? FOLDS / 5 : FOLDS;
    for (unsigned fold = 0; fold < folds; fold++) {
        reduce(trial.files, fold);
        for (size_t i = 0; i < REVISIONS; i++)
            try_fold(&trial, revisions[i], fold);
    }
    print_message("%zu groups; support, right of those, share of all:\n", trial.groups);
    for (size_t i = 0; i < STEPS; i++)
        print_message("  %.2f  %.3f  %.3f\n", (double)i / STEPS,
                      share(trial.steps[i].right, trial.steps[i].groups),
                      share(trial.steps[i].groups, trial.groups));
    print_message("  sure %.3f  %.3f\n", share(trial.sure.right, trial.sure.groups),
                  share(trial.sure.groups, trial.groups));
    assert_true(share(trial.sure.right, trial.sure.groups) >= right);
    assert_true(share(trial.sure.groups, trial.groups) >= given);
    cases_free(&trial.cases);
}

/* --- groups --- */

struct wording {
    char unit[64], department[64], name[256];
    size_t group;    /* the right one */
    size_t proposal; /* the one that it came to */
};

static size_t read_wordings(struct wording *all)
{
    FILE *file = fopen("tests/fixtures/proposals/groups.txt", "r");
    char *line = NULL;
    size_t capacity = 0, count = 0, group = 0;
    assert_non_null(file);
    while (getline(&line, &capacity, file) > 0) {
        char *rest = strstr(line, "：");
        if (line[0] == '#' || !rest || strstr(line, "；") < rest)
            continue;
        line[strcspn(line, "\n")] = 0;
        *rest = 0;
        rest += strlen("：");
        for (char *next; rest; rest = next, count++) {
            assert_true(count < NAMES_MAX);
            next = strstr(rest, "；");
            if (next) {
                *next = 0;
                next += strlen("；");
            }
            snprintf(all[count].unit, sizeof all->unit, "示例市%s局", line);
            snprintf(all[count].name, sizeof all->name, "%s", rest);
            all[count].group = group;
        }
        group++;
    }
    free(line);
    fclose(file);
    return count;
}

/* Adds them in an order that does not follow the groups. */
static void group_wordings(struct proposals *proposals, struct wording *all, size_t count)
{
    enum { STRIDE = 37 }; /* prime */
    size_t groups;
    proposals_list(proposals, PROPOSAL_LISTED_MAX);
    assert_true(count % STRIDE != 0);
    for (size_t i = 0, at = 0; i < count; i++, at = (at + STRIDE) % count) {
        struct unfit unfit = {.unit = all[at].unit,
                              .competent = "",
                              .department = all[at].department,
                              .name = all[at].name,
                              .nearest = "",
                              .result = (int64_t)at,
                              .project = ""};
        proposals_add(proposals, &unfit);
    }
    const struct proposal *made = proposals_finish(proposals, 1, &groups);
    for (size_t i = 0; i < groups; i++)
        for (size_t k = 0; k < made[i].listed; k++)
            all[made[i].projects[k].result].proposal = i;
}

/* Pairs of projects: those of one service, those that were put together, those that are both. */
struct pairs {
    size_t same, together, both;
};

static void count_pairs(struct pairs *pairs, const struct wording *all, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++) {
            bool right = all[i].group == all[k].group, made = all[i].proposal == all[k].proposal;
            pairs->same += right;
            pairs->together += made;
            pairs->both += right && made;
            if (right != made && getenv("JINMU_TELL") && (made || count < NAMES_MAX))
                print_message("  %s: %s | %s\n", made ? "joined" : "parted", all[i].name,
                              all[k].name);
        }
    print_message("%zu names, pairs of one service %zu, put together %zu: precision %.3f, recall"
                  " %.3f\n",
                  count, pairs->same, pairs->together, share(pairs->both, pairs->together),
                  share(pairs->both, pairs->same));
}

static struct pairs group_them(const struct files *files, struct wording *all, size_t count)
{
    struct fault fault = {0};
    struct pairs pairs = {0};
    struct store *store = catalog_open(files->whole, STORE_READ_ONLY, &fault);
    struct proposals *proposals = proposals_new(store, revisions[0], NULL, &fault);
    assert_non_null(proposals);
    group_wordings(proposals, all, count);
    count_pairs(&pairs, all, count);
    proposals_destroy(&proposals);
    store_close(&store);
    return pairs;
}

static void test_projects_of_one_service_are_one_group(void **state)
{
    static const double precise = 0.97, complete = 0.85;
    struct wording *all = xcalloc(NAMES_MAX, sizeof *all);
    size_t count = read_wordings(all);
    struct pairs pairs = group_them(*state, all, count);
    assert_true(share(pairs.both, pairs.together) >= precise);
    assert_true(share(pairs.both, pairs.same) >= complete);
    free(all);
}

/* Names of cases, whose department has items for each: most are about the same things. That those of
 * one item have little in common does not matter here. */
static void test_other_work_on_the_same_things_is_another_group(void **state)
{
    static const double precise = 0.65;
    struct fault fault = {0};
    struct cases cases = {0};
    assert_int_equal(cases_read_all(&cases, catalog_data_directory(), &fault), 0);
    struct wording *all = xcalloc(cases.count, sizeof *all);
    struct strbuf items = {0}; /* those met, each with its number behind it */
    size_t count = 0, groups = 0;
    strbuf_puts(&items, "");
    for (size_t i = 0; i < cases.count; i++) {
        const struct labelled *labelled = &cases.all[i];
        char key[128];
        if (labelled->kind != KIND_SERVICE || !labelled->code_count)
            continue;
        snprintf(key, sizeof key, "|%s %s=", labelled->department, labelled->codes[0]);
        const char *known = strstr(items.text, key);
        size_t group = known ? strtoul(known + strlen(key), NULL, 10) : groups++;
        if (!known)
            strbuf_printf(&items, "%s%zu", key, group);
        struct wording *wording = &all[count++];
        wording->group = group;
        snprintf(wording->department, sizeof wording->department, "%s", labelled->department);
        snprintf(wording->name, sizeof wording->name, "%s", jv_get_text(labelled->json, "name"));
    }
    struct pairs pairs = group_them(*state, all, count);
    assert_true(share(pairs.both, pairs.together) >= precise);
    strbuf_free(&items);
    free(all);
    cases_free(&cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_parent_that_is_said_to_be_sure_is_mostly_right),
        cmocka_unit_test(test_projects_of_one_service_are_one_group),
        cmocka_unit_test(test_other_work_on_the_same_things_is_another_group),
    };
    return cmocka_run_group_tests(tests, build_catalog, remove_catalog);
}
