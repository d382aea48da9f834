#ifndef JINMU_LINES_H
#define JINMU_LINES_H

#include "catalog/checks/money.h"
#include "catalog/checks/plain.h"
#include "common/text.h"

#include <stdint.h>

/* Line items: the several things that a project's text lists under numbers (1. 1、 （1） ① 一是
 * 第一 （一） …), each with the amount that it states of its own. */

enum { LINE_ITEMS = 24 };

struct line_item {
    struct span span;   /* of its text, without the number and without white space at the ends */
    int64_t amount_fen; /* -1: states none of its own */
    struct span amount_span; /* of the amount */
};

/* Splits the text by the outermost numbering that counts 1, 2 …; what stands before the first number
 * and below a blank line after the last belongs to none. Gives how many, 0 when nothing is listed. */
size_t lines_split(const struct plain *plain, struct line_item out[LINE_ITEMS]);

#endif
