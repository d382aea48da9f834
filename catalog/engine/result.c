#include "catalog/engine/result.h"

#include "catalog/engine/evidence.h"

#include <math.h>
#include <string.h>

enum { SHOWN = 5, WITH_EVIDENCE = 3 };

static void write_span(struct jw *writer, const char *field, struct span span)
{
    jw_set_text(writer, "field", field);
    jw_set_integer(writer, "start", (long long)span.start);
    jw_set_integer(writer, "end", (long long)span.end);
}

/* Whether the decision was made under another revision, on an item that stands otherwise here. */
static bool is_carried(const struct verdict *verdict)
{
    const struct recalled *recalled = &verdict->recalled;
    const struct remembered *one = recalled->first;
    if (recalled->outcome != RECALL_FOUND || one->kind != KIND_SERVICE || !one->revision ||
        one->revision == verdict->revision)
        return false;
    const struct leaf *leaf =
        &verdict->revision->leaves[verdict->revision->leaf_of_concept[recalled->concept]];
    return recalled->concept != one->concept || strcmp(leaf->code, one->code) != 0;
}

/* The whole name is what a project is known by as one that was decided before. */
static void write_memory(struct jw *writer, const struct verdict *verdict)
{
    const struct remembered *memory = verdict->recalled.first;
    struct strbuf label = {0};
    strbuf_printf(&label, "与已确认项目“%s”", memory->name);
    if (*memory->project)
        strbuf_printf(&label, "（%s）", memory->project);
    strbuf_puts(&label, "相同");
    if (is_carried(verdict))
        strbuf_printf(&label, "，%s %s 对应本目录的这一条目", memory->revision->number,
                      memory->code);
    size_t length = verdict->reading.fields[FIELD_NAME].folded.code_points;
    jw_object(writer);
    write_span(writer, field_name(FIELD_NAME), (struct span){0, length});
    jw_set_text(writer, "label", label.text);
    jw_set_probability(writer, "share", 1);
    jw_set_text(writer, "memory", memory->review);
    jw_end_object(writer);
    strbuf_free(&label);
}

static void write_evidence(struct jw *writer, const struct mind *mind,
                           const struct verdict *verdict, size_t candidate)
{
    struct evidence evidence[EVIDENCE];
    size_t count = evidence_collect(mind, verdict, candidate, evidence);
    jw_key(writer, "evidence");
    jw_array(writer);
    if (candidate == 0 && verdict->recalled.outcome == RECALL_FOUND &&
        verdict->recalled.first->kind == KIND_SERVICE)
        write_memory(writer, verdict);
    for (size_t i = 0; i < count; i++) {
        jw_object(writer);
        write_span(writer, field_name(evidence[i].field), evidence[i].span);
        jw_set_text(writer, "label", evidence[i].label);
        jw_set_probability(writer, "share", evidence[i].share);
        jw_end_object(writer);
    }
    jw_end_array(writer);
}

/* The members of a candidate; the object stays open. */
static void write_leaf(struct jw *writer, const struct leaf *leaf, double score)
{
    jw_object(writer);
    jw_members(writer, leaf->members, leaf->members_bytes);
    jw_set_probability(writer, "score", score);
    jw_key(writer, "provisional");
    jw_bool(writer, leaf->provisional);
}

/* The probability of a candidate: the confidence is the first one's (or, for decision none, what is
 * left beside it), and the others have theirs in proportion of their shares. */
static double candidate_score(const struct verdict *verdict, size_t candidate)
{
    double first = verdict->decision == DECISION_NONE
                       ? (1 - verdict->confidence) * verdict->ranking.all[0].share
                       : verdict->confidence;
    return fmin(first,
                first * verdict->ranking.all[candidate].share / verdict->ranking.all[0].share);
}

static void write_candidates(struct jw *writer, const struct mind *mind,
                             const struct verdict *verdict)
{
    jw_key(writer, "candidates");
    jw_array(writer);
    for (size_t i = 0; i < verdict->ranking.top && i < SHOWN; i++) {
        write_leaf(writer, &verdict->revision->leaves[verdict->ranking.all[i].leaf],
                   candidate_score(verdict, i));
        if (i < WITH_EVIDENCE)
            write_evidence(writer, mind, verdict, i);
        jw_end_object(writer);
    }
    jw_end_array(writer);
}

