#include "catalog/engine/thesaurus.h"

#include "catalog/engine/heirs.h"
#include "catalog/engine/thesaurus_labels.h"
#include "catalog/revision/in_use.h"
#include "common/json_writer.h"
#include "common/strbuf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* FNV-1a, 63 bits: a key for the maps of names. */
static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        hash = (hash ^ *c) * 0x100000001B3u;
    return hash & (UINT64_MAX >> 1);
}

static uint64_t hash_of_folded(const struct thesaurus *thesaurus, uint32_t prefix, const char *name)
{
    char *folded = folder_fold_utf8(thesaurus->folder, name);
    uint64_t hash = hash_text(0xCBF29CE484222325u ^ prefix, folded);
    free(folded);
    return hash;
}

uint32_t thesaurus_department(const struct thesaurus *thesaurus, const char *name)
{
    return map_get(&thesaurus->department_numbers, hash_of_folded(thesaurus, 0, name));
}

static uint32_t add_department(struct thesaurus *thesaurus, const char *name)
{
    uint32_t number = thesaurus_department(thesaurus, name);
    if (number != MAP_NONE)
        return number;
    number = (uint32_t)thesaurus->department_count++;
    thesaurus->departments =
        xrealloc(thesaurus->departments, thesaurus->department_count * sizeof(char *));
    thesaurus->departments[number] = arena_text(&thesaurus->arena, name);
    map_put(&thesaurus->department_numbers, hash_of_folded(thesaurus, 0, name), number);
    return number;
}

uint32_t thesaurus_concept(const struct thesaurus *thesaurus, uint32_t department, const char *name)
{
    return map_get(&thesaurus->concept_numbers, hash_of_folded(thesaurus, department + 1, name));
}

static uint32_t add_concept(struct thesaurus *thesaurus, uint32_t department, const char *name)
{
    uint32_t number = thesaurus_concept(thesaurus, department, name);
    if (number != MAP_NONE)
        return number;
    number = (uint32_t)thesaurus->concept_count++;
    thesaurus->concepts = xgrow(thesaurus->concepts, number, sizeof *thesaurus->concepts);
    thesaurus->concepts[number] =
        (struct concept){department, arena_text(&thesaurus->arena, name), 0, 0};
    map_put(&thesaurus->concept_numbers, hash_of_folded(thesaurus, department + 1, name), number);
    return number;
}

uint32_t thesaurus_phrase(struct thesaurus *thesaurus, const char *text)
{
    struct folded folded = {0};
    folder_fold(thesaurus->folder, text, strlen(text), &folded);
    uint32_t number = NO_NUMBER;
    if (folded.length) {
        number = trie_add(thesaurus->phrases, folded.units, folded.length);
        if (number >= thesaurus->phrase_capacity) {
            thesaurus->phrase_capacity = number * 2 + 1024;
            thesaurus->phrase_text =
                xrealloc(thesaurus->phrase_text, thesaurus->phrase_capacity * sizeof(char *));
            thesaurus->phrase_units =
                xrealloc(thesaurus->phrase_units, thesaurus->phrase_capacity * sizeof(uint16_t));
        }
        if (number + 1 == trie_count(thesaurus->phrases)) {
            thesaurus->phrase_text[number] = arena_text(&thesaurus->arena, text);
            thesaurus->phrase_units[number] = (uint16_t)folded.length;
        }
    }
    folded_free(&folded);
    return number;
}

/* An item of the database, kept while revisions are put together. */
enum { LEVELS = 4 };

struct row {
    size_t revision;
    const char *department, *code, *name, *parent, *restriction;
    int level;
    bool offered;
    const char *members; /* of a leaf: what results say of it */
    size_t members_bytes;
};

struct rows {
    struct row *all;
    size_t count;
    struct map by_key; /* hash of (revision, department, code) → row */
};

static uint64_t row_key(size_t revision, const char *department, const char *code)
{
    uint64_t hash = hash_text(0xCBF29CE484222325u ^ revision, department);
    return hash_text(hash ^ 0x1F, code);
}

static int load_revisions(struct thesaurus *thesaurus, struct store *store, struct fault *fault)
{
    sqlite3_stmt *statement = store_prepare(
        store, "SELECT number, effective, ended, complete FROM revision ORDER BY effective, issued",
        fault);
    int got = statement ? 1 : -1;
    while (got > 0 && (got = store_next(store, statement, fault)) > 0) {
        thesaurus->revisions = xrealloc(thesaurus->revisions, (thesaurus->revision_count + 1) *
                                                                  sizeof *thesaurus->revisions);
        thesaurus->revisions[thesaurus->revision_count++] = (struct revision){
            .number = arena_text(&thesaurus->arena, store_text(statement, 0)),
            .effective = arena_text(&thesaurus->arena, store_text(statement, 1)),
            .ended = arena_text(&thesaurus->arena, store_text(statement, 2)),
            .complete = sqlite3_column_int(statement, 3) != 0,
        };
    }
    sqlite3_finalize(statement);
    return got;
}

