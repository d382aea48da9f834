#include "catalog/audit/audit.h"

#include "catalog/audit/document_checks.h"
#include "catalog/engine/engine_parts.h"
#include "common/strbuf.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct audit {
    const struct engine *engine;
    struct judge *judge;
    struct jv *seen; /* id → {"name","file"} */
};

struct audit *audit_new(const struct engine *engine)
{
    struct audit *audit = xcalloc(1, sizeof *audit);
    audit->engine = engine;
    audit->judge = judge_new(engine, NULL);
    audit->seen = jv_object();
    return audit;
}

void audit_destroy(struct audit **audit)
{
    if (!*audit)
        return;
    judge_destroy(&(*audit)->judge);
    jv_destroy(&(*audit)->seen);
    free(*audit);
    *audit = NULL;
}

/* ---- one project ---- */

static void keep_result(const struct judged *judged, void *argument)
{
    struct jv **result = argument;
    *result = jv_read(judged->json, judged->json_bytes, NULL);
}

static struct jv *judge(struct audit *audit, const struct jv *project)
{
    struct jv *result = NULL;
    judge_project(audit->judge, project, keep_result, &result);
    return result ? result : jv_object();
}

/* What is wrong with the unit's declaration is said once; what is wrong with what it declares for this
 * very project, here. */
static void drop_declaration_findings(const struct jv *project, struct jv *result)
{
    if (jv_get_bool(jv_get(project, "declaration"), "own", false))
        return;
    const struct jv *findings = jv_get(result, "findings");
    struct jv *kept = jv_array();
    for (size_t i = 0; i < jv_count(findings); i++) {
        const char *field = jv_get_text(jv_at(findings, i), "field");
        if (!field || strncmp(field, "declared", 8) != 0 || !document_declares(jv_at(findings, i)))
            jv_push(kept, jv_copy(jv_at(findings, i)));
    }
    if (jv_is_array(findings))
        jv_set(result, "findings", kept);
    else
        jv_destroy(&kept);
}

/* A finding about another project says which, for an id says little to a reader. */
static void name_others(const struct audit *audit, struct jv *result)
{
    const struct jv *findings = jv_get(result, "findings");
    for (size_t i = 0; i < jv_count(findings); i++) {
        struct jv *finding = jv_at(findings, i);
        const char *other = jv_get_text(finding, "other");
        const struct jv *seen = other ? jv_get(audit->seen, other) : NULL;
        if (!seen)
            continue;
        jv_set_text(finding, "other_name", jv_get_text(seen, "name"));
        jv_set_text(finding, "other_file", jv_get_text(seen, "file"));
    }
}

static void remember(struct audit *audit, const struct jv *project, const struct jv *result,
                     const char *file)
{
    const char *id = jv_get_text(result, "id"), *name = jv_get_text(project, "name");
    struct jv *entry = jv_object();
    if (!id) {
        jv_destroy(&entry);
        return;
    }
    jv_set_text(entry, "name", name ? name : "");
    jv_set_text(entry, "file", file ? file : "");
    jv_set(audit->seen, id, entry);
}

void audit_remember(struct audit *audit, const struct jv *project)
{
    judge_remember(audit->judge, project);
    remember(audit, project, project, "已提交");
}

/* ---- what the unit declared ---- */

static void check_declaration(struct audit *audit, const struct jv *document, struct jv *findings)
{
    const struct jv *declaration = jv_get(document, "declaration");
    struct jv *project = document_declaration_project(document), *result = judge(audit, project);
    const struct jv *own = jv_get(result, "findings");
    for (size_t i = 0; i < jv_count(own); i++) {
        if (!document_declares(jv_at(own, i)))
            continue;
        struct jv *finding = jv_copy(jv_at(own, i));
        jv_set(finding, "line", jv_copy(jv_get(declaration, "line")));
        jv_push(findings, finding);
    }
    jv_destroy(&result);
    jv_destroy(&project);
}

/* ---- the summary ---- */

struct tally {
    double amount, decisions[3], severities[3], accepted;
    const struct rules *rules;
    struct jv *list; /* [{"rule","title","severity","count"}] */
};

/* One more of a rule at a severity. */
static void count_rule(struct tally *tally, const char *rule, const char *severity)
{
    for (size_t i = 0; i < jv_count(tally->list); i++) {
        struct jv *entry = jv_at(tally->list, i);
        if (strcmp(jv_get_text(entry, "rule"), rule) == 0 &&
            strcmp(jv_get_text(entry, "severity"), severity) == 0) {
            jv_set_number(entry, "count", jv_get_number(entry, "count", 0) + 1);
            return;
        }
    }
    const struct rule *known = rules_find(tally->rules, rule);
    struct jv *entry = jv_object();
    jv_set_text(entry, "rule", rule);
    jv_set_text(entry, "title", known ? known->title : rule);
    jv_set_text(entry, "severity", severity);
    jv_set_number(entry, "count", 1);
    jv_push(tally->list, entry);
}

