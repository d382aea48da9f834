#include "catalog/revision/proposal.h"

#include "common/strbuf.h"
#include "common/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names as alike as this are for the same kind of service. */
static const double same_kind = 0.5;
enum { PARENTS = 6, VARIANTS = 8, GROUPS_MAX = 20000, PARENT_BYTES = 5, CODES = 99 };

/* A name that several projects have. */
struct variant {
    char *name;
    size_t count;
};

struct group {
    struct proposal proposal;
    struct profile profile; /* of the first name */
    struct {
        char code[PARENT_BYTES + 1];
        size_t votes;
    } parents[PARENTS];
    struct variant variants[VARIANTS];
};

struct proposals {
    struct folder *folder;
    struct vocabulary *vocabulary;
    struct outline *outline;
    struct group *groups;
    size_t count;
    struct proposal *finished;
    size_t finished_count;
};

struct proposals *proposals_new(struct store *store, const char *revision, struct fault *fault)
{
    struct proposals *proposals = xcalloc(1, sizeof *proposals);
    proposals->folder = folder_new();
    if (!(proposals->vocabulary = vocabulary_new(store, fault)) ||
        !(proposals->outline =
              outline_load(store, revision, proposals->folder, proposals->vocabulary, fault)))
        proposals_destroy(&proposals);
    else
        outline_profile(proposals->outline, proposals->vocabulary);
    return proposals;
}

void proposals_destroy(struct proposals **proposals)
{
    if (!*proposals)
        return;
    for (size_t i = 0; i < (*proposals)->count; i++) {
        struct group *group = &(*proposals)->groups[i];
        free(group->proposal.department);
        free(group->proposal.item);
        for (size_t v = 0; v < VARIANTS; v++)
            free(group->variants[v].name);
    }
    free((*proposals)->groups);
    free((*proposals)->finished);
    outline_destroy(&(*proposals)->outline);
    vocabulary_destroy(&(*proposals)->vocabulary);
    folder_destroy(&(*proposals)->folder);
    free(*proposals);
    *proposals = NULL;
}

/* --- grouping --- */

/* A name (free()) without the year and number by which projects of one kind differ. */
static char *bare_name(const char *name)
{
    struct strbuf bare = {0};
    strbuf_puts(&bare, "");
    while (*name) {
        static const char *const units[] = {"年度", "年", "月份", "月", "号", "期", "批"};
        size_t digits = strspn(name, "0123456789");
        if (!digits) {
            strbuf_add(&bare, name++, 1);
            continue;
        }
        name += digits;
        for (size_t i = 0; i < sizeof units / sizeof *units; i++)
            if (strncmp(name, units[i], strlen(units[i])) == 0) {
                name += strlen(units[i]);
                break;
            }
    }
    return strbuf_take(&bare);
}

static struct group *find_group(struct proposals *proposals, const char *department,
                                const struct profile *profile)
{
    struct group *best = NULL;
    double best_likeness = same_kind;
    for (size_t i = 0; i < proposals->count; i++) {
        struct group *group = &proposals->groups[i];
        if (strcmp(group->proposal.department, department) != 0)
            continue;
        double alike = likeness(&group->profile, profile);
        if (alike >= best_likeness) {
            best = group;
            best_likeness = alike;
        }
    }
    return best;
}

static struct group *add_group(struct proposals *proposals, const char *department,
                               const struct profile *profile)
{
    if (proposals->count == GROUPS_MAX)
        return NULL;
    if ((proposals->count & (proposals->count - 1)) == 0)
        proposals->groups =
            xrealloc(proposals->groups,
                     (proposals->count ? 2 * proposals->count : 1) * sizeof *proposals->groups);
    struct group *group = &proposals->groups[proposals->count++];
    *group = (struct group){.profile = *profile};
    group->proposal.department = xstrdup(department);
    return group;
}

static void vote(struct group *group, const char *code)
{
    if (strlen(code) < PARENT_BYTES || code[0] != 'A')
        return;
    for (size_t i = 0; i < PARENTS; i++) {
        bool free_place = !*group->parents[i].code;
        if (free_place)
            memcpy(group->parents[i].code, code, PARENT_BYTES);
        if (free_place || strncmp(group->parents[i].code, code, PARENT_BYTES) == 0) {
            group->parents[i].votes++;
            return;
        }
    }
}

static void note_variant(struct group *group, const char *name)
{
    for (size_t i = 0; i < VARIANTS; i++) {
        if (!group->variants[i].name)
            group->variants[i].name = xstrdup(name);
        if (strcmp(group->variants[i].name, name) == 0) {
            group->variants[i].count++;
            return;
        }
    }
}

void proposals_add(struct proposals *proposals, const struct unfit *unfit)
{
    struct profile profile;
    char *bare = bare_name(unfit->name);
    profile_make(proposals->vocabulary, bare, &profile);
    struct group *group = find_group(proposals, unfit->department, &profile);
    if (!group)
        group = add_group(proposals, unfit->department, &profile);
    if (group) {
        group->proposal.count++;
        group->proposal.yuan += unfit->yuan;
        vote(group, unfit->nearest);
        note_variant(group, bare);
    }
    free(bare);
}

