/* Where in the catalog an item for a group could stand. */
#include "catalog/revision/proposal_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A parent is right when an item below it is as alike as this, or came closest with that probability. */
static const double kin = 0.25, likely = 0.3;
enum { CODES = 99 };

/* Where a department's items stand. */
struct ground {
    enum proposal_place place;
    const struct outline *outline;
    int department; /* NOWHERE: of all departments */
};

static struct ground find_ground(const struct proposals *proposals, const char *name)
{
    struct ground ground = {PLACE_OWN, proposals->outline, NOWHERE};
    char *folded = folder_fold_utf8(proposals->folder, name);
    ground.department = outline_department(proposals->outline, folded);
    if (ground.department == NOWHERE && proposals->earlier) {
        int department = outline_department(proposals->earlier, folded);
        if (department != NOWHERE)
            ground = (struct ground){PLACE_EARLIER, proposals->earlier, department};
    }
    free(folded);
    return ground;
}

/* The level-3 item above what is most like the group, and how alike that is. */
static int likest_parent(const struct ground *ground, const struct group *group,
                         double *best_likeness)
{
    const struct outline *outline = ground->outline;
    int best = NOWHERE;
    *best_likeness = 0;
    for (size_t i = 0; i < outline->item_count; i++) {
        const struct outline_item *item = &outline->items[i];
        int parent = item->leaf ? item->parent : (int)i;
        if ((ground->department != NOWHERE && item->department != ground->department) ||
            item->code[0] != 'A' || item->level < 3 || parent == NOWHERE)
            continue;
        double alike = likeness(&item->profile, &group->profile);
        if (alike > *best_likeness) {
            best = parent;
            *best_likeness = alike;
        }
    }
    return best;
}

/* The level-3 item above what came closest most often, and how probably it was right. */
static int voted_parent(const struct ground *ground, const struct group *group, double *confidence)
{
    size_t best = 0;
    for (size_t i = 1; i < PARENTS; i++)
        if (group->parents[i].votes > group->parents[best].votes)
            best = i;
    *confidence = 0;
    if (!group->parents[best].votes)
        return NOWHERE;
    *confidence = group->parents[best].confidence / (double)group->parents[best].votes;
    return outline_find(ground->outline, ground->department, group->parents[best].code);
}

/* In the department's own section: by likeness where there is any, else as the engine had it. */
static int own_parent(const struct ground *ground, const struct group *group, bool *sure)
{
    double alike, confidence;
    int likest = likest_parent(ground, group, &alike);
    int voted = voted_parent(ground, group, &confidence);
    bool use_vote = voted != NOWHERE && alike < kin;
    *sure = use_vote ? confidence >= likely : alike >= kin;
    return use_vote ? voted : likest;
}

static int larger(int one, int other)
{
    return one > other ? one : other;
}

static int suffix_of(const char *code, const char *parent)
{
    return strncmp(code, parent, PARENT_BYTES) == 0 && strlen(code) == PARENT_BYTES + 2
               ? (int)strtol(code + PARENT_BYTES, NULL, 10)
               : 0;
}

/* Behind the last one that stands in the department or was suggested for it: codes that were given up
 * are not used again for something else. */
static void find_code(const struct proposals *proposals, struct proposal *proposal,
                      const struct ground *ground, const char *parent)
{
    int last = 0;
    if (ground->department != NOWHERE) {
        const struct outline_department *section =
            &ground->outline->departments[ground->department];
        for (size_t i = section->first; i < section->first + section->count; i++)
            last = larger(last, suffix_of(ground->outline->items[i].code, parent));
    }
    for (size_t i = 0; i < proposals->finished_count; i++)
        if (proposals->finished[i].department == proposal->department)
            last = larger(last, suffix_of(proposals->finished[i].code, parent));
    if (last < CODES)
        snprintf(proposal->code, sizeof proposal->code, "%.5s%02u", parent,
                 (unsigned)(last + 1) % 100);
}

void proposal_find_place(const struct proposals *proposals, struct group *group)
{
    struct proposal *proposal = &group->proposal;
    struct ground ground = find_ground(proposals, proposal->department);
    int parent = NOWHERE;
    for (size_t i = 0; i < 3; i++)
        proposal->upper[i] = "";
    if (ground.department != NOWHERE)
        parent = own_parent(&ground, group, &proposal->sure);
    if (parent == NOWHERE) {
        double alike;
        ground = (struct ground){PLACE_OTHER, proposals->outline, NOWHERE};
        parent = likest_parent(&ground, group, &alike);
        proposal->sure = alike >= kin;
    }
    if (parent == NOWHERE)
        return;
    const struct outline *outline = ground.outline;
    int at = parent;
    for (int level = outline->items[parent].level; level > 0 && at != NOWHERE; level--) {
        proposal->upper[level - 1] = outline->items[at].name;
        at = outline->items[at].parent;
    }
    proposal->place = ground.place;
    find_code(proposals, proposal, &ground, outline->items[parent].code);
}
