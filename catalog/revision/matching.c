#include "catalog/revision/matching.h"

#include "common/strbuf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const double matching_threshold = 0.52;
/* What the surroundings of two items add to the likeness of their names; the same code adds the less the
 * more alike they are: of siblings with nearly one name the codes may have been exchanged. */
static const double same_code_adds = 0.14, same_parent_adds = 0.09, labels_add = 0.2;
/* Names that share less than this are different ones in any surroundings, unless labels speak for them. */
static const double names_least = 0.44;
/* Items of different departments must be called nearly the same. */
static const double across_departments = 0.74;
/* A department goes on under another name when so much of its items does. */
static const double departments_alike = 0.4, department_names_alike = 0.55;

struct matching *matching_new(const struct outline *old, const struct outline *new)
{
    struct matching *matching = xcalloc(1, sizeof *matching);
    *matching = (struct matching){
        .old = old,
        .new = new,
        .of_old = xcalloc(old->item_count + 1, sizeof(struct match)),
        .of_new = xcalloc(new->item_count + 1, sizeof(struct match)),
        .department_new = xcalloc(old->department_count + 1, sizeof(int)),
        .department_old = xcalloc(new->department_count + 1, sizeof(int)),
    };
    for (size_t i = 0; i < old->item_count; i++)
        matching->of_old[i].partner = NOWHERE;
    for (size_t i = 0; i < new->item_count; i++)
        matching->of_new[i].partner = NOWHERE;
    return matching;
}

void matching_destroy(struct matching **matching)
{
    if (!*matching)
        return;
    free((*matching)->of_old);
    free((*matching)->of_new);
    free((*matching)->department_new);
    free((*matching)->department_old);
    free((*matching)->extras);
    free(*matching);
    *matching = NULL;
}

void matching_join(struct matching *matching, int old, int new, double score, double similarity,
                   bool exact)
{
    struct match *one = &matching->of_old[old], *other = &matching->of_new[new];
    *one = (struct match){new, score, similarity, one->rival, RELATION_EXACT, exact, 0};
    *other = (struct match){old, score, similarity, other->rival, RELATION_EXACT, exact, 0};
}

bool matching_same_parent(const struct matching *matching, int old, int new)
{
    int a = matching->old->items[old].parent, b = matching->new->items[new].parent;
    if (a == NOWHERE || b == NOWHERE)
        return a == b;
    const struct outline_item *one = &matching->old->items[a], *other = &matching->new->items[b];
    return strcmp(one->code, other->code) == 0 || strcmp(one->folded, other->folded) == 0;
}

static bool is_free(const struct outline *outline, const struct match *matches, size_t item)
{
    return outline->items[item].leaf && matches[item].partner == NOWHERE;
}

/* --- departments --- */

/* The share of leaves that two departments have in common by name. */
static double common_leaves(const struct matching *matching, int old, int new)
{
    const struct outline_department *a = &matching->old->departments[old],
                                    *b = &matching->new->departments[new];
    size_t common = 0;
    for (size_t i = a->first; i < a->first + a->count; i++)
        for (size_t j = b->first; matching->old->items[i].leaf && j < b->first + b->count; j++)
            if (matching->new->items[j].leaf &&
                strcmp(matching->old->items[i].folded, matching->new->items[j].folded) == 0) {
                common++;
                break;
            }
    size_t fewer = a->leaves < b->leaves ? a->leaves : b->leaves;
    return fewer ? (double)common / (double)fewer : 0;
}

/* How much of the shorter name's characters the other has, in their order. */
static double names_alike(const char *a, const char *b)
{
    size_t shared = 0, la = strlen(a) / 3, lb = strlen(b) / 3;
    for (const char *at = a; *at; at += 3) {
        char one[4] = {0};
        strncpy(one, at, 3);
        if (strlen(one) < 3)
            break;
        shared += strstr(b, one) != NULL;
    }
    size_t fewer = la < lb ? la : lb;
    return fewer ? fmin(1, (double)shared / (double)fewer) : 0;
}

