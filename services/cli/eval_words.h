#ifndef JINMU_EVAL_WORDS_H
#define JINMU_EVAL_WORDS_H

#include "catalog/learn/evaluate_tables.h"
#include "common/strbuf.h"

/* The Chinese words of an evaluation's tables and report. */

const char *kind_word(enum kind kind); /* KINDS: 未能判断 */
const char *decision_word(enum decision decision);
/* For a word of the JSON, as an earlier evaluation holds it; the word itself when it is none. */
const char *decision_word_of(const char *name);
const char *difficulty_word(const char *name);
const char *department_word(const char *name); /* "B" → B类通用 */
const char *figure_word(enum figure figure);

/* "民政 A070203 流浪人员救助服务", or the word of the kind. */
void meaning_words(struct strbuf *out, struct meaning meaning);
/* The same out of an outcome of an earlier evaluation. */
void meaning_words_before(struct strbuf *out, const struct jv *outcome);

#endif
