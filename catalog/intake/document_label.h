#ifndef JINMU_DOCUMENT_LABEL_H
#define JINMU_DOCUMENT_LABEL_H

#include "catalog/intake/document_amount.h"
#include "catalog/intake/document_lines.h"

#include <stdbool.h>

/* What the labels of a 绩效目标表 stand for, whatever words a city uses for them. */
enum label {
    LABEL_NONE,
    /* the head of the table */
    LABEL_NAME,
    LABEL_DEPARTMENT,
    LABEL_UNIT,
    LABEL_ATTRIBUTE,
    LABEL_TERM,
    /* its money */
    LABEL_FUNDS,  /* 项目资金（元）: what follows is money, in that unit */
    LABEL_TOTAL,  /* 实施期资金总额 */
    LABEL_AMOUNT, /* 年度资金总额 */
    LABEL_SUM,    /* 资金总额, of whichever period the table is about */
    LABEL_SOURCE, /* 省级财政资金: a part of the money above */
    /* its texts */
    LABEL_DESCRIPTION,
    LABEL_BASIS,
    LABEL_NECESSITY,
    LABEL_MEASURES,
    LABEL_PLAN,
    /* its goals */
    LABEL_TERM_GOAL, /* 实施期目标: the heading of a column, or of a text */
    LABEL_YEAR_GOAL, /* 年度目标 */
    LABEL_GOAL,      /* 总体目标: the row where both stand */
    LABEL_INDICATORS,
    LABEL_SIGNATURE, /* 负责人, 经办人 …: the last row */
    LABEL_OTHER,     /* a known label whose value is of no interest */
    LABELS
};

/* The words of the labels, folded for matching; made once, then only read. */
struct labels;
struct labels *labels_new(void);
void labels_destroy(struct labels **labels);
const struct folder *labels_folder(const struct labels *labels);

/* How a label was told from what follows it in its cell. */
enum label_form {
    LABEL_ALONE,  /* the cell is the label, perhaps with a colon */
    LABEL_MARKED, /* a colon or white space parts it from the value */
    LABEL_GLUED   /* nothing does: believe it only where a label is due */
};
struct label_match {
    enum label label;
    enum label_form form;
    size_t rest;           /* byte of the cell where the value begins */
    enum amount_unit unit; /* that the label states in brackets */
    const char *source;    /* of LABEL_SOURCE: the full name of the fund */
};
/* Whether a cell begins with a label. White space between the characters does not matter. */
bool label_match(const struct labels *labels, struct slice cell, struct label_match *match);

/* Puts labels together that a narrow column broke over rows: 保证项目实施的制 | 度、措施. The first row
 * gets the whole label as its cell, the others an empty one. */
void labels_mend(const struct labels *labels, struct lines *lines);

/* The text folded as for labels (UTF-8, brackets and widths made one, no white space), of at most
 * `bytes` of it. free(). */
char *label_fold(const struct labels *labels, struct slice text, size_t bytes);

#endif
