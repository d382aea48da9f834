/* Phrases found in one pass; and the two tables by number that the engine looks up in. */
#include "catalog/engine/map.h"
#include "catalog/engine/pair_table.h"
#include "catalog/engine/trie.h"
#include "common/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ASCII letters stand for units: capitals for hanzi, which are no Latin letters of the folded text. */
static size_t units_of(const char *text, uint16_t out[256])
{
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++)
        out[i] = (uint16_t)text[i];
    return length;
}

static uint32_t add(struct trie *trie, const char *phrase)
{
    uint16_t units[256];
    size_t length = units_of(phrase, units);
    return trie_add(trie, units, length);
}

static uint32_t get(const struct trie *trie, const char *phrase)
{
    uint16_t units[256];
    size_t length = units_of(phrase, units);
    return trie_get(trie, units, length);
}

static size_t find(struct trie *trie, const char *text, struct hit *hits, size_t max)
{
    trie_settle(trie);
    uint16_t units[256];
    size_t length = units_of(text, units);
    return trie_find(trie, units, length, hits, max);
}

static void test_phrases_are_numbered_as_they_come(void **state)
{
    (void)state;
    struct trie *trie = trie_new();
    assert_int_equal(add(trie, "AB"), 0);
    assert_int_equal(add(trie, "ABC"), 1);
    assert_int_equal(add(trie, "A"), 2);
    assert_int_equal(add(trie, "ABC"), 1);
    assert_int_equal(trie_count(trie), 3);
    assert_int_equal(get(trie, "AB"), 0);
    assert_int_equal(get(trie, "A"), 2);
    assert_int_equal(get(trie, "B"), UINT32_MAX);
    assert_int_equal(get(trie, "ABCD"), UINT32_MAX);
    assert_int_equal(get(trie, ""), UINT32_MAX);
    trie_settle(trie);
    trie_settle(trie);
    assert_int_equal(add(trie, "ABC"), 1);
    assert_int_equal(get(trie, "AB"), 0);
    assert_int_equal(get(trie, "A"), 2);
    assert_int_equal(get(trie, "B"), UINT32_MAX);
    assert_int_equal(get(trie, "ABCD"), UINT32_MAX);
    assert_int_equal(get(trie, ""), UINT32_MAX);
    trie_destroy(&trie);
    assert_null(trie);
    trie_destroy(&trie);
}

static void test_every_occurrence_is_found_by_start_shorter_first(void **state)
{
    (void)state;
    static const struct hit wanted[] = {{2, 0, 1, TRIE_PHRASE}, {0, 0, 2, TRIE_PHRASE},
                                        {1, 0, 3, TRIE_PHRASE}, {3, 1, 2, TRIE_PHRASE},
                                        {2, 3, 1, TRIE_PHRASE}, {0, 3, 2, TRIE_PHRASE}};
    struct hit hits[16];
    struct trie *trie = trie_new();
    add(trie, "AB"), add(trie, "ABC"), add(trie, "A"), add(trie, "BC");
    size_t count = find(trie, "ABCAB", hits, 16);
    assert_int_equal(count, 6);
    assert_memory_equal(hits, wanted, sizeof wanted);
    assert_int_equal(find(trie, "XYZ", hits, 16), 0);
    assert_int_equal(find(trie, "", hits, 16), 0);
    trie_destroy(&trie);
}

static void test_no_more_hits_than_there_is_room_for(void **state)
{
    (void)state;
    struct hit hits[3] = {{9, 9, 9, 9}, {9, 9, 9, 9}, {9, 9, 9, 9}};
    struct trie *trie = trie_new();
    add(trie, "A");
    assert_int_equal(find(trie, "AAAAAA", hits, 2), 2);
    assert_int_equal(hits[2].phrase, 9);
    assert_int_equal(find(trie, "AAAAAA", hits, 0), 0);
    trie_destroy(&trie);
}