/* --- a place in the catalog --- */

static int department_of(const struct proposals *proposals, const char *name)
{
    char *folded = folder_fold_utf8(proposals->folder, name);
    int department = outline_department(proposals->outline, folded);
    free(folded);
    return department;
}

/* The level-3 item above what is most like the group, in its department or (NOWHERE) in any. */
static int likest_parent(const struct proposals *proposals, const struct group *group,
                         int department)
{
    const struct outline *outline = proposals->outline;
    int best = NOWHERE;
    double best_likeness = 0;
    for (size_t i = 0; i < outline->item_count; i++) {
        const struct outline_item *item = &outline->items[i];
        if ((department != NOWHERE && item->department != department) || item->code[0] != 'A' ||
            item->level < 3)
            continue;
        double alike = likeness(&item->profile, &group->profile);
        if (alike > best_likeness) {
            best = item->leaf ? item->parent : (int)i;
            best_likeness = alike;
        }
    }
    return best;
}

static int voted_parent(const struct proposals *proposals, const struct group *group,
                        int department)
{
    size_t best = 0;
    for (size_t i = 1; i < PARENTS; i++)
        if (group->parents[i].votes > group->parents[best].votes)
            best = i;
    return group->parents[best].votes && department != NOWHERE
               ? outline_find(proposals->outline, department, group->parents[best].code)
               : NOWHERE;
}

/* Whether the code stands in the department, or was suggested for it. */
static bool is_taken(const struct proposals *proposals, int department, const char *name,
                     const char *code)
{
    if (department != NOWHERE && outline_find(proposals->outline, department, code) != NOWHERE)
        return true;
    for (size_t i = 0; i < proposals->count; i++)
        if (strcmp(proposals->groups[i].proposal.code, code) == 0 &&
            strcmp(proposals->groups[i].proposal.department, name) == 0)
            return true;
    return false;
}

/* Behind the last one: codes that were given up are not used again for something else. */
static void find_code(const struct proposals *proposals, struct proposal *proposal, int department,
                      const char *parent)
{
    char code[16];
    int last = 0;
    for (int n = 1; n <= CODES; n++) {
        snprintf(code, sizeof code, "%.5s%02u", parent, (unsigned)n % 100);
        if (is_taken(proposals, department, proposal->department, code))
            last = n;
    }
    if (last < CODES)
        snprintf(proposal->code, sizeof proposal->code, "%.5s%02u", parent,
                 (unsigned)(last + 1) % 100);
}

static void find_place(const struct proposals *proposals, struct group *group)
{
    const struct outline *outline = proposals->outline;
    struct proposal *proposal = &group->proposal;
    int department = department_of(proposals, proposal->department);
    int parent = voted_parent(proposals, group, department);
    if (parent == NOWHERE && department != NOWHERE)
        parent = likest_parent(proposals, group, department);
    if (parent == NOWHERE) {
        parent = likest_parent(proposals, group, NOWHERE);
        proposal->other_department = true;
    }
    for (size_t i = 0; i < 3; i++)
        proposal->upper[i] = "";
    if (parent == NOWHERE)
        return;
    int at = parent;
    for (int level = outline->items[parent].level; level > 0 && at != NOWHERE; level--) {
        proposal->upper[level - 1] = outline->items[at].name;
        at = outline->items[at].parent;
    }
    find_code(proposals, proposal, department, outline->items[parent].code);
}

/* --- the end --- */

static int most_frequent(const void *a, const void *b)
{
    const struct variant *x = a, *y = b;
    return x->count > y->count ? -1 : x->count < y->count;
}

static char *item_name(const char *name)
{
    struct strbuf item = {0};
    size_t length = strlen(name), served = strlen("服务");
    strbuf_puts(&item, name);
    if (length < served || strcmp(name + length - served, "服务") != 0)
        strbuf_puts(&item, "服务");
    return strbuf_take(&item);
}

static void settle_names(struct group *group)
{
    size_t known = 0;
    while (known < VARIANTS && group->variants[known].name)
        known++;
    qsort(group->variants, known, sizeof *group->variants, most_frequent);
    for (size_t i = 0; i < PROPOSAL_NAMES && i < known; i++)
        group->proposal.names[i] = group->variants[i].name;
    group->proposal.item = item_name(group->variants[0].name);
}

static int by_department(const void *a, const void *b)
{
    const struct proposal *x = a, *y = b;
    int order = strcmp(x->department, y->department);
    if (order == 0 && x->count != y->count)
        order = x->count > y->count ? -1 : 1;
    return order ? order : strcmp(x->item, y->item);
}

const struct proposal *proposals_finish(struct proposals *proposals, size_t least, size_t *count)
{
    proposals->finished = xcalloc(proposals->count + 1, sizeof *proposals->finished);
    for (size_t i = 0; i < proposals->count; i++) {
        struct group *group = &proposals->groups[i];
        if (group->proposal.count < least)
            continue;
        settle_names(group);
        find_place(proposals, group);
        proposals->finished[proposals->finished_count++] = group->proposal;
    }
    qsort(proposals->finished, proposals->finished_count, sizeof *proposals->finished,
          by_department);
    *count = proposals->finished_count;
    return proposals->finished;
}
