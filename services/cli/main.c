/* jinmu: everything a person does in a terminal. */
#include "services/cli/verbs.h"

#include "common/log.h"

#include <stdio.h>
#include <string.h>

static const struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} verbs[] = {
    {"catalog", verb_catalog, "import, list and search the catalog"},
    {"intake", verb_intake, "read projects out of a budget disclosure (text or PDF)"},
    {"classify", verb_classify, "classify projects in-process, JSON Lines in and out"},
    {"explain", verb_explain, "say what led to the first candidates of a project"},
    {"serve", verb_serve, "start broker, collector and workers, and keep them running"},
    {"keygen", verb_keygen, "make this machine's key of a role, for services over tcp"},
    {"keys", verb_keys, "list, let in and revoke keys"},
    {"submit", verb_submit, "hand projects to the services, or wait for their results"},
    {"results", verb_results, "print stored results"},
    {"watch", verb_watch, "print results as they are stored"},
    {"status", verb_status, "say how the services are"},
    {"findings", verb_findings, "accept findings with a reason"},
    {"audit", verb_audit, "check whole budget documents: projects, declaration, tables"},
    {"rules", verb_rules, "list, show and try the rules"},
    {"dead", verb_dead, "see jobs that were given up, retry or drop them"},
    {"doctor", verb_doctor, "look over state, databases, disk, clock and services"},
    {"backup", verb_backup, "copy the databases while services work"},
    {"restore", verb_restore, "put a backup's databases back"},
    {"eval", verb_eval, "measure the engine on labelled cases"},
    {"reviews", verb_reviews, "take in, list and withdraw what people decided"},
    {"reclassify", verb_reclassify, "judge stored projects again, and say what moved"},
    {"users", verb_users, "who may sign in to the HTTP service"},
    {"tokens", verb_tokens, "API tokens: what programs sign in with"},
    {"webhooks", verb_webhooks, "to whom results are sent, and what became of that"},
    {"train", verb_train, "learn the model from labelled cases"},
};
enum { VERBS = sizeof verbs / sizeof *verbs };

static int print_help(FILE *out, int status)
{
    fputs("Usage: jinmu VERB [OPTION…] [ARGUMENT…]\n\nVerbs:\n", out);
    for (size_t i = 0; i < VERBS; i++)
        fprintf(out, "  %-10s %s\n", verbs[i].name, verbs[i].summary);
    fputs("\n`jinmu VERB --help` tells the options of a verb.\n", out);
    return status;
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
            return verbs[i].run(argc - 1, argv + 1);
        }
    fprintf(stderr, "jinmu: no verb '%s'\n", argv[1]);
    return print_help(stderr, 2);
}
