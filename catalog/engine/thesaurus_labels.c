/* How units call the work of each item. */
#include "catalog/engine/thesaurus_labels.h"

#include "catalog/engine/heirs.h"
#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>

/* A label on its way from the database to its concept. */
struct loose_label {
    uint32_t concept;
    struct label label;
};

static int by_concept(const void *a, const void *b)
{
    const struct loose_label *x = a, *y = b;
    if (x->concept != y->concept)
    return x->concept < y->concept ? -1 : 1;
    if (x->label.kind != y->label.kind)
        return x->label.kind < y->label.kind ? -1 : 1;
    return x->label.phrase < y->label.phrase ? -1 : x->label.phrase > y->label.phrase;
}

struct loose_labels {
    struct loose_label *all;
    size_t count;
};

static void add_label(struct loose_labels *labels, uint32_t concept, enum label_kind kind,
                      uint32_t phrase)
{
    if (phrase == NO_NUMBER)
        return;
    labels->all = xgrow(labels->all, labels->count, sizeof *labels->all);
    labels->all[labels->count++] = (struct loose_label){concept, {kind, phrase}};
}

static enum label_kind kind_of_word(const char *word)
{
    return strcmp(word, "alt") == 0      ? LABEL_ALT
           : strcmp(word, "hidden") == 0 ? LABEL_HIDDEN
                                         : LABEL_NOT;
}

/* The class A leaves of all revisions, sorted by code. */
struct coded {
    const char *code;
    uint32_t concept;
};

struct coded_leaves {
    struct coded *all;
    size_t count;
};

static int by_code(const void *a, const void *b)
{
    return strcmp(((const struct coded *)a)->code, ((const struct coded *)b)->code);
}

static struct coded_leaves code_leaves(const struct thesaurus *thesaurus)
{
    struct coded_leaves leaves = {0};
    for (size_t r = 0; r < thesaurus->revision_count; r++)
        for (size_t i = 0; i < thesaurus->revisions[r].leaf_count; i++) {
            const struct leaf *leaf = &thesaurus->revisions[r].leaves[i];
            if (leaf->class_b)
                continue;
            leaves.all = xgrow(leaves.all, leaves.count, sizeof *leaves.all);
            leaves.all[leaves.count++] = (struct coded){leaf->code, leaf->concept};
        }
    if (leaves.count)
        qsort(leaves.all, leaves.count, sizeof *leaves.all, by_code);
    return leaves;
}

/* A phrase for a kind of work (a level-3 code) serves every concept below it. */
static void add_parent_label(const struct coded_leaves *leaves, struct loose_labels *labels,
                             const char *code, uint32_t phrase)
{
    size_t low = 0, high = leaves->count, length = strlen(code);
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (strcmp(leaves->all[middle].code, code) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < leaves->count && strncmp(leaves->all[low].code, code, length) == 0; low++)
        add_label(labels, leaves->all[low].concept, LABEL_PARENT, phrase);
}

/* A label goes along with its item into a department that took the items of another over. */
static void add_label_of_heirs(const struct thesaurus *thesaurus, struct loose_labels *labels,
                               uint32_t department, const char *name, enum label_kind kind,
                               uint32_t phrase)
{
    size_t count;
    const struct heir *heirs = heirs_all(thesaurus->heirs, &count);
    for (size_t i = 0; i < count; i++) {
        uint32_t concept = heirs[i].department == department
                               ? thesaurus_concept(thesaurus, heirs[i].heir, name)
                               : NO_NUMBER;
        if (concept != NO_NUMBER)
            add_label(labels, concept, kind, phrase);
    }
}

static int read_labels(struct thesaurus *thesaurus, struct store *store,
                       struct loose_labels *labels, struct fault *fault)
{
    struct coded_leaves leaves = code_leaves(thesaurus);
    for (uint32_t c = 0; c < thesaurus->concept_count; c++)
        add_label(labels, c, LABEL_PREF, thesaurus_phrase(thesaurus, thesaurus->concepts[c].name));
    sqlite3_stmt *statement = store_prepare(
        store, "SELECT department, code, name, kind, text FROM label ORDER BY rowid", fault);
    int got = statement ? 1 : -1;
    while (got > 0 && (got = store_next(store, statement, fault)) > 0) {
        uint32_t phrase = thesaurus_phrase(thesaurus, store_text(statement, 4));
        if (*store_text(statement, 0) == 0) {
            add_parent_label(&leaves, labels, store_text(statement, 1), phrase);
            continue;
        }
        uint32_t department = thesaurus_department(thesaurus, store_text(statement, 0));
        if (department == NO_NUMBER)
            continue;
        const char *name = store_text(statement, 2);
        enum label_kind kind = kind_of_word(store_text(statement, 3));
        uint32_t concept = thesaurus_concept(thesaurus, department, name);
        if (concept != NO_NUMBER)
            add_label(labels, concept, kind, phrase);
        add_label_of_heirs(thesaurus, labels, department, name, kind, phrase);
    }
    free(leaves.all);
    sqlite3_finalize(statement);
    return got;
}

