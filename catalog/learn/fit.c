#include "catalog/learn/fit.h"

#include "catalog/engine/map.h"
#include "catalog/engine/verdict.h"
#include "common/strbuf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Adam over one vector of weights. */
struct descent {
    double *weights, *gradient, *first, *second;
    size_t count;
    int step;
};

static struct descent descent_new(size_t count)
{
    double *memory = xcalloc(count * 4, sizeof *memory);
    return (struct descent){memory, memory + count, memory + 2 * count, memory + 3 * count, count,
                            0};
}

static void descent_free(struct descent *descent)
{
    free(descent->weights);
}

/* Moves the weights against the gradient, then zeroes it. */
static void descend(struct descent *descent, double rate)
{
    static const double keep_first = 0.9, keep_second = 0.999;
    descent->step++;
    double unbias_first = 1 - pow(keep_first, descent->step);
    double unbias_second = 1 - pow(keep_second, descent->step);
    for (size_t i = 0; i < descent->count; i++) {
        double g = descent->gradient[i];
        descent->first[i] = keep_first * descent->first[i] + (1 - keep_first) * g;
        descent->second[i] = keep_second * descent->second[i] + (1 - keep_second) * g * g;
        descent->weights[i] -= rate * (descent->first[i] / unbias_first) /
                               (sqrt(descent->second[i] / unbias_second) + 1e-8);
        descent->gradient[i] = 0;
    }
}

/* Late steps are shorter, so that the end does not depend on where the last swing stopped. */
static double rate_of(double rate, int step, int steps)
{
    return rate * (1 - 0.95 * (double)step / (double)steps);
}

static void softmax(double *scores, size_t count)
{
    double highest = -HUGE_VAL, total = 0;
    for (size_t i = 0; i < count; i++)
        highest = fmax(highest, scores[i]);
    for (size_t i = 0; i < count; i++)
        total += scores[i] = exp(scores[i] - highest);
    for (size_t i = 0; i < count; i++)
        scores[i] /= total;
}

static void choice_gradient(const struct fit_choice *choice, size_t width, double *shares,
                            struct descent *descent, double weight)
{
    double right = 0;
    for (size_t c = 0; c < choice->count; c++) {
        shares[c] = 0;
        for (size_t f = 0; f < width; f++)
            shares[c] += descent->weights[f] * choice->features[c * width + f];
    }
    softmax(shares, choice->count);
    for (size_t c = 0; c < choice->count; c++)
        right += choice->right[c] ? shares[c] : 0;
    for (size_t c = 0; c < choice->count; c++) {
        double wanted = choice->right[c] ? shares[c] / fmax(right, 1e-12) : 0;
        for (size_t f = 0; f < width; f++)
            descent->gradient[f] += weight * (shares[c] - wanted) * choice->features[c * width + f];
    }
}

void fit_choices(const struct fit_choice *choices, size_t count, size_t width, double *weights)
{
    enum { STEPS = 400 };
    static const double decay = 1e-3, rate = 0.05;
    struct descent descent = descent_new(width);
    size_t widest = 0, usable = 0;
    for (size_t i = 0; i < count; i++) {
        widest = choices[i].count > widest ? choices[i].count : widest;
        usable += choices[i].right_count > 0;
    }
    double *shares = xcalloc(widest, sizeof *shares);
    memcpy(descent.weights, weights, width * sizeof *weights);
    for (int step = 0; usable && step < STEPS; step++) {
        for (size_t i = 0; i < count; i++)
            if (choices[i].right_count)
                choice_gradient(&choices[i], width, shares, &descent, 1 / (double)usable);
        for (size_t f = 0; f < width; f++)
            descent.gradient[f] += 2 * decay * descent.weights[f];
        descend(&descent, rate_of(rate, step, STEPS));
    }
    memcpy(weights, descent.weights, width * sizeof *weights);
    free(shares);
    descent_free(&descent);
}

/* --- kinds --- */

/* All services together weigh this many times the other kinds together. */
static const double service_weight = 1.0;
static const double kind_decay = 5e-4, dense_decay = 1e-3;
enum { SEEN_AT_LEAST = 2 };

static bool is_used(const struct fit_example *example, int without)
{
    return example->fold != without;
}

