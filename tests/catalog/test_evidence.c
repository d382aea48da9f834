/* Every span of evidence, cut out of the text that was sent, reads as what it claims to be. */
#include "catalog/engine/evidence.h"
#include "catalog/import/csv_table.h"
#include "common/strbuf.h"
#include "common/text.h"
#include "tests/catalog/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct fixture *small, *real;

static int set_up(void **state)
{
    (void)state;
    small = fixture_new();
    real = fixture_of(JINMU_DATA_DIR);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_destroy(&small);
    fixture_destroy(&real);
    return 0;
}

/* The concept of a candidate. */
static uint32_t concept_of(const struct mind *mind, const struct jv *result,
                           const struct jv *candidate)
{
    const struct revision *revision =
        thesaurus_revision(mind->thesaurus, jv_get_text(result, "catalog"));
    for (size_t i = 0; i < revision->leaf_count; i++)
        if (strcmp(revision->leaves[i].code, jv_get_text(candidate, "code")) == 0 &&
            strcmp(revision->leaves[i].department, jv_get_text(candidate, "department")) == 0)
    return revision->leaves[i].concept;
    fail_msg("no item %s", jv_get_text(candidate, "code"));
    return NO_NUMBER;
}

static bool speaks_for(const struct index *index, uint32_t department, uint32_t pair,
                       uint32_t concept)
{
    struct postings postings = index_pair(index, department, pair);
    for (uint32_t i = 0; i < postings.count; i++)
        if (postings.all[i].concept == concept)
            return true;
    return false;
}

/* Whether each pair of characters of the words (or, at the edge of ㎡, one) is one that the concept
 * is written with. */
static bool pairs_speak_for(const struct mind *mind, const char *words, uint32_t concept,
                            bool whole)
{
    struct folded folded = {0};
    folder_fold(mind->thesaurus->folder, words, strlen(words), &folded);
    struct pair *pairs = xcalloc(folded.length, sizeof *pairs);
    size_t count = reading_pairs(&folded, pairs);
    size_t speaking = 0;
    for (size_t i = 0; i < count; i++)
        speaking += speaks_for(mind->index, mind->thesaurus->concepts[concept].department,
                               pairs[i].units, concept);
    free(pairs);
    folded_free(&folded);
    return speaking > 0 && (speaking == count || !whole);
}

/* One code point may give several units (㎡, ㈠), of which the label is a part: `whole` false. */
static bool reads_as(const struct mind *mind, const char *words, const char *label, bool whole)
{
    char *a = folder_fold_utf8(mind->thesaurus->folder, words);
    char *b = folder_fold_utf8(mind->thesaurus->folder, label);
    bool same = whole ? strcmp(a, b) == 0 : *b && strstr(a, b);
    free(a);
    free(b);
    return same;
}

static void assert_reads_back(const struct mind *mind, const struct jv *project,
                              const struct jv *one, uint32_t concept, bool whole)
{
    const char *text = jv_get_text(project, jv_get_text(one, "field"));
    assert_non_null(text);
    struct span span = {(size_t)jv_get_number(one, "start", -1),
                        (size_t)jv_get_number(one, "end", -1)};
    double share = jv_get_number(one, "share", -1);
    if (span.start >= span.end || span.end > text_length(text))
        fail_msg("[%zu, %zu) lies not in '%s'", span.start, span.end, text);
    assert_true(share >= 0 && share <= 1);
    char *words = text_cut(text, span);
    const char *label = jv_get_text(one, "label");
    bool by_pairs = strcmp(label, mind->thesaurus->concepts[concept].name) == 0 &&
                    pairs_speak_for(mind, words, concept, whole);
    if (!reads_as(mind, words, label, whole) && !by_pairs)
        fail_msg("'%s' is no evidence for '%s'", words, label);
    free(words);
}

static bool overlap(const struct jv *a, const struct jv *b)
{
    return strcmp(jv_get_text(a, "field"), jv_get_text(b, "field")) == 0 &&
           jv_get_number(a, "start", 0) < jv_get_number(b, "end", 0) &&
           jv_get_number(b, "start", 0) < jv_get_number(a, "end", 0);
}

/* Checks all evidence of a result; gives how many there are. */
static size_t check_result(const struct mind *mind, const struct jv *project,
                           const struct jv *result, bool whole)
{
    size_t checked = 0;
    const struct jv *candidates = jv_get(result, "candidates");
    for (size_t c = 0; c < jv_count(candidates); c++) {
        const struct jv *evidence = jv_get(jv_at(candidates, c), "evidence");
        uint32_t concept = concept_of(mind, result, jv_at(candidates, c));
        for (size_t i = 0; i < jv_count(evidence); i++, checked++) {
            assert_reads_back(mind, project, jv_at(evidence, i), concept, whole);
            for (size_t j = 0; j < i; j++)
                assert_false(whole && overlap(jv_at(evidence, i), jv_at(evidence, j)));
            if (i > 0)
                assert_true(jv_get_number(jv_at(evidence, i), "share", 2) <=
                            jv_get_number(jv_at(evidence, i - 1), "share", -1));
        }
    }
    return checked;
}