static size_t revision_number(const struct thesaurus *thesaurus, const char *number)
{
    for (size_t i = 0; i < thesaurus->revision_count; i++)
        if (strcmp(thesaurus->revisions[i].number, number) == 0)
            return i;
    return 0;
}

/* A row in quarantine stands for its key only while no real one does: what lies below the key hangs
 * under the real one, whichever comes first. */
static void note_key(struct rows *rows, uint32_t number)
{
    const struct row *row = &rows->all[number];
    uint64_t key = row_key(row->revision, row->department, row->code);
    if (row->offered || map_get(&rows->by_key, key) == MAP_NONE)
        map_put(&rows->by_key, key, number);
}

static int load_rows(struct thesaurus *thesaurus, struct store *store, struct rows *rows,
                     struct fault *fault)
{
    sqlite3_stmt *statement =
        store_prepare(store,
                      "SELECT revision, department, code, name, parent, restriction, level, state "
                      "FROM item ORDER BY revision, position, code",
                      fault);
    int got = statement ? 1 : -1;
    struct arena *arena = &thesaurus->arena;
    while (got > 0 && (got = store_next(store, statement, fault)) > 0) {
        rows->all = xgrow(rows->all, rows->count, sizeof *rows->all);
        struct row *row = &rows->all[rows->count];
        *row = (struct row){
            .revision = revision_number(thesaurus, store_text(statement, 0)),
            .department = arena_text(arena, store_text(statement, 1)),
            .code = arena_text(arena, store_text(statement, 2)),
            .name = arena_text(arena, store_text(statement, 3)),
            .parent = arena_text(arena, store_text(statement, 4)),
            .restriction = arena_text(arena, store_text(statement, 5)),
            .level = sqlite3_column_int(statement, 6),
            .offered = strcmp(store_text(statement, 7), "quarantine") != 0,
        };
        note_key(rows, (uint32_t)rows->count++);
    }
    sqlite3_finalize(statement);
    return got;
}

static bool is_leaf(const struct row *row)
{
    return row->offered && *row->name && row->level == (row->code[0] == 'B' ? 3 : 4);
}

/* Names from level 1 down; the last is the row's own. How many. */
static size_t path_of(const struct rows *rows, const struct row *row, const char *path[LEVELS])
{
    size_t at = LEVELS;
    path[--at] = row->name;
    for (const char *parent = row->parent; *parent && at > 0;) {
        uint32_t found = map_get(&rows->by_key, row_key(row->revision, row->department, parent));
        if (found == MAP_NONE)
            break;
        path[--at] = rows->all[found].name;
        parent = rows->all[found].parent;
    }
    memmove(path, path + at, (LEVELS - at) * sizeof *path);
    return LEVELS - at;
}

static void write_members(struct jw *writer, const struct rows *rows, const struct row *row)
{
    const char *path[LEVELS];
    size_t depth = path_of(rows, row, path);
    jw_set_text(writer, "department", row->department);
    jw_set_text(writer, "code", row->code);
    jw_set_text(writer, "name", row->name);
    jw_key(writer, "path");
    jw_array(writer);
    for (size_t i = 0; i < depth; i++)
        jw_text(writer, path[i]);
    jw_end_array(writer);
}

/* Every result names leaves, and always in the same words: these are written once. */
static void name_leaves(struct thesaurus *thesaurus, struct rows *rows)
{
    struct strbuf text = {0};
    struct jw *writer = jw_new();
    for (size_t i = 0; i < rows->count; i++) {
        struct row *row = &rows->all[i];
        if (!is_leaf(row))
            continue;
        strbuf_reset(&text);
        jw_begin(writer, &text);
        write_members(writer, rows, row);
        row->members = arena_text(&thesaurus->arena, text.text);
        row->members_bytes = text.length;
    }
    jw_destroy(&writer);
    strbuf_free(&text);
}

static struct leaf *add_leaf(struct thesaurus *thesaurus, const struct row *row,
                             struct revision *revision)
{
    uint32_t department = add_department(thesaurus, row->department);
    revision->leaves = xgrow(revision->leaves, revision->leaf_count, sizeof *revision->leaves);
    struct leaf *leaf = &revision->leaves[revision->leaf_count++];
    *leaf = (struct leaf){
        .concept = add_concept(thesaurus, department, row->name),
        .department = row->department,
        .code = row->code,
        .name = row->name,
        .restriction = row->restriction,
        .class_b = row->code[0] == 'B',
        .restricted = *row->restriction != 0,
        .members = row->members,
        .members_bytes = row->members_bytes,
    };
    return leaf;
}