/* Numbers the pairs that enough examples have; gives keys in the order of the numbers (free()). */
static uint64_t *number_words(const struct fit_example *examples, size_t count, int without,
                              struct map *numbers)
{
    struct map seen = {0};
    for (size_t i = 0; i < count; i++)
        for (size_t s = 0; is_used(&examples[i], without) && s < examples[i].sparse_count; s++) {
            uint32_t before = map_get(&seen, examples[i].sparse[s].key);
            map_put(&seen, examples[i].sparse[s].key, before == MAP_NONE ? 1 : before + 1);
        }
    uint64_t *keys = xcalloc(seen.count, sizeof *keys);
    for (size_t i = 0; i < count; i++)
        for (size_t s = 0; is_used(&examples[i], without) && s < examples[i].sparse_count; s++) {
            uint64_t key = examples[i].sparse[s].key;
            if (map_get(&seen, key) < SEEN_AT_LEAST || map_get(numbers, key) != MAP_NONE)
                continue;
            keys[numbers->count] = key;
            map_put(numbers, key, (uint32_t)numbers->count);
        }
    map_free(&seen);
    return keys;
}

/* The examples with the pairs' numbers in place of their keys, for quick steps. */
struct numbered {
    uint32_t *words;
    float *values;
    size_t count;
    double weight;
};

static struct numbered *number_examples(const struct fit_example *examples, size_t count,
                                        int without, const struct map *numbers)
{
    struct numbered *all = xcalloc(count, sizeof *all);
    double services = 0, others = 0;
    for (size_t i = 0; i < count; i++)
        *(examples[i].kind == KIND_SERVICE ? &services : &others) += is_used(&examples[i], without);
    double scale = service_weight + 1;
    for (size_t i = 0; i < count; i++) {
        const struct fit_example *example = &examples[i];
        if (!is_used(example, without))
            continue;
        all[i].weight = example->kind == KIND_SERVICE ? service_weight / fmax(services, 1) / scale
                                                      : 1 / fmax(others, 1) / scale;
        all[i].words = xcalloc(example->sparse_count, sizeof *all[i].words);
        all[i].values = xcalloc(example->sparse_count, sizeof *all[i].values);
        for (size_t s = 0; s < example->sparse_count; s++) {
            uint32_t number = map_get(numbers, example->sparse[s].key);
            if (number == MAP_NONE)
                continue;
            all[i].words[all[i].count] = number;
            all[i].values[all[i].count++] = example->sparse[s].value;
        }
    }
    return all;
}

/* weights: words by kinds, then dense by kinds. */
static void kind_gradient(const struct fit_example *example, const struct numbered *numbered,
                          size_t words, struct descent *descent)
{
    double scores[KINDS] = {0};
    const double *dense = descent->weights + words * KINDS;
    for (int d = 0; d < DENSES; d++)
        for (int k = 0; k < KINDS; k++)
            scores[k] += example->dense[d] * dense[d * KINDS + k];
    for (size_t s = 0; s < numbered->count; s++)
        for (int k = 0; k < KINDS; k++)
            scores[k] += (double)numbered->values[s] *
                         descent->weights[(size_t)numbered->words[s] * KINDS + (size_t)k];
    softmax(scores, KINDS);
    scores[example->kind] -= 1;
    for (int k = 0; k < KINDS; k++)
        scores[k] *= numbered->weight;
    for (size_t s = 0; s < numbered->count; s++)
        for (int k = 0; k < KINDS; k++)
            descent->gradient[(size_t)numbered->words[s] * KINDS + (size_t)k] +=
                (double)numbered->values[s] * scores[k];
    for (int d = 0; d < DENSES; d++)
        for (int k = 0; k < KINDS; k++)
            descent->gradient[(words + (size_t)d) * KINDS + (size_t)k] +=
                example->dense[d] * scores[k];
}

static void keep_kinds(const struct descent *descent, const uint64_t *keys, size_t words,
                       struct model *model)
{
    static const double slight = 0.04; /* weights below it are not worth their line */
    free(model->kind_words);
    model->kind_words = xcalloc(words, sizeof *model->kind_words);
    model->kind_word_count = 0;
    for (size_t w = 0; w < words; w++) {
        double largest = 0;
        for (size_t k = 0; k < KINDS; k++)
            largest = fmax(largest, fabs(descent->weights[w * KINDS + k]));
        if (largest < slight)
            continue;
        struct kind_word *word = &model->kind_words[model->kind_word_count++];
        word->place = (enum place)(keys[w] >> 32);
        word->pair = (uint32_t)keys[w];
        for (size_t k = 0; k < KINDS; k++)
            word->weights[k] = (float)descent->weights[w * KINDS + k];
    }
    memcpy(model->kind_dense, descent->weights + words * KINDS, sizeof model->kind_dense);
}