static void join_renamed_department(struct matching *matching, int new)
{
    int best = NOWHERE;
    double best_share = departments_alike;
    for (size_t old = 0; old < matching->old->department_count; old++) {
        if (matching->department_new[old] != NOWHERE)
            continue;
        double share = common_leaves(matching, (int)old, new);
        bool alike = names_alike(matching->old->departments[old].folded,
                                 matching->new->departments[new].folded) >= department_names_alike;
        if (share >= best_share && (alike || share >= 2 * departments_alike)) {
            best = (int)old;
            best_share = share;
        }
    }
    if (best == NOWHERE)
        return;
    matching->department_new[best] = new;
    matching->department_old[new] = best;
}

void match_departments(struct matching *matching)
{
    for (size_t i = 0; i < matching->new->department_count; i++)
        matching->department_old[i] = NOWHERE;
    for (size_t i = 0; i < matching->old->department_count; i++) {
        int other = outline_department(matching->new, matching->old->departments[i].folded);
        matching->department_new[i] = other;
        if (other != NOWHERE)
            matching->department_old[other] = (int)i;
    }
    for (size_t i = 0; i < matching->new->department_count; i++)
        if (matching->department_old[i] == NOWHERE)
            join_renamed_department(matching, (int)i);
}

/* --- leaves --- */

/* How much of the new name a label of the old item says that the old name does not. */
static double labels_of(const struct outline_item *named, const struct outline_item *other)
{
    double best = 0;
    for (const char **label = named->labels; label && *label; label++) {
        size_t length = strlen(*label);
        if (length >= 6 && strstr(other->folded, *label) && !strstr(named->folded, *label))
            best = fmax(best, (double)length / (double)strlen(other->folded));
    }
    return best;
}

static double score_of(const struct matching *matching, int old, int new, double *similarity)
{
    const struct outline_item *a = &matching->old->items[old], *b = &matching->new->items[new];
    *similarity = likeness(&a->profile, &b->profile);
    double labels = fmax(labels_of(a, b), labels_of(b, a));
    double score = *similarity + labels_add * labels;
    if (*similarity + labels_add * labels < names_least)
        return score;
    if (strcmp(a->code, b->code) == 0)
        score += same_code_adds * fmin(1, 2 * (1 - *similarity));
    if (matching_same_parent(matching, old, new))
        score += same_parent_adds;
    return score;
}

struct pair {
    int old, new;
    double score, similarity;
};
struct pairs {
    struct pair *all;
    size_t count, capacity;
    double least; /* of less than this are no partners, but rivals */
};

static void add_pair(struct pairs *pairs, struct pair pair)
{
    if (pairs->count == pairs->capacity) {
        pairs->capacity = pairs->capacity * 2 + 256;
        pairs->all = xrealloc(pairs->all, pairs->capacity * sizeof *pairs->all);
    }
    pairs->all[pairs->count++] = pair;
}

static int best_first(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    if (fabs(x->score - y->score) > 1e-9)
        return x->score > y->score ? -1 : 1;
    return x->old != y->old ? x->old - y->old : x->new - y->new;
}

static int by_items(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    return x->old != y->old ? x->old - y->old : x->new - y->new;
}

/* NULL when the two are no pair, or one of them is NOWHERE. */
static const struct pair *find_pair(const struct pairs *pairs, int old, int new)
{
    const struct pair wanted = {.old = old, .new = new};
    return bsearch(&wanted, pairs->all, pairs->count, sizeof wanted, by_items);
}

/* What is gained when a pair are partners. */
static double worth(const struct pairs *pairs, const struct pair *pair)
{
    return pair ? fmax(0, pair->score - pairs->least) : 0;
}

static void part(struct matching *matching, int old, int new)
{
    if (old != NOWHERE)
        matching->of_old[old].partner = NOWHERE;
    if (new != NOWHERE)
        matching->of_new[new].partner = NOWHERE;
}

