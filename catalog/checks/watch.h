#ifndef JINMU_WATCH_H
#define JINMU_WATCH_H

#include "catalog/checks/rules.h"
#include "catalog/engine/map.h"
#include "catalog/engine/trie.h"

/* What the texts are searched for besides the labels of items, in the same pass: the trigger words of
 * the rules, and words that the checks themselves look out for. */

enum watched_word { WATCHED_TRIGGER, WATCHED_PURCHASE, WATCHED_MONEY, WATCHED_YEAR };

struct watched {
    enum watched_word word;
    uint32_t first, count; /* in watch.rules: those that it triggers */
};

struct watch {
    struct map numbers; /* phrase → number in all */
    struct watched *all;
    uint32_t *rules; /* their numbers */
    size_t count;
};

/* Adds the words to the trie, which is not settled yet. */
struct watch *watch_new(const struct rules *rules, const struct folder *folder, struct trie *trie);
void watch_destroy(struct watch **watch);

/* What a word of the trie is watched for. */
static inline const struct watched *watch_get(const struct watch *watch, uint32_t phrase)
{
    return &watch->all[map_get(&watch->numbers, phrase)];
}

#endif
