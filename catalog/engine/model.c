#include "catalog/engine/model.h"

#include "common/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

static const char *const kind_names[KINDS] = {"service",   "goods",   "works",
                                              "personnel", "subsidy", "internal"};
static const char *const feature_names[FEATURES] = {"words", "length",  "labels",    "parent",
                                                    "not",   "class_b", "department"};
static const char *const place_names[PLACES] = {"name", "ending", "body"};
static const char *const confidence_names[CONFIDENCE_TERMS] = {
    "bias", "top", "margin", "service", "labels", "found", "density", "none", "none_logit"};

const char *kind_name(enum kind kind)
{
    return kind_names[kind];
}

const char *feature_name(enum feature feature)
{
    return feature_names[feature];
}

static int number_of(const char *name, const char *const *names, int count)
{
    int i = 0;
    while (i < count && strcmp(name, names[i]) != 0)
        i++;
    return i;
}

enum kind kind_of_name(const char *name)
{
    return (enum kind)number_of(name, kind_names, KINDS);
}

struct model *model_new(void)
{
    static const double features[FEATURES] = {1.0, -0.45, 0.25, 0.25, -0.3, -0.15, 0.2};
    struct model *model = xcalloc(1, sizeof *model);
    memcpy(model->features, features, sizeof features);
    for (int k = 0; k < KINDS; k++) {
        model->kind_dense[DENSE_LEXICON_NAME + k][k] = 2.0;
        model->kind_dense[DENSE_LEXICON_BODY + k][k] = 1.0;
    }
    model->kind_dense[DENSE_BIAS][KIND_SERVICE] = 0.5;
    model->confidence[CONFIDENCE_BIAS] = -1.0;
    model->confidence[CONFIDENCE_TOP] = 0.6;
    model->confidence[CONFIDENCE_SERVICE] = 0.3;
    model->confidence[CONFIDENCE_NONE_LOGIT] = 0.7;
    model->auto_threshold = 0.95;
    return model;
}

void model_destroy(struct model **model)
{
    if (!*model)
        return;
    free((*model)->items);
    free((*model)->kind_words);
    arena_free(&(*model)->arena);
    free(*model);
    *model = NULL;
}

static void put_unit(struct strbuf *out, uint32_t unit)
{
    utf8proc_uint8_t bytes[4];
    strbuf_add(out, (const char *)bytes,
               (size_t)utf8proc_encode_char((utf8proc_int32_t)unit, bytes));
}

static void put_pair(struct strbuf *out, uint32_t pair)
{
    put_unit(out, pair >> 16);
    put_unit(out, pair & 0xFFFF);
}

/* A pair as put_pair wrote it, and nothing after it; 0 when it is none. */
static uint32_t read_pair(const char *text)
{
    uint32_t pair = 0;
    for (int i = 0; i < 2; i++) {
        utf8proc_int32_t unit;
        utf8proc_ssize_t used = utf8proc_iterate((const utf8proc_uint8_t *)text, -1, &unit);
        if (used <= 0 || unit <= 0 || unit > 0xFFFF)
            return 0;
        pair = pair << 16 | (uint32_t)unit;
        text += used;
    }
    return *text ? 0 : pair;
}

void model_write(const struct model *model, struct strbuf *out)
{
    strbuf_puts(out, "jinmu-model 1\n");
    for (int f = 0; f < FEATURES; f++)
        strbuf_printf(out, "feature\t%s\t%.4f\n", feature_names[f], model->features[f]);
    for (int d = 0; d < DENSES; d++) {
        strbuf_printf(out, "kind-dense\t%d", d);
        for (int k = 0; k < KINDS; k++)
            strbuf_printf(out, "\t%.4f", model->kind_dense[d][k]);
        strbuf_puts(out, "\n");
    }
    for (int c = 0; c < CONFIDENCE_TERMS; c++)
        strbuf_printf(out, "confidence\t%s\t%.4f\n", confidence_names[c], model->confidence[c]);
    strbuf_printf(out, "auto-threshold\t%.4f\n", model->auto_threshold);
    for (size_t i = 0; i < model->kind_word_count; i++) {
        const struct kind_word *word = &model->kind_words[i];
        strbuf_printf(out, "kind\t%s\t", place_names[word->place]);
        put_pair(out, word->pair);
        for (int k = 0; k < KINDS; k++)
            strbuf_printf(out, "\t%.2f", (double)word->weights[k]);
        strbuf_puts(out, "\n");
    }
    for (size_t i = 0; i < model->item_count; i++) {
        const struct item_words *item = &model->items[i];
        strbuf_printf(out, "item\t%s\t%s", item->department, item->name);
        for (size_t w = 0; w < item->count; w++) {
            strbuf_puts(out, "\t");
            put_pair(out, item->words[w].pair);
            strbuf_printf(out, "=%.2f", (double)item->words[w].count);
        }
        strbuf_puts(out, "\n");
    }
}

