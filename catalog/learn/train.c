#include "catalog/learn/train.h"

#include "catalog/learn/fit.h"
#include "common/strbuf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FOLDS = 3 };

/* What a pair of a case adds to its item: names are written with more care than descriptions. */
static const float name_count = 0.6f, description_count = 0.35f;

/* One case on its way through the training. */
struct lesson {
    const struct labelled *labelled;
    const struct revision *revision;
    const struct leaf *leaf; /* NULL: no service, or an item that is not on offer */
    const char *name;        /* of the project */
    int fold;
};

struct lessons {
    struct lesson *all;
    size_t count;
};

/* Cases of one item, and those of one kind, are dealt to the folds in turn. The first case of each item
 * is taken a second time under the item's official name: many units call their projects so, and the
 * cases, written to be hard, would teach that a service is never called one. */
static struct lessons deal(const struct mind *mind, const struct cases *cases)
{
    struct lessons lessons = {xcalloc(cases->count * 2, sizeof *lessons.all), 0};
    int *dealt = xcalloc(mind->thesaurus->concept_count, sizeof *dealt), dealt_kind[KINDS] = {0};
    for (size_t i = 0; i < cases->count; i++) {
        const struct labelled *labelled = &cases->all[i];
        struct lesson lesson = {.labelled = labelled, .name = labelled->project.fields[FIELD_NAME]};
        lesson.revision = verdict_revision(mind, &labelled->project, NULL);
        if (!lesson.revision)
            continue;
        if (labelled->kind == KIND_SERVICE)
            lesson.leaf = case_leaf(labelled, mind->thesaurus, lesson.revision);
        if (labelled->kind == KIND_SERVICE && !lesson.leaf)
            continue;
        int *counter = lesson.leaf ? &dealt[lesson.leaf->concept] : &dealt_kind[labelled->kind];
        bool first = *counter == 0;
        lesson.fold = (*counter)++ % FOLDS;
        lessons.all[lessons.count++] = lesson;
        if (first && lesson.leaf) {
            lesson.name = lesson.leaf->name;
            lessons.all[lessons.count++] = lesson;
        }
    }
    free(dealt);
    return lessons;
}

/* --- words of the items --- */

struct counted {
    uint32_t concept;
    struct word_count word;
};

static int by_concept_and_pair(const void *a, const void *b)
{
    const struct counted *x = a, *y = b;
    if (x->concept != y->concept)
    return x->concept < y->concept ? -1 : 1;
    return x->word.pair < y->word.pair ? -1 : x->word.pair > y->word.pair;
}

struct counting {
    struct counted *all;
    size_t count, capacity;
    struct pair *pairs;
    struct folded folded;
};

static int by_pair(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    return x->units < y->units ? -1 : x->units > y->units;
}

/* Every distinct pair of the text once. */
static void count_text(struct counting *counting, const struct folder *folder, uint32_t concept,
                       const char *text, float weight)
{
    folder_fold(folder, text, strlen(text), &counting->folded);
    counting->pairs =
        xrealloc(counting->pairs, (counting->folded.length + 1) * sizeof *counting->pairs);
    size_t count = reading_pairs(&counting->folded, counting->pairs);
    qsort(counting->pairs, count, sizeof *counting->pairs, by_pair);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && counting->pairs[i].units == counting->pairs[i - 1].units)
            continue;
        if (counting->count == counting->capacity) {
            counting->capacity = counting->capacity ? counting->capacity * 2 : 4096;
            counting->all = xrealloc(counting->all, counting->capacity * sizeof *counting->all);
        }
        counting->all[counting->count++] =
            (struct counted){concept, {counting->pairs[i].units, weight}};
    }
}

static void settle_words(struct model *model, const struct thesaurus *thesaurus,
                         struct counting *counting)
{
    if (counting->count)
        qsort(counting->all, counting->count, sizeof *counting->all, by_concept_and_pair);
    model->items = xcalloc(thesaurus->concept_count, sizeof *model->items);
    for (size_t i = 0, end; i < counting->count; i = end) {
        for (end = i;
             end < counting->count && counting->all[end].concept == counting->all[i].concept;)
            end++;
        const struct concept *concept = &thesaurus->concepts[counting->all[i].concept];
        struct item_words *item = &model->items[model->item_count++];
        *item = (struct item_words){thesaurus->departments[concept->department], concept->name,
                                    arena_alloc(&model->arena, (end - i) * sizeof *item->words), 0};
        for (size_t j = i; j < end; j++) {
            struct word_count *last = item->count ? &item->words[item->count - 1] : NULL;
            if (last && last->pair == counting->all[j].word.pair)
                last->count += counting->all[j].word.count;
            else
                item->words[item->count++] = counting->all[j].word;
        }
    }
}

