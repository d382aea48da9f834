#include "catalog/revision/alike.h"

#include "catalog/engine/map.h"
#include "common/strbuf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A character's names. One that has it twice stands there twice. */
struct posting {
    uint32_t *numbers;
    size_t count;
};

struct weight {
    double all, pairs;
};

struct alike {
    struct map places; /* character plus 1 → posting */
    struct posting *postings;
    size_t posting_count;
    struct weight *weights; /* by number */
    size_t count;
    /* While one is looked for: */
    double *shared; /* by number; 0 between two calls */
    uint32_t *met;
    size_t met_count;
    struct alike_one *found;
};

struct alike *alike_new(void)
{
    return xcalloc(1, sizeof(struct alike));
}

void alike_destroy(struct alike **alike)
{
    struct alike *old = *alike;
    if (!old)
        return;
    for (size_t i = 0; i < old->posting_count; i++)
        free(old->postings[i].numbers);
    free(old->postings);
    map_free(&old->places);
    free(old->weights);
    free(old->shared);
    free(old->met);
    free(old->found);
    free(old);
    *alike = NULL;
}

static struct posting *posting_of(struct alike *alike, uint16_t unit)
{
    uint32_t place = map_get(&alike->places, (uint64_t)unit + 1);
    if (place != MAP_NONE)
        return &alike->postings[place];
    alike->postings = xgrow(alike->postings, alike->posting_count, sizeof *alike->postings);
    alike->postings[alike->posting_count] = (struct posting){0};
    map_put(&alike->places, (uint64_t)unit + 1, (uint32_t)alike->posting_count);
    return &alike->postings[alike->posting_count++];
}

static size_t times_in(const struct profile *profile, uint16_t unit)
{
    size_t times = 0;
    for (size_t i = 0; i < profile->length; i++)
        times += profile->units[i] == unit;
    return times;
}

void alike_add(struct alike *alike, const struct profile *profile)
{
    alike->weights = xgrow(alike->weights, alike->count, sizeof *alike->weights);
    alike->shared = xgrow(alike->shared, alike->count, sizeof *alike->shared);
    alike->met = xgrow(alike->met, alike->count, sizeof *alike->met);
    alike->found = xgrow(alike->found, alike->count, sizeof *alike->found);
    alike->weights[alike->count] = (struct weight){profile->weight, likeness_pairs(profile)};
    alike->shared[alike->count] = 0;
    for (size_t i = 0; i < profile->length; i++) {
        struct posting *posting = posting_of(alike, profile->units[i]);
        posting->numbers = xgrow(posting->numbers, posting->count, sizeof *posting->numbers);
        posting->numbers[posting->count++] = (uint32_t)alike->count;
    }
    alike->count++;
}

/* Adds the weight that names share with a character of the one looked for: as often as both have it. */
static void share_unit(struct alike *alike, const struct profile *profile, size_t at)
{
    uint32_t place = map_get(&alike->places, (uint64_t)profile->units[at] + 1);
    if (place == MAP_NONE || !profile_first(profile, at))
        return;
    const struct posting *posting = &alike->postings[place];
    size_t most = times_in(profile, profile->units[at]), again = 0;
    for (size_t i = 0; i < posting->count; i++) {
        uint32_t number = posting->numbers[i];
        again = i > 0 && posting->numbers[i - 1] == number ? again + 1 : 0;
        if (again >= most)
            continue;
        if (alike->shared[number] <= 0)
            alike->met[alike->met_count++] = number;
        alike->shared[number] += (double)profile->weights[at];
    }
}

size_t alike_find(struct alike *alike, const struct profile *profile, double least,
                  const struct alike_one **found)
{
    size_t count = 0;
    struct weight own = {profile->weight, likeness_pairs(profile)};
    alike->met_count = 0;
    for (size_t i = 0; i < profile->length; i++)
        share_unit(alike, profile, i);
    for (size_t i = 0; i < alike->met_count; i++) {
        uint32_t number = alike->met[i];
        double bound = likeness_bound(alike->shared[number], own.all + alike->weights[number].all,
                                      own.pairs + alike->weights[number].pairs);
        if (bound >= least)
            alike->found[count++] = (struct alike_one){number, bound};
        alike->shared[number] = 0;
    }
    *found = alike->found;
    return count;
}