static void join_pair(struct matching *matching, const struct pair *pair, bool exact)
{
    matching_join(matching, pair->old, pair->new, pair->score, pair->similarity, exact);
}

/* Two pairs of partners that are worth less than they are crosswise. */
static bool exchange(struct matching *matching, const struct pairs *pairs,
                     const struct pair *better, bool exact)
{
    int new = matching->of_old[better->old].partner, old = matching->of_new[better->new].partner;
    if (new == better->new || (new == NOWHERE &&old == NOWHERE))
        return false;
    const struct pair *rest = find_pair(pairs, old, new);
    double now = worth(pairs, find_pair(pairs, better->old, new)) +
                 worth(pairs, find_pair(pairs, old, better->new));
    if (worth(pairs, better) + worth(pairs, rest) <= now + 1e-9)
        return false;
    part(matching, better->old, new);
    part(matching, old, better->new);
    join_pair(matching, better, exact);
    if (worth(pairs, rest) > 0)
        join_pair(matching, rest, exact);
    return true;
}

/* Joins the best pairs first, then exchanges partners while that is better for all together: of items
 * that were renumbered the same code says less than it seems. */
static void join_best(struct matching *matching, struct pairs *pairs, bool exact)
{
    qsort(pairs->all, pairs->count, sizeof *pairs->all, best_first);
    for (size_t i = 0; i < pairs->count; i++) {
        const struct pair *pair = &pairs->all[i];
        if (matching->of_old[pair->old].partner == NOWHERE &&
            matching->of_new[pair->new].partner == NOWHERE && pair->score >= pairs->least)
            join_pair(matching, pair, exact);
    }
    qsort(pairs->all, pairs->count, sizeof *pairs->all, by_items);
    for (bool better = true; better;) {
        better = false;
        for (size_t i = 0; i < pairs->count; i++)
            better = exchange(matching, pairs, &pairs->all[i], exact) || better;
    }
}

/* What an item could have had instead of its partner is its rival. */
static void join_pairs(struct matching *matching, struct pairs *pairs, bool exact)
{
    if (pairs->count)
        join_best(matching, pairs, exact);
    for (size_t i = 0; i < pairs->count; i++) {
        const struct pair *pair = &pairs->all[i];
        struct match *one = &matching->of_old[pair->old], *other = &matching->of_new[pair->new];
        if (one->partner != pair->new)
            one->rival = fmax(one->rival, pair->score);
        if (other->partner != pair->old)
            other->rival = fmax(other->rival, pair->score);
    }
    pairs->count = 0;
}

enum pass { PASS_SAME_NAME, PASS_LIKE_NAME };

static void look_at(struct matching *matching, size_t old, size_t new, enum pass pass,
                    struct pairs *pairs)
{
    const struct outline_item *a = &matching->old->items[old], *b = &matching->new->items[new];
    bool same = strcmp(a->folded, b->folded) == 0;
    double similarity;
    if ((pass == PASS_SAME_NAME && !same) || a->code[0] != b->code[0])
        return;
    double score = score_of(matching, (int)old, (int)new, &similarity);
    if (score >= matching_threshold / 2)
        add_pair(pairs, (struct pair){(int)old, (int)new, score, similarity});
}

static void match_within(struct matching *matching, int old, int new, enum pass pass,
                         struct pairs *pairs)
{
    const struct outline_department *a = &matching->old->departments[old],
                                    *b = &matching->new->departments[new];
    for (size_t i = a->first; i < a->first + a->count; i++)
        for (size_t j = b->first;
             j < b->first + b->count && is_free(matching->old, matching->of_old, i); j++)
            if (is_free(matching->new, matching->of_new, j))
                look_at(matching, i, j, pass, pairs);
    join_pairs(matching, pairs, pass == PASS_SAME_NAME);
}

/* An excerpt that lacks the whole department of an item says nothing about where the item went. */
static bool may_have_left(const struct matching *matching, size_t old)
{
    return matching->new->complete ||
           matching->department_new[matching->old->items[old].department] != NOWHERE;
}

