#include "catalog/revision/proposal.h"

#include "catalog/engine/directory.h"
#include "common/arena.h"
#include "common/strbuf.h"
#include "common/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const double proposal_below = 0.5;

/* Names as alike as this are for the same kind of service. */
static const double same_kind = 0.5;
/* A parent is right when an item below it is as alike as this, or came closest with that probability. */
static const double kin = 0.25, likely = 0.3;
/* Departments of a merged organ are as sure as one another, to this share. */
static const float as_sure = 0.9f;
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
        double confidence; /* the sum */
    } parents[PARENTS];
    struct variant variants[VARIANTS];
    uint32_t before; /* the department's group made before it, or NO_NUMBER */
};

/* A department with groups. */
struct section {
    const char *name;
    char *folded;
    bool wanted;
    uint32_t last; /* its group made last, or NO_NUMBER */
};

struct proposals {
    struct folder *folder;
    struct vocabulary *vocabulary;
    struct outline *outline;
    struct outline *earlier;     /* what its missing pages are taken from; NULL: none */
    struct thesaurus *thesaurus; /* to tell the department of a unit */
    struct directory *directory;
    struct folded scratch;
    char *department; /* folded; NULL: all */
    struct section *sections;
    size_t section_count, added;
    struct group *groups;
    size_t count;
    struct map known; /* names that came before, by department: the group */
    struct arena texts;
    struct proposal *finished;
    size_t finished_count;
};

static int load_earlier(struct proposals *proposals, struct store *store, struct fault *fault)
{
    const struct revision *revision =
        thesaurus_revision(proposals->thesaurus, proposals->outline->number);
    if (!revision || !revision->stand_in)
        return 0;
    proposals->earlier =
        outline_load(store, revision->stand_in, proposals->folder, proposals->vocabulary, fault);
    return proposals->earlier ? 0 : -1;
}

static int load(struct proposals *proposals, struct store *store, const char *revision,
                struct fault *fault)
{
    if (!(proposals->vocabulary = vocabulary_new(store, fault)) ||
        !(proposals->outline =
              outline_load(store, revision, proposals->folder, proposals->vocabulary, fault)) ||
        !(proposals->thesaurus = thesaurus_load(store, fault)) ||
        !(proposals->directory = directory_load(store, proposals->thesaurus, fault)) ||
        load_earlier(proposals, store, fault))
        return -1;
    outline_profile(proposals->outline, proposals->vocabulary);
    if (proposals->earlier)
        outline_profile(proposals->earlier, proposals->vocabulary);
    return 0;
}

struct proposals *proposals_new(struct store *store, const char *revision, const char *department,
                                struct fault *fault)
{
    struct proposals *proposals = xcalloc(1, sizeof *proposals);
    proposals->folder = folder_new();
    proposals->department = department ? folder_fold_utf8(proposals->folder, department) : NULL;
    if (load(proposals, store, revision, fault))
        proposals_destroy(&proposals);
    return proposals;
}

void proposals_destroy(struct proposals **proposals)
{
    struct proposals *old = *proposals;
    if (!old)
        return;
    for (size_t i = 0; i < old->count; i++) {
        free(old->groups[i].proposal.item);
        for (size_t v = 0; v < VARIANTS; v++)
            free(old->groups[i].variants[v].name);
    }
    for (size_t i = 0; i < old->section_count; i++)
        free(old->sections[i].folded);
    free(old->sections);
    free(old->groups);
    free(old->finished);
    free(old->department);
    map_free(&old->known);
    arena_free(&old->texts);
    folded_free(&old->scratch);
    if (old->directory)
        directory_destroy(&old->directory);
    thesaurus_destroy(&old->thesaurus);
    outline_destroy(&old->outline);
    outline_destroy(&old->earlier);
    vocabulary_destroy(&old->vocabulary);
    folder_destroy(&old->folder);
    free(old);
    *proposals = NULL;
}

size_t proposals_added(const struct proposals *proposals)
{
    return proposals->added;
}

bool proposals_are_complete(const struct proposals *proposals)
{
    return proposals->outline->complete;
}

/* --- departments --- */

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
static struct section *section_of(struct proposals *proposals, const struct unfit *unfit)
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
static struct group *group_of(struct proposals *proposals, struct section *section,
                              const char *bare)
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

static void vote(struct group *group, const char *code, double confidence)
{
    if (strlen(code) < PARENT_BYTES || code[0] != 'A')
        return;
    for (size_t i = 0; i < PARENTS; i++) {
        bool free_place = !*group->parents[i].code;
        if (free_place)
            memcpy(group->parents[i].code, code, PARENT_BYTES);
        if (free_place || strncmp(group->parents[i].code, code, PARENT_BYTES) == 0) {
            group->parents[i].votes++;
            group->parents[i].confidence += confidence;
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
    struct section *section = section_of(proposals, unfit);
    if (!section->wanted || !*unfit->name)
        return;
    char *bare = bare_name(unfit->name);
    struct group *group = group_of(proposals, section, bare);
    proposals->added++;
    if (group) {
        group->proposal.count++;
        group->proposal.yuan += unfit->yuan;
        vote(group, unfit->nearest, unfit->confidence);
        note_variant(group, bare);
    }
    free(bare);
}

/* --- a place in the catalog --- */

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

static void find_place(const struct proposals *proposals, struct group *group)
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

/* --- the end --- */

static int most_frequent(const void *a, const void *b)
{
    const struct variant *x = a, *y = b;
    return x->count > y->count ? -1 : x->count < y->count;
}

static bool ends_in(const char *name, size_t length, const char *end)
{
    size_t bytes = strlen(end);
    return length > bytes && memcmp(name + length - bytes, end, bytes) == 0;
}

/* How much of a name is left without what a budget line puts behind a service: 项目, 经费 … */
static size_t without_budget_words(const char *name, size_t length)
{
    static const char *const words[] = {"项目", "经费", "费用", "费"};
    static const char *const others[] = {"收费", "缴费", "免费", "计费", "消费"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (ends_in(name, length, others[i]))
            return length;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (ends_in(name, length, words[i]))
            return without_budget_words(name, length - strlen(words[i])); /* 项目经费 has two */
    return length;
}

static char *item_name(const char *name)
{
    struct strbuf item = {0};
    size_t length = without_budget_words(name, strlen(name));
    strbuf_add(&item, name, length);
    if (!ends_in(name, length, "服务"))
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
