/* How many projects a second one core judges, beside SQLite FTS5 on the same texts in the same run:
 * bm25, the five best, over trigrams and over bigrams that were put apart beforehand. */
#include "catalog/catalog.h"
#include "catalog/engine/engine_parts.h"
#include "catalog/learn/cases.h"
#include "common/state.h"
#include "common/strbuf.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CODE_POINTS = 500, ROUNDS = 5, FTS_PROJECTS = 60, MIN_PROJECTS = 4000, BATCH = 256 };

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_size);
    return values[count / 2];
}

/* Descriptions are brought to CODE_POINTS by what other cases say, and cut there. */
static void lengthen(struct cases *cases)
{
    struct strbuf text = {0};
    for (size_t i = 0; i < cases->count; i++) {
        strbuf_reset(&text);
        for (size_t j = i; text_length(text.text ? text.text : "") < CODE_POINTS; j++) {
            const struct labelled *from = &cases->all[j % cases->count];
            strbuf_puts(&text, from->project.fields[FIELD_NAME]);
            strbuf_puts(&text, jv_get_text(from->json, "description"));
        }
        char *cut = text_cut(text.text, (struct span){0, CODE_POINTS});
        jv_set_text(cases->all[i].json, "description", cut);
        free(cut);
    }
    for (size_t i = 0; i < cases->count; i++) {
        project_clear(&cases->all[i].project);
        project_read(&cases->all[i].project, cases->all[i].json, &project_limits_default, NULL);
    }
    strbuf_free(&text);
}

static void count_result(const struct judged *judged, void *bytes)
{
    *(size_t *)bytes += judged->json_bytes;
}

static double judge_rate(const struct engine *engine, const struct cases *cases)
{
    double rates[ROUNDS];
    struct judge *judge = judge_new(engine, NULL);
    size_t bytes = 0;
    for (int round = 0; round < ROUNDS; round++) {
        size_t judged = 0;
        double start = now();
        for (; judged < MIN_PROJECTS; judged++) {
            if (judged % BATCH == 0)
                judge_begin(judge);
            judge_project(judge, cases->all[judged % cases->count].json, count_result, &bytes);
        }
        rates[round] = (double)judged / (now() - start);
    }
    judge_destroy(&judge);
    return median(rates, ROUNDS);
}

static double verdict_rate(const struct engine *engine, const struct cases *cases)
{
    double rates[ROUNDS];
    struct verdict verdict = {0};
    const struct mind *mind = engine_mind(engine);
    for (int round = 0; round < ROUNDS; round++) {
        size_t judged = 0;
        double start = now();
        for (; judged < MIN_PROJECTS; judged++) {
            const struct project *project = &cases->all[judged % cases->count].project;
            const struct revision *revision = verdict_revision(mind, project, NULL);
            verdict_reach(&verdict, mind, revision, project->unit, project->department,
                          project->fields);
        }
        rates[round] = (double)judged / (now() - start);
    }
    verdict_free(&verdict);
    return median(rates, ROUNDS);
}

/* What the checks cost beside the classification that they follow, both on the same verdicts. */
static double checks_share(const struct engine *engine, const struct cases *cases)
{
    double shares[ROUNDS];
    struct verdict verdict = {0};
    struct findings findings = {0};
    const struct mind *mind = engine_mind(engine);
    struct checks_scratch *scratch = checks_scratch_new(engine->checks);
    for (int round = 0; round < ROUNDS; round++) {
        double classifying = 0, checking = 0;
        for (size_t judged = 0; judged < MIN_PROJECTS; judged++) {
            const struct project *project = &cases->all[judged % cases->count].project;
            const struct revision *revision = verdict_revision(mind, project, NULL);
            double start = now();
            verdict_project(&verdict, mind, revision, project);
            double between = now();
            if (judged % cases->count == 0)
                checks_begin(scratch);
            checks_project(scratch, project, &verdict, &findings);
            checking += now() - between;
            classifying += between - start;
        }
        shares[round] = checking / classifying;
    }
    checks_scratch_destroy(&scratch);
    findings_free(&findings);
    verdict_free(&verdict);
    return median(shares, ROUNDS);
}

/* Runs of `width` code points of the text, each quoted: what FTS5 is asked, or fed with. */
static void put_grams(struct strbuf *out, const struct folder *folder, const char *text,
                      size_t width, const char *between, bool quoted)
{
    char *folded = folder_fold_utf8(folder, text);
    size_t length = text_length(folded);
    for (size_t i = 0; i + width <= length; i++) {
        char *gram = text_cut(folded, (struct span){i, i + width});
        if (!strpbrk(gram, "\"(),.;:-")) {
            if (out->length)
                strbuf_puts(out, between);
            strbuf_printf(out, quoted ? "\"%s\"" : "%s", gram);
        }
        free(gram);
    }
    free(folded);
}