static bool offers_class_a(const struct rows *rows, size_t revision)
{
    for (size_t i = 0; i < rows->count; i++)
        if (rows->all[i].revision == revision && rows->all[i].code[0] == 'A')
            return true;
    return false;
}

/* A revision offers its own leaves and, since B items serve every department and their catalog is
 * a document of its own, the B leaves of whatever document holds them. */
static void fill_revision(struct thesaurus *thesaurus, const struct rows *rows, size_t number)
{
    struct revision *revision = &thesaurus->revisions[number];
    for (size_t i = 0; i < rows->count; i++) {
        const struct row *row = &rows->all[i];
        if (is_leaf(row) && (row->revision == number || strcmp(row->department, "B") == 0))
            add_leaf(thesaurus, row, revision);
    }
}

static bool lists_department(const struct thesaurus *thesaurus, const struct revision *revision,
                             uint32_t department)
{
    for (size_t i = 0; i < revision->leaf_count; i++) {
        const struct leaf *leaf = &revision->leaves[i];
        if (!leaf->provisional && thesaurus->concepts[leaf->concept].department == department)
            return true;
    }
    return false;
}

/* Of a revision that is held as an excerpt, the departments whose pages are missing are offered the
 * items of the last complete one before it, marked provisional: a person has to look them up. */
static void fill_gaps(struct thesaurus *thesaurus, const struct rows *rows, size_t number)
{
    struct revision *revision = &thesaurus->revisions[number];
    size_t before = number;
    while (before > 0 && !(thesaurus->revisions[before - 1].complete &&
                           thesaurus->revisions[before - 1].leaf_count))
        before--;
    if (revision->complete || revision->leaf_count == 0 || before-- == 0)
        return;
    const char *last = "";
    bool listed = false;
    revision->stand_in = thesaurus->revisions[before].number;
    for (size_t i = 0; i < rows->count; i++) {
        const struct row *row = &rows->all[i];
        if (row->revision != before || row->code[0] != 'A' || !is_leaf(row))
            continue;
        if (strcmp(row->department, last) != 0)
            listed =
                lists_department(thesaurus, revision, add_department(thesaurus, row->department));
        last = row->department;
        if (!listed)
            add_leaf(thesaurus, row, revision)->provisional = true;
    }
}

/* Where each concept goes so that those of one department become neighbours (free()); fills in
 * first_concept. */
static uint32_t *places_by_department(struct thesaurus *thesaurus)
{
    size_t count = thesaurus->concept_count, departments = thesaurus->department_count;
    uint32_t *first = arena_alloc(&thesaurus->arena, (departments + 1) * sizeof *first);
    uint32_t *next = xcalloc(departments, sizeof *next), *place = xcalloc(count, sizeof *place);
    for (size_t c = 0; c < count; c++)
        first[thesaurus->concepts[c].department + 1]++;
    for (size_t d = 0; d < departments; d++) {
        first[d + 1] += first[d];
        next[d] = first[d];
    }
    for (size_t c = 0; c < count; c++)
        place[c] = next[thesaurus->concepts[c].department]++;
    free(next);
    thesaurus->first_concept = first;
    return place;
}

/* Concepts are numbered as the rows came; now by department, so that a project touches little memory. */
static void gather_departments(struct thesaurus *thesaurus)
{
    uint32_t *place = places_by_department(thesaurus);
    struct concept *gathered = xcalloc(thesaurus->concept_count, sizeof *gathered);
    for (size_t c = 0; c < thesaurus->concept_count; c++)
        gathered[place[c]] = thesaurus->concepts[c];
    free(thesaurus->concepts);
    thesaurus->concepts = gathered;
    for (size_t r = 0; r < thesaurus->revision_count; r++)
        for (size_t i = 0; i < thesaurus->revisions[r].leaf_count; i++) {
            struct leaf *leaf = &thesaurus->revisions[r].leaves[i];
            leaf->concept = place[leaf->concept];
        }
    for (size_t i = 0; i < thesaurus->concept_numbers.capacity; i++) {
        struct map_slot *slot = &thesaurus->concept_numbers.slots[i];
        if (slot->key)
            slot->value = place[slot->value];
    }
    free(place);
}

static void number_leaves(struct thesaurus *thesaurus)
{
    for (size_t r = 0; r < thesaurus->revision_count; r++) {
        struct revision *revision = &thesaurus->revisions[r];
        revision->leaf_of_concept =
            arena_alloc(&thesaurus->arena, (thesaurus->concept_count + 1) * sizeof(uint32_t));
        memset(revision->leaf_of_concept, 0xFF, thesaurus->concept_count * sizeof(uint32_t));
        for (uint32_t i = 0; i < revision->leaf_count; i++)
            revision->leaf_of_concept[revision->leaves[i].concept] = i;
    }
}

