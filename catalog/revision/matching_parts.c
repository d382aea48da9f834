/* Splits and merges: one item whose words several others share out among themselves. */
#include "catalog/revision/matching.h"

#include "common/strbuf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS = 6 };
/* A part's words come from the whole by so much … */
static const double from_whole = 0.7;
/* … the parts together say so much of the whole, and no part alone nearly all of it; */
static const double together = 0.66, nearly_all = 0.93, gain = 0.1;
/* what a part adds to the others is so much of the whole, or so much of the part itself; */
static const double own = 0.4;
/* or each part says all that the whole said, and something more. */
static const double says_all = 0.85;
enum { SAYS_MORE = 2 };
static const double most_sure = 0.98;
/* A part may be taken from a partner that it is less alike by so much. */
static const double rather = 0.05;

/* One side of a matching: splits look from the old to the new, merges from the new to the old. */
struct view {
    const struct outline *whole_side, *part_side;
    const struct match *wholes, *parts;
    const int *department;
    enum relation relation;
};

struct part {
    int item;
    bool specialised; /* says all of the whole, and more */
    double share;     /* of the whole that it says */
    double taken;     /* of itself that the whole says */
    double similarity;
    double sure;
};

static bool parents_agree(const struct view *view, int whole, int part)
{
    int a = view->whole_side->items[whole].parent, b = view->part_side->items[part].parent;
    if (a == NOWHERE || b == NOWHERE)
        return a == b;
    const struct outline_item *one = &view->whole_side->items[a],
                              *other = &view->part_side->items[b];
    return strcmp(one->code, other->code) == 0 || strcmp(one->folded, other->folded) == 0;
}

/* Whether an item with another partner would rather be a part of the whole. */
static bool is_free_for(const struct view *view, int whole, int item, double similarity)
{
    const struct match *match = &view->parts[item];
    return match->partner == NOWHERE || match->partner == whole ||
           (!match->exact && similarity > match->similarity + rather);
}

/* Whether the item may be a part of the whole. */
static bool read_part(const struct view *view, int whole, int item, struct part *part)
{
    const struct outline_item *one = &view->whole_side->items[whole],
                              *other = &view->part_side->items[item];
    if (!other->leaf || view->parts[item].group != RELATION_EXACT ||
        strcmp(one->folded, other->folded) == 0 || !parents_agree(view, whole, item))
        return false;
    part->item = item;
    part->share = likeness_cover(&one->profile, &other->profile);
    part->similarity = likeness(&one->profile, &other->profile);
    if (!is_free_for(view, whole, item, part->similarity))
        return false;
    part->specialised =
        part->share >= says_all && other->profile.length >= one->profile.length + SAYS_MORE;
    part->taken = likeness_cover(&other->profile, &one->profile);
    return part->specialised || part->taken >= from_whole;
}

static int largest_first(const void *a, const void *b)
{
    const struct part *x = a, *y = b;
    if (fabs(x->similarity - y->similarity) > 1e-9)
        return x->similarity > y->similarity ? -1 : 1;
    return x->item - y->item;
}

static size_t collect_parts(const struct view *view, int whole, struct part parts[PARTS])
{
    int department = view->department[view->whole_side->items[whole].department];
    size_t count = 0;
    if (department == NOWHERE)
        return 0;
    const struct outline_department *there = &view->part_side->departments[department];
    for (size_t i = there->first; i < there->first + there->count && count < PARTS; i++)
        count += read_part(view, whole, (int)i, &parts[count]);
    qsort(parts, count, sizeof *parts, largest_first);
    return count;
}

static const struct profile *profile_of(const struct view *view, const struct part *part)
{
    return &view->part_side->items[part->item].profile;
}

/* How much of the whole one part says, in runs. */
static double says_alone(const struct view *view, const struct profile *whole,
                         const struct part *part)
{
    bool said[PROFILE_UNITS] = {false};
    return likeness_mark(whole, profile_of(view, part), said);
}