static void write_item(struct jw *writer, const struct verdict *verdict,
                       const struct item_verdict *item)
{
    jw_object(writer);
    jw_key(writer, "text");
    jw_text_part(writer, item->text, item->text_bytes);
    write_span(writer, field_name(FIELD_DESCRIPTION), item->line.span);
    if (item->line.amount_fen >= 0)
        jw_set_number(writer, "amount_yuan", (double)item->line.amount_fen / 100);
    jw_set_text(writer, "kind", kind_name(item->kind));
    jw_set_probability(writer, "confidence", item->confidence);
    jw_key(writer, "candidates");
    jw_array(writer);
    for (size_t c = 0; item->kind == KIND_SERVICE && c < item->candidate_count; c++) {
        write_leaf(writer, &verdict->revision->leaves[item->candidates[c].leaf],
                   item->confidence * item->candidates[c].share / item->candidates[0].share);
        jw_end_object(writer);
    }
    jw_end_array(writer);
    jw_end_object(writer);
}

static void write_items(struct jw *writer, const struct verdict *verdict)
{
    jw_key(writer, "items");
    jw_array(writer);
    for (size_t i = 0; i < verdict->item_count; i++)
        write_item(writer, verdict, &verdict->items[i]);
    jw_end_array(writer);
}

static void write_finding(struct jw *writer, const struct finding *finding)
{
    jw_object(writer);
    jw_set_text(writer, "rule", finding->rule);
    jw_set_text(writer, "severity", severity_word(finding->severity));
    if (*finding->field)
        write_span(writer, finding->field, finding->span);
    jw_set_text(writer, "message", finding->message);
    jw_set_text(writer, "basis", finding->basis);
    if (*finding->other)
        jw_set_text(writer, "other", finding->other);
    if (finding->accepted) {
        jw_key(writer, "accepted");
        jw_object(writer);
        jw_set_text(writer, "reason", finding->accepted->reason);
        jw_set_text(writer, "by", finding->accepted->by);
        jw_set_text(writer, "at", finding->accepted->at);
        jw_end_object(writer);
    }
    jw_end_object(writer);
}

static void write_findings(struct jw *writer, const struct findings *findings)
{
    jw_key(writer, "findings");
    jw_array(writer);
    for (size_t i = 0; findings && i < findings->count; i++)
        write_finding(writer, &findings->all[i]);
    jw_end_array(writer);
}

/* The memory that was followed, or those for which a person has to decide. */
static void write_recalled(struct jw *writer, const struct verdict *verdict)
{
    const struct recalled *recalled = &verdict->recalled;
    bool found = recalled->outcome == RECALL_FOUND;
    jw_key(writer, found ? "remembered" : "disputed");
    jw_object(writer);
    jw_set_text(writer, "review", recalled->first->review);
    jw_set_text(writer, "project", recalled->first->project);
    jw_set_probability(writer, "similarity", recalled->similarity);
    if (recalled->second)
        jw_set_text(writer, "other_review", recalled->second->review);
    if (is_carried(verdict)) {
        jw_set_text(writer, "catalog", recalled->first->revision->number);
        jw_set_text(writer, "code", recalled->first->code);
    }
    jw_end_object(writer);
}

void result_write(struct jw *writer, struct strbuf *out, const struct engine *engine,
                  const char *id, const struct verdict *verdict, const struct findings *findings)
{
    jw_begin(writer, out);
    jw_object(writer);
    jw_set_text(writer, "id", id);
    jw_set_text(writer, "catalog", verdict->revision->number);
    jw_set_text(writer, "engine", engine_version());
    jw_set_text(writer, "model", engine_model(engine));
    jw_set_text(writer, "decision", decision_name(verdict->decision));
    jw_set_text(writer, "kind", kind_name(verdict->kind));
    jw_set_probability(writer, "confidence", verdict->confidence);
    write_candidates(writer, engine_mind(engine), verdict);
    write_items(writer, verdict);
    if (verdict->recalled.outcome != RECALL_NOTHING)
        write_recalled(writer, verdict);
    write_findings(writer, findings);
    jw_end_object(writer);
}

void result_write_error(struct jw *writer, struct strbuf *out, const char *id,
                        const struct fault *fault)
{
    jw_begin(writer, out);
    jw_object(writer);
    jw_set_text(writer, "id", id && *id ? id : NULL);
    jw_key(writer, "error");
    jw_object(writer);
    jw_set_text(writer, "code", fault->code);
    jw_set_text(writer, "message", fault->message);
    jw_end_object(writer);
    jw_end_object(writer);
}
