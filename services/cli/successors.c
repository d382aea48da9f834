#include "services/cli/successors.h"

#include "catalog/revision/correspondence.h"
#include "common/strbuf.h"
#include "common/text.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

/* A link by its old item, in a tree: "department\tcode" → what it became. */
struct successor {
    char *key, *department, *code; /* of the new item */
    enum relation relation;
    struct successor *next; /* others of the same old item */
};

/* What is known of one old revision. */
struct lineage {
    char *revision;
    bool known;     /* it is held */
    char *stand_in; /* of an excerpt: the revision that provisional items are of; or NULL */
    void *items;    /* tree of struct successor */
    char **gained, **unseen; /* departments, folded */
    size_t gained_count, unseen_count;
    struct lineage *next;
};

struct successors {
    struct store *store;
    struct folder *folder;
    char *revision;
    struct lineage *lineages;
};

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct successor *)a)->key, ((const struct successor *)b)->key);
}

static char *key_of(struct successors *successors, const char *department, const char *code)
{
    char *folded = folder_fold_utf8(successors->folder, department);
    struct strbuf key = {0};
    strbuf_printf(&key, "%s\t%s", folded, code);
    free(folded);
    return strbuf_take(&key);
}

static void add_name(char ***names, size_t *count, char *name)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp((*names)[i], name) == 0) {
            free(name);
            return;
        }
    *names = xrealloc(*names, (*count + 1) * sizeof **names);
    (*names)[(*count)++] = name;
}

static void add_successor(struct successors *successors, struct lineage *lineage,
                          const char *old_department, const char *old_code,
                          const char *new_department, const char *new_code, enum relation relation)
{
    if (relation == RELATION_ADDED) {
        add_name(&lineage->gained, &lineage->gained_count,
                 folder_fold_utf8(successors->folder, new_department));
        return;
    }
    struct successor *one = xcalloc(1, sizeof *one);
    *one = (struct successor){.key = key_of(successors, old_department, old_code),
                              .department = folder_fold_utf8(successors->folder, new_department),
                              .code = xstrdup(new_code),
                              .relation = relation};
    struct successor **found = tsearch(one, &lineage->items, by_key);
    if (*found != one) {
        one->next = (*found)->next;
        (*found)->next = one;
    }
}

struct reading_links {
    struct successors *successors;
    struct lineage *lineage;
    size_t count;
};

static int read_row(const struct correspondence *row, void *argument)
{
    struct reading_links *reading = argument;
    if (strcmp(row->state, "rejected") == 0)
        return 0;
    reading->count++;
    add_successor(reading->successors, reading->lineage, row->old.department, row->old.code,
                  row->new.department, row->new.code, relation_of_name(row->relation));
    return 0;
}

static void read_links(struct successors *successors, struct lineage *lineage,
                       const struct diff *diff)
{
    for (size_t i = 0; i < diff->count; i++) {
        const struct link *link = &diff->links[i];
        const struct outline_item *old = link->old == NOWHERE ? NULL : &diff->old->items[link->old],
                                  *new = link->new == NOWHERE ? NULL : &diff->new->items[link->new];
        if (!link_item(diff, link)->leaf || link->relation == RELATION_UNSEEN)
            continue;
        add_successor(successors, lineage, old ? diff->old->departments[old->department].name : "",
                      old ? old->code : "", new ? diff->new->departments[new->department].name : "",
                      new ? new->code : "", link->relation);
    }
}

static void read_unseen(struct successors *successors, struct lineage *lineage,
                        const struct diff *diff)
{
    for (size_t d = 0; d < diff->department_count && !diff->new->complete; d++)
        if (diff->departments[d].new == NOWHERE)
            add_name(&lineage->unseen, &lineage->unseen_count,
                     xstrdup(diff->old->departments[diff->departments[d].old].folded));
    (void)successors;
}

/* The last complete revision before it (free()), or NULL: as results by an excerpt take items from it. */
static char *find_stand_in(struct store *store, const char *revision)
{
    char *number = NULL;
    sqlite3_stmt *statement = store_prepare(
        store,
        "SELECT earlier.number FROM revision earlier JOIN revision excerpt ON excerpt.number = ?"
        " WHERE earlier.complete AND (earlier.effective, earlier.issued) <"
        " (excerpt.effective, excerpt.issued) AND EXISTS (SELECT 1 FROM item WHERE revision ="
        " earlier.number AND code LIKE 'A%') ORDER BY earlier.effective DESC, earlier.issued DESC"
        " LIMIT 1",
        NULL);
    if (statement && store_next(store, store_bind(statement, "t", revision), NULL) > 0)
        number = xstrdup(store_text(statement, 0));
    sqlite3_finalize(statement);
    return number;
}

