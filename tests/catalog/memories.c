#include "tests/catalog/memories.h"

#include "catalog/catalog.h"
#include "catalog/engine/reviews.h"
#include "common/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void remember(struct fixture *fixture, const char *id, const char *day, const char *project,
              const char *answer)
{
    struct strbuf text = {0};
    struct fault fault = {0};
    struct store *store = fixture_store(fixture);
    strbuf_printf(&text,
                  "{\"id\":\"%s\",\"time\":\"%s\",\"reviewer\":\"审核员\",\"project\":{%s},%s}", id,
                  day, project, answer);
    struct jv *review = jv_read(text.text, text.length, &fault);
    if (!review || reviews_add(store, review, &fault) != REVIEW_ADDED)
        fail_msg("%s: %s", text.text, fault.message);
    jv_destroy(&review);
    store_close(&store);
    strbuf_free(&text);
    fixture_load(fixture);
}

void withdraw(struct fixture *fixture, const char *id)
{
    struct fault fault = {0};
    struct store *store = fixture_store(fixture);
    assert_int_equal(reviews_withdraw(store, id, "组长", "误判", &fault), 0);
    store_close(&store);
    fixture_load(fixture);
}

struct jv *judge(struct fixture *fixture, const char *project)
{
    struct strbuf text = {0};
    strbuf_printf(&text, "{%s}", project);
    struct jv *result = answer_of(fixture, text.text);
    assert_string_equal(error_code(result), "");
    strbuf_free(&text);
    return result;
}

char *follows(struct fixture *fixture, const char *project)
{
    struct jv *result = judge(fixture, project);
    const char *review = jv_get_text(jv_get(result, "remembered"), "review");
    char *copy = xstrdup(review ? review : "");
    jv_destroy(&result);
    return copy;
}

void assert_follows(struct fixture *fixture, const char *project, const char *review)
{
    char *followed = follows(fixture, project);
    if (strcmp(followed, review) != 0)
        fail_msg("follows '%s', not '%s': %s", followed, review, project);
    free(followed);
}

const char usual[] = "\"id\":\"p-1\"," NAME TEXT CIVIL OLD;
const char next_year[] = "\"id\":\"p-2\"," NEXT_NAME NEXT_TEXT CIVIL OLD;

int start(void **state)
{
    *state = fixture_new();
    return 0;
}

int start_with_usual(void **state)
{
    start(state);
    remember(*state, "r-1", "2022-05-01", usual, ANSWER);
    return 0;
}

int finish(void **state)
{
    struct fixture *fixture = *state;
    fixture_destroy(&fixture);
    return 0;
}
