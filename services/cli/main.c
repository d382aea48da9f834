/* jinmu: everything a person does in a terminal. */
#include "services/cli/verbs.h"

#include "common/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Those whom a verb is for. */
enum audience { FOR_CLERKS, FOR_KEEPERS, FOR_OPERATORS, AUDIENCES };
static const char *const audiences[AUDIENCES] = {
    [FOR_CLERKS] = "To read, classify and check projects",
    [FOR_KEEPERS] = "To keep catalog, rules, reviews and model",
    [FOR_OPERATORS] = "To run the services",
};

static const struct verb {
    enum audience audience;
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} verbs[] = {
    {FOR_CLERKS, "intake", verb_intake, "read projects out of a budget disclosure (text or PDF)"},
    {FOR_CLERKS, "audit", verb_audit,
     "check whole budget documents: projects, declaration, tables"},
    {FOR_CLERKS, "classify", verb_classify, "classify projects in-process, JSON Lines in and out"},
    {FOR_CLERKS, "explain", verb_explain, "say what led to the first candidates of a project"},
    {FOR_CLERKS, "submit", verb_submit, "hand projects to the services, or wait for their results"},
    {FOR_CLERKS, "results", verb_results, "print stored results"},
    {FOR_CLERKS, "watch", verb_watch, "print results as they are stored"},

    {FOR_KEEPERS, "catalog", verb_catalog, "import, list and search the catalog"},
    {FOR_KEEPERS, "rules", verb_rules, "list, show and try the rules"},
    {FOR_KEEPERS, "findings", verb_findings, "accept findings with a reason"},
    {FOR_KEEPERS, "reviews", verb_reviews, "take in, list and withdraw what people decided"},
    {FOR_KEEPERS, "eval", verb_eval, "measure the engine on labelled cases"},
    {FOR_KEEPERS, "train", verb_train, "learn the model from labelled cases"},
    {FOR_KEEPERS, "reclassify", verb_reclassify, "judge stored projects again, and say what moved"},

    {FOR_OPERATORS, "serve", verb_serve,
     "start broker, collector and workers, and keep them running"},
    {FOR_OPERATORS, "status", verb_status, "say how the services are"},
    {FOR_OPERATORS, "doctor", verb_doctor, "look over state, databases, disk, clock and services"},
    {FOR_OPERATORS, "cancel", verb_cancel, "take queued requests back by their receipts"},
    {FOR_OPERATORS, "dead", verb_dead, "see jobs that were given up, retry or drop them"},
    {FOR_OPERATORS, "backup", verb_backup, "copy the databases while services work"},
    {FOR_OPERATORS, "restore", verb_restore, "put a backup's databases back"},
    {FOR_OPERATORS, "keygen", verb_keygen,
     "make this machine's key of a role, for services over tcp"},
    {FOR_OPERATORS, "keys", verb_keys, "list, let in and revoke keys"},
    {FOR_OPERATORS, "users", verb_users, "who may sign in to the HTTP service"},
    {FOR_OPERATORS, "tokens", verb_tokens, "API tokens: what programs sign in with"},
    {FOR_OPERATORS, "webhooks", verb_webhooks, "to whom results are sent, and what became of that"},
};
enum { VERBS = sizeof verbs / sizeof *verbs };

static void print_verbs(FILE *out, enum audience audience)
{
    fprintf(out, "\n%s:\n", audiences[audience]);
    for (size_t i = 0; i < VERBS; i++)
        if (verbs[i].audience == audience)
            fprintf(out, "  %-10s %s\n", verbs[i].name, verbs[i].summary);
}

static int print_help(FILE *out, int status)
{
    fputs("Usage: jinmu VERB [OPTION…] [ARGUMENT…]\n", out);
    for (int audience = 0; audience < AUDIENCES; audience++)
        print_verbs(out, (enum audience)audience);
    fputs("\n`jinmu VERB --help` tells the options of a verb.\n", out);
    return status;
}

/* What was not written, for a full disk or a reader that went, was not done. */
static int check_output(const char *name, int status)
{
    if (!fflush(stdout) && !ferror(stdout))
        return status;
    fprintf(stderr, "%s: the output could not be written: %s\n", name, strerror(errno));
    return 2;
}

int main(int argc, char **argv)
{
    log_start("jinmu");
    if (argc < 2)
        return print_help(stderr, 2);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
        return print_help(stdout, 0);
    if (strcmp(argv[1], "--version") == 0) {
        puts("jinmu " JINMU_VERSION);
        return 0;
    }
    for (size_t i = 0; i < VERBS; i++)
        if (strcmp(argv[1], verbs[i].name) == 0) {
            char name[32]; /* as the verb's own help calls itself */
            snprintf(name, sizeof name, "jinmu %s", verbs[i].name);
            argv[1] = name;
            return check_output(name, verbs[i].run(argc - 1, argv + 1));
        }
    fprintf(stderr, "jinmu: no verb '%s'\n", argv[1]);
    return print_help(stderr, 2);
}