/* A revision that is not held any more has no comparison: nothing is known of its items. */
static void load_lineage(struct successors *successors, struct lineage *lineage)
{
    struct reading_links reading = {successors, lineage, 0};
    struct correspondence_filter filter = {.old_revision = lineage->revision,
                                           .new_revision = successors->revision};
    struct diff *diff =
        strcmp(lineage->revision, successors->revision) == 0
            ? NULL
            : diff_revisions(successors->store, lineage->revision, successors->revision, NULL);
    if (!diff)
        return;
    lineage->known = true;
    if (!diff->old->complete)
        lineage->stand_in = find_stand_in(successors->store, lineage->revision);
    correspondence_each(successors->store, &filter, read_row, &reading, NULL);
    if (!reading.count)
        read_links(successors, lineage, diff);
    read_unseen(successors, lineage, diff);
    diff_destroy(&diff);
}

static struct lineage *lineage_of(struct successors *successors, const char *revision)
{
    for (struct lineage *one = successors->lineages; one; one = one->next)
        if (strcmp(one->revision, revision) == 0)
            return one;
    struct lineage *new = xcalloc(1, sizeof *new);
    new->revision = xstrdup(revision);
    new->next = successors->lineages;
    successors->lineages = new;
    load_lineage(successors, new);
    return new;
}

struct successors *successors_new(struct store *store, const char *new_revision,
                                  struct fault *fault)
{
    (void)fault;
    struct successors *successors = xcalloc(1, sizeof *successors);
    successors->store = store;
    successors->revision = xstrdup(new_revision);
    successors->folder = folder_new();
    return successors;
}

static void free_successor(void *item)
{
    for (struct successor *one = item, *next; one; one = next) {
        next = one->next;
        free(one->key);
        free(one->department);
        free(one->code);
        free(one);
    }
}

static void free_names(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

void successors_destroy(struct successors **successors)
{
    if (!*successors)
        return;
    for (struct lineage *one = (*successors)->lineages, *next; one; one = next) {
        next = one->next;
        tdestroy(one->items, free_successor);
        free_names(one->gained, one->gained_count);
        free_names(one->unseen, one->unseen_count);
        free(one->revision);
        free(one->stand_in);
        free(one);
    }
    folder_destroy(&(*successors)->folder);
    free((*successors)->revision);
    free(*successors);
    *successors = NULL;
}

static const struct successor *find_in(struct successors *successors, const struct lineage *lineage,
                                       const struct item_name *old)
{
    struct successor wanted = {.key = key_of(successors, old->department, old->code)};
    struct successor **found = tfind(&wanted, &lineage->items, by_key);
    free(wanted.key);
    return found ? *found : NULL;
}

static const struct successor *find(struct successors *successors, const char *old_revision,
                                    const struct item_name *old)
{
    const struct lineage *lineage = lineage_of(successors, old_revision);
    const struct successor *own = find_in(successors, lineage, old);
    return own || !lineage->stand_in
               ? own
               : find_in(successors, lineage_of(successors, lineage->stand_in), old);
}

enum relation successors_relation(struct successors *successors, const char *old_revision,
                                  const struct item_name *old, const struct item_name *new)
{
    char *department = folder_fold_utf8(successors->folder, new->department);
    enum relation relation = RELATIONS;
    for (const struct successor *one = find(successors, old_revision, old); one; one = one->next)
        if (strcmp(one->code, new->code) == 0 && strcmp(one->department, department) == 0)
            relation = one->relation;
    free(department);
    return relation;
}

static bool is_among(struct successors *successors, const char *department, char **names,
                     size_t count)
{
    char *folded = folder_fold_utf8(successors->folder, department);
    bool found = false;
    for (size_t i = 0; i < count && !found; i++)
        found = strcmp(names[i], folded) == 0;
    free(folded);
    return found;
}

bool successors_unaffected(struct successors *successors, const char *old_revision,
                           const struct item_name *old)
{
    const struct lineage *lineage = lineage_of(successors, old_revision);
    const struct successor *one = find(successors, old_revision, old);
    char *department = folder_fold_utf8(successors->folder, old->department);
    bool same = one && !one->next && one->relation == RELATION_EXACT &&
                strcmp(one->department, department) == 0;
    free(department);
    return lineage->known && same &&
           !is_among(successors, old->department, lineage->gained, lineage->gained_count);
}

bool successors_unseen(struct successors *successors, const char *old_revision,
                       const char *department)
{
    const struct lineage *lineage = lineage_of(successors, old_revision);
    return is_among(successors, department, lineage->unseen, lineage->unseen_count);
}
