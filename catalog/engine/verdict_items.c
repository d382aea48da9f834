#include "catalog/engine/verdict.h"

#include <math.h>
#include <string.h>

/* Line items are counted for a kind when it is at least this probable. */
static const double sure_kind = 0.7;
/* From this share of other kinds on, a person looks at a project that seems a service … */
static const double mixed_share = 0.2;
/* … and from this share of services on, at one that seems none. */
static const double service_share = 0.5;

static bool ends_title(uint32_t code)
{
    return code == 0x3002 || code == ';' || code == ':' || code == ',' || code == '\n' ||
           code == '(';
}

/* A line item opens with what it is called: as far as its first clause, its amount left out. */
static struct span title_of(const struct plain *plain, const struct line_item *line)
{
    size_t end = line->span.start;
    while (end < line->span.end && !ends_title(plain->codes[end]) &&
           !(line->amount_fen >= 0 && end == line->amount_span.start))
        end++;
    return (struct span){line->span.start, end};
}

/* A line item says what it is for at once; the rest of a long one costs time and blurs it. */
enum { ITEM_CODE_POINTS = 160 };

static struct span beginning_of(struct span span)
{
    bool longer = span.end - span.start > ITEM_CODE_POINTS;
    return (struct span){span.start, longer ? span.start + ITEM_CODE_POINTS : span.end};
}

/* Judges one line item as if it were a project; leaves the result in the verdict's upper part, from
 * where it is copied. */
static void judge_item(struct verdict *verdict, const struct mind *mind, struct item_verdict *item)
{
    struct span title = title_of(&verdict->plain, &item->line);
    reading_slice(&verdict->item_reading, &verdict->reading, mind->thesaurus->phrases,
                  beginning_of(title), beginning_of(item->line.span));
    verdict_of_reading(verdict, mind, &verdict->item_reading);

    item->kind = verdict->kind;
    item->kind_share = verdict->kinds[verdict->kind];
    item->confidence = verdict->confidence;
    item->candidate_count =
        verdict->ranking.top < ITEM_CANDIDATES ? verdict->ranking.top : ITEM_CANDIDATES;
    memcpy(item->candidates, verdict->ranking.all,
           item->candidate_count * sizeof *item->candidates);
}

/* Shares of the items, by money where every item states its own, else by number. */
struct weights {
    double service, other, total;
};

static struct weights weigh(const struct verdict *verdict)
{
    struct weights weights = {0};
    bool by_money = true;
    for (size_t i = 0; i < verdict->item_count; i++)
        by_money = by_money && verdict->items[i].line.amount_fen > 0;
    for (size_t i = 0; i < verdict->item_count; i++) {
        const struct item_verdict *item = &verdict->items[i];
        double weight = by_money ? (double)item->line.amount_fen : 1;
        weights.total += weight;
        if (item->kind_share < sure_kind)
            continue;
        *(item->kind == KIND_SERVICE ? &weights.service : &weights.other) += weight;
    }
    return weights;
}

static void follow_items(struct verdict *verdict, double auto_threshold)
{
    struct weights weights = weigh(verdict);
    double service = weights.service / weights.total, other = weights.other / weights.total;
    if (verdict->sure && other >= mixed_share) {
        verdict->decision = DECISION_REVIEW;
        verdict->sure = false;
        verdict->confidence = fmin(verdict->confidence, auto_threshold) * (1 - other / 2);
    } else if (verdict->decision == DECISION_NONE && service >= service_share) {
        verdict->decision = DECISION_REVIEW;
        verdict->kind = KIND_SERVICE;
        verdict->confidence = (1 - verdict->confidence / 2) * service;
    }
}

/* Finds the line items of the description and where their texts stand in it. */
static size_t take_items(struct verdict *verdict, const char *description)
{
    struct line_item lines[LINE_ITEMS];
    plain_take(&verdict->plain, description, strlen(description));
    verdict->plain_of = description;
    size_t count = lines_split(&verdict->plain, lines), at = 0;
    for (size_t i = 0; i < count; i++) {
        struct span span = lines[i].span;
        struct item_verdict *item = &verdict->items[i];
        description += text_offset(description, span.start - at);
        item->line = lines[i];
        item->text = description;
        item->text_bytes = text_offset(description, span.end - span.start);
        description += item->text_bytes;
        at = span.end;
    }
    return count;
}

void verdict_project(struct verdict *verdict, const struct mind *mind,
                     const struct revision *revision, const struct project *project)
{
    verdict->revision = revision;
    directory_resolve(mind->directory, project->unit, project->department, &verdict->scratch,
                      &verdict->guesses);
    directory_follow(mind->directory, revision, &verdict->guesses);
    reading_find(&verdict->reading, mind->thesaurus->folder, mind->thesaurus->phrases,
                 project->fields);
    size_t count = take_items(verdict, project->fields[FIELD_DESCRIPTION]);
    for (size_t i = 0; i < count; i++)
        judge_item(verdict, mind, &verdict->items[i]);
    verdict_of_reading(verdict, mind, &verdict->reading);
    verdict->item_count = count;
    if (count)
        follow_items(verdict, mind->model->auto_threshold);
    verdict_recall(verdict, mind, project->unit);
}