static size_t check_project(struct fixture *fixture, const struct jv *project, bool whole)
{
    char *text = jv_write(project);
    struct jv *result = answer_of(fixture, text);
    assert_string_equal(error_code(result), "");
    size_t checked = check_result(fixture_mind(fixture), project, result, whole);
    jv_destroy(&result);
    free(text);
    return checked;
}

typedef char *rewrite_fn(const char *text);

static size_t code_point_bytes(const char *at)
{
    return text_offset(at, 1);
}

/* Full-width letters and digits, and a combining mark behind every second character. */
static char *widened(const char *text)
{
    struct strbuf out = {0};
    for (size_t i = 0; *text; i++) {
        size_t bytes = code_point_bytes(text);
        if (*text > ' ' && *text < 0x7F)
            strbuf_printf(&out, "\xEF%c%c", 0xBC + (*text >= 0x60), 0x80 + ((*text - 0x20) & 0x3F));
        else
            strbuf_add(&out, text, bytes);
        if (i % 2)
            strbuf_puts(&out, "\u0301");
        text += bytes;
    }
    return strbuf_take(&out);
}

/* White space, a zero-width joiner and a non-BMP character in between now and then. */
static char *scattered(const char *text)
{
    static const char *const between[] = {" ", "", "\u3000", "\u200D", "", "\n", "", "😀", "𠮷"};
    struct strbuf out = {0};
    for (size_t i = 0; *text; i++) {
        size_t bytes = code_point_bytes(text);
        strbuf_puts(&out, between[i % (sizeof between / sizeof *between)]);
        strbuf_add(&out, text, bytes);
        text += bytes;
    }
    return strbuf_take(&out);
}

/* Characters that fold to several units among the others. */
static char *expanded(const char *text)
{
    static const char *const between[] = {"㈠", "", "", "㎡", "", "", "", "⑩", "", "", "㍿", ""};
    struct strbuf out = {0};
    for (size_t i = 0; *text; i++) {
        size_t bytes = code_point_bytes(text);
        strbuf_puts(&out, between[i % (sizeof between / sizeof *between)]);
        strbuf_add(&out, text, bytes);
        text += bytes;
    }
    return strbuf_take(&out);
}

static struct jv *rewritten(const struct jv *project, rewrite_fn *rewrite)
{
    struct jv *copy = jv_copy(project);
    for (int f = 0; f < FIELDS; f++) {
        const char *text = jv_get_text(copy, field_name((enum field)f));
        char *other = text ? rewrite(text) : NULL;
        if (other)
            jv_set_text(copy, field_name((enum field)f), other);
        free(other);
    }
    return copy;
}

static size_t check_rewritten(const struct jv *project, rewrite_fn *rewrite, bool whole)
{
    struct jv *copy = rewritten(project, rewrite);
    size_t checked = check_project(real, copy, whole);
    jv_destroy(&copy);
    return checked;
}

/* Every case of a file, as it stands and as hostile scanners would give it. */
static size_t check_cases(const char *path)
{
    size_t length, cases = 0, checked = 0;
    struct fault fault = {0};
    char *text = file_read(path, &length, &fault), *rest = text, *line;
    assert_non_null(text);
    while ((line = strsep(&rest, "\n")) != NULL) {
        if (!*line)
            continue;
        struct jv *project = jv_read(line, strlen(line), &fault);
        assert_non_null(project);
        checked += check_project(real, project, true);
        checked += check_rewritten(project, widened, true);
        checked += check_rewritten(project, scattered, true);
        checked += check_rewritten(project, expanded, false);
        jv_destroy(&project);
        cases++;
    }
    free(text);
    assert_true(checked > cases);
    return cases;
}

static void test_evidence_of_every_training_case_reads_back(void **state)
{
    (void)state;
    assert_true(check_cases(JINMU_DATA_DIR "/cases/service-1.jsonl") > 100);
    assert_true(check_cases(JINMU_DATA_DIR "/cases/kinds.jsonl") > 100);
}

static void check_if_present(const char *path)
{
    if (access(path, R_OK) != 0) {
        print_message("%s is not here\n", path);
        skip();
    }
    assert_true(check_cases(path) > 0);
}

static void test_evidence_of_every_held_out_case_reads_back(void **state)
{
    (void)state;
    check_if_present("tests/fixtures/holdout.jsonl");
}

static void test_evidence_of_the_shared_cases_reads_back(void **state)
{
    (void)state;
    check_if_present("../shared/eval/cases-d2.jsonl");
    check_if_present("../shared/eval/cases-real.jsonl");
}

