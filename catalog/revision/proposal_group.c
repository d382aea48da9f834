/* Services of one kind, by department and likeness of their names. */
#include "catalog/revision/proposal_parts.h"

#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>

/* Names as alike as this are for the same kind of service. */
static const double same_kind = 0.5;
/* Departments of a merged organ are as sure as one another, to this share. */
static const float as_sure = 0.9f;
enum { GROUPS_MAX = 20000 };

static struct section *find_section(struct proposals *proposals, const char *name)
{
    for (size_t i = 0; i < proposals->section_count; i++)
        if (strcmp(proposals->sections[i].name, name) == 0)
            return &proposals->sections[i];
    proposals->sections =
        xgrow(proposals->sections, proposals->section_count, sizeof *proposals->sections);
    struct section *section = &proposals->sections[proposals->section_count++];
    *section = (struct section){.name = arena_text(&proposals->texts, name),
                                .folded = folder_fold_utf8(proposals->folder, name),
                                .last = NO_NUMBER};
    section->wanted = !proposals->department || strcmp(section->folded, proposals->department) == 0;
    return section;
}

/* The unit's own department proposes what it lacks, not that of an item which does not fit; but of
 * several that a merged organ has, the one which that item is of. */
struct section *proposal_section(struct proposals *proposals, const struct unfit *unfit)
{
    struct guesses guesses;
    const char *nearest = strcmp(unfit->department, "B") == 0 ? "" : unfit->department;
    directory_resolve(proposals->directory, unfit->unit, unfit->competent, &proposals->scratch,
                      &guesses);
    for (size_t i = 0; i < guesses.count; i++)
        if (guesses.all[i].weight >= as_sure * guesses.all[0].weight &&
            strcmp(guesses.all[i].name, nearest) == 0)
            return find_section(proposals, nearest);
    return find_section(proposals, guesses.count ? guesses.all[0].name : nearest);
}

/* FNV-1a, which for the names of one office has no collision that matters. */
static uint64_t name_key(const char *name, uint64_t section)
{
    uint64_t key = 0xcbf29ce484222325u ^ section;
    for (key *= 0x100000001b3u; *name; name++)
        key = (key ^ (unsigned char)*name) * 0x100000001b3u;
    return key >> 1; /* a map's key is below UINT64_MAX */
}

static uint32_t find_group(const struct proposals *proposals, const struct section *section,
                           const struct profile *profile)
{
    uint32_t best = NO_NUMBER;
    double best_likeness = same_kind;
    for (uint32_t i = section->last; i != NO_NUMBER; i = proposals->groups[i].before) {
        double alike = likeness(&proposals->groups[i].profile, profile);
        if (alike >= best_likeness) {
            best = i;
            best_likeness = alike;
        }
    }
    return best;
}

static uint32_t add_group(struct proposals *proposals, struct section *section,
                          const struct profile *profile)
{
    if (proposals->count == GROUPS_MAX)
        return NO_NUMBER;
    proposals->groups = xgrow(proposals->groups, proposals->count, sizeof *proposals->groups);
    struct group *group = &proposals->groups[proposals->count];
    *group = (struct group){.profile = *profile, .before = section->last};
    group->proposal.department = section->name;
    return section->last = (uint32_t)proposals->count++;
}

/* The same name again goes where it went before. */
struct group *proposal_group(struct proposals *proposals, struct section *section, const char *bare)
{
    uint64_t key = name_key(bare, (uint64_t)(section - proposals->sections));
    uint32_t number = map_get(&proposals->known, key);
    if (number == MAP_NONE) {
        struct profile profile;
        profile_make(proposals->vocabulary, bare, &profile);
        number = find_group(proposals, section, &profile);
        if (number == NO_NUMBER)
            number = add_group(proposals, section, &profile);
        if (number != NO_NUMBER)
            map_put(&proposals->known, key, number);
    }
    return number == NO_NUMBER ? NULL : &proposals->groups[number];
}
