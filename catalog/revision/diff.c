#include "catalog/revision/diff.h"

#include "catalog/revision/matching.h"
#include "common/strbuf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[RELATIONS] = {"exact",  "renamed", "recoded", "moved", "split",
                                             "merged", "removed", "added",   "unseen"};
static const char *const words[RELATIONS] = {"未变", "更名", "换码", "移位",  "拆分",
                                             "合并", "删除", "新增", "未收录"};

const char *relation_name(enum relation relation)
{
    return names[relation];
}

const char *relation_word(enum relation relation)
{
    return words[relation];
}

enum relation relation_of_name(const char *name)
{
    int relation = 0;
    while (relation < RELATIONS && strcmp(names[relation], name) != 0)
        relation++;
    return (enum relation)relation;
}

/* --- what changed between two partners --- */

static bool same_department(const struct matching *matching, int old, int new)
{
    return matching->department_new[matching->old->items[old].department] ==
           matching->new->items[new].department;
}

static bool parent_went_along(const struct matching *matching, int old, int new)
{
    int a = matching->old->items[old].parent, b = matching->new->items[new].parent;
    if (a == NOWHERE || b == NOWHERE)
        return a == b;
    int partner = matching->of_old[a].partner;
    return partner == NOWHERE ? matching_same_parent(matching, old, new) : partner == b;
}

static unsigned changes_between(const struct matching *matching, int old, int new)
{
    const struct outline_item *a = &matching->old->items[old], *b = &matching->new->items[new];
    unsigned changes = 0;
    if (strcmp(a->folded, b->folded) != 0)
        changes |= CHANGE_NAME;
    if (strcmp(a->code, b->code) != 0)
        changes |= CHANGE_CODE;
    if (strcmp(a->restriction, b->restriction) != 0)
        changes |= CHANGE_RESTRICTION;
    if (!same_department(matching, old, new))
        changes |= CHANGE_DEPARTMENT;
    else if (!parent_went_along(matching, old, new))
        changes |= CHANGE_PARENT;
    return changes;
}

static enum relation relation_of(unsigned changes, enum relation group)
{
    if (group != RELATION_EXACT)
        return group;
    if (changes & (CHANGE_PARENT | CHANGE_DEPARTMENT))
        return RELATION_MOVED;
    if (changes & CHANGE_NAME)
        return RELATION_RENAMED;
    return changes & CHANGE_CODE ? RELATION_RECODED : RELATION_EXACT;
}

/* --- how sure --- */

static double sureness(double score, double margin)
{
    return 1 / (1 + exp(-(11 * (score - matching_threshold) + 5 * margin)));
}

static double confidence_of(const struct matching *matching, int old, int new)
{
    const struct match *one = &matching->of_old[old], *other = &matching->of_new[new];
    double rival = fmax(one->rival, other->rival);
    if (one->group != RELATION_EXACT)
        return one->sure;
    if (one->exact)
        return rival >= one->score ? 0.9 : 0.995;
    return fmin(0.99, sureness(one->score, fmax(-0.2, fmin(0.4, one->score - rival))));
}

/* The closest thing to a successor that an item without one has speaks against its removal. */
static double loneliness(const struct match *match)
{
    return fmin(0.99, 1 - pow(match->rival, 4));
}

/* --- what an excerpt may lack --- */

/* Whether the place at which the item would stand is held by an excerpt: between items of its
 * department that are. */
static bool is_place_held(const struct matching *matching, int old)
{
    const struct outline_item *item = &matching->old->items[old];
    int department = matching->department_new[item->department];
    if (matching->new->complete)
        return true;
    if (department == NOWHERE)
        return false;
    const struct outline_department *there = &matching->new->departments[department];
    const struct outline_item *first = &matching->new->items[there->first],
                              *last = &matching->new->items[there->first + there->count - 1];
    return there->leaves > 0 && strcmp(item->code, last->code) < 0 &&
           (strcmp(item->code, first->code) > 0 || first->level == 1);
}

/* --- links --- */

struct building {
    struct diff *diff;
    const struct matching *matching;
    size_t capacity;
};

static void add_link(struct building *building, struct link link)
{
    struct diff *diff = building->diff;
    if (diff->count == building->capacity) {
        building->capacity = building->capacity * 2 + 256;
        diff->links = xrealloc(diff->links, building->capacity * sizeof *diff->links);
    }
    diff->links[diff->count++] = link;
}

static void add_partners(struct building *building, int old, int new, enum relation group,
                         double similarity, double confidence)
{
    unsigned changes = changes_between(building->matching, old, new);
    add_link(building,
             (struct link){old, new, relation_of(changes, group), changes, similarity, confidence});
}

static void add_lost(struct building *building, int old)
{
    const struct match *match = &building->matching->of_old[old];
    bool held = is_place_held(building->matching, old);
    double confidence = loneliness(match) * (building->matching->new->complete ? 1 : 0.7);
    add_link(building, (struct link){.old = old,
                                     .new = NOWHERE,
                                     .relation = held ? RELATION_REMOVED : RELATION_UNSEEN,
                                     .similarity = 0,
                                     .confidence = held ? confidence : 0});
}

static void add_extras(struct building *building, int old)
{
    const struct matching *matching = building->matching;
    for (size_t i = 0; i < matching->extra_count; i++) {
        const struct extra *extra = &matching->extras[i];
        if (extra->old == old)
            add_partners(building, old, extra->new, extra->group, extra->similarity, extra->sure);
    }
}