/* Fills the model's words from the lessons that are not of fold `without` (-1: from all). */
static void learn_words(struct model *model, const struct mind *mind, const struct lessons *lessons,
                        int without)
{
    struct counting counting = {0};
    for (size_t i = 0; i < lessons->count; i++) {
        const struct lesson *lesson = &lessons->all[i];
        bool renamed = lesson->name != lesson->labelled->project.fields[FIELD_NAME];
        if (!lesson->leaf || lesson->fold == without || renamed)
            continue;
        const struct project *project = &lesson->labelled->project;
        count_text(&counting, mind->thesaurus->folder, lesson->leaf->concept,
                   project->fields[FIELD_NAME], name_count);
        count_text(&counting, mind->thesaurus->folder, lesson->leaf->concept,
                   project->fields[FIELD_DESCRIPTION], description_count);
    }
    settle_words(model, mind->thesaurus, &counting);
    free(counting.all);
    free(counting.pairs);
    folded_free(&counting.folded);
}

/* --- going over the cases, each judged by an index that does not know it --- */

struct pass {
    const struct mind *mind;
    struct model *model; /* whose weights are used, and changed in between */
    const struct lessons *lessons;
    struct index *indexes[FOLDS];
    struct verdict verdict;
};

static void read_lesson(struct pass *pass, const struct lesson *lesson)
{
    struct mind mind = *pass->mind;
    mind.model = pass->model;
    mind.index = pass->indexes[lesson->fold];
    const struct project *project = &lesson->labelled->project;
    const char *texts[FIELDS];
    memcpy(texts, project->fields, sizeof texts);
    texts[FIELD_NAME] = lesson->name;
    verdict_reach(&pass->verdict, &mind, lesson->revision, project->unit, project->department,
                  texts);
}

static bool accepts(const struct pass *pass, const struct lesson *lesson,
                    const struct scored *scored)
{
    const struct leaf *leaf = &lesson->revision->leaves[scored->leaf];
    return case_accepts(lesson->labelled, pass->mind->thesaurus, leaf->department, leaf->code);
}

static void learn_features(struct pass *pass)
{
    struct fit_choice *choices = xcalloc(pass->lessons->count, sizeof *choices);
    size_t count = 0;
    for (size_t i = 0; i < pass->lessons->count; i++) {
        const struct lesson *lesson = &pass->lessons->all[i];
        if (!lesson->leaf)
            continue;
        read_lesson(pass, lesson);
        const struct ranking *ranking = &pass->verdict.ranking;
        struct fit_choice *choice = &choices[count];
        *choice = (struct fit_choice){ranking->count, 0,
                                      xcalloc(ranking->count * FEATURES, sizeof *choice->features),
                                      xcalloc(ranking->count, sizeof *choice->right)};
        for (size_t c = 0; c < ranking->count; c++) {
            memcpy(choice->features + c * FEATURES, ranking->all[c].features,
                   sizeof ranking->all[c].features);
            choice->right[c] = accepts(pass, lesson, &ranking->all[c]);
            choice->right_count += choice->right[c];
        }
        count++;
    }
    fit_choices(choices, count, FEATURES, pass->model->features);
    for (size_t i = 0; i < count; i++) {
        free(choices[i].features);
        free(choices[i].right);
    }
    free(choices);
}

static struct fit_example *observe_kinds(struct pass *pass)
{
    struct fit_example *examples = xcalloc(pass->lessons->count, sizeof *examples);
    for (size_t i = 0; i < pass->lessons->count; i++) {
        const struct lesson *lesson = &pass->lessons->all[i];
        read_lesson(pass, lesson);
        struct kind_view *view = &pass->verdict.view;
        kind_features(&pass->verdict.reading, view);
        struct fit_example *example = &examples[i];
        *example = (struct fit_example){.kind = lesson->labelled->kind, .fold = lesson->fold};
        memcpy(example->dense, view->dense, sizeof view->dense);
        example->sparse = xcalloc(view->sparse_count, sizeof *example->sparse);
        example->sparse_count = view->sparse_count;
        memcpy(example->sparse, view->sparse, view->sparse_count * sizeof *view->sparse);
    }
    return examples;
}