static void test_latin_words_and_numbers_are_not_cut(void **state)
{
    (void)state;
    struct hit hits[8];
    struct trie *trie = trie_new();
    add(trie, "oa"), add(trie, "5G"), add(trie, "120");
    assert_int_equal(find(trie, "Xoa", hits, 8), 1);
    assert_int_equal(find(trie, "oaX", hits, 8), 1);
    assert_int_equal(find(trie, "boat", hits, 8), 0);
    assert_int_equal(find(trie, "oat", hits, 8), 0);
    assert_int_equal(find(trie, "1oa", hits, 8), 0);
    assert_int_equal(find(trie, "oa1", hits, 8), 0);
    assert_int_equal(find(trie, "1201", hits, 8), 0);
    assert_int_equal(find(trie, "X120X", hits, 8), 1);
    assert_int_equal(find(trie, "15G", hits, 8), 0);
    assert_int_equal(find(trie, "X5Gx", hits, 8), 1);
    trie_destroy(&trie);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

static void random_text(uint32_t *seed, char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        text[i] = (char)('A' + next_random(seed) % 3);
    text[length] = 0;
}

/* Against a search that looks for each phrase at each place. */
static void test_random_phrases_are_found_as_a_plain_search_finds_them(void **state)
{
    (void)state;
    uint32_t seed = 7;
    for (int round = 0; round < 50; round++) {
        char phrases[30][8], text[101];
        struct hit hits[1024];
        struct trie *trie = trie_new();
        for (int p = 0; p < 30; p++) {
            random_text(&seed, phrases[p], 1 + next_random(&seed) % 6);
            add(trie, phrases[p]);
        }
        random_text(&seed, text, 100);
        size_t count = find(trie, text, hits, 1024), at = 0;
        for (size_t start = 0; start < 100; start++)
            for (size_t length = 1; length <= 6 && start + length <= 100; length++) {
                char part[8] = {0};
                memcpy(part, text + start, length);
                if (get(trie, part) == UINT32_MAX)
                    continue;
                assert_true(at < count);
                assert_int_equal(hits[at].phrase, get(trie, part));
                assert_int_equal(hits[at].start, start);
                assert_int_equal(hits[at++].length, length);
            }
        assert_int_equal(at, count);
        trie_destroy(&trie);
    }
}

static void test_many_phrases_keep_their_numbers(void **state)
{
    (void)state;
    struct trie *trie = trie_new();
    uint16_t units[3] = {0};
    for (uint32_t i = 0; i < 50000; i++) {
        units[0] = (uint16_t)(0x4E00 + i % 200), units[1] = (uint16_t)(0x5E00 + i / 200);
        units[2] = 0xFFFF;
        assert_int_equal(trie_add(trie, units, 3), i);
    }
    trie_settle(trie);
    for (uint32_t i = 0; i < 50000; i += 77) {
        units[0] = (uint16_t)(0x4E00 + i % 200), units[1] = (uint16_t)(0x5E00 + i / 200);
        assert_int_equal(trie_get(trie, units, 3), i);
        assert_int_equal(trie_get(trie, units, 2), UINT32_MAX);
    }
    trie_destroy(&trie);
}

static void test_a_map_gives_the_last_value_of_each_key(void **state)
{
    (void)state;
    struct map map = {0};
    assert_int_equal(map_get(&map, 0), MAP_NONE);
    for (uint64_t key = 0; key < 20000; key++)
        map_put(&map, key << 32 | (key * 7919), (uint32_t)key);
    map_put(&map, 0, 99);
    map_put(&map, UINT64_MAX - 1, 98);
    assert_int_equal(map.count, 20001);
    assert_int_equal(map_get(&map, 0), 99);
    assert_int_equal(map_get(&map, UINT64_MAX - 1), 98);
    for (uint64_t key = 1; key < 20000; key++)
        assert_int_equal(map_get(&map, key << 32 | (key * 7919)), key);
    assert_int_equal(map_get(&map, 12345), MAP_NONE);
    map_free(&map);
    assert_int_equal(map_get(&map, 0), MAP_NONE);
    map_free(&map);
}

static void test_a_pair_table_gives_an_empty_range_for_what_it_has_not(void **state)
{
    (void)state;
    struct pair_table table = pair_table_new(5000);
    for (uint32_t i = 1; i <= 5000; i++) {
        struct pair_slot *slot = pair_table_add(&table, i << 16 | (i * 31 & 0xFFFF));
        slot->value.first = i, slot->value.count = i + 1;
    }
    for (uint32_t i = 1; i <= 5000; i++) {
        const struct pair_slot *slot = pair_table_get(&table, i << 16 | (i * 31 & 0xFFFF));
        assert_int_equal(slot->value.first, i);
        assert_int_equal(slot->value.count, i + 1);
        assert_int_equal(pair_table_get(&table, i << 16 | ((i * 31 + 1) & 0xFFFF))->value.count, 0);
    }
    pair_table_free(&table);
    table = pair_table_new(0);
    assert_int_equal(pair_table_get(&table, 7)->value.count, 0);
    pair_table_free(&table);
}

static void test_words_for_another_end_are_found_in_the_same_pass(void **state)
{
    (void)state;
    struct trie *trie = trie_new();
    uint16_t units[256];
    struct hit hits[8];
    add(trie, "AB");
    add(trie, "C");
    assert_int_equal(trie_add_word(trie, units, units_of("C", units)), 1);
    assert_int_equal(trie_add_word(trie, units, units_of("ABC", units)), 2);
    assert_int_equal(find(trie, "ABC", hits, 8), 3);
    assert_int_equal(hits[0].uses, TRIE_PHRASE);
    assert_int_equal(hits[1].phrase, 2);
    assert_int_equal(hits[1].uses, TRIE_WORD);
    assert_int_equal(hits[2].phrase, 1);
    assert_int_equal(hits[2].uses, TRIE_PHRASE | TRIE_WORD);
    assert_int_equal(get(trie, "C"), 1);
    assert_int_equal(get(trie, "ABC"), 2);
    trie_destroy(&trie);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_phrases_are_numbered_as_they_come),
        cmocka_unit_test(test_every_occurrence_is_found_by_start_shorter_first),
        cmocka_unit_test(test_no_more_hits_than_there_is_room_for),
        cmocka_unit_test(test_latin_words_and_numbers_are_not_cut),
        cmocka_unit_test(test_random_phrases_are_found_as_a_plain_search_finds_them),
        cmocka_unit_test(test_many_phrases_keep_their_numbers),
        cmocka_unit_test(test_a_map_gives_the_last_value_of_each_key),
        cmocka_unit_test(test_a_pair_table_gives_an_empty_range_for_what_it_has_not),
        cmocka_unit_test(test_words_for_another_end_are_found_in_the_same_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