static void fill_table(sqlite3 *db, const char *tokenizer, size_t width, const struct mind *mind)
{
    char sql[160];
    snprintf(sql, sizeof sql, "CREATE VIRTUAL TABLE leaf USING fts5(text, tokenize='%s')",
             tokenizer);
    sqlite3_exec(db, sql, NULL, NULL, NULL);
    sqlite3_stmt *insert;
    sqlite3_prepare_v2(db, "INSERT INTO leaf VALUES (?)", -1, &insert, NULL);
    const struct thesaurus *thesaurus = mind->thesaurus;
    for (size_t c = 0; c < thesaurus->concept_count; c++) {
        struct strbuf text = {0};
        for (uint32_t l = 0; l < thesaurus->concepts[c].label_count; l++) {
            const struct label *label = &thesaurus->labels[thesaurus->concepts[c].first_label + l];
            if (label->kind > LABEL_HIDDEN)
                continue;
            if (width == 2) {
                put_grams(&text, thesaurus->folder, thesaurus->phrase_text[label->phrase], 2, " ",
                          false);
            } else {
                strbuf_puts(&text, thesaurus->phrase_text[label->phrase]);
                strbuf_puts(&text, " ");
            }
        }
        sqlite3_bind_text(insert, 1, text.text, -1, SQLITE_TRANSIENT);
        sqlite3_step(insert);
        sqlite3_reset(insert);
        strbuf_free(&text);
    }
    sqlite3_finalize(insert);
}

static double fts_rate(const struct mind *mind, const struct cases *cases, const char *tokenizer,
                       size_t width)
{
    sqlite3 *db;
    sqlite3_open(":memory:", &db);
    fill_table(db, tokenizer, width, mind);
    sqlite3_stmt *find;
    sqlite3_prepare_v2(db, "SELECT rowid FROM leaf WHERE leaf MATCH ? ORDER BY bm25(leaf) LIMIT 5",
                       -1, &find, NULL);
    double rates[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        double start = now();
        for (int i = 0; i < FTS_PROJECTS; i++) {
            const struct project *project = &cases->all[(size_t)i % cases->count].project;
            struct strbuf query = {0};
            put_grams(&query, mind->thesaurus->folder, project->fields[FIELD_NAME], width, " OR ",
                      true);
            put_grams(&query, mind->thesaurus->folder, project->fields[FIELD_DESCRIPTION], width,
                      " OR ", true);
            sqlite3_bind_text(find, 1, query.text, -1, SQLITE_TRANSIENT);
            while (sqlite3_step(find) == SQLITE_ROW) {
            }
            sqlite3_reset(find);
            strbuf_free(&query);
        }
        rates[round] = FTS_PROJECTS / (now() - start);
    }
    sqlite3_finalize(find);
    sqlite3_close(db);
    return median(rates, ROUNDS);
}

static int read_cases(struct cases *cases, struct fault *fault)
{
    static const char *const shared[] = {"../shared/eval/cases-d2.jsonl",
                                         "../shared/eval/cases-real.jsonl"};
    static const char own[] = "tests/fixtures/holdout.jsonl";
    if (access(shared[0], R_OK) == 0)
        return cases_read(cases, shared[0], fault) || cases_read(cases, shared[1], fault) ? -1 : 0;
    return cases_read(cases, own, fault);
}

int main(void)
{
    struct fault fault = {0};
    struct cases cases = {0};
    char directory[] = "/tmp/jinmu-bench.XXXXXX";
    if (sodium_init() < 0 || !mkdtemp(directory) || read_cases(&cases, &fault)) {
        fprintf(stderr, "bench_classify: %s\n", fault.message);
        return 2;
    }
    char *path = state_path(directory, "catalog.db");
    struct engine *engine = NULL;
    if (catalog_ensure(path, catalog_data_directory(), &fault) == 0)
        engine = engine_load(path, &fault);
    if (!engine) {
        fprintf(stderr, "bench_classify: %s\n", fault.message);
        return 2;
    }
    double short_rate = judge_rate(engine, &cases);
    lengthen(&cases);
    double verdicts = verdict_rate(engine, &cases), judged = judge_rate(engine, &cases);
    double checks = checks_share(engine, &cases);
    double trigram = fts_rate(engine_mind(engine), &cases, "trigram", 3);
    double bigram = fts_rate(engine_mind(engine), &cases, "unicode61", 2);
    printf("classify + check, one core, %zu cases (medians of %d rounds, processor time)\n",
           cases.count, ROUNDS);
    printf("  as they are, JSON result written      %9.0f projects/s\n", short_rate);
    printf("  %d characters, verdict                %9.0f projects/s\n", CODE_POINTS, verdicts);
    printf("  %d characters, JSON result written    %9.0f projects/s   budget 20,000\n",
           CODE_POINTS, judged);
    printf("  %d characters, cost of the checks     %9.0f %% of classification   budget 50\n",
           CODE_POINTS, 100 * checks);
    printf("  FTS5 trigram, bm25, top 5              %9.0f projects/s   jinmu is %.0f times as "
           "fast, budget 25\n",
           trigram, judged / trigram);
    printf("  FTS5 bigrams with unicode61, top 5     %9.0f projects/s   jinmu is %.0f times as "
           "fast, budget 25\n",
           bigram, judged / bigram);
    engine_destroy(&engine);
    cases_free(&cases);
    unlink(path);
    rmdir(directory);
    free(path);
    return 0;
}