static void count_finding(struct tally *tally, const struct jv *finding)
{
    const char *severity = jv_get_text(finding, "severity"), *rule = jv_get_text(finding, "rule");
    if (jv_get(finding, "accepted")) {
        tally->accepted++;
        return;
    }
    for (int s = SEVERITY_ERROR; severity && s <= SEVERITY_INFO; s++)
        tally->severities[s] += strcmp(severity_word((enum severity)s), severity) == 0;
    if (rule && severity)
        count_rule(tally, rule, severity);
}

static void count_project(struct tally *tally, const struct jv *entry)
{
    static const char *const decisions[] = {"auto", "review", "none"};
    const struct jv *result = jv_get(entry, "result"), *findings = jv_get(result, "findings");
    const char *decision = jv_get_text(result, "decision");
    tally->amount += jv_get_number(jv_get(entry, "project"), "amount_yuan", 0);
    for (int d = 0; decision && d < 3; d++)
        tally->decisions[d] += strcmp(decisions[d], decision) == 0;
    for (size_t i = 0; i < jv_count(findings); i++)
        count_finding(tally, jv_at(findings, i));
}

static struct jv *summarise(const struct rules *rules, const struct jv *projects,
                            const struct jv *findings)
{
    struct tally tally = {.rules = rules, .list = jv_array()};
    struct jv *summary = jv_object();
    for (size_t i = 0; i < jv_count(projects); i++)
        count_project(&tally, jv_at(projects, i));
    for (size_t i = 0; i < jv_count(findings); i++)
        count_finding(&tally, jv_at(findings, i));
    jv_set_number(summary, "projects", (double)jv_count(projects));
    jv_set_number(summary, "amount_yuan", tally.amount);
    jv_set_number(summary, "auto", tally.decisions[0]);
    jv_set_number(summary, "review", tally.decisions[1]);
    jv_set_number(summary, "none", tally.decisions[2]);
    jv_set_number(summary, "errors", tally.severities[SEVERITY_ERROR]);
    jv_set_number(summary, "warnings", tally.severities[SEVERITY_WARNING]);
    jv_set_number(summary, "infos", tally.severities[SEVERITY_INFO]);
    jv_set_number(summary, "accepted", tally.accepted);
    jv_set(summary, "rules", tally.list);
    return summary;
}

/* ---- one document ---- */

/* An id that the same unit's document of the same year gets again. */
static void set_id(struct jv *audited, const char *unit, int year)
{
    enum { ID_BYTES = 8 };
    struct strbuf key = {0};
    unsigned char hash[16];
    char id[2 * ID_BYTES + 8] = "d-";
    strbuf_printf(&key, "%s\n%d", unit ? unit : "", year);
    crypto_generichash(hash, sizeof hash, (const unsigned char *)key.text, key.length, NULL, 0);
    sodium_bin2hex(id + 2, sizeof id - 2, hash, ID_BYTES);
    jv_set_text(audited, "id", id);
    strbuf_free(&key);
}

static void accept_findings(const struct audit *audit, const struct jv *audited,
                            struct jv *findings)
{
    const char *id = jv_get_text(audited, "id");
    for (size_t i = 0; i < jv_count(findings); i++) {
        struct jv *finding = jv_at(findings, i), *json = jv_object();
        const struct acceptance *found =
            acceptances_find(audit->engine->acceptances, id, jv_get_text(finding, "rule"), "");
        if (!found) {
            jv_destroy(&json);
            continue;
        }
        jv_set_text(json, "reason", found->reason);
        jv_set_text(json, "by", found->by);
        jv_set_text(json, "at", found->at);
        jv_set(finding, "accepted", json);
    }
}

struct jv *audit_document(struct audit *audit, struct jv *document)
{
    const struct jv *projects = jv_get(document, "projects");
    struct jv *audited = jv_object(), *entries = jv_array(), *findings = jv_array();
    struct jv *results = jv_array();
    const char *file = jv_get_text(document, "file"), *unit = jv_get_text(document, "unit");
    int year = (int)jv_get_number(document, "year", 0);
    set_id(audited, unit, year);
    jv_set_text(audited, "file", file ? file : "");
    jv_set_text(audited, "unit", unit ? unit : "");
    if (year)
        jv_set_number(audited, "year", year);
    for (size_t i = 0; i < jv_count(projects); i++) {
        struct jv *entry = jv_object(), *result = judge(audit, jv_at(projects, i));
        drop_declaration_findings(jv_at(projects, i), result);
        name_others(audit, result);
        remember(audit, jv_at(projects, i), result, file);
        jv_push(results, jv_copy(result));
        jv_set(entry, "project", jv_copy(jv_at(projects, i)));
        jv_set(entry, "result", result);
        jv_push(entries, entry);
    }
    check_declaration(audit, document, findings);
    struct document_view view = {checks_rules(audit->engine->checks), document, results, findings};
    document_checks(&view);
    accept_findings(audit, audited, findings);
    jv_set(audited, "summary", summarise(view.rules, entries, findings));
    jv_set(audited, "projects", entries);
    jv_set(audited, "findings", findings);
    jv_destroy(&results);
    jv_set(document, "projects", jv_array());
    jv_set(audited, "document", document);
    return audited;
}
