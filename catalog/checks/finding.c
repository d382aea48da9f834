#include "catalog/checks/finding.h"

#include <stdlib.h>
#include <string.h>

enum { TEXTS = 3 }; /* field, message, other */

void findings_reset(struct findings *findings)
{
    findings->count = 0;
    strbuf_reset(&findings->texts);
}

void findings_free(struct findings *findings)
{
    free(findings->all);
    free(findings->offsets);
    strbuf_free(&findings->texts);
    *findings = (struct findings){0};
}

bool findings_have(const struct findings *findings, const char *rule)
{
    for (size_t i = 0; i < findings->count; i++)
        if (strcmp(findings->all[i].rule, rule) == 0)
            return true;
    return false;
}

size_t findings_accept(struct findings *findings, const struct acceptances *acceptances,
                       const char *id)
{
    size_t open = 0;
    for (size_t i = 0; i < findings->count; i++) {
        struct finding *finding = &findings->all[i];
        finding->accepted = acceptances_find(acceptances, id, finding->rule, finding->field);
        open += !finding->accepted;
    }
    return open;
}

static bool is_known(const struct findings *findings, const struct finding *finding)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *other = &findings->all[i];
        if (strcmp(other->rule, finding->rule) == 0 && strcmp(other->field, finding->field) == 0 &&
            other->span.start == finding->span.start && other->span.end == finding->span.end &&
            strcmp(other->other, finding->other) == 0)
            return true;
    }
    return false;
}

static size_t keep_text(struct findings *findings, const char *text)
{
    size_t offset = findings->texts.length;
    strbuf_add(&findings->texts, text, strlen(text) + 1);
    return offset;
}

/* The texts may have moved when they grew. */
static void point_at_texts(struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        const size_t *offsets = findings->offsets + i * TEXTS;
        findings->all[i].field = findings->texts.text + offsets[0];
        findings->all[i].message = findings->texts.text + offsets[1];
        findings->all[i].other = findings->texts.text + offsets[2];
    }
}

bool findings_add(struct findings *findings, const struct finding *finding)
{
    if (is_known(findings, finding))
        return false;
    if (findings->count == findings->capacity) {
        findings->capacity = findings->capacity ? findings->capacity * 2 : 16;
        findings->all = xrealloc(findings->all, findings->capacity * sizeof *findings->all);
        findings->offsets =
            xrealloc(findings->offsets, findings->capacity * TEXTS * sizeof *findings->offsets);
    }
    size_t *offsets = findings->offsets + findings->count * TEXTS;
    findings->all[findings->count++] = *finding;
    offsets[0] = keep_text(findings, finding->field);
    offsets[1] = keep_text(findings, finding->message);
    offsets[2] = keep_text(findings, finding->other);
    point_at_texts(findings);
    return true;
}

struct jv *findings_json(const struct findings *findings)
{
    struct jv *list = jv_array();
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->all[i];
        struct jv *one = jv_object();
        jv_set_text(one, "rule", finding->rule);
        jv_set_text(one, "severity", severity_word(finding->severity));
        if (*finding->field)
            jv_set_text(one, "field", finding->field);
        if (finding->span.end > finding->span.start) {
            jv_set_number(one, "start", (double)finding->span.start);
            jv_set_number(one, "end", (double)finding->span.end);
        }
        jv_set_text(one, "message", finding->message);
        if (*finding->basis)
            jv_set_text(one, "basis", finding->basis);
        if (*finding->other)
            jv_set_text(one, "other", finding->other);
        jv_push(list, one);
    }
    return list;
}
