#ifndef JINMU_LISTING_H
#define JINMU_LISTING_H

#include "catalog/checks/money.h"
#include "catalog/checks/plain.h"

#include <stdbool.h>
#include <stddef.h>

/* A total and what the text lists under it: "共需50万元，其中：1.…36万元；2.…". */

enum { LISTED = 48, LISTED_ITEMS = 24 };

struct listing {
    const struct money *total;
    size_t start, end;
    size_t count;
    size_t items;    /* how many; of an inline list each amount is an item of its own */
    bool numbered;   /* 1. 2. 3. */
    bool exhaustive; /* the words say that the list is the whole: 具体为, 分别为 */
    bool loose;      /* introduced by 用于, 含: may speak of other things too */
    bool open;       /* ends in 等, or an item states no amount */
    const struct money *amounts[LISTED]; /* all that stand in the list */
    bool aside[LISTED];  /* speaks of something else: a contract, what was paid … */
    size_t item[LISTED]; /* number of the item in which it stands */
};

/* Finds the list that amount number `t` announces. False when it announces none. */
bool listing_find(const struct plain *plain, const struct money *amounts, size_t count, size_t t,
                  struct listing *listing);

/* The same of a total behind what it sums up: "运维120万元、租用150万元、安全50万元，共计330万元", within a
 * sentence. False also when some of the amounts speak of something else. */
bool listing_find_before(const struct plain *plain, const struct money *amounts, size_t t,
                         struct listing *listing);

/* Whether some reading of the list gives the total; true when it is too long to tell. */
bool listing_adds_up(const struct listing *listing);
/* The sum of the amounts that are the items' own, and how many there are. */
int64_t listing_sum(const struct listing *listing, size_t *count);

/* Whether the clause before an amount names something else than a part of the budget. */
bool listing_is_aside(const struct plain *plain, const struct money *amount);
/* Where the clause begins in which code point `at` stands. */
size_t plain_clause_start(const struct plain *plain, size_t at);
/* Where the sentence ends that goes on at `at`. */
size_t plain_sentence_end(const struct plain *plain, size_t at);

#endif