/* --- labels of items that go on under another name --- */

/* The loose labels of each concept, as a list. */
struct chains {
    uint32_t *first, *next; /* by concept, by label */
    size_t chained;         /* so many labels are in them */
};

static void chain_labels(struct chains *chains, const struct loose_labels *labels)
{
    chains->next = xrealloc(chains->next, (labels->count + 1) * sizeof *chains->next);
    for (; chains->chained < labels->count; chains->chained++) {
        uint32_t concept = labels->all[chains->chained].concept;
        chains->next[chains->chained] = chains->first[concept];
        chains->first[concept] = (uint32_t)chains->chained;
    }
}

/* Units go on writing what they wrote, the old name too. */
static void hand_labels_on(struct loose_labels *labels, const struct chains *chains, uint32_t from,
                           uint32_t to)
{
    for (uint32_t at = chains->first[from]; at != NO_NUMBER; at = chains->next[at]) {
        struct label label = labels->all[at].label;
        if (label.kind != LABEL_PARENT)
            add_label(labels, to, label.kind == LABEL_PREF ? LABEL_ALT : label.kind, label.phrase);
    }
}

static uint32_t find_concept(const struct thesaurus *thesaurus, const char *department,
                             const char *name)
{
    uint32_t number = thesaurus_department(thesaurus, department);
    return number == NO_NUMBER ? NO_NUMBER : thesaurus_concept(thesaurus, number, name);
}

/* By the links of one item to one that a keeper confirmed. */
static int follow_links(const struct thesaurus *thesaurus, struct store *store,
                        struct loose_labels *labels, struct fault *fault)
{
    struct chains chains = {.first = xcalloc(thesaurus->concept_count + 1, sizeof *chains.first)};
    memset(chains.first, 0xFF, (thesaurus->concept_count + 1) * sizeof *chains.first);
    sqlite3_stmt *statement = store_prepare(
        store,
        "SELECT old_department, old_name, new_department, new_name FROM correspondence WHERE"
        " state = 'confirmed' AND old_code <> '' AND relation IN ('exact', 'renamed', 'recoded',"
        " 'moved') ORDER BY old_revision, id",
        fault);
    int got = statement ? 1 : -1;
    while (got > 0 && (got = store_next(store, statement, fault)) > 0) {
        uint32_t from = find_concept(thesaurus, store_text(statement, 0), store_text(statement, 1)),
                 to = find_concept(thesaurus, store_text(statement, 2), store_text(statement, 3));
        if (from == NO_NUMBER || to == NO_NUMBER || from == to)
            continue;
        chain_labels(&chains, labels);
        hand_labels_on(labels, &chains, from, to);
    }
    sqlite3_finalize(statement);
    free(chains.first);
    free(chains.next);
    return got;
}

static void settle_labels(struct thesaurus *thesaurus, struct loose_labels *loose)
{
    if (loose->count)
        qsort(loose->all, loose->count, sizeof *loose->all, by_concept);
    thesaurus->labels = xcalloc(loose->count, sizeof *thesaurus->labels);
    for (size_t i = 0; i < loose->count; i++) {
        bool again = i > 0 && by_concept(&loose->all[i - 1], &loose->all[i]) == 0;
        if (again)
            continue;
        struct concept *concept = &thesaurus->concepts[loose->all[i].concept];
        if (concept->label_count++ == 0)
        concept->first_label = (uint32_t)thesaurus->label_count;
        thesaurus->labels[thesaurus->label_count++] = loose->all[i].label;
    }
}

int thesaurus_load_labels(struct thesaurus *thesaurus, struct store *store, struct fault *fault)
{
    struct loose_labels labels = {0};
    int failed = read_labels(thesaurus, store, &labels, fault) ||
                 follow_links(thesaurus, store, &labels, fault);
    settle_labels(thesaurus, &labels);
    free(labels.all);
    return failed;
}
