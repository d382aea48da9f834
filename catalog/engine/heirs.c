#include "catalog/engine/heirs.h"

#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>

/* An heir has so many items of the department by their names, and one of so many of them. */
enum { LEAST_COMMON = 2, LEAST_SHARE = 4 };

struct heirs {
    struct heir *all; /* by revision, then department */
    size_t count;
};

/* An item of the revision that is looked at, by its name. */
struct named {
    char *folded;
    uint32_t department;
};

/* How many items of a lost department another one has. */
struct common {
    uint32_t department, heir;
    size_t items;
};

/* One revision while its heirs are looked for. */
struct looking {
    const struct thesaurus *thesaurus;
    size_t revision;
    bool *held;     /* by department: whether it has leaves */
    size_t *source; /* by department that is not held: the revision nearest to it that has it */
    size_t *leaves; /* by department: how many it has there */
    struct named *names;
    size_t name_count;
    struct common *commons;
    size_t common_count;
    struct map numbers; /* department << 32 | heir → its number in commons */
};

static uint32_t department_of(const struct looking *looking, const struct leaf *leaf)
{
    return looking->thesaurus->concepts[leaf->concept].department;
}

static bool is_own(const struct leaf *leaf)
{
    return !leaf->class_b && !leaf->provisional;
}

static void find_held(struct looking *looking)
{
    const struct revision *revision = &looking->thesaurus->revisions[looking->revision];
    for (size_t i = 0; i < revision->leaf_count; i++)
        looking->held[department_of(looking, &revision->leaves[i])] = true;
}

/* Whether the revision has departments that this one lacks, for which no nearer one was found. */
static bool take_source(struct looking *looking, size_t source)
{
    const struct revision *revision = &looking->thesaurus->revisions[source];
    bool found = false;
    for (size_t i = 0; i < revision->leaf_count; i++) {
        uint32_t department = department_of(looking, &revision->leaves[i]);
        if (!is_own(&revision->leaves[i]) || looking->held[department] ||
            (looking->leaves[department] && looking->source[department] != source))
            continue;
        looking->source[department] = source;
        looking->leaves[department]++;
        found = true;
    }
    return found;
}

/* Earlier revisions first, the newest of them before the others. */
static bool find_sources(struct looking *looking)
{
    bool found = false;
    for (size_t r = looking->revision; r-- > 0;)
        found = take_source(looking, r) || found;
    for (size_t r = looking->revision + 1; r < looking->thesaurus->revision_count; r++)
        found = take_source(looking, r) || found;
    return found;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct named *)a)->folded, ((const struct named *)b)->folded);
}

static char *fold_name(const struct looking *looking, const struct leaf *leaf)
{
    return folder_fold_utf8(looking->thesaurus->folder,
                            looking->thesaurus->concepts[leaf->concept].name);
}

static void collect_names(struct looking *looking)
{
    const struct revision *revision = &looking->thesaurus->revisions[looking->revision];
    looking->names = xcalloc(revision->leaf_count + 1, sizeof *looking->names);
    for (size_t i = 0; i < revision->leaf_count; i++)
        if (is_own(&revision->leaves[i]))
            looking->names[looking->name_count++] =
                (struct named){fold_name(looking, &revision->leaves[i]),
                               department_of(looking, &revision->leaves[i])};
    qsort(looking->names, looking->name_count, sizeof *looking->names, by_name);
}

static void count_common(struct looking *looking, uint32_t department, uint32_t heir)
{
    uint64_t key = (uint64_t)department << 32 | heir;
    uint32_t number = map_get(&looking->numbers, key);
    if (number == MAP_NONE) {
        number = (uint32_t)looking->common_count++;
        looking->commons = xgrow(looking->commons, number, sizeof *looking->commons);
        looking->commons[number] = (struct common){department, heir, 0};
        map_put(&looking->numbers, key, number);
    }
    looking->commons[number].items++;
}

