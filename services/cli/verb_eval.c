/* jinmu eval: how right the engine is, on labelled cases. */
#include "catalog/catalog.h"
#include "catalog/learn/evaluate_compare.h"
#include "common/options.h"
#include "common/strbuf.h"
#include "services/cli/eval_print.h"
#include "services/cli/eval_report.h"
#include "services/cli/local_engine.h"
#include "services/cli/page.h"
#include "services/cli/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    char **files; /* ended by NULL */
    const char *db, *state;
    const char *earlier, *html;
    int64_t folds;
    bool json, wrong;
};

static const struct option_row option_rows[] = {
    {"cross-validate", 'x', "K",
     "also measure models trained on these cases: each K-th part is judged by one that saw only "
     "the others",
     OPTION_NUMBER, offsetof(struct options, folds), 2, 20},
    FLAG_OPTION(struct options, json, "json", 0, "print figures and outcomes as JSON"),
    FLAG_OPTION(struct options, wrong, "wrong", 0, "list the cases that came out wrong"),
    PATH_OPTION(struct options, earlier, "compare", 0, "OLD.json",
                "say what got better and worse since, case by case; OLD.json is what --json "
                "printed"),
    PATH_OPTION(struct options, html, "html", 0, "FILE", "write a report with plots (in Chinese)"),
    PATH_OPTION(struct options, db, "db", 'd', "FILE", "catalog database"),
    PATH_OPTION(struct options, state, "state", 's', "DIR", "state directory"),
    {0}};
static const struct command_form form = {option_rows, 1, ARGUMENTS_ANY, "CASES…",
                                         "Measures the engine on labelled cases (JSON Lines)."};

/* What was measured, to be shown in one way or another. */
struct measured {
    struct evaluation plain, crosswise;
    struct jv *earlier; /* what --compare names, or NULL */
    struct comparison comparison;
};

static char *read_text(const char *path, size_t *length, struct fault *fault)
{
    struct strbuf text = {0};
    char part[65536];
    FILE *file = fopen(path, "r");
    if (!file) {
        fault_set(fault, "eval.open", "%s: %s", path, strerror(errno));
        return NULL;
    }
    for (size_t got; (got = fread(part, 1, sizeof part, file)) > 0;)
        strbuf_add(&text, part, got);
    bool failed = ferror(file);
    fclose(file);
    if (failed) {
        fault_set(fault, "eval.open", "%s: %s", path, strerror(EIO));
        strbuf_free(&text);
        return NULL;
    }
    *length = text.length;
    return strbuf_take(&text);
}

static struct jv *read_earlier(const char *path, struct fault *fault)
{
    size_t length;
    struct fault why = {0};
    char *text = read_text(path, &length, fault);
    if (!text)
        return NULL;
    struct jv *earlier = jv_read(text, length, &why);
    if (!earlier)
        fault_set(fault, why.code, "%s: %s", path, why.message);
    free(text);
    return earlier;
}

static char *names_of(const struct options *options)
{
    struct strbuf names = {0};
    for (char **file = options->files; *file; file++)
        strbuf_printf(&names, "%s%s", names.length ? "、" : "", basename(*file));
    return strbuf_take(&names);
}

static int write_report(const struct options *options, const struct engine *engine,
                        const struct measured *measured, struct fault *fault)
{
    char made[PAGE_TIME];
    page_time(made);
    char *names = names_of(options);
    struct eval_report report = {.made = made,
                                 .engine = engine_version(),
                                 .model = engine_model(engine),
                                 .cases = names,
                                 .plain = &measured->plain,
                                 .crosswise = options->folds ? &measured->crosswise : NULL,
                                 .folds = (int)options->folds,
                                 .comparison = options->earlier ? &measured->comparison : NULL,
                                 .earlier = options->earlier};
    struct strbuf page = {0};
    eval_report_write(&page, &report);
    int status = page_save(&page, options->html, fault);
    strbuf_free(&page);
    free(names);
    return status;
}

static void print_json(const struct options *options, const struct measured *measured)
{
    struct jv *json = evaluation_json(&measured->plain);
    if (options->folds) {
        jv_set_number(json, "folds", (double)options->folds);
        jv_set(json, "cross_validated", evaluation_json(&measured->crosswise));
    }
    if (options->earlier)
        jv_set(json, "compared", comparison_json(&measured->comparison));
    jv_print(json);
    jv_destroy(&json);
}

static void print_evaluation(const struct options *options, const struct evaluation *evaluation)
{
    print_figures(evaluation);
    print_tables(evaluation);
    if (options->wrong)
        print_wrong(evaluation);
}

static void print_text(const struct options *options, const struct measured *measured)
{
    if (options->folds)
        puts("== the model as it is ==");
    print_evaluation(options, &measured->plain);
    if (options->earlier)
        print_comparison(&measured->comparison, options->earlier);
    if (options->folds) {
        printf("\n== cross-validated, %d folds ==\n", (int)options->folds);
        print_evaluation(options, &measured->crosswise);
    }
}

static int measure_crosswise(const struct options *options, const struct mind *mind,
                             const struct cases *cases, struct measured *measured,
                             struct fault *fault)
{
    struct cases base = {0};
    if (cases_read_all(&base, catalog_data_directory(), fault))
        return -1;
    evaluate_crosswise(mind, cases, &base, (int)options->folds, &measured->crosswise);
    cases_free(&base);
    return 0;
}

static int measure(const struct options *options, const struct engine *engine,
                   const struct cases *cases, struct fault *fault)
{
    struct measured measured = {.earlier = NULL};
    int status = -1;
    if (options->earlier && !(measured.earlier = read_earlier(options->earlier, fault)))
        goto done;
    evaluate(engine_mind(engine), cases, &measured.plain);
    if (measured.earlier &&
        evaluation_compare(&measured.plain, measured.earlier, &measured.comparison, fault))
        goto done;
    if (options->folds && measure_crosswise(options, engine_mind(engine), cases, &measured, fault))
        goto done;
    if (options->html && write_report(options, engine, &measured, fault))
        goto done;
    if (options->json)
        print_json(options, &measured);
    else
        print_text(options, &measured);
    status = 0;
done:
    comparison_free(&measured.comparison);
    evaluation_free(&measured.plain);
    evaluation_free(&measured.crosswise);
    jv_destroy(&measured.earlier);
    return status;
}

static int read_cases(const struct options *options, struct cases *cases, struct fault *fault)
{
    for (char **file = options->files; *file; file++)
        if (cases_read(cases, *file, fault))
            return -1;
    return 0;
}

int verb_eval(int argc, char **argv)
{
    struct options options = {0};
    options.files = options_read(&form, argc, argv, &options);
    struct cases cases = {0};
    struct fault fault = {0};
    int status = 2;
    if (read_cases(&options, &cases, &fault)) {
        fprintf(stderr, "jinmu: %s\n", fault.message);
        goto done;
    }
    struct engine *engine = local_engine_open(options.db, options.state);
    if (!engine)
        goto done;
    if (measure(&options, engine, &cases, &fault))
        fprintf(stderr, "jinmu: %s\n", fault.message);
    else
        status = 0;
    engine_destroy(&engine);
done:
    cases_free(&cases);
    return status;
}