void fit_kinds(const struct fit_example *examples, size_t count, int without, struct model *model)
{
    enum { STEPS = 250 };
    static const double rate = 0.05;
    struct map numbers = {0};
    uint64_t *keys = number_words(examples, count, without, &numbers);
    struct numbered *numbered = number_examples(examples, count, without, &numbers);
    size_t words = numbers.count;
    struct descent descent = descent_new((words + DENSES) * KINDS);
    for (int step = 0; step < STEPS; step++) {
        for (size_t i = 0; i < count; i++)
            if (is_used(&examples[i], without))
                kind_gradient(&examples[i], &numbered[i], words, &descent);
        for (size_t i = 0; i < descent.count; i++)
            descent.gradient[i] +=
                (i < words * KINDS ? kind_decay : 2 * dense_decay) * descent.weights[i];
        descend(&descent, rate_of(rate, step, STEPS));
    }
    keep_kinds(&descent, keys, words, model);
    for (size_t i = 0; i < count; i++) {
        free(numbered[i].words);
        free(numbered[i].values);
    }
    free(numbered);
    free(keys);
    map_free(&numbers);
    descent_free(&descent);
}

/* --- confidence --- */

static double curve(const double *weights, const double *terms)
{
    double sum = 0;
    for (int c = 0; c < CONFIDENCE_TERMS; c++)
        sum += weights[c] * terms[c];
    return logistic(sum);
}

/* Decisions above the threshold must have been right at this rate; a little above what is promised,
 * for the threshold is chosen on the same outcomes that it is measured on. */
static const double wanted_precision = 0.985;

struct ranked_outcome {
    double confidence, weight;
    bool right;
};

static int by_confidence(const void *a, const void *b)
{
    const struct ranked_outcome *x = a, *y = b;
    if (x->confidence != y->confidence)
        return x->confidence > y->confidence ? -1 : 1;
    return x->right - y->right;
}

static double choose_threshold(const struct fit_outcome *outcomes, size_t count,
                               const double *weights)
{
    struct ranked_outcome *ranked = xcalloc(count, sizeof *ranked);
    size_t services = 0;
    for (size_t i = 0; i < count; i++)
        if (!outcomes[i].none)
            ranked[services++] = (struct ranked_outcome){curve(weights, outcomes[i].terms),
                                                         outcomes[i].weight, outcomes[i].right};
    qsort(ranked, services, sizeof *ranked, by_confidence);
    double threshold = 0.99, right = 0, all = 0;
    for (size_t i = 0; i < services; i++) {
        right += ranked[i].right * ranked[i].weight;
        all += ranked[i].weight;
        if (right >= wanted_precision * all)
            threshold = ranked[i].confidence;
    }
    free(ranked);
    return fmax(threshold, 0.6);
}

void fit_confidence(const struct fit_outcome *outcomes, size_t count, struct model *model)
{
    enum { STEPS = 1500 };
    static const double decay = 1e-4, rate = 0.03;
    struct descent descent = descent_new(CONFIDENCE_TERMS);
    double all = 0;
    for (size_t i = 0; i < count; i++)
        all += outcomes[i].weight;
    for (int step = 0; count && step < STEPS; step++) {
        for (size_t i = 0; i < count; i++) {
            double error = curve(descent.weights, outcomes[i].terms) - outcomes[i].right;
            for (int c = 0; c < CONFIDENCE_TERMS; c++)
                descent.gradient[c] += error * outcomes[i].weight * outcomes[i].terms[c] / all;
        }
        for (int c = 0; c < CONFIDENCE_TERMS; c++)
            descent.gradient[c] += decay * descent.weights[c];
        descend(&descent, rate_of(rate, step, STEPS));
    }
    memcpy(model->confidence, descent.weights, sizeof model->confidence);
    model->auto_threshold = choose_threshold(outcomes, count, descent.weights);
    descent_free(&descent);
}
