#include "catalog/engine/sketch.h"

#include <string.h>

enum {
    BIN_BITS = 6, /* log2 of SKETCH_MINIMA */
    FAR = 255     /* a distance that goes on in the next byte */
};
static const uint32_t pair_fields = 1u << FIELD_NAME | 1u << FIELD_DESCRIPTION;
static const uint32_t pair_seed = 0x6A696E6Du, bin_seed = 0x756D656Du;

/* The finaliser of MurmurHash3: every bit of the input changes about half of the output's. */
static uint32_t mix(uint32_t value)
{
    value ^= value >> 16;
    value *= 0x85EBCA6Bu;
    value ^= value >> 13;
    value *= 0xC2B2AE35u;
    return value ^ value >> 16;
}

/* Each empty bin takes the value of a full one. Which one it tries first, second … depends on the bin
 * alone, so that similar texts fill theirs alike. */
static void fill_empty(uint32_t minima[SKETCH_MINIMA])
{
    uint32_t filled[SKETCH_MINIMA];
    for (uint32_t bin = 0; bin < SKETCH_MINIMA; bin++) {
        uint32_t from = bin;
        for (uint32_t attempt = 1; minima[from] == UINT32_MAX; attempt++)
            from = mix(bin_seed + (bin << 20) + attempt) % SKETCH_MINIMA;
        filled[bin] = minima[from];
    }
    memcpy(minima, filled, sizeof filled);
}

void sketch_minima(const struct reading *reading, uint32_t minima[SKETCH_MINIMA])
{
    bool any = false;
    memset(minima, 0xFF, SKETCH_MINIMA * sizeof *minima);
    for (size_t i = 0; i < reading->mass_count; i++) {
        if (!(reading->masses[i].fields & pair_fields))
            continue;
        uint32_t hash = mix(reading->masses[i].units ^ pair_seed);
        uint32_t *least = &minima[hash >> (32 - BIN_BITS)];
        hash &= UINT32_MAX >> BIN_BITS;
        if (hash < *least)
            *least = hash;
        any = true;
    }
    if (any)
        fill_empty(minima);
}

void sketch_take(struct sketch *sketch, const struct reading *reading, uint32_t fields)
{
    memset(sketch, 0, sizeof *sketch);
    for (size_t i = 0; i < reading->mass_count; i++) {
        if (!(reading->masses[i].fields & fields))
            continue;
        uint32_t print = mix(reading->masses[i].units ^ pair_seed) % SKETCH_PRINTS;
        uint64_t bit = 1ull << (print % 64);
        sketch->count += !(sketch->bits[print / 64] & bit);
        sketch->bits[print / 64] |= bit;
    }
}

static void add_distance(struct strbuf *out, uint32_t distance)
{
    for (; distance >= FAR; distance -= FAR)
        strbuf_add(out, "\xFF", 1);
    strbuf_add(out, &(char){(char)distance}, 1);
}

void sketch_pack(const struct sketch *sketch, struct strbuf *out)
{
    uint32_t last = 0;
    for (uint32_t word = 0; word < SKETCH_PRINTS / 64; word++)
        for (uint64_t left = sketch->bits[word]; left; left &= left - 1) {
            uint32_t print = word * 64 + (uint32_t)__builtin_ctzll(left);
            add_distance(out, print - last);
            last = print;
        }
}

double sketch_similarity(const struct sketch *sketch, const char *packed, size_t bytes,
                         uint32_t count)
{
    uint32_t print = 0, shared = 0;
    for (size_t i = 0; i < bytes; i++) {
        unsigned char distance = (unsigned char)packed[i];
        print += distance;
        if (distance != FAR)
            shared += (uint32_t)(sketch->bits[print / 64] >> (print % 64)) & 1;
    }
    uint32_t either = sketch->count + count - shared;
    return either ? (double)shared / either : 1;
}
