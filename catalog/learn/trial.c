#include "catalog/learn/trial.h"

#include "catalog/catalog.h"
#include "catalog/engine/directory.h"
#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>

struct trial {
    struct store *store;
    struct thesaurus *thesaurus;
    struct directory *directory;
    struct checks *checks;
    struct checks_scratch *scratch;
    struct verdict verdict;
    struct trie *no_phrases;
    struct findings findings;
};

struct trial *trial_new(const char *catalog_path, struct fault *fault)
{
    struct trial *trial = xcalloc(1, sizeof *trial);
    trial->store = catalog_open(catalog_path, STORE_READ_ONLY, fault);
    trial->thesaurus = trial->store ? thesaurus_load(trial->store, fault) : NULL;
    trial->directory =
        trial->thesaurus ? directory_load(trial->store, trial->thesaurus, fault) : NULL;
    trial->checks = trial->directory ? checks_load(trial->store, trial->thesaurus, fault) : NULL;
    if (!trial->checks) {
        trial_destroy(&trial);
        return NULL;
    }
    trial->scratch = checks_scratch_new(trial->checks);
    trial->no_phrases = trie_new();
    return trial;
}

void trial_destroy(struct trial **address)
{
    struct trial *trial = *address;
    if (!trial)
        return;
    checks_scratch_destroy(&trial->scratch);
    checks_destroy(&trial->checks);
    directory_destroy(&trial->directory);
    thesaurus_destroy(&trial->thesaurus);
    verdict_free(&trial->verdict);
    trie_destroy(&trial->no_phrases);
    findings_free(&trial->findings);
    store_close(&trial->store);
    free(trial);
    *address = NULL;
}

const struct rules *trial_rules(const struct trial *trial)
{
    return checks_rules(trial->checks);
}

void trial_begin(struct trial *trial)
{
    checks_begin(trial->scratch);
}

static enum decision decision_of(const char *word)
{
    for (int d = DECISION_AUTO; d < DECISION_NONE; d++)
        if (strcmp(decision_name((enum decision)d), word) == 0)
            return (enum decision)d;
    return DECISION_NONE;
}

/* The item as the only candidate. */
static int set_candidate(struct trial *trial, const char *department, const char *code,
                         double share, struct fault *fault)
{
    struct verdict *verdict = &trial->verdict;
    const struct revision *revision = verdict->revision;
    if (!verdict->ranking.all)
        verdict->ranking.all = xcalloc(1, sizeof *verdict->ranking.all);
    for (uint32_t i = 0; i < revision->leaf_count; i++) {
        const struct leaf *leaf = &revision->leaves[i];
        if (strcmp(leaf->code, code) != 0 || (*department && strcmp(leaf->department, department)))
            continue;
        verdict->ranking.all[0] = (struct scored){.leaf = i, .share = share, .score = 5};
        verdict->ranking.top = verdict->ranking.count = 1;
        return 0;
    }
    return fault_set(fault, "trial.no_item", "%s has no item %s %s", revision->number, department,
                     code);
}

static int set_verdict(struct trial *trial, const struct project *project, const struct jv *as,
                       struct fault *fault)
{
    struct verdict *verdict = &trial->verdict;
    const char *decision = jv_get_text(as, "decision"), *kind = jv_get_text(as, "kind");
    const char *code = jv_get_text(as, "code"), *department = jv_get_text(as, "department");
    verdict->revision = *project->catalog ? thesaurus_revision(trial->thesaurus, project->catalog)
                                          : thesaurus_in_force(trial->thesaurus, project->year);
    if (!verdict->revision)
        return fault_set(fault, "trial.no_revision", "no revision %s", project->catalog);
    verdict->decision = decision_of(decision ? decision : "auto");
    verdict->kind = kind_of_name(kind ? kind : "service");
    if (verdict->kind == KINDS)
        return fault_set(fault, "trial.no_kind", "no kind %s", kind);
    verdict->confidence = jv_get_number(as, "confidence", 0.95);
    for (int k = 0; k < KINDS; k++)
        verdict->kinds[k] = k == (int)verdict->kind ? 0.95 : 0.01;
    verdict->ranking.top = verdict->ranking.count = 0;
    return code ? set_candidate(trial, department ? department : "", code,
                                jv_get_number(as, "share", 0.9), fault)
                : 0;
}

