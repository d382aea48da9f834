#include "catalog/engine/evidence.h"

#include <math.h>

/* Places where something spoke for a candidate, still in folded units. */
struct trace {
    enum field field;
    uint32_t start, end;
    const char *label;
    double weight;
};

enum { TRACES = 24 };

struct traces {
    struct trace all[TRACES];
    size_t count;
    double total;
};

static bool overlaps(const struct trace *a, const struct trace *b)
{
    return a->field == b->field && a->start < b->end && b->start < a->end;
}

static void drop_covered(struct traces *traces, const struct trace *by)
{
    size_t kept = 0;
    for (size_t i = 0; i < traces->count; i++)
        if (!overlaps(&traces->all[i], by))
            traces->all[kept++] = traces->all[i];
    traces->count = kept;
}

/* Keeps the trace unless a stronger one covers its place; drops the weaker ones that it covers. */
static void add_trace(struct traces *traces, const struct trace *trace)
{
    bool covers = false;
    traces->total += trace->weight;
    for (size_t i = 0; i < traces->count; i++) {
        if (!overlaps(&traces->all[i], trace))
            continue;
        if (traces->all[i].weight >= trace->weight)
            return;
        covers = true;
    }
    if (covers)
        drop_covered(traces, trace);
    if (traces->count < TRACES) {
        traces->all[traces->count++] = *trace;
        return;
    }
    size_t weakest = 0;
    for (size_t i = 1; i < traces->count; i++)
        if (traces->all[i].weight < traces->all[weakest].weight)
            weakest = i;
    if (traces->all[weakest].weight < trace->weight)
        traces->all[weakest] = *trace;
}

/* A label of the candidate that the text holds. */
struct found_label {
    uint32_t phrase;
    float weight;
};

enum { FOUND_LABELS = 64 };

/* Most phrases of a text are no labels of the item: a bit by the last bits of a phrase says so. */
static uint64_t phrase_bit(uint32_t phrase)
{
    return (uint64_t)1 << (phrase & 63);
}

static float label_weight(const struct index *index, uint32_t department, uint32_t phrase,
                          uint32_t concept)
{
    struct range range = index_label(index, department, phrase);
    for (uint32_t i = 0; i < range.count; i++) {
        const struct label_posting *posting = &index->label_postings[range.first + i];
        if (posting->concept == concept && posting->kind <= LABEL_HIDDEN)
            return posting->weight;
    }
    return 0;
}

/* A text holds many phrases and an item has few labels: those of the item are gone through. */
static size_t find_labels(const struct mind *mind, const struct verdict *verdict, uint32_t number,
                          struct found_label found[FOUND_LABELS])
{
    const struct concept *concept = &mind->thesaurus->concepts[number];
    const struct label *labels = mind->thesaurus->labels + concept->first_label;
    size_t count = 0;
    for (uint32_t i = 0; i < concept->label_count && count < FOUND_LABELS; i++) {
        if (labels[i].kind > LABEL_HIDDEN ||
            ranking_phrase_weight(&verdict->ranking, labels[i].phrase) <= 0)
            continue;
        found[count++] =
            (struct found_label){labels[i].phrase, label_weight(mind->index, concept->department,
                                                                labels[i].phrase, number)};
    }
    return count;
}

static float weight_of(const struct found_label *found, size_t count, uint32_t phrase)
{
    for (size_t i = 0; i < count; i++)
        if (found[i].phrase == phrase)
            return found[i].weight;
    return 0;
}

/* A label also says what its characters say, which are counted on their own. */
static const double length_bonus = 0.15;

static void trace_labels(struct traces *traces, const struct mind *mind,
                         const struct verdict *verdict, uint32_t concept)
{
    struct found_label found[FOUND_LABELS];
    size_t found_count = find_labels(mind, verdict, concept, found);
    uint64_t bits = 0;
    for (size_t i = 0; i < found_count; i++)
        bits |= phrase_bit(found[i].phrase);
    double scale =
        mind->model->features[FEATURE_LABELS] * 2 / sqrt(10 + verdict->reading.total_mass);
    for (int f = 0; found_count && f < FIELDS; f++) {
        const struct reading_field *field = &verdict->reading.fields[f];
        for (size_t i = 0; i < field->hit_count; i++) {
            const struct hit *hit = &field->hits[i];
            if (!(bits & phrase_bit(hit->phrase)))
                continue;
            double weight = (double)weight_of(found, found_count, hit->phrase);
            if (weight <= 0)
                continue;
            struct trace trace = {(enum field)f, hit->start, hit->start + hit->length,
                                  mind->thesaurus->phrase_text[hit->phrase],
                                  (scale * weight + length_bonus * hit->length) *
                                      (double)reading_field_weight[f]};
            add_trace(traces, &trace);
        }
    }
}

