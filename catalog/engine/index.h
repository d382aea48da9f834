#ifndef JINMU_INDEX_H
#define JINMU_INDEX_H

#include "catalog/engine/model.h"
#include "catalog/engine/pair_table.h"
#include "catalog/engine/thesaurus.h"

#include <stdbool.h>
#include <stdint.h>

/* What each pair of characters and each label says for each concept, by department: the engine's
 * inner table, made once from the thesaurus and the model, then only read. */

struct label_posting {
    uint32_t concept;
    enum label_kind kind;
    float weight; /* rarer and longer labels weigh more; 1 for PARENT and NOT */
};

struct range {
    uint32_t first, count;
};

/* What a phrase says in one department. */
struct label_group {
    uint32_t department;
    struct range postings;
};

struct index {
    /* By department; each has a table of its own, small enough for the cache: a project touches one
     * or two of them. */
    struct pair_table *pairs;
    size_t department_count;
    struct posting *postings; /* of pairs with more than one in a department */
    /* For projects of which the department is not known: where the values of a pair in all departments
     * stand, side by side. */
    struct pair_table everywhere;
    union pair_value *values;
    size_t posting_count;

    struct range *phrase_groups; /* by phrase: its groups, by department */
    size_t phrase_count;
    struct label_group *label_groups;
    size_t label_group_count;
    struct label_posting *label_postings;
    size_t label_posting_count;

    float *length_weight; /* by concept: FEATURE_LENGTH per square root of mass */
};

/* Postings of one pair in one department beyond this many (the strongest) are left out: what so many
 * items share tells them apart no more, and the cost of a project stays bounded as a catalog grows. */
enum { POSTINGS_PER_PAIR = 96 };

struct index *index_new(const struct thesaurus *thesaurus, const struct model *model);
void index_destroy(struct index **index);

struct postings {
    const struct posting *all;
    uint32_t count;
};

/* Four in five pairs have one posting: it stands in the slot itself, which spares a look elsewhere.
 * The bits of a weight, as a number, are beyond every count. */
static inline struct postings index_postings(const struct index *index,
                                             const union pair_value *value)
{
    bool alone = value->count > POSTINGS_PER_PAIR;
    return (struct postings){alone ? &value->posting : index->postings + value->first,
                             alone ? 1 : value->count};
}

static inline struct postings index_pair(const struct index *index, uint32_t department,
                                         uint32_t pair)
{
    const struct pair_table *table = &index->pairs[department];
    uint32_t hash = pair_hash(pair);
    if (!pair_table_may_have(table, hash))
        return (struct postings){NULL, 0};
    return index_postings(index, &pair_table_find(table, pair, hash)->value);
}

/* The groups of a phrase: a range of label_groups. */
static inline struct range index_label_groups(const struct index *index, uint32_t phrase)
{
    return phrase < index->phrase_count ? index->phrase_groups[phrase] : (struct range){0, 0};
}

/* Most phrases belong to one department or two; one that thousands share is searched by halves. */
static inline struct range index_label(const struct index *index, uint32_t department,
                                       uint32_t phrase)
{
    struct range range = index_label_groups(index, phrase);
    const struct label_group *groups = index->label_groups + range.first;
    while (range.count > 4) {
        uint32_t half = range.count / 2;
        bool behind = groups[half].department <= department;
        groups += behind ? half : 0;
        range.count = behind ? range.count - half : half;
    }
    for (uint32_t i = 0; i < range.count; i++)
        if (groups[i].department == department)
            return groups[i].postings;
    return (struct range){0, 0};
}

#endif
