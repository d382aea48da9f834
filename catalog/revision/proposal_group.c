/* Services of one kind, by department and likeness of their names. */
#include "catalog/revision/proposal_parts.h"

#include "common/strbuf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <uchar.h>

/* Names as alike as this, for work that ends alike, are for the same kind of service.
 * build/tests/catalog/test_proposal_quality measures it. Of 196 names that units would write for 49
 * services, the pairs that are put together are all right, and .865 of the right ones are put together.
 * Where a department's items are all about the same things (罚没物品清理, 罚没物品拍卖: the names of the
 * cases), .683 of the pairs are of one item; it was .485 without a look at the end and at what is common in
 * the department. */
static const double same_kind = 0.48;
/* What all items of a department are about tells less within it: a character of so large a share of them
 * loses `tempered` of its weight. */
static const double tempered = 0.9, common_share = 0.2;
/* A name is within another when this share of it is. */
static const double whole = 0.9;
static const float least_weight = 0.15F;
enum { END_UNITS = 4 };
/* Departments of a merged organ are as sure as one another, to this share. */
static const float as_sure = 0.9f;
/* Some 30 MB of groups, and 16 of names that need not be looked for again. */
enum { GROUPS_MAX = 20000, KNOWN_MAX = 500000 };

/* How many of the department's leaves have each character. */
static void count_common(const struct proposals *proposals, struct section *section)
{
    struct ground ground = proposal_ground(proposals, section->name);
    if (ground.department == NOWHERE)
        return;
    const struct outline_department *own = &ground.outline->departments[ground.department];
    for (size_t i = own->first; i < own->first + own->count; i++) {
        const struct profile *profile = &ground.outline->items[i].profile;
        if (!ground.outline->items[i].leaf)
            continue;
        section->leaves++;
        for (size_t at = 0; at < profile->length; at++) {
            uint64_t key = (uint64_t)profile->units[at] + 1;
            uint32_t leaves = map_get(&section->common, key);
            if (profile_first(profile, at))
                map_put(&section->common, key, leaves == MAP_NONE ? 1 : leaves + 1);
        }
    }
}

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
                                .names = alike_new()};
    section->wanted = !proposals->department || strcmp(section->folded, proposals->department) == 0;
    count_common(proposals, section);
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

static void temper(const struct section *section, struct profile *profile)
{
    profile->weight = 0;
    for (size_t i = 0; i < profile->length; i++) {
        uint32_t leaves = map_get(&section->common, (uint64_t)profile->units[i] + 1);
        if (leaves != MAP_NONE) {
            double share = fmin(1, (double)leaves / (double)section->leaves / common_share);
            profile->weights[i] =
                fmaxf(least_weight, profile->weights[i] * (float)(1 - tempered * share));
        }
        profile->weight += (double)profile->weights[i];
    }
}

/* How many units of the name's first `length` such a word takes at their end; 0: something else. */
static size_t word_at_end(const struct profile *profile, size_t length, const char16_t *word)
{
    enum { LEFT = 3 };
    size_t units = 0;
    while (word[units])
        units++;
    return length >= units + LEFT &&
                   memcmp(profile->units + length - units, word, units * sizeof *word) == 0
               ? units
               : 0;
}

/* Where the words end that say what is done, before those of the budget. */
static size_t end_of(const struct profile *profile)
{
    static const char16_t *const words[] = {u"项目", u"经费", u"费用", u"费",
                                            u"服务", u"工作", u"采购", u"购买"};
    size_t length = profile->length;
    for (size_t i = 0; i < sizeof words / sizeof *words;) {
        size_t units = word_at_end(profile, length, words[i]);
        length -= units;
        i = units ? 0 : i + 1;
    }
    return length;
}

/* Whether one name is nearly whole in the other. */
static bool is_within(const struct profile *one, const struct profile *other)
{
    bool longer = one->weight > other->weight;
    return likeness_cover(longer ? other : one, longer ? one : other) >= whole;
}

/* Names about the same thing can be for different work, which stands at the end: 清理, 拍卖. */
static bool end_alike(const struct profile *one, const struct profile *other)
{
    size_t a = end_of(one), b = end_of(other);
    for (size_t i = a < END_UNITS ? 0 : a - END_UNITS; i < a; i++)
        for (size_t k = b < END_UNITS ? 0 : b - END_UNITS; k < b; k++)
            if (one->units[i] == other->units[k])
                return true;
    return is_within(one, other);
}

static uint32_t find_group(const struct proposals *proposals, const struct section *section,
                           const struct profile *profile)
{
    uint32_t best = NO_NUMBER;
    double best_likeness = same_kind;
    const struct alike_one *found;
    size_t count = alike_find(section->names, profile, same_kind, &found);
    for (size_t i = 0; i < count; i++) {
        uint32_t group = section->groups[found[i].number];
        const struct profile *other = &proposals->groups[group].profile;
        if (found[i].bound < best_likeness || !end_alike(other, profile))
            continue;
        double alike = likeness(other, profile);
        if (alike > best_likeness || (alike >= best_likeness && group < best)) {
            best = group;
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
    uint32_t number = (uint32_t)proposals->count;
    proposals->groups = xgrow(proposals->groups, proposals->count, sizeof *proposals->groups);
    proposals->groups[proposals->count++] =
        (struct group){.profile = *profile, .proposal.department = section->name};
    alike_add(section->names, profile);
    section->groups = xgrow(section->groups, section->count, sizeof *section->groups);
    section->groups[section->count++] = number;
    return number;
}

/* The same name again goes where it went before, as long as it is known. */
struct group *proposal_group(struct proposals *proposals, struct section *section, const char *bare)
{
    uint64_t key = name_key(bare, (uint64_t)(section - proposals->sections));
    uint32_t number = map_get(&proposals->known, key);
    if (number == MAP_NONE) {
        struct profile profile;
        profile_make(proposals->vocabulary, bare, &profile);
        temper(section, &profile);
        number = find_group(proposals, section, &profile);
        if (number == NO_NUMBER)
            number = add_group(proposals, section, &profile);
        if (number != NO_NUMBER && proposals->known.count < KNOWN_MAX)
            map_put(&proposals->known, key, number);
    }
    return number == NO_NUMBER ? NULL : &proposals->groups[number];
}