const struct findings *trial_run_json(struct trial *trial, const struct jv *json,
                                      struct fault *fault)
{
    struct project project;
    if (project_read(&project, json, &project_limits_default, fault))
        return NULL;
    struct verdict *verdict = &trial->verdict;
    const struct findings *findings = NULL;
    directory_resolve(trial->directory, project.unit, project.department, &verdict->scratch,
                      &verdict->guesses);
    reading_take(&verdict->reading, trial->thesaurus->folder, trial->no_phrases, project.fields);
    if (set_verdict(trial, &project, jv_get(json, "as"), fault) == 0) {
        checks_project(trial->scratch, &project, verdict, &trial->findings);
        findings = &trial->findings;
    }
    project_clear(&project);
    return findings;
}

const struct findings *trial_run(struct trial *trial, const char *example, struct fault *fault)
{
    struct jv *json;
    if (*example == '{') {
        json = jv_read(example, strlen(example), fault);
    } else {
        json = jv_object();
        jv_set_text(json, "name", "服务项目");
        jv_set_text(json, "description", example);
        jv_set_number(json, "year", 2026);
    }
    const struct findings *findings = json ? trial_run_json(trial, json, fault) : NULL;
    jv_destroy(&json);
    return findings;
}

int trial_rule(struct trial *trial, const struct rule *rule, trial_fn *failed, void *argument,
               struct fault *fault)
{
    int count = 0;
    for (size_t e = 0; e < rule->example_count; e++) {
        trial_begin(trial);
        const struct findings *findings = trial_run(trial, rule->examples[e].text, fault);
        if (!findings)
            return -1;
        if (findings_have(findings, rule->reported) == rule->examples[e].must)
            continue;
        count++;
        failed(rule, &rule->examples[e], argument);
    }
    return count;
}

/* ---- labelled lines ---- */

static bool in_family(const char *rule, const char *prefixes)
{
    for (const char *at = prefixes; at && *at;) {
        size_t length = strcspn(at, " ");
        if (length && strncmp(rule, at, length) == 0)
            return true;
        at += length + (at[length] == ' ');
    }
    return !prefixes;
}

static bool is_wanted(const struct jv *fires, const char *rule)
{
    for (size_t i = 0; i < jv_count(fires); i++) {
        const char *wanted = jv_text(jv_at(fires, i));
        if (wanted && strcmp(wanted, rule) == 0)
            return true;
    }
    return false;
}

static bool compare(const struct findings *findings, const struct jv *fires, const char *prefixes,
                    struct strbuf *complaints)
{
    bool right = true;
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->all[i];
        if (!in_family(finding->rule, prefixes) || is_wanted(fires, finding->rule))
            continue;
        strbuf_printf(complaints, " fired %s (%s)", finding->rule, finding->message);
        right = false;
    }
    for (size_t i = 0; i < jv_count(fires); i++) {
        const char *wanted = jv_text(jv_at(fires, i));
        if (wanted && findings_have(findings, wanted))
            continue;
        strbuf_printf(complaints, " missed %s", wanted ? wanted : "(no id)");
        right = false;
    }
    return right;
}

int trial_line(struct trial *trial, const struct jv *line, const char *prefixes,
               struct strbuf *complaints, struct fault *fault)
{
    const struct jv *projects = jv_get(line, "projects");
    const struct findings *findings = NULL;
    trial_begin(trial);
    if (!jv_is_array(jv_get(line, "fires")))
        return fault_set(fault, "trial.no_label", "no array \"fires\"");
    if (!projects)
        findings = trial_run_json(trial, jv_get(line, "project"), fault);
    for (size_t i = 0; i < jv_count(projects); i++) {
        findings = trial_run_json(trial, jv_at(projects, i), fault);
        if (!findings)
            return -1;
    }
    if (!findings)
        return -1;
    return compare(findings, jv_get(line, "fires"), prefixes, complaints);
}
