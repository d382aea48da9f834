/* What a worker answers and stores for a request, without sockets. */
#include "services/worker/assignment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PROJECT_BYTES = 100 };
static const char hash[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static struct assignment *assignment_of(const char *client, const char *options)
{
    zmsg_t *request = zmsg_new();
    zframe_t *address = zframe_from(client);
    zmsg_addstr(request, "{}");
    if (options)
        zmsg_addstr(request, options);
    return assignment_new(&address, &request);
}

static struct judged result(const char *id, const char *json, bool in_batch)
{
    return (struct judged){.in_batch = in_batch,
                           .id = id,
                           .content_hash = hash,
                           .catalog = "r",
                           .department = "民政",
                           .decision = "auto",
                           .kind = "service",
                           .unit = "u",
                           .project = "{\"name\":\"x\"}",
                           .project_bytes = 12,
                           .json = json,
                           .json_bytes = strlen(json)};
}

static struct judged error(const char *id, const char *json, bool in_batch)
{
    struct judged judged = result(id, json, in_batch);
    judged.is_error = true;
    judged.decision = "";
    return judged;
}

static void assert_answer(struct assignment *assignment, const char *expected)
{
    zmsg_t *answer = assignment_answer(assignment);
    char *text = zmsg_popstr(answer);
    assert_string_equal(text, expected);
    free(text);
    zmsg_destroy(&answer);
}

/* The records' ids, decisions and texts as one line. */
static char *stored(const struct strbuf *records)
{
    struct strbuf line = {0};
    struct wire_record record;
    size_t offset = 0;
    while (wire_read_record(records->text, records->length, &offset, &record, NULL) == 1)
        strbuf_printf(&line, "%.*s %.*s %.*s %.*s;", (int)record.id.length, record.id.bytes,
                      (int)record.decision.length, record.decision.bytes,
                      (int)record.project.length, record.project.bytes, (int)record.result.length,
                      record.result.bytes);
    return strbuf_take(&line);
}

static void assert_stored(struct strbuf *records, const char *expected)
{
    char *line = stored(records);
    assert_string_equal(line, expected);
    free(line);
    strbuf_free(records);
}

static void test_project_alone_is_answered_with_its_result(void **state)
{
    (void)state;
    struct strbuf records = {0};
    struct assignment *assignment = assignment_of("i.1", NULL);
    struct judged judged = result("p1", "{\"id\":\"p1\",\"kind\":\"service\"}", false);
    assignment_add(assignment, &judged, 51, &records, PROJECT_BYTES);
    assert_answer(assignment, "{\"id\":\"p1\",\"kind\":\"service\"}");
    assert_stored(&records, "p1 auto {\"name\":\"x\"} {\"id\":\"p1\",\"kind\":\"service\"};");
    assignment_destroy(&assignment);
}

static void test_batch_is_answered_in_order_even_a_batch_of_one(void **state)
{
    (void)state;
    struct strbuf records = {0};
    struct assignment *assignment = assignment_of("i.1", NULL);
    struct judged first = result("p1", "{\"id\":\"p1\"}", true);
    assignment_add(assignment, &first, 51, &records, PROJECT_BYTES);
    assert_answer(assignment, "{\"results\":[{\"id\":\"p1\"}]}");
    struct judged second = result("p2", "{\"id\":\"p2\"}", true);
    assignment_add(assignment, &second, 51, &records, PROJECT_BYTES);
    assert_answer(assignment, "{\"results\":[{\"id\":\"p1\"},{\"id\":\"p2\"}]}");
    strbuf_free(&records);
    assignment_destroy(&assignment);
}

static void test_wrong_project_alone_is_answered_and_not_stored(void **state)
{
    (void)state;
    struct strbuf records = {0};
    struct assignment *assignment = assignment_of("i.1", NULL);
    struct judged judged = error("p1", "{\"id\":\"p1\",\"error\":{}}", false);
    assignment_add(assignment, &judged, 51, &records, PROJECT_BYTES);
    assert_answer(assignment, "{\"id\":\"p1\",\"error\":{}}");
    assert_int_equal(records.length, 0);
    assignment_destroy(&assignment);
}

static void test_wrong_project_of_a_batch_is_stored_as_error(void **state)
{
    (void)state;
    struct strbuf records = {0};
    struct assignment *assignment = assignment_of("i.1", NULL);
    struct judged judged = error("p1", "{\"id\":\"p1\",\"error\":{}}", true);
    assignment_add(assignment, &judged, 51, &records, PROJECT_BYTES);
    assert_stored(&records, "p1 error {\"name\":\"x\"} {\"id\":\"p1\",\"error\":{}};");
    assignment_destroy(&assignment);
}

static void test_text_over_the_limit_is_not_kept(void **state)
{
    (void)state;
    struct strbuf records = {0};
    struct assignment *assignment = assignment_of("i.1", NULL);
    struct judged judged = error("p1", "{\"id\":\"p1\",\"error\":{}}", true);
    assignment_add(assignment, &judged, 51, &records, 11);
    assert_stored(&records, "p1 error null {\"id\":\"p1\",\"error\":{}};");
    assignment_destroy(&assignment);
}

static void test_summary_adds_up_all_batches(void **state)
{
    (void)state;
    struct strbuf records = {0};
    struct assignment *assignment = assignment_of("b.1", "{\"reply\":\"summary\"}");
    assert_true(assignment->bulk);
    struct judged good = result("p1", "{\"id\":\"p1\"}", true), bad = error("p2", "{}", true);
    assignment_add(assignment, &good, 51, &records, PROJECT_BYTES);
    assignment_add(assignment, &bad, 51, &records, PROJECT_BYTES);
    assignment->unstored = 3;
    struct wire_tally second = {.first_event = 9, .last_event = 9, .stored = 1};
    struct wire_tally first = {.first_event = 4, .last_event = 4, .duplicates = 1};
    struct wire_tally outdated = {.duplicates = 1}; /* it has no event */
    assignment_stored(assignment, &second, NULL);
    assignment_stored(assignment, &first, NULL);
    assignment_stored(assignment, &outdated, NULL);
    assert_int_equal(assignment->unstored, 0);
    assert_answer(assignment, "{\"stored\":1,\"duplicates\":2,\"errors\":1,\"first_event\":4,"
                              "\"last_event\":9}");
    assert_stored(&records,
                  "p1 auto {\"name\":\"x\"} {\"id\":\"p1\"};p2 error {\"name\":\"x\"} {};");
    assignment_destroy(&assignment);
}

static void test_batch_that_cannot_be_stored_is_answered_with_the_reason(void **state)
{
    (void)state;
    struct assignment *assignment = assignment_of("i.1", NULL);
    struct fault fault;
    fault_set(&fault, "wire.malformed", "why");
    assignment->unstored = 1;
    assignment_stored(assignment, NULL, &fault);
    assert_answer(assignment, "{\"error\":{\"code\":\"wire.malformed\",\"message\":\"why\"}}");
    assignment_destroy(&assignment);
}

static void test_odd_options_are_passed_over(void **state)
{
    (void)state;
    static const char *const odd[] = {"", "no json", "[]", "{\"reply\":7}"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct assignment *assignment = assignment_of("x", odd[i]);
        assert_false(assignment->summary);
        assert_false(assignment->bulk);
        assignment_destroy(&assignment);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_project_alone_is_answered_with_its_result),
        cmocka_unit_test(test_batch_is_answered_in_order_even_a_batch_of_one),
        cmocka_unit_test(test_wrong_project_alone_is_answered_and_not_stored),
        cmocka_unit_test(test_wrong_project_of_a_batch_is_stored_as_error),
        cmocka_unit_test(test_text_over_the_limit_is_not_kept),
        cmocka_unit_test(test_summary_adds_up_all_batches),
        cmocka_unit_test(test_batch_that_cannot_be_stored_is_answered_with_the_reason),
        cmocka_unit_test(test_odd_options_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
