#include "catalog/checks/watch.h"

#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *text;
    enum watched_word word;
} own_words[] = {
    {"政府购买服务", WATCHED_PURCHASE},
    {"购买服务方式", WATCHED_PURCHASE},
    {"元", WATCHED_MONEY},
    {"万", WATCHED_MONEY},
    {"=", WATCHED_MONEY},
    {"年", WATCHED_YEAR},
};
enum { OWN_WORDS = sizeof own_words / sizeof *own_words };

/* A trigger of a rule, by its phrase in the trie. */
struct trigger {
    uint32_t phrase, rule;
};

static struct watched *add(struct watch *watch, uint32_t phrase)
{
    uint32_t number = map_get(&watch->numbers, phrase);
    if (number == MAP_NONE) {
        number = (uint32_t)watch->count++;
        map_put(&watch->numbers, phrase, number);
    }
    return &watch->all[number];
}

static void add_own_words(struct watch *watch, const struct folder *folder, struct trie *trie)
{
    struct folded folded = {0};
    for (size_t i = 0; i < OWN_WORDS; i++) {
        folder_fold(folder, own_words[i].text, strlen(own_words[i].text), &folded);
        add(watch, trie_add_word(trie, folded.units, folded.length))->word = own_words[i].word;
    }
    folded_free(&folded);
}

static int by_phrase(const void *a, const void *b)
{
    const struct trigger *x = a, *y = b;
    if (x->phrase != y->phrase)
        return x->phrase < y->phrase ? -1 : 1;
    return x->rule < y->rule ? -1 : x->rule > y->rule;
}

static void add_triggers(struct watch *watch, const struct rules *rules, struct trie *trie)
{
    struct trigger *triggers = xcalloc(rules->trigger_count + 1, sizeof *triggers);
    for (size_t i = 0; i < rules->trigger_count; i++) {
        const struct rule_trigger *from = &rules->triggers[i];
        triggers[i] = (struct trigger){trie_add_word(trie, from->units, from->length), from->rule};
    }
    qsort(triggers, rules->trigger_count, sizeof *triggers, by_phrase);
    for (uint32_t i = 0; i < rules->trigger_count; i++) {
        struct watched *watched = add(watch, triggers[i].phrase);
        if (watched->count == 0)
            watched->first = i;
        watched->count++;
        watch->rules[i] = triggers[i].rule;
    }
    free(triggers);
}

struct watch *watch_new(const struct rules *rules, const struct folder *folder, struct trie *trie)
{
    struct watch *watch = xcalloc(1, sizeof *watch);
    watch->all = xcalloc(rules->trigger_count + OWN_WORDS, sizeof *watch->all);
    watch->rules = xcalloc(rules->trigger_count + 1, sizeof *watch->rules);
    add_triggers(watch, rules, trie);
    add_own_words(watch, folder, trie);
    return watch;
}

void watch_destroy(struct watch **watch)
{
    if (!*watch)
        return;
    map_free(&(*watch)->numbers);
    free((*watch)->all);
    free((*watch)->rules);
    free(*watch);
    *watch = NULL;
}
