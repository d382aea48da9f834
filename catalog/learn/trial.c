#include "catalog/learn/trial.h"

#include "catalog/audit/document_checks.h"
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
    trie_settle(trial->thesaurus->phrases);
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
    verdict->sure = verdict->decision == DECISION_AUTO;
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
    reading_take(&verdict->reading, trial->thesaurus->folder, trial->thesaurus->phrases,
                 project.fields);
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

static bool compare(const struct jv *fired, const struct jv *fires, const char *prefixes,
                    struct strbuf *complaints)
{
    bool right = true;
    for (size_t i = 0; i < jv_count(fired); i++) {
        const char *rule = jv_get_text(jv_at(fired, i), "rule");
        if (!in_family(rule, prefixes) || is_wanted(fires, rule))
            continue;
        strbuf_printf(complaints, " fired %s (%s)", rule, jv_get_text(jv_at(fired, i), "message"));
        right = false;
    }
    for (size_t i = 0; i < jv_count(fires); i++) {
        const char *wanted = jv_text(jv_at(fires, i));
        bool found = false;
        for (size_t f = 0; wanted && f < jv_count(fired) && !found; f++)
            found = strcmp(jv_get_text(jv_at(fired, f), "rule"), wanted) == 0;
        if (found)
            continue;
        strbuf_printf(complaints, " missed %s", wanted ? wanted : "(no id)");
        right = false;
    }
    return right;
}

/* Whether some finding rests on just these words. */
static bool rests_on(const struct jv *fired, const char *words)
{
    for (size_t f = 0; f < jv_count(fired); f++) {
        const char *own = jv_get_text(jv_at(fired, f), "words");
        if (own && strcmp(own, words) == 0)
            return true;
    }
    return false;
}

static bool compare_words(const struct jv *fired, const struct jv *wanted,
                          struct strbuf *complaints)
{
    bool right = true;
    for (size_t i = 0; i < jv_count(wanted); i++) {
        const char *words = jv_text(jv_at(wanted, i));
        if (words && rests_on(fired, words))
            continue;
        strbuf_printf(complaints, " nothing rests on “%s”", words ? words : "");
        right = false;
    }
    return right;
}

/* ---- documents ---- */

static void set_default(struct jv *object, const char *member, const struct jv *value)
{
    if (value && !jv_get(object, member))
        jv_set(object, member, jv_copy(value));
}

/* A project as intake would give it: its document's unit and declaration are its own too. */
static struct jv *project_of_document(const struct jv *document, size_t index)
{
    static const char *const inherited[] = {"unit", "year", "department"};
    const struct jv *declaration = jv_get(document, "declaration");
    struct jv *project = jv_copy(jv_at(jv_get(document, "projects"), index));
    for (size_t i = 0; i < sizeof inherited / sizeof *inherited; i++)
        set_default(project, inherited[i], jv_get(document, inherited[i]));
    set_default(project, "declared", jv_get(declaration, "items"));
    if (jv_get_bool(declaration, "found", false))
        set_default(project, "declaration", declaration);
    struct jv *source = jv_object();
    jv_set_number(source, "line", (double)(index + 1));
    jv_set(project, "source", source);
    return project;
}

/* What the engine would have written of it, as far as the checks of documents read it. */
static struct jv *result_of(const struct jv *project)
{
    static const char *const members[] = {"decision", "kind", "confidence"};
    const struct jv *as = jv_get(project, "as");
    struct jv *result = jv_object(), *candidates = jv_array(), *candidate = jv_object();
    jv_set_text(result, "decision", "auto");
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (jv_get(as, members[i]))
            jv_set(result, members[i], jv_copy(jv_get(as, members[i])));
    set_default(candidate, "code", jv_get(as, "code"));
    jv_push(candidates, candidate);
    jv_set(result, "candidates", candidates);
    set_default(result, "items", jv_get(as, "items"));
    return result;
}

static void add_fired(struct jv *fired, struct jv *findings, bool declaration_only)
{
    for (size_t i = 0; i < jv_count(findings); i++)
        if (!declaration_only || document_declares(jv_at(findings, i)))
            jv_push(fired, jv_copy(jv_at(findings, i)));
    jv_destroy(&findings);
}

/* The words of the project that a finding rests on, as a member of its own. */
static void set_words(struct jv *finding, const struct jv *project)
{
    const char *text = project_member_text(project, jv_get_text(finding, "field"));
    size_t start = (size_t)jv_get_number(finding, "start", 0);
    size_t end = (size_t)jv_get_number(finding, "end", 0);
    if (!text || end <= start)
        return;
    char *words = text_cut(text, (struct span){start, end});
    jv_set_text(finding, "words", words);
    free(words);
}

static int run_project(struct trial *trial, const struct jv *project, bool declaration_only,
                       struct jv *fired, struct fault *fault)
{
    const struct findings *findings = trial_run_json(trial, project, fault);
    if (!findings)
        return -1;
    struct jv *list = findings_json(findings);
    for (size_t i = 0; i < jv_count(list); i++)
        set_words(jv_at(list, i), project);
    add_fired(fired, list, declaration_only);
    return 0;
}

static int run_document(struct trial *trial, const struct jv *document, struct jv *fired,
                        struct fault *fault)
{
    struct jv *results = jv_array(), *findings = jv_array();
    struct jv *declaration = document_declaration_project(document);
    int failed = run_project(trial, declaration, true, fired, fault);
    for (size_t i = 0; !failed && i < jv_count(jv_get(document, "projects")); i++) {
        struct jv *project = project_of_document(document, i);
        failed = run_project(trial, project, false, fired, fault);
        jv_push(results, result_of(project));
        jv_destroy(&project);
    }
    struct document_view view = {trial_rules(trial), document, results, findings};
    document_checks(&view);
    add_fired(fired, findings, false);
    jv_destroy(&declaration);
    jv_destroy(&results);
    return failed;
}

int trial_line(struct trial *trial, const struct jv *line, const char *prefixes,
               struct strbuf *complaints, struct fault *fault)
{
    const struct jv *projects = jv_get(line, "projects"), *document = jv_get(line, "document");
    struct jv *fired = jv_array();
    int status = 0;
    trial_begin(trial);
    if (!jv_is_array(jv_get(line, "fires")))
        status = fault_set(fault, "trial.no_label", "no array \"fires\"");
    else if (document)
        status = run_document(trial, document, fired, fault);
    else if (!projects)
        status = run_project(trial, jv_get(line, "project"), false, fired, fault);
    for (size_t i = 0; !status && i < jv_count(projects); i++)
        status = run_project(trial, jv_at(projects, i), false, fired, fault);
    if (!status)
        status = compare(fired, jv_get(line, "fires"), prefixes, complaints) &
                 compare_words(fired, jv_get(line, "words"), complaints);
    jv_destroy(&fired);
    return status;
}
