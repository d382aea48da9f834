#ifndef JINMU_MODEL_H
#define JINMU_MODEL_H

#include "common/arena.h"
#include "common/fault.h"
#include "common/strbuf.h"

#include <stddef.h>
#include <stdint.h>

/* What `jinmu train` learned from labelled cases, as the text file catalog/data/model.txt holds it
 * (and catalog.db carries it). One thing a line, so that two models can be compared:
 *
 *   jinmu-model 1
 *   feature NAME WEIGHT
 *   kind-dense NAME W W W W W W         service goods works personnel subsidy internal
 *   kind PLACE PAIR W W W W W W
 *   confidence NAME WEIGHT
 *   auto-threshold P
 *   item DEPARTMENT NAME PAIR=COUNT …   what the cases of an item are written with
 */
enum kind {
    KIND_SERVICE,
    KIND_GOODS,
    KIND_WORKS,
    KIND_PERSONNEL,
    KIND_SUBSIDY,
    KIND_INTERNAL,
    KINDS
};
const char *kind_name(enum kind kind);
/* The kind of that name, or KINDS. */
enum kind kind_of_name(const char *name);

/* The features of a candidate; rank.c says how each is made. */
enum feature {
    FEATURE_WORDS,      /* pairs of characters, as a language model of the item weighs them */
    FEATURE_LENGTH,     /* how much has been written of the item: the language model's correction */
    FEATURE_LABELS,     /* labels of the item found in the text */
    FEATURE_PARENT,     /* phrases for its kind of work */
    FEATURE_NOT,        /* words that point elsewhere */
    FEATURE_CLASS_B,    /* 1 for B items */
    FEATURE_DEPARTMENT, /* how surely the unit belongs to the item's department */
    FEATURES
};
const char *feature_name(enum feature feature);

/* Where a pair of characters stands, for the kind. */
enum place { PLACE_NAME, PLACE_ENDING, PLACE_BODY, PLACES };

/* What the kind is decided by besides pairs: the phrases of kinds.csv for each kind in the name and
 * in the body, and how well the first candidate fits. */
enum dense {
    DENSE_LEXICON_NAME,
    DENSE_LEXICON_BODY = DENSE_LEXICON_NAME + KINDS,
    DENSE_TOP = DENSE_LEXICON_BODY + KINDS,
    DENSE_MARGIN,
    DENSE_LABELS,
    DENSE_BIAS,
    DENSES
};

/* Terms of the logistic curve that turns what is left in doubt into a probability. */
enum confidence_term {
    CONFIDENCE_BIAS,
    CONFIDENCE_TOP,     /* logit of the first candidate's share */
    CONFIDENCE_MARGIN,  /* its lead over the second */
    CONFIDENCE_SERVICE, /* logit of the probability that it is a service */
    CONFIDENCE_LABELS,  /* FEATURE_LABELS of the first */
    CONFIDENCE_FOUND,   /* 1 when it has any */
    CONFIDENCE_DENSITY, /* its score over the root of the text's mass */
    CONFIDENCE_NONE,    /* for decision none: bias and weight of the logit of "no service" */
    CONFIDENCE_NONE_LOGIT,
    CONFIDENCE_TERMS
};

struct word_count {
    uint32_t pair; /* two word units: first << 16 | second */
    float count;
};

struct item_words {
    const char *department;
    const char *name;
    struct word_count *words;
    size_t count;
};

struct kind_word {
    enum place place;
    uint32_t pair;
    float weights[KINDS];
};

struct model {
    double features[FEATURES];
    double kind_dense[DENSES][KINDS];
    double confidence[CONFIDENCE_TERMS];
    double auto_threshold;
    struct item_words *items;
    size_t item_count;
    struct kind_word *kind_words;
    size_t kind_word_count;
    struct arena arena; /* owns the texts and the words */
};

/* A model with hand-set starting weights and no words: what the engine uses before any training. */
struct model *model_new(void);
/* Reads the text form. NULL with a fault that names the line. An empty text gives model_new(). */
struct model *model_read(const char *text, struct fault *fault);
void model_write(const struct model *model, struct strbuf *out);
void model_destroy(struct model **model);

#endif