/* The first evidence for the first candidate of {unit, name, description} is this span. */
static void assert_first_evidence(const char *name, const char *description, const char *code,
                                  const char *field, size_t start, size_t end, const char *label)
{
    struct jv *project = jv_object();
    jv_set_text(project, "name", name);
    jv_set_text(project, "description", description);
    jv_set_text(project, "unit", "某县民政局、交通局");
    jv_set_text(project, "catalog", REVISION_OLD);
    check_project(small, project, false);
    char *text = jv_write(project);
    struct jv *result = answer_of(small, text);
    const struct jv *first = jv_at(jv_get(result, "candidates"), 0);
    const struct jv *one = jv_at(jv_get(first, "evidence"), 0);
    assert_string_equal(jv_get_text(first, "code"), code);
    assert_string_equal(jv_get_text(one, "field"), field);
    assert_int_equal((int)jv_get_number(one, "start", -1), start);
    assert_int_equal((int)jv_get_number(one, "end", -1), end);
    assert_string_equal(jv_get_text(one, "label"), label);
    jv_destroy(&result);
    jv_destroy(&project);
    free(text);
}

static void test_a_label_is_found_where_it_stands(void **state)
{
    (void)state;
    assert_first_evidence("居家养老", "", "A040101", "name", 0, 4, "居家养老");
    assert_first_evidence("某县2024年居家养老项目", "", "A040101", "name", 7, 11, "居家养老");
}

static void test_spans_count_code_points_of_the_original(void **state)
{
    (void)state;
    /* Non-BMP before, spaces inside, full width, traditional, combining marks inside. */
    assert_first_evidence("😀𠮷居家养老", "", "A040101", "name", 2, 6, "居家养老");
    assert_first_evidence("居 家\n养　老", "", "A040101", "name", 0, 7, "居家养老");
    assert_first_evidence("居家養老", "", "A040101", "name", 0, 4, "居家养老");
    assert_first_evidence("危橋排查", "", "A170102", "name", 0, 4, "桥梁定期检测服务");
    assert_first_evidence("居\u0301家\u0308养\u0301老\u0301", "", "A040101", "name", 0, 7,
                          "居家养老");
    assert_first_evidence("一、６５岁以上老人", "", "A040101", "name", 2, 9, "居家老年人照护服务");
    assert_first_evidence("㈠⑩㎡居家养老㎡", "", "A040101", "name", 3, 7, "居家养老");
    assert_first_evidence("x", "㈠ 路面保洁;㈡ 其他", "A170101", "description", 2, 6,
                          "农村公路日常养护服务");
}

static void test_words_in_a_negation_are_no_evidence(void **state)
{
    (void)state;
    static const char project[] =
        "{\"name\":\"社会组织孵化\",\"description\":\"培育社会组织，不含居家养老。\","
        "\"unit\":\"民政局\",\"catalog\":\"" REVISION_OLD "\"}";
    struct jv *result = answer_of(small, project);
    char *text = jv_write(result);
    assert_string_equal(first_code(result), "A040201");
    assert_null(strstr(text, "\"label\":\"居家养老\""));
    free(text);
    jv_destroy(&result);
}

static void test_only_the_first_three_candidates_carry_evidence(void **state)
{
    (void)state;
    struct jv *result = answer_of(
        small, "{\"name\":\"居家养老、公路养护、桥梁检测、审计、绩效评价、律师接访服务\"}");
    const struct jv *candidates = jv_get(result, "candidates");
    assert_true(jv_count(candidates) >= 4 && jv_count(candidates) <= 5);
    for (size_t c = 0; c < jv_count(candidates); c++)
        assert_int_equal(jv_is_null(jv_get(jv_at(candidates, c), "evidence")), c >= 3);
    jv_destroy(&result);
}

static void test_there_are_at_most_five_for_a_candidate(void **state)
{
    (void)state;
    struct strbuf project = {0};
    strbuf_puts(&project, "{\"name\":\"居家养老\",\"description\":\"");
    for (int i = 0; i < 60; i++)
        strbuf_puts(&project, "居家养老，上门助浴；老年餐。");
    strbuf_puts(&project, "\"}");
    struct jv *result = answer_of(small, project.text);
    const struct jv *first = jv_at(jv_get(result, "candidates"), 0);
    assert_int_equal(jv_count(jv_get(first, "evidence")), EVIDENCE);
    jv_destroy(&result);
    strbuf_free(&project);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_label_is_found_where_it_stands),
        cmocka_unit_test(test_spans_count_code_points_of_the_original),
        cmocka_unit_test(test_words_in_a_negation_are_no_evidence),
        cmocka_unit_test(test_only_the_first_three_candidates_carry_evidence),
        cmocka_unit_test(test_there_are_at_most_five_for_a_candidate),
        cmocka_unit_test(test_evidence_of_every_training_case_reads_back),
        cmocka_unit_test(test_evidence_of_every_held_out_case_reads_back),
        cmocka_unit_test(test_evidence_of_the_shared_cases_reads_back),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