static void look_for(struct looking *looking, const struct leaf *leaf)
{
    struct named wanted = {.folded = fold_name(looking, leaf)};
    const struct named *end = looking->names + looking->name_count,
                       *found = looking->name_count
                                    ? bsearch(&wanted, looking->names, looking->name_count,
                                              sizeof wanted, by_name)
                                    : NULL;
    while (found && found > looking->names && by_name(found - 1, &wanted) == 0)
        found--;
    for (; found && found < end && by_name(found, &wanted) == 0; found++)
        count_common(looking, department_of(looking, leaf), found->department);
    free(wanted.folded);
}

static void find_commons(struct looking *looking)
{
    for (size_t r = 0; r < looking->thesaurus->revision_count; r++) {
        const struct revision *revision = &looking->thesaurus->revisions[r];
        for (size_t i = 0; i < revision->leaf_count; i++) {
            const struct leaf *leaf = &revision->leaves[i];
            uint32_t department = department_of(looking, leaf);
            if (is_own(leaf) && looking->leaves[department] && looking->source[department] == r)
                look_for(looking, leaf);
        }
    }
}

static void add_heirs(struct heirs *heirs, const struct looking *looking)
{
    for (size_t i = 0; i < looking->common_count; i++) {
        const struct common *common = &looking->commons[i];
        if (common->items < LEAST_COMMON ||
            common->items * LEAST_SHARE < looking->leaves[common->department])
            continue;
        heirs->all = xgrow(heirs->all, heirs->count, sizeof *heirs->all);
        heirs->all[heirs->count++] =
            (struct heir){(uint32_t)looking->revision, common->department, common->heir};
    }
}

static void look_at_revision(struct heirs *heirs, const struct thesaurus *thesaurus,
                             size_t revision)
{
    size_t departments = thesaurus->department_count;
    struct looking looking = {.thesaurus = thesaurus,
                              .revision = revision,
                              .held = xcalloc(departments, sizeof(bool)),
                              .source = xcalloc(departments, sizeof(size_t)),
                              .leaves = xcalloc(departments, sizeof(size_t))};
    find_held(&looking);
    if (find_sources(&looking)) {
        collect_names(&looking);
        find_commons(&looking);
        add_heirs(heirs, &looking);
    }
    for (size_t i = 0; i < looking.name_count; i++)
        free(looking.names[i].folded);
    free(looking.names);
    free(looking.commons);
    map_free(&looking.numbers);
    free(looking.held);
    free(looking.source);
    free(looking.leaves);
}

static int in_order(const void *a, const void *b)
{
    const struct heir *x = a, *y = b;
    if (x->revision != y->revision)
        return x->revision < y->revision ? -1 : 1;
    if (x->department != y->department)
        return x->department < y->department ? -1 : 1;
    return x->heir < y->heir ? -1 : x->heir > y->heir;
}

struct heirs *heirs_new(const struct thesaurus *thesaurus)
{
    struct heirs *heirs = xcalloc(1, sizeof *heirs);
    for (size_t r = 0; r < thesaurus->revision_count; r++)
        look_at_revision(heirs, thesaurus, r);
    if (heirs->count)
        qsort(heirs->all, heirs->count, sizeof *heirs->all, in_order);
    return heirs;
}

void heirs_destroy(struct heirs **heirs)
{
    if (*heirs)
        free((*heirs)->all);
    free(*heirs);
    *heirs = NULL;
}

const struct heir *heirs_find(const struct heirs *heirs, uint32_t revision, uint32_t department,
                              size_t *count)
{
    const struct heir wanted = {revision, department, 0};
    size_t first = 0, end = heirs->count;
    while (first < end) {
        size_t middle = (first + end) / 2;
        if (in_order(&heirs->all[middle], &wanted) < 0)
            first = middle + 1;
        else
            end = middle;
    }
    *count = 0;
    while (first + *count < heirs->count && heirs->all[first + *count].revision == revision &&
           heirs->all[first + *count].department == department)
        ++*count;
    return heirs->all + first;
}

const struct heir *heirs_all(const struct heirs *heirs, size_t *count)
{
    *count = heirs->count;
    return heirs->all;
}