enum { AT_ONCE = 64 };

/* What each of at most AT_ONCE pairs says for the item. */
static void weigh_pairs(const struct index *index, uint32_t department, uint32_t concept,
                        const struct pair *pairs, size_t count, float weights[AT_ONCE])
{
    const struct pair_table *table = &index->pairs[department];
    uint8_t sifted[AT_ONCE + 1];
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        weights[i] = 0;
        sifted[kept] = (uint8_t)i;
        kept += pair_table_may_have(table, pair_hash(pairs[i].units));
    }
    for (size_t k = 0; k < kept; k++) {
        struct postings postings = index_pair(index, department, pairs[sifted[k]].units);
        for (uint32_t i = 0; i < postings.count; i++)
            if (postings.all[i].concept == concept)
                weights[sifted[k]] = postings.all[i].weight;
    }
}

/* Runs of characters that the item is written with, where no label says it. */
static void trace_pairs(struct traces *traces, const struct mind *mind,
                        const struct verdict *verdict, uint32_t concept, enum field f)
{
    static const float telling = 1.2f;
    const struct reading_field *field = &verdict->reading.fields[f];
    const struct concept *item = &mind->thesaurus->concepts[concept];
    double scale = mind->model->features[FEATURE_WORDS] / sqrt(verdict->reading.total_mass + 1);
    struct trace run = {f, 0, 0, item->name, 0};
    float weights[AT_ONCE];
    for (size_t i = 0; i < field->pair_count; i++) {
        const struct pair *pair = &field->pairs[i];
        size_t left = field->pair_count - i;
        if (i % AT_ONCE == 0)
            weigh_pairs(mind->index, item->department, concept, pair,
                        left < AT_ONCE ? left : AT_ONCE, weights);
        float weight = weights[i % AT_ONCE];
        bool goes_on = weight >= telling && pair->position < run.end;
        if (!goes_on && run.end > 0) {
            add_trace(traces, &run);
            run.end = 0;
        }
        if (weight < telling)
            continue;
        if (!goes_on)
            run = (struct trace){f, pair->position, pair->end, item->name, 0};
        run.end = pair->end;
        run.weight += scale * (double)(weight * (f == FIELD_NAME ? 1.0f : 0.4f));
    }
    if (run.end > 0)
        add_trace(traces, &run);
}

static void sort_by_weight(struct traces *traces)
{
    for (size_t i = 1; i < traces->count; i++)
        for (size_t j = i; j > 0 && traces->all[j].weight > traces->all[j - 1].weight; j--) {
            struct trace moved = traces->all[j];
            traces->all[j] = traces->all[j - 1];
            traces->all[j - 1] = moved;
        }
}

size_t evidence_collect(const struct mind *mind, const struct verdict *verdict, size_t candidate,
                        struct evidence out[EVIDENCE])
{
    struct traces traces = {.count = 0};
    const struct leaf *leaf = &verdict->revision->leaves[verdict->ranking.all[candidate].leaf];
    trace_labels(&traces, mind, verdict, leaf->concept);
    trace_pairs(&traces, mind, verdict, leaf->concept, FIELD_NAME);
    if (traces.count < 2)
        trace_pairs(&traces, mind, verdict, leaf->concept, FIELD_DESCRIPTION);
    sort_by_weight(&traces);
    size_t count = traces.count < EVIDENCE ? traces.count : EVIDENCE;
    for (size_t i = 0; i < count; i++) {
        const struct trace *trace = &traces.all[i];
        out[i] = (struct evidence){
            trace->field,
            folded_span(&verdict->reading.fields[trace->field].folded, trace->start, trace->end),
            trace->label, trace->weight / traces.total};
    }
    return count;
}