/* Whether the parts share the whole out; those that add nothing to the ones before are left off. */
static size_t shared_out(const struct view *view, int whole, struct part *parts, size_t count)
{
    const struct profile *all = &view->whole_side->items[whole].profile;
    bool said[PROFILE_UNITS] = {false};
    size_t kept = 1;
    double covered = likeness_mark(all, profile_of(view, &parts[0]), said);
    for (size_t i = 1; i < count; i++) {
        bool with[PROFILE_UNITS];
        memcpy(with, said, sizeof with);
        double fresh = likeness_mark(all, profile_of(view, &parts[i]), with);
        bool adds =
            fresh >= gain * all->weight || fresh >= own * profile_of(view, &parts[i])->weight;
        if (!adds || covered + fresh - says_alone(view, all, &parts[i]) < gain / 2 * all->weight)
            continue;
        memcpy(said, with, sizeof said);
        covered += fresh;
        parts[kept++] = parts[i];
    }
    for (size_t i = 0; i < kept && all->weight > 0; i++)
        parts[i].sure = fmin(most_sure, parts[i].taken * (1 + covered / all->weight) / 2);
    return kept > 1 && parts[0].share < nearly_all && covered >= together * all->weight ? kept : 0;
}

static size_t specialised(struct part *parts, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (parts[i].specialised) {
            parts[kept] = parts[i];
            parts[kept++].sure = most_sure;
        }
    return kept > 1 ? kept : 0;
}

static void add_extra(struct matching *matching, struct extra extra)
{
    matching->extras =
        xrealloc(matching->extras, (matching->extra_count + 1) * sizeof *matching->extras);
    matching->extras[matching->extra_count++] = extra;
}

/* Ends what an item had with another than the whole. */
static void leave_partner(struct matching *matching, const struct view *view, int whole, int item)
{
    bool split = view->relation == RELATION_SPLIT;
    struct match *match = split ? &matching->of_new[item] : &matching->of_old[item];
    if (match->partner == NOWHERE || match->partner == whole)
        return;
    (split ? matching->of_old : matching->of_new)[match->partner].partner = NOWHERE;
    match->partner = NOWHERE;
}

static void record(struct matching *matching, const struct view *view, int whole,
                   const struct part *parts, size_t count)
{
    bool split = view->relation == RELATION_SPLIT;
    for (size_t i = 0; i < count; i++) {
        int old = split ? whole : parts[i].item, new = split ? parts[i].item : whole;
        leave_partner(matching, view, whole, parts[i].item);
        if (i == 0) {
            matching_join(matching, old, new, fmax(parts[i].similarity, matching_threshold),
                          parts[i].similarity, false);
            matching->of_old[old].sure = parts[i].sure;
        } else {
            add_extra(matching,
                      (struct extra){old, new, view->relation, parts[i].similarity, parts[i].sure});
        }
        if (!split)
            matching->of_old[old].partner = new;
        else
            matching->of_new[new].partner = old;
        matching->of_old[old].group = matching->of_new[new].group = view->relation;
    }
}

static void match_parts_of(struct matching *matching, const struct view *view)
{
    for (size_t i = 0; i < view->whole_side->item_count; i++) {
        struct part parts[PARTS], same[PARTS];
        const struct match *match = &view->wholes[i];
        if (!view->whole_side->items[i].leaf || match->exact || match->group != RELATION_EXACT)
            continue;
        size_t count = collect_parts(view, (int)i, parts);
        memcpy(same, parts, sizeof parts);
        size_t kept = count > 1 ? specialised(same, count) : 0;
        if (kept) {
            memcpy(parts, same, sizeof parts);
        } else if (count > 1) {
            kept = shared_out(view, (int)i, parts, count);
        }
        bool has_partner = match->partner == NOWHERE;
        for (size_t p = 0; p < kept; p++)
            has_partner = has_partner || parts[p].item == match->partner;
        if (kept && has_partner)
            record(matching, view, (int)i, parts, kept);
    }
}

void match_parts(struct matching *matching)
{
    struct view splits = {
        matching->old, matching->new, matching->of_old, matching->of_new, matching->department_new,
        RELATION_SPLIT};
    struct view merges = {
        matching->new,  matching->old, matching->of_new, matching->of_old, matching->department_old,
        RELATION_MERGED};
    match_parts_of(matching, &splits);
    match_parts_of(matching, &merges);
}
