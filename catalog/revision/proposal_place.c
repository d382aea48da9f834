/* Where in the catalog an item for a group could stand. */
#include "catalog/revision/proposal_parts.h"

#include "common/strbuf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* With less support a person has to choose the parent: nine in ten of the others are right
 * (proposal_parent.c). */
static const double sure_enough = 0.85;
enum { CODES = 99 };

struct ground proposal_ground(const struct proposals *proposals, const char *name)
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

/* The last code below a parent in a department's section; 0: none. */
static int last_code(const struct ground *ground, const char *parent)
{
    int last = 0;
    if (ground->department == NOWHERE)
        return 0;
    const struct outline_department *section = &ground->outline->departments[ground->department];
    for (size_t i = section->first; i < section->first + section->count; i++)
        last = larger(last, suffix_of(ground->outline->items[i].code, parent));
    return last;
}

/* The place where the last code below the parent is kept, what was suggested for the department
 * included. */
static int *code_counter(struct codes *codes, const struct ground *ground, const char *department,
                         const char *parent)
{
    if (!codes->department || strcmp(codes->department, department) != 0) {
        codes->department = department;
        codes->count = 0;
    }
    for (size_t i = 0; i < codes->count; i++)
        if (strncmp(codes->all[i].parent, parent, PARENT_BYTES) == 0)
            return &codes->all[i].last;
    codes->all = xgrow(codes->all, codes->count, sizeof *codes->all);
    struct code_counter *counter = &codes->all[codes->count++];
    *counter = (struct code_counter){.last = last_code(ground, parent)};
    memcpy(counter->parent, parent, PARENT_BYTES);
    return &counter->last;
}

/* Behind the last one: codes that were given up are not used again for something else. */
static void find_code(struct proposal *proposal, const struct ground *ground, const char *parent,
                      struct codes *codes)
{
    int *last = code_counter(codes, ground, proposal->department, parent);
    if (*last < CODES)
        snprintf(proposal->code, sizeof proposal->code, "%.5s%02u", parent,
                 (unsigned)(++*last) % 100);
}

void proposal_find_place(const struct proposals *proposals, struct group *group,
                         struct codes *codes)
{
    struct proposal *proposal = &group->proposal;
    struct ground ground = proposal_ground(proposals, proposal->department);
    int parent = NOWHERE;
    for (size_t i = 0; i < 3; i++)
        proposal->upper[i] = "";
    if (ground.department != NOWHERE)
        parent = proposal_best_parent(proposals, group, &ground, &proposal->support);
    if (parent == NOWHERE) {
        ground = (struct ground){PLACE_OTHER, proposals->outline, NOWHERE};
        parent = proposal_best_parent(proposals, group, &ground, &proposal->support);
    }
    proposal->sure = proposal->support >= sure_enough;
    if (parent == NOWHERE)
        return;
    const struct outline *outline = ground.outline;
    int at = parent;
    for (int level = outline->items[parent].level; level > 0 && at != NOWHERE; level--) {
        proposal->upper[level - 1] = outline->items[at].name;
        at = outline->items[at].parent;
    }
    proposal->place = ground.place;
    find_code(proposal, &ground, outline->items[parent].code, codes);
}