/* The next tab-separated part of a line, cut off in place; NULL at the end. */
static char *next_part(char **rest)
{
    return strsep(rest, "\t");
}

static int read_number(const char *part, double *number)
{
    char *end;
    if (!part || !*part)
        return -1;
    *number = strtod(part, &end);
    return *end || !isfinite(*number) ? -1 : 0;
}

static int read_numbers(char **rest, double *numbers, int count)
{
    for (int i = 0; i < count; i++)
        if (read_number(next_part(rest), &numbers[i]))
            return -1;
    return 0;
}

static int read_named(char **rest, const char *const *names, int count, double *numbers)
{
    char *name = next_part(rest);
    int number = name ? number_of(name, names, count) : count;
    return number < count ? read_numbers(rest, &numbers[number], 1) : -1;
}

static int read_kind_dense(struct model *model, char **rest)
{
    double number;
    if (read_number(next_part(rest), &number) || number < 0 || number >= DENSES ||
        number != floor(number))
        return -1;
    return read_numbers(rest, model->kind_dense[(int)number], KINDS);
}

static int read_kind_word(struct model *model, char **rest)
{
    char *place = next_part(rest), *pair = next_part(rest);
    double weights[KINDS];
    if (!place || !pair || read_numbers(rest, weights, KINDS))
        return -1;
    struct kind_word word = {
        (enum place)number_of(place, place_names, PLACES), read_pair(pair), {0}};
    if (word.place == PLACES || !word.pair)
        return -1;
    for (int k = 0; k < KINDS; k++)
        word.weights[k] = (float)weights[k];
    model->kind_words = xgrow(model->kind_words, model->kind_word_count, sizeof *model->kind_words);
    model->kind_words[model->kind_word_count++] = word;
    return 0;
}

static size_t count_tabs(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += *text == '\t';
    return count;
}

static int read_item(struct model *model, char **rest)
{
    char *department = next_part(rest), *name = next_part(rest);
    if (!department || !name)
        return -1;
    struct item_words item = {arena_text(&model->arena, department),
                              arena_text(&model->arena, name), NULL, 0};
    if (*rest)
        item.words = arena_alloc(&model->arena, (count_tabs(*rest) + 1) * sizeof *item.words);
    for (char *part; (part = next_part(rest)) != NULL;) {
        char *equals = strrchr(part, '=');
        double count;
        if (!equals || read_number(equals + 1, &count) || count <= 0)
            return -1;
        *equals = 0;
        uint32_t pair = read_pair(part);
        if (!pair)
            return -1;
        item.words[item.count++] = (struct word_count){pair, (float)count};
    }
    model->items = xgrow(model->items, model->item_count, sizeof *model->items);
    model->items[model->item_count++] = item;
    return 0;
}

static int read_known(struct model *model, const char *word, char **rest)
{
    if (strcmp(word, "feature") == 0)
        return read_named(rest, feature_names, FEATURES, model->features);
    if (strcmp(word, "confidence") == 0)
        return read_named(rest, confidence_names, CONFIDENCE_TERMS, model->confidence);
    if (strcmp(word, "auto-threshold") == 0)
        return read_numbers(rest, &model->auto_threshold, 1);
    if (strcmp(word, "kind-dense") == 0)
        return read_kind_dense(model, rest);
    if (strcmp(word, "kind") == 0)
        return read_kind_word(model, rest);
    return strcmp(word, "item") == 0 ? read_item(model, rest) : -1;
}

static int read_line(struct model *model, char *line)
{
    char *rest = line, *word = next_part(&rest);
    if (!*word && !rest)
        return 0;
    return read_known(model, word, &rest) || rest ? -1 : 0;
}

struct model *model_read(const char *text, struct fault *fault)
{
    struct model *model = model_new();
    if (!*text)
        return model;
    char *copy = xstrdup(text), *rest = copy, *line = strsep(&rest, "\n");
    if (strcmp(line, "jinmu-model 1") != 0 || !text_is_utf8(text, strlen(text))) {
        fault_set(fault, "model.unreadable", "the model does not begin with 'jinmu-model 1'");
        model_destroy(&model);
    }
    for (int number = 2; model && (line = strsep(&rest, "\n")) != NULL; number++)
        if (read_line(model, line)) {
            fault_set(fault, "model.unreadable", "line %d of the model cannot be read", number);
            model_destroy(&model);
        }
    free(copy);
    return model;
}
