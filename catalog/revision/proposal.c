#include "catalog/revision/proposal_parts.h"

#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>

const double proposal_below = 0.5;

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
    proposals->parents = proposal_parents_new(proposals, store, fault);
    return proposals->parents ? 0 : -1;
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

static void clear_group(struct group *group)
{
    free(group->proposal.item);
    for (size_t i = 0; i < VARIANTS; i++)
        free(group->variants[i].name);
    for (size_t i = 0; i < group->proposal.listed; i++)
        free(group->projects[i].id);
    free(group->projects);
}

void proposals_list(struct proposals *proposals, size_t at_most)
{
    proposals->at_most = at_most < PROPOSAL_LISTED_MAX ? at_most : PROPOSAL_LISTED_MAX;
}

void proposals_destroy(struct proposals **proposals)
{
    struct proposals *old = *proposals;
    if (!old)
        return;
    for (size_t i = 0; i < old->count; i++)
        clear_group(&old->groups[i]);
    for (size_t i = 0; i < old->section_count; i++) {
        free(old->sections[i].folded);
        free(old->sections[i].groups);
        map_free(&old->sections[i].common);
        alike_destroy(&old->sections[i].names);
    }
    free(old->sections);
    free(old->groups);
    free(old->finished);
    free(old->department);
    proposal_parents_destroy(&old->parents);
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

bool proposals_do_list(const struct proposals *proposals)
{
    return proposals->at_most > 0;
}

bool proposals_are_complete(const struct proposals *proposals)
{
    return proposals->outline->complete;
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

/* Behind those of as much money; the last one gives way when there are too many. */
static void note_project(const struct proposals *proposals, struct group *group,
                         const struct unfit *unfit)
{
    struct proposal *proposal = &group->proposal;
    size_t at = proposal->listed;
    while (at > 0 && group->projects[at - 1].yuan < unfit->yuan)
        at--;
    if (at == proposals->at_most)
        return;
    if (proposal->listed == proposals->at_most)
        free(group->projects[--proposal->listed].id);
    else
        group->projects = xgrow(group->projects, proposal->listed, sizeof *group->projects);
    memmove(group->projects + at + 1, group->projects + at,
            (proposal->listed - at) * sizeof *group->projects);
    group->projects[at] = (struct proposal_project){
        .result = unfit->result, .id = xstrdup(unfit->project), .yuan = unfit->yuan};
    proposal->listed++;
    proposal->projects = group->projects;
}

void proposals_add(struct proposals *proposals, const struct unfit *unfit)
{
    struct section *section = proposal_section(proposals, unfit);
    if (!section->wanted || !*unfit->name)
        return;
    char *bare = proposal_bare_name(unfit->name);
    struct group *group = proposal_group(proposals, section, bare);
    proposals->added++;
    if (group) {
        group->proposal.count++;
        group->proposal.yuan += unfit->yuan;
        vote(group, unfit->nearest, unfit->confidence);
        note_variant(group, bare);
        note_project(proposals, group, unfit);
    }
    free(bare);
}

static int most_frequent(const void *a, const void *b)
{
    const struct variant *x = a, *y = b;
    return x->count > y->count ? -1 : x->count < y->count;
}

static void settle_names(struct group *group)
{
    size_t known = 0;
    while (known < VARIANTS && group->variants[known].name)
        known++;
    qsort(group->variants, known, sizeof *group->variants, most_frequent);
    for (size_t i = 0; i < PROPOSAL_NAMES && i < known; i++)
        group->proposal.names[i] = group->variants[i].name;
    group->proposal.item = proposal_item_name(group->variants[0].name);
}

static int by_department(const void *a, const void *b)
{
    const struct proposal *x = &(*(const struct group *const *)a)->proposal,
                          *y = &(*(const struct group *const *)b)->proposal;
    int order = strcmp(x->department, y->department);
    if (order == 0 && x->count != y->count)
        order = x->count > y->count ? -1 : 1;
    return order ? order : strcmp(x->item, y->item);
}

const struct proposal *proposals_finish(struct proposals *proposals, size_t least, size_t *count)
{
    struct group **chosen = xcalloc(proposals->count + 1, sizeof *chosen);
    struct codes codes = {0};
    *count = 0;
    for (size_t i = 0; i < proposals->count; i++) {
        struct group *group = &proposals->groups[i];
        if (group->proposal.count < least)
            continue;
        settle_names(group);
        chosen[(*count)++] = group;
    }
    qsort(chosen, *count, sizeof(struct group *), by_department);
    proposals->finished = xcalloc(*count + 1, sizeof *proposals->finished);
    for (size_t i = 0; i < *count; i++) {
        proposal_find_place(proposals, chosen[i], &codes);
        proposals->finished[i] = chosen[i]->proposal;
    }
    free(codes.all);
    free(chosen);
    return proposals->finished;
}