/* How many services no item fits, for each that has one: units buy more than the catalog lists, while
 * cases are written for its items. */
static const double unlisted_share = 0.15;

/* Judges the project as if the catalog lacked its items. */
static void strike_items(struct pass *pass, const struct lesson *lesson)
{
    struct verdict *verdict = &pass->verdict;
    struct ranking *ranking = &verdict->ranking;
    size_t kept = 0, top = 0;
    double struck = 0;
    for (size_t i = 0; i < ranking->count; i++) {
        if (accepts(pass, lesson, &ranking->all[i])) {
            struck += ranking->all[i].share;
            continue;
        }
        top += i < ranking->top;
        ranking->all[kept++] = ranking->all[i];
    }
    ranking->count = kept;
    ranking->top = top;
    for (size_t i = 0; i < kept; i++)
        ranking->all[i].share /= fmax(1 - struck, 1e-12);
    kind_observe(pass->mind->kinds, &verdict->reading, ranking, &verdict->view);
    kind_decide(pass->mind->kinds, pass->model, &verdict->view, &verdict->reading, verdict->kinds);
    verdict_decide(verdict, pass->model);
}

static struct fit_outcome outcome_of(const struct pass *pass, const struct lesson *lesson,
                                     double weight)
{
    const struct verdict *verdict = &pass->verdict;
    struct fit_outcome outcome = {.weight = weight, .none = verdict->decision == DECISION_NONE};
    verdict_terms(verdict, outcome.terms);
    outcome.right = outcome.none ? lesson->leaf == NULL
                                 : lesson->leaf != NULL && verdict->ranking.top > 0 &&
                                       accepts(pass, lesson, &verdict->ranking.all[0]);
    return outcome;
}

/* Every case is judged by kind weights that were fitted without its fold, each service also without
 * its items, and the confidence curve is fitted to how often those judgements were right. */
static void learn_confidence(struct pass *pass, struct fit_example *examples)
{
    const struct lessons *lessons = pass->lessons;
    struct fit_outcome *outcomes = xcalloc(lessons->count * 2, sizeof *outcomes);
    size_t count = 0;
    for (int fold = 0; fold < FOLDS; fold++) {
        fit_kinds(examples, lessons->count, fold, pass->model);
        kind_table_learn(pass->mind->kinds, pass->model);
        for (size_t i = 0; i < lessons->count; i++) {
            const struct lesson *lesson = &lessons->all[i];
            if (lesson->fold != fold)
                continue;
            read_lesson(pass, lesson);
            outcomes[count++] = outcome_of(pass, lesson, 1);
            if (!lesson->leaf)
                continue;
            strike_items(pass, lesson);
            outcomes[count++] = outcome_of(pass, lesson, unlisted_share);
        }
    }
    fit_confidence(outcomes, count, pass->model);
    free(outcomes);
}

struct model *train_model(const struct mind *mind, const struct cases *cases)
{
    struct lessons lessons = deal(mind, cases);
    struct model *model = model_new();
    struct pass pass = {.mind = mind, .model = model, .lessons = &lessons};
    for (int fold = 0; fold < FOLDS; fold++) {
        struct model *without = model_new();
        learn_words(without, mind, &lessons, fold);
        pass.indexes[fold] = index_new(mind->thesaurus, without);
        model_destroy(&without);
    }
    kind_table_learn(mind->kinds, model);
    learn_features(&pass);
    struct fit_example *examples = observe_kinds(&pass);
    learn_confidence(&pass, examples);
    fit_kinds(examples, lessons.count, -1, model);
    learn_words(model, mind, &lessons, -1);
    kind_table_learn(mind->kinds, mind->model);

    for (size_t i = 0; i < lessons.count; i++)
        free(examples[i].sparse);
    free(examples);
    for (int fold = 0; fold < FOLDS; fold++)
        index_destroy(&pass.indexes[fold]);
    verdict_free(&pass.verdict);
    free(lessons.all);
    return model;
}
