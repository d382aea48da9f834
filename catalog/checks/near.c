#include "catalog/checks/near.h"

#include "common/strbuf.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { BIN_BITS = 7 };

struct near *near_new(void)
{
    return xcalloc(1, sizeof(struct near));
}

void near_destroy(struct near **near)
{
    if (!*near)
        return;
    free((*near)->all);
    strbuf_free(&(*near)->ids);
    free(*near);
    *near = NULL;
}

static uint64_t mix(uint64_t value)
{
    value *= 0x9E3779B97F4A7C15u;
    value ^= value >> 32;
    value *= 0xD6E8FEB86659FD93u;
    return value ^ value >> 29;
}

/* Without an amount none is the same. */
static bool is_in(const struct near_project *project, int chain)
{
    return chain == NEAR_BY_NAME || project->amount_fen >= 0;
}

static size_t bucket_of(const struct near_project *project, int chain)
{
    uint64_t key = chain == NEAR_BY_NAME ? project->name : (uint64_t)project->amount_fen;
    return mix(key) % NEAR_BUCKETS;
}

void near_clear(struct near *near)
{
    for (size_t i = 0; i < near->count; i++)
        for (int chain = 0; chain < NEAR_CHAINS; chain++)
            near->chains[chain][bucket_of(&near->all[i], chain)] = (struct near_chain){0, 0};
    near->count = 0;
    strbuf_reset(&near->ids);
}

static uint64_t hash_units(const struct folded *folded)
{
    uint64_t hash = 0xCBF29CE484222325u;
    for (size_t i = 0; i < folded->length; i++)
        hash = (hash ^ folded->units[i]) * 0x100000001B3u;
    return hash;
}

static uint64_t hash_text(const char *text)
{
    uint64_t hash = 0xCBF29CE484222325u;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001B3u;
    return hash;
}

/* One permutation, many bins: each pair falls into one, which keeps the smallest of its hashes. Empty
 * bins are filled from the next one, so that short texts compare too. */
void near_observe(const struct project *project, const struct reading *reading,
                  struct near_project *out)
{
    uint32_t least[NEAR_BINS];
    memset(least, 0xFF, sizeof least);
    out->pairs = 0;
    for (size_t i = 0; i < reading->mass_count; i++) {
        uint64_t hash = mix(reading->masses[i].units + 1);
        size_t bin = hash >> (64 - BIN_BITS);
        uint32_t value = (uint32_t)hash & 0x7FFFFFFF;
        least[bin] = value < least[bin] ? value : least[bin];
    }
    out->pairs = (uint32_t)reading->mass_count;
    uint32_t fill = 0;
    for (size_t bin = NEAR_BINS; bin-- > 0;)
        fill = least[bin] != UINT32_MAX ? least[bin] : fill;
    for (size_t bin = NEAR_BINS; bin-- > 0;) {
        fill = least[bin] != UINT32_MAX ? least[bin] : fill;
        out->bins[bin] = (uint8_t)(mix(fill) >> 40);
    }
    out->name = hash_units(&reading->fields[FIELD_NAME].folded);
    out->unit = *project->unit ? hash_text(project->unit) : 0;
    out->amount_fen = project->amount_fen;
    out->year = project->year;
}

static void link_last(struct near *near, int chain, uint32_t number)
{
    struct near_project *all = near->all;
    struct near_chain *own = &near->chains[chain][bucket_of(&all[number - 1], chain)];
    all[number - 1].next[chain] = 0;
    if (own->last)
        all[own->last - 1].next[chain] = number;
    else
        own->first = number;
    own->last = number;
}

void near_add(struct near *near, const struct near_project *project, const char *id)
{
    if (near->count == near->capacity) {
        near->capacity = near->capacity ? near->capacity * 2 : 64;
        near->all = xrealloc(near->all, near->capacity * sizeof *near->all);
    }
    near->all[near->count] = *project;
    near->all[near->count++].id = near->ids.length;
    strbuf_add(&near->ids, id, strlen(id) + 1);
    for (int chain = 0; chain < NEAR_CHAINS; chain++)
        if (is_in(project, chain))
            link_last(near, chain, (uint32_t)near->count);
}

struct near_walk near_begin(const struct near *near, const struct near_project *one)
{
    struct near_walk walk;
    for (int chain = 0; chain < NEAR_CHAINS; chain++)
        walk.next[chain] = is_in(one, chain) ? near->chains[chain][bucket_of(one, chain)].first : 0;
    return walk;
}

const struct near_project *near_next(const struct near *near, struct near_walk *walk)
{
    uint32_t least = 0;
    for (int chain = 0; chain < NEAR_CHAINS; chain++)
        if (walk->next[chain] && (!least || walk->next[chain] < least))
            least = walk->next[chain];
    if (!least)
        return NULL;
    const struct near_project *next = &near->all[least - 1];
    for (int chain = 0; chain < NEAR_CHAINS; chain++)
        if (walk->next[chain] == least)
            walk->next[chain] = next->next[chain];
    return next;
}

double near_similarity(const struct near_project *one, const struct near_project *other)
{
    unsigned same = 0;
    for (size_t i = 0; i < NEAR_BINS; i++)
        same += one->bins[i] == other->bins[i];
    double share = (double)same / NEAR_BINS;
    /* one in 256 bins is equal by chance */
    double real = (share - 1.0 / 256) / (1 - 1.0 / 256);
    return real > 0 ? real : 0;
}

const char *near_id(const struct near *near, const struct near_project *project)
{
    return near->ids.text + project->id;
}