static void build_revisions(struct thesaurus *thesaurus, const struct rows *rows)
{
    size_t kept = 0;
    for (size_t r = 0; r < thesaurus->revision_count; r++)
        if (offers_class_a(rows, r))
            fill_revision(thesaurus, rows, r);
    for (size_t r = 0; r < thesaurus->revision_count; r++)
        fill_gaps(thesaurus, rows, r);
    for (size_t r = 0; r < thesaurus->revision_count; r++)
        if (thesaurus->revisions[r].leaf_count)
            thesaurus->revisions[kept++] = thesaurus->revisions[r];
    thesaurus->revision_count = kept;
    gather_departments(thesaurus);
    number_leaves(thesaurus);
}

static int load_in_use(struct thesaurus *thesaurus, struct store *store, struct fault *fault)
{
    struct fault why = {0};
    char *number = in_use_number(store, &why);
    thesaurus->revision_in_use = thesaurus->revision_count ? thesaurus->revision_count - 1 : 0;
    for (size_t r = 0; number && r < thesaurus->revision_count; r++)
        if (strcmp(thesaurus->revisions[r].number, number) == 0)
            thesaurus->revision_in_use = r;
    free(number);
    return *why.code ? fault_set(fault, why.code, "%s", why.message) : 0;
}

struct thesaurus *thesaurus_load(struct store *store, struct fault *fault)
{
    struct thesaurus *thesaurus = xcalloc(1, sizeof *thesaurus);
    struct rows rows = {0};
    thesaurus->folder = folder_new();
    thesaurus->phrases = trie_new();
    thesaurus->department_b = add_department(thesaurus, "B");

    int failed =
        load_revisions(thesaurus, store, fault) || load_rows(thesaurus, store, &rows, fault);
    if (!failed) {
        name_leaves(thesaurus, &rows);
        build_revisions(thesaurus, &rows);
        thesaurus->heirs = heirs_new(thesaurus);
        failed =
            load_in_use(thesaurus, store, fault) || thesaurus_load_labels(thesaurus, store, fault);
    }
    if (!failed && thesaurus->revision_count == 0)
        failed = fault_set(fault, "catalog.empty",
                           "%s holds no revision: import one with `jinmu "
                           "catalog import`",
                           store->path);
    free(rows.all);
    map_free(&rows.by_key);
    if (failed)
        thesaurus_destroy(&thesaurus);
    return thesaurus;
}

void thesaurus_destroy(struct thesaurus **address)
{
    struct thesaurus *thesaurus = *address;
    if (!thesaurus)
        return;
    for (size_t r = 0; r < thesaurus->revision_count; r++)
        free(thesaurus->revisions[r].leaves);
    free(thesaurus->revisions);
    heirs_destroy(&thesaurus->heirs);
    free(thesaurus->departments);
    free(thesaurus->concepts);
    free(thesaurus->labels);
    free(thesaurus->phrase_text);
    free(thesaurus->phrase_units);
    map_free(&thesaurus->department_numbers);
    map_free(&thesaurus->concept_numbers);
    trie_destroy(&thesaurus->phrases);
    folder_destroy(&thesaurus->folder);
    arena_free(&thesaurus->arena);
    free(thesaurus);
    *address = NULL;
}

const struct revision *thesaurus_revision(const struct thesaurus *thesaurus, const char *number)
{
    char *wanted = folder_fold_utf8(thesaurus->folder, number);
    const struct revision *found = NULL;
    for (size_t r = 0; r < thesaurus->revision_count && !found; r++) {
        char *folded = folder_fold_utf8(thesaurus->folder, thesaurus->revisions[r].number);
        if (strcmp(folded, wanted) == 0)
            found = &thesaurus->revisions[r];
        free(folded);
    }
    free(wanted);
    return found;
}

const struct revision *thesaurus_in_force(const struct thesaurus *thesaurus, int year)
{
    char until[32];
    time_t now = time(NULL);
    struct tm today;
    localtime_r(&now, &today);
    if (year > 0)
        snprintf(until, sizeof until, "%04d-12-31", year);
    else
        strftime(until, sizeof until, "%Y-%m-%d", &today);
    const struct revision *chosen = &thesaurus->revisions[0];
    for (size_t r = 1; r <= thesaurus->revision_in_use; r++)
        if (strcmp(thesaurus->revisions[r].effective, until) <= 0)
            chosen = &thesaurus->revisions[r];
    return chosen;
}
