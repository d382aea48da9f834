/* The level-3 item that services of a name belong below. Level-3 names are the same in all departments
 * (行业规划服务 …), so what stands below that name anywhere speaks for it. */
#include "catalog/revision/proposal_parts.h"

#include "common/strbuf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What speaks for a parent, as a multinomial logistic regression weighs it; fitted to what happened when
 * leaves of the catalog were taken away, a tenth at a time, and the cases of catalog/data judged without
 * them (each fold by the others: the same within .02). `none` stands for what is not offered at all.
 *
 * Measured by build/tests/catalog/test_proposal_quality, 1,157 groups:
 *
 *   support at least     0     .30   .50   .70   .80   .85   .90   .95
 *   right of those      .509  .760  .816  .881  .900  .904  .911  .928
 *   share of all        1     .431  .296  .204  .156  .136  .106  .072
 *
 * Right is the catalog's own parent and no other; of the wrong ones some would do as well (法律顾问 below
 * 行业咨询服务 where the catalog has 法律援助服务). Likeness within the department and the item that the
 * engine thought nearest, which decided before, gave .446 right of .53 of all. */
static const struct {
    double likest, phrase, phrases, vote, crowd, none;
} weights = {6.56, 2.00, 5.06, 3.61, -1.69, 2.0};
enum { PHRASES_FULL = 3 };       /* more say no more */
static const double faint = 0.1; /* a likeness below this is chance */

/* A level-3 name and what is written of that kind of work (catalog/data/labels/parents.csv). */
struct parent_kind {
    const char *name;
    const char **phrases; /* folded; NULL ends them */
};

/* An item below a parent, its name without its department's. */
struct example {
    struct profile profile;
    size_t kind;
};

struct parents {
    struct arena arena;
    struct parent_kind *kinds;
    size_t kind_count;
    struct example *examples; /* as they are numbered in `alike` */
    size_t example_count;
    struct alike *alike;
    double *likest; /* by kind, of the name that is looked at */
};

static size_t kind_of(struct parents *parents, const char *name)
{
    for (size_t i = 0; i < parents->kind_count; i++)
        if (strcmp(parents->kinds[i].name, name) == 0)
            return i;
    parents->kinds = xgrow(parents->kinds, parents->kind_count, sizeof *parents->kinds);
    parents->kinds[parents->kind_count] =
        (struct parent_kind){.name = arena_text(&parents->arena, name)};
    return parents->kind_count++;
}

/* A name (free()) without the department's own, by which the same work differs: 水利行业规划. */
static char *without_department(const char *name, const char *department)
{
    static const size_t least = 2 * sizeof "服" - 2; /* what must be left: two characters */
    char *bare = xstrdup(name), *at = *department ? strstr(bare, department) : NULL;
    if (at && strlen(bare) > strlen(department) + least)
        memmove(at, at + strlen(department), strlen(at + strlen(department)) + 1);
    return bare;
}

static void profile_bare(const struct proposals *proposals, const char *name,
                         const char *department, struct profile *profile)
{
    char *bare = without_department(name, department);
    profile_make(proposals->vocabulary, bare, profile);
    free(bare);
}

static void add_examples(struct parents *parents, const struct proposals *proposals,
                         const struct outline *outline)
{
    for (size_t i = 0; outline && i < outline->item_count; i++) {
        const struct outline_item *item = &outline->items[i];
        int parent = item->leaf ? item->parent : (int)i;
        if (item->code[0] != 'A' || item->level < 3 || parent == NOWHERE)
            continue;
        parents->examples =
            xgrow(parents->examples, parents->example_count, sizeof *parents->examples);
        struct example *example = &parents->examples[parents->example_count++];
        example->kind = kind_of(parents, outline->items[parent].name);
        profile_bare(proposals, item->name, outline->departments[item->department].name,
                     &example->profile);
        alike_add(parents->alike, &example->profile);
    }
}

static int load_phrases(struct parents *parents, const struct proposals *proposals,
                        struct store *store, struct fault *fault)
{
    sqlite3_stmt *row = store_prepare(store,
                                      "SELECT text FROM label WHERE department = '' AND name = ?"
                                      " AND kind = 'alt'",
                                      fault);
    int got = row ? 0 : -1;
    for (size_t i = 0; i < parents->kind_count && got == 0; i++) {
        size_t count = 0;
        const char **phrases = xcalloc(1, sizeof *phrases);
        store_bind(row, "t", parents->kinds[i].name);
        while ((got = store_next(store, row, fault)) > 0) {
            char *folded = folder_fold_utf8(proposals->folder, store_text(row, 0));
            phrases = xrealloc(phrases, (count + 2) * sizeof *phrases);
            phrases[count++] = arena_text(&parents->arena, folded);
            phrases[count] = NULL;
            free(folded);
        }
        sqlite3_reset(row);
        parents->kinds[i].phrases = phrases;
    }
    sqlite3_finalize(row);
    return got;
}

