/* jinmu explain: every feature of the first candidates, its value, its weight and their product. */
#include "catalog/engine/evidence.h"
#include "common/options.h"
#include "common/strbuf.h"
#include "common/text.h"
#include "services/cli/input.h"
#include "services/cli/local_engine.h"
#include "services/cli/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXPLAINED = 3 };

struct options {
    const char *file, *id, *db, *state;
};

static const struct option_row option_rows[] = {
    TEXT_OPTION(struct options, id, "id", 'i', "ID",
                "the project of that id (default: the first of the input)"),
    PATH_OPTION(struct options, db, "db", 'd', "FILE", "catalog database"),
    PATH_OPTION(struct options, state, "state", 's', "DIR", "state directory"),
    {0}};
static const struct command_form form = {option_rows, 0, 1, "[FILE|-]",
                                         "Explains how one project of JSON Lines was judged."};

static void print_kinds(const struct verdict *verdict)
{
    printf("kind      ");
    for (int k = 0; k < KINDS; k++)
        printf("  %s %.3f", kind_name((enum kind)k), verdict->kinds[k]);
    printf("\ndecision    %s, confidence %.4f\n", decision_name(verdict->decision),
           verdict->confidence);
}

static void print_guesses(const struct verdict *verdict)
{
    printf("department ");
    for (size_t g = 0; g < verdict->guesses.count; g++)
        printf(" %s %.2f%s", verdict->guesses.all[g].name, (double)verdict->guesses.all[g].weight,
               verdict->guesses.all[g].department == NO_NUMBER ? " (no item in any catalog)" : "");
    puts(verdict->guesses.count ? "" : " unknown: every department is searched");
}

static void print_evidence(const struct mind *mind, const struct verdict *verdict,
                           const struct project *project, size_t candidate)
{
    struct evidence evidence[EVIDENCE];
    size_t count = evidence_collect(mind, verdict, candidate, evidence);
    for (size_t i = 0; i < count; i++) {
        char *words = text_cut(project->fields[evidence[i].field], evidence[i].span);
        printf("    %-11s %4zu-%-4zu  %.3f  “%s” → %s\n", field_name(evidence[i].field),
               evidence[i].span.start, evidence[i].span.end, evidence[i].share, words,
               evidence[i].label);
        free(words);
    }
}

static void print_row(const char *name, double value, double weight)
{
    printf("    %-12s %10.4f %10.4f %10.4f\n", name, value, weight, value * weight);
}

/* The rows sum to the score, but for one that a review brought to the front unranked. */
static void print_candidate(const struct mind *mind, const struct verdict *verdict,
                            const struct project *project, size_t candidate)
{
    const struct scored *scored = &verdict->ranking.all[candidate];
    const struct leaf *leaf = &verdict->revision->leaves[scored->leaf];
    printf("\n%zu. %s %s %s   score %.4f, share %.4f\n", candidate + 1, leaf->department,
           leaf->code, leaf->name, scored->score, scored->share);
    printf("    %-12s %10s %10s %10s\n", "feature", "value", "weight", "product");
    for (int f = 0; f < FEATURES; f++)
        print_row(feature_name((enum feature)f), scored->features[f], mind->model->features[f]);
    if (scored->forbidden)
        print_row("restricted", 1, -rank_forbidden);
    print_evidence(mind, verdict, project, candidate);
}

static int explain(const struct mind *mind, const struct jv *json)
{
    struct project project;
    struct fault fault = {0};
    const struct revision *revision = NULL;
    int failed = project_read(&project, json, &project_limits_default, &fault);
    if (!failed && !(revision = verdict_revision(mind, &project, &fault)))
        failed = -1;
    if (failed) {
        fprintf(stderr, "jinmu: %s\n", fault.message);
        return 2;
    }
    struct verdict verdict = {0};
    verdict_project(&verdict, mind, revision, &project);
    printf("%s  %s\ncatalog     %s\n", project.id, project.fields[FIELD_NAME], revision->number);
    print_guesses(&verdict);
    print_kinds(&verdict);
    for (size_t i = 0; i < verdict.ranking.top && i < EXPLAINED; i++)
        print_candidate(mind, &verdict, &project, i);
    verdict_free(&verdict);
    project_clear(&project);
    return 0;
}

/* The wanted project of the input, or NULL with a fault. */
static struct jv *find_project(FILE *input, const char *id, struct fault *fault)
{
    char *line = NULL;
    size_t capacity = 0;
    struct jv *found = NULL;
    fault_set(fault, "input.no_project", "no project%s%s in the input", id ? " with id " : "",
              id ? id : "");
    for (ssize_t length; !found && (length = getline(&line, &capacity, input)) > 0;) {
        struct jv *json = jv_read(line, (size_t)length, fault);
        const char *its = json ? jv_get_text(json, "id") : NULL;
        if (!json)
            break;
        if (!id || (its && strcmp(its, id) == 0))
            found = json;
        else
            jv_destroy(&json);
    }
    free(line);
    return found;
}

int verb_explain(int argc, char **argv)
{
    struct options options = {0};
    options.file = options_read(&form, argc, argv, &options)[0];
    FILE *input = input_open(options.file);
    if (!input)
        return 2;
    struct fault fault = {0};
    struct jv *json = find_project(input, options.id, &fault);
    input_close(&input);
    if (!json) {
        fprintf(stderr, "jinmu: %s\n", fault.message);
        return 2;
    }
    int status = 2;
    struct engine *engine = local_engine_open(options.db, options.state);
    if (engine) {
        status = explain(engine_mind(engine), json);
        engine_destroy(&engine);
    }
    jv_destroy(&json);
    return status;
}