/* A part of a merge is the partner of the whole, which has another as its own. */
static bool is_extra(const struct matching *matching, int old, int new)
{
    for (size_t i = 0; i < matching->extra_count; i++)
        if (matching->extras[i].old == old && matching->extras[i].new == new)
            return true;
    return false;
}

static void make_links(struct building *building)
{
    const struct matching *matching = building->matching;
    for (size_t i = 0; i < matching->old->item_count; i++) {
        const struct match *match = &matching->of_old[i];
        if (match->partner == NOWHERE)
            add_lost(building, (int)i);
        else if (!is_extra(matching, (int)i, match->partner))
            add_partners(building, (int)i, match->partner, match->group, match->similarity,
                         confidence_of(matching, (int)i, match->partner));
        add_extras(building, (int)i);
    }
    for (size_t j = 0; j < matching->new->item_count; j++) {
        const struct match *match = &matching->of_new[j];
        bool was_there = !matching->old->complete &&
                         matching->department_old[matching->new->items[j].department] == NOWHERE;
        if (match->partner == NOWHERE)
            add_link(building,
                     (struct link){.old = NOWHERE,
                                   .new = (int)j,
                                   .relation = was_there ? RELATION_UNSEEN : RELATION_ADDED,
                                   .confidence = was_there ? 0 : loneliness(match)});
    }
}

static struct department_link *add_department_link(struct diff *diff, int old, int new)
{
    bool renamed = old != NOWHERE && new != NOWHERE &&strcmp(diff->old->departments[old].folded,
                                                             diff->new->departments[new].folded);
    diff->departments =
        xrealloc(diff->departments, (diff->department_count + 1) * sizeof *diff->departments);
    diff->departments[diff->department_count] =
        (struct department_link){old, new, renamed, NOWHERE};
    return &diff->departments[diff->department_count++];
}

/* Where half of the leaves of a department have their partners, or more; of one leaf that is no sign. */
static int heir_of(const struct outline *here, int department, const struct match *matches,
                   const struct outline *there)
{
    const struct outline_department *one = &here->departments[department];
    size_t *shares = xcalloc(there->department_count + 1, sizeof *shares);
    int best = 0;
    for (size_t i = one->first; i < one->first + one->count; i++)
        if (here->items[i].leaf && matches[i].partner != NOWHERE)
            shares[there->items[matches[i].partner].department]++;
    for (size_t d = 1; d < there->department_count; d++)
        if (shares[d] > shares[best])
            best = (int)d;
    bool enough = shares[best] > 1 && 2 * shares[best] >= one->leaves;
    free(shares);
    return enough ? best : NOWHERE;
}

static void make_department_links(struct diff *diff, const struct matching *matching)
{
    for (size_t i = 0; i < diff->old->department_count; i++) {
        int other = matching->department_new[i];
        struct department_link *link = add_department_link(diff, (int)i, other);
        if (other == NOWHERE)
            link->heir = heir_of(diff->old, (int)i, matching->of_old, diff->new);
    }
    for (size_t j = 0; j < diff->new->department_count; j++)
        if (matching->department_old[j] == NOWHERE)
            add_department_link(diff, NOWHERE, (int)j)->heir =
                heir_of(diff->new, (int)j, matching->of_new, diff->old);
}

static void compare(struct diff *diff)
{
    struct matching *matching = matching_new(diff->old, diff->new);
    match_departments(matching);
    match_leaves(matching);
    match_parts(matching);
    match_uppers(matching);
    struct building building = {.diff = diff, .matching = matching};
    make_links(&building);
    make_department_links(diff, matching);
    matching_destroy(&matching);
}

struct diff *diff_revisions(struct store *store, const char *old_number, const char *new_number,
                            struct fault *fault)
{
    struct diff *diff = xcalloc(1, sizeof *diff);
    struct folder *folder = folder_new();
    struct vocabulary *vocabulary = vocabulary_new(store, fault);
    if (!vocabulary || !(diff->old = outline_load(store, old_number, folder, vocabulary, fault)) ||
        !(diff->new = outline_load(store, new_number, folder, vocabulary, fault))) {
        diff_destroy(&diff);
    } else {
        outline_profile(diff->old, vocabulary);
        outline_profile(diff->new, vocabulary);
        compare(diff);
    }
    vocabulary_destroy(&vocabulary);
    folder_destroy(&folder);
    return diff;
}

void diff_destroy(struct diff **diff)
{
    if (!*diff)
        return;
    outline_destroy(&(*diff)->old);
    outline_destroy(&(*diff)->new);
    free((*diff)->departments);
    free((*diff)->links);
    free(*diff);
    *diff = NULL;
}

const struct outline_item *link_item(const struct diff *diff, const struct link *link)
{
    return link->old != NOWHERE ? &diff->old->items[link->old] : &diff->new->items[link->new];
}

const char *link_department(const struct diff *diff, const struct link *link)
{
    const struct outline *outline = link->old != NOWHERE ? diff->old : diff->new;
    return outline->departments[link_item(diff, link)->department].name;
}

size_t diff_count(const struct diff *diff, enum relation relation, bool leaves)
{
    size_t count = 0;
    for (size_t i = 0; i < diff->count; i++)
        count +=
            diff->links[i].relation == relation && link_item(diff, &diff->links[i])->leaf == leaves;
    return count;
}