static void look_across(struct matching *matching, size_t old, enum pass pass, struct pairs *pairs)
{
    const struct outline_item *a = &matching->old->items[old];
    for (size_t j = 0; j < matching->new->item_count; j++) {
        const struct outline_item *b = &matching->new->items[j];
        if (!is_free(matching->new, matching->of_new, j) || a->code[0] != b->code[0] ||
            (pass == PASS_SAME_NAME && strcmp(a->folded, b->folded) != 0))
            continue;
        double similarity = likeness(&a->profile, &b->profile);
        if (similarity >= matching_threshold)
            add_pair(pairs, (struct pair){(int)old, (int)j, similarity, similarity});
    }
}

/* What was left over in one department may stand in another now. */
static void match_across(struct matching *matching, enum pass pass, struct pairs *pairs)
{
    for (size_t i = 0; i < matching->old->item_count; i++)
        if (is_free(matching->old, matching->of_old, i) && may_have_left(matching, i))
            look_across(matching, i, pass, pairs);
    join_pairs(matching, pairs, false);
}

/* The same name in another department says more than one alike in the same. */
void match_leaves(struct matching *matching)
{
    struct pairs within = {.least = matching_threshold}, across = {.least = across_departments};
    for (int pass = PASS_SAME_NAME; pass <= PASS_LIKE_NAME; pass++) {
        for (size_t d = 0; d < matching->old->department_count; d++)
            if (matching->department_new[d] != NOWHERE)
                match_within(matching, (int)d, matching->department_new[d], (enum pass)pass,
                             &within);
        match_across(matching, (enum pass)pass, &across);
    }
    free(within.all);
    free(across.all);
}

/* --- the levels above --- */

/* How many leaves below one upper item went below the other, as a share of those that went anywhere. */
static double shared_children(const struct matching *matching, size_t old, size_t new)
{
    const struct outline *from = matching->old, *to = matching->new;
    size_t length = strlen(from->items[old].code), went = 0, along = 0;
    const struct outline_department *department = &from->departments[from->items[old].department];
    for (size_t i = old + 1; i < department->first + department->count &&
                             strncmp(from->items[i].code, from->items[old].code, length) == 0;
         i++) {
        int partner = from->items[i].leaf ? matching->of_old[i].partner : NOWHERE;
        if (partner == NOWHERE)
            continue;
        went++;
        for (int at = to->items[partner].parent; at != NOWHERE; at = to->items[at].parent)
            along += at == (int)new;
    }
    return went ? (double)along / (double)went : 0;
}

static void match_uppers_within(struct matching *matching, int old, int new, struct pairs *pairs)
{
    const struct outline_department *a = &matching->old->departments[old],
                                    *b = &matching->new->departments[new];
    for (size_t i = a->first; i < a->first + a->count; i++)
        for (size_t j = b->first; j < b->first + b->count; j++) {
            const struct outline_item *one = &matching->old->items[i],
                                      *other = &matching->new->items[j];
            if (one->leaf || other->leaf || one->level != other->level)
                continue;
            double similarity = strcmp(one->folded, other->folded) == 0
                                    ? 1
                                    : likeness(&one->profile, &other->profile);
            double along = shared_children(matching, i, j);
            double score =
                0.6 * similarity + 0.6 * along + (strcmp(one->code, other->code) == 0 ? 0.25 : 0);
            if (score >= matching_threshold)
                add_pair(pairs, (struct pair){(int)i, (int)j, score, similarity});
        }
    join_pairs(matching, pairs, false);
}

void match_uppers(struct matching *matching)
{
    struct pairs pairs = {.least = matching_threshold};
    for (size_t d = 0; d < matching->old->department_count; d++)
        if (matching->department_new[d] != NOWHERE)
            match_uppers_within(matching, (int)d, matching->department_new[d], &pairs);
    free(pairs.all);
}