struct parents *proposal_parents_new(const struct proposals *proposals, struct store *store,
                                     struct fault *fault)
{
    struct parents *parents = xcalloc(1, sizeof *parents);
    parents->alike = alike_new();
    add_examples(parents, proposals, proposals->outline);
    add_examples(parents, proposals, proposals->earlier);
    parents->likest = xcalloc(parents->kind_count + 1, sizeof *parents->likest);
    if (load_phrases(parents, proposals, store, fault))
        proposal_parents_destroy(&parents);
    return parents;
}

void proposal_parents_destroy(struct parents **parents)
{
    struct parents *old = *parents;
    if (!old)
        return;
    for (size_t i = 0; i < old->kind_count; i++)
        free(old->kinds[i].phrases);
    free(old->kinds);
    free(old->examples);
    free(old->likest);
    alike_destroy(&old->alike);
    arena_free(&old->arena);
    free(old);
    *parents = NULL;
}

/* --- what speaks for one --- */

/* How alike the name is to what is likest below each kind. */
static void find_likest(struct parents *parents, const struct profile *profile)
{
    const struct alike_one *found;
    size_t count = alike_find(parents->alike, profile, faint, &found);
    for (size_t i = 0; i < parents->kind_count; i++)
        parents->likest[i] = 0;
    for (size_t i = 0; i < count; i++) {
        const struct example *example = &parents->examples[found[i].number];
        double *best = &parents->likest[example->kind];
        if (found[i].bound > *best)
            *best = fmax(*best, likeness(&example->profile, profile));
    }
}

static double phrases_speak(const struct parent_kind *kind, const char *name)
{
    size_t count = 0, longest = 0;
    for (const char **phrase = kind->phrases; *phrase; phrase++)
        if (strstr(name, *phrase)) {
            count++;
            longest = strlen(*phrase) > longest ? strlen(*phrase) : longest;
        }
    count = count < PHRASES_FULL ? count : PHRASES_FULL;
    return weights.phrase * (double)longest / (double)strlen(name) +
           weights.phrases * (double)count / PHRASES_FULL;
}

/* What the engine gave to items below the parent, as a share of all projects. */
static double votes_of(const struct group *group, const char *code)
{
    for (size_t i = 0; i < PARENTS; i++)
        if (strcmp(group->parents[i].code, code) == 0)
            return group->parents[i].confidence / (double)group->proposal.count;
    return 0;
}

static size_t crowd_of(const struct outline *outline, int parent)
{
    const struct outline_department *section =
        &outline->departments[outline->items[parent].department];
    size_t crowd = 0;
    for (size_t i = section->first; i < section->first + section->count; i++)
        crowd += (int)i == parent || outline->items[i].parent == parent;
    return crowd;
}

int proposal_best_parent(const struct proposals *proposals, const struct group *group,
                         const struct ground *ground, double *sure)
{
    const struct outline *outline = ground->outline;
    struct parents *parents = proposals->parents;
    struct profile profile;
    int best = NOWHERE;
    double best_score = 0, all = exp(weights.none);
    char *name = folder_fold_utf8(proposals->folder, group->variants[0].name);
    profile_bare(proposals, group->variants[0].name, group->proposal.department, &profile);
    find_likest(parents, &profile);
    for (size_t i = 0; i < outline->item_count; i++) {
        const struct outline_item *item = &outline->items[i];
        if (item->level != 3 || item->code[0] != 'A' ||
            (ground->department != NOWHERE && item->department != ground->department))
            continue;
        size_t kind = kind_of(parents, item->name);
        double score = weights.likest * parents->likest[kind] +
                       phrases_speak(&parents->kinds[kind], name) +
                       weights.vote * votes_of(group, item->code);
        bool is_spoken_for = score > 0;
        score += weights.crowd * log(1 + (double)crowd_of(outline, (int)i)) / 3;
        all += exp(score);
        if (!is_spoken_for)
            continue;
        if (best == NOWHERE || score > best_score) {
            best = (int)i;
            best_score = score;
        }
    }
    *sure = best == NOWHERE ? 0 : exp(best_score) / all;
    free(name);
    return best;
}
