/* jinmu eval: how right the engine is, on labelled cases. */
#include "catalog/catalog.h"
#include "catalog/evaluate.h"
#include "common/strbuf.h"
#include "services/cli/local_engine.h"
#include "services/cli/verbs.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILES = 64, OPTION_JSON = 256, OPTION_WRONG };

struct options {
    const char *files[FILES];
    size_t file_count;
    const char *db, *state;
    long folds;
    bool json, wrong;
};

static error_t read_option(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;
    char *end;
    switch (key) {
    case 'd':
        options->db = argument;
        return 0;
    case 's':
        options->state = argument;
        return 0;
    case 'x':
        options->folds = strtol(argument, &end, 10);
        if (*end || options->folds < 2 || options->folds > 20)
            argp_error(state, "--cross-validate takes a number from 2 to 20");
        return 0;
    case OPTION_JSON:
        options->json = true;
        return 0;
    case OPTION_WRONG:
        options->wrong = true;
        return 0;
    case ARGP_KEY_ARG:
        if (options->file_count == FILES)
            argp_error(state, "at most %d files", FILES);
        options->files[options->file_count++] = argument;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option option_list[] = {
    {"cross-validate", 'x', "K", 0,
     "also train on these cases: each K-th part is judged by a model that saw the others", 0},
    {"json", OPTION_JSON, NULL, 0, "print figures and outcomes as JSON", 0},
    {"wrong", OPTION_WRONG, NULL, 0, "list the cases that came out wrong", 0},
    {"db", 'd', "FILE", 0, "catalog database", 0},
    {"state", 's', "DIR", 0, "state directory", 0},
    {0}};
static const struct argp arguments = {
    option_list, read_option, "CASES…", "Measures the engine on labelled cases (JSON Lines).",
    NULL,        NULL,        NULL};

static bool of_difficulty(const struct labelled *labelled, const void *difficulty)
{
    return strcmp(labelled->difficulty, difficulty) == 0;
}

static void print_top(const char *title, const struct evaluation *evaluation, case_filter *wanted,
                      const void *argument)
{
    struct share first = evaluation_top(evaluation, 1, wanted, argument);
    struct share third = evaluation_top(evaluation, 3, wanted, argument);
    if (first.of)
        printf("  %-22s %5zu   top-1 %.3f   top-3 %.3f\n", title, first.of, share_value(first),
               share_value(third));
}

static void print_figures(const struct evaluation *evaluation)
{
    static const char *const difficulties[] = {"easy", "medium", "hard", "real"};
    struct none_figures none = evaluation_none(evaluation);
    struct auto_figures automatic = evaluation_auto(evaluation);
    struct calibration calibration;
    evaluation_calibration(evaluation, &calibration);
    printf("cases %zu\nservices\n", evaluation->count);
    print_top("all", evaluation, NULL, NULL);
    for (size_t i = 0; i < sizeof difficulties / sizeof *difficulties; i++)
        print_top(difficulties[i], evaluation, of_difficulty, difficulties[i]);
    printf("not a service\n  precision %.3f   recall %.3f   F1 %.3f   kind named right %.3f "
           "(of %zu)\n",
           none.precision, none.recall, none.f1, share_value(none.kind), none.kind.of);
    printf("decision auto\n  coverage %.3f   right %.3f (%zu of %zu)\n",
           share_value(automatic.coverage), share_value(automatic.precision),
           automatic.precision.count, automatic.precision.of);
    printf("calibration\n  expected error %.3f\n", calibration.error);
    for (int b = 0; b < CALIBRATION_BINS; b++)
        if (calibration.bins[b].count)
            printf("  %.1f-%.1f %5zu   said %.3f   was %.3f\n", b / 10.0, (b + 1) / 10.0,
                   calibration.bins[b].count, calibration.bins[b].confidence,
                   calibration.bins[b].right);
}

static void print_wrong(const struct evaluation *evaluation)
{
    puts("wrong");
    for (size_t i = 0; i < evaluation->count; i++) {
        const struct outcome *outcome = &evaluation->outcomes[i];
        if (outcome->right)
            continue;
        const struct labelled *labelled = outcome->labelled;
        printf("  %s %s %s %s%s -> %s %s %s %s %.2f | %s\n", labelled->project.id,
               labelled->difficulty, kind_name(labelled->kind), labelled->department,
               labelled->code_count ? labelled->codes[0] : "", decision_name(outcome->decision),
               outcome->kind == KINDS ? "" : kind_name(outcome->kind),
               outcome->first ? outcome->first->code : "",
               outcome->first ? outcome->first->name : "", outcome->confidence,
               labelled->project.fields[FIELD_NAME]);
    }
}

static int measure(const struct options *options, const struct mind *mind,
                   const struct cases *cases)
{
    struct evaluation evaluation = {0};
    if (options->folds) {
        struct cases base = {0};
        struct fault fault = {0};
        if (cases_read_all(&base, catalog_data_directory(), &fault)) {
            fprintf(stderr, "jinmu: %s\n", fault.message);
            return 2;
        }
        evaluate_crosswise(mind, cases, &base, (int)options->folds, &evaluation);
        cases_free(&base);
    } else {
        evaluate(mind, cases, &evaluation);
    }
    if (options->json) {
        struct jv *json = evaluation_json(&evaluation);
        char *text = jv_write(json);
        puts(text);
        free(text);
        jv_destroy(&json);
    } else {
        print_figures(&evaluation);
        if (options->wrong)
            print_wrong(&evaluation);
    }
    evaluation_free(&evaluation);
    return 0;
}

int verb_eval(int argc, char **argv)
{
    struct options options = {0};
    if (argp_parse(&arguments, argc, argv, 0, NULL, &options))
        return 2;
    struct cases cases = {0};
    struct fault fault = {0};
    for (size_t i = 0; i < options.file_count; i++)
        if (cases_read(&cases, options.files[i], &fault)) {
            fprintf(stderr, "jinmu: %s\n", fault.message);
            cases_free(&cases);
            return 2;
        }
    int status = 2;
    struct engine *engine = local_engine_open(options.db, options.state);
    if (engine) {
        status = measure(&options, engine_mind(engine), &cases);
        engine_destroy(&engine);
    }
    cases_free(&cases);
    return status;
}
