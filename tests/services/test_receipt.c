/* What the gateway says of a receipt, by what the broker answers. */
#include "services/gateway/receipt.h"

#include "services/gateway/accounts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Writes the receipt's state, or the fault's code and the status that stands for it. */
static void expect(const char *status, const char *body, const char *expected)
{
    char uuid[] = "0123456789abcdef0123456789abcdef", said[128];
    struct submission_row row = {.count = 1};
    struct fault fault = {"", ""};
    bool is_pending = false;
    snprintf(row.receipt, sizeof row.receipt, "%s", uuid);
    zmsg_t *answer = zmsg_new();
    zmsg_addstr(answer, status);
    if (body)
        zmsg_addstr(answer, body);
    struct jv *receipt = receipt_read(&row, answer, &is_pending, &fault);
    if (receipt)
        snprintf(said, sizeof said, "%s", jv_get_text(receipt, "state"));
    else
        snprintf(said, sizeof said, "%u %s", problem_status(fault.code), fault.code);
    assert_string_equal(said, expected);
    assert_int_equal(is_pending, strcmp(expected, "accepted") == 0);
    jv_destroy(&receipt);
    zmsg_destroy(&answer);
}

static void test_a_receipt_is_as_far_as_the_broker_says(void **state)
{
    (void)state;
    expect("200", "{\"results\":[]}", "done");
    expect("300", NULL, "accepted");
    expect("400", NULL, "expired");
    expect("500", "{\"error\":{\"code\":\"job.dead\",\"message\":\"why\"}}", "dead");
}

static void test_only_what_the_broker_gave_up_is_dead(void **state)
{
    (void)state;
    expect("403", "{\"error\":{\"code\":\"access.refused\",\"message\":\"role\"}}",
           "502 service.key");
    expect("503", "{\"error\":{\"code\":\"queue.full\",\"message\":\"later\"}}",
           "503 service.silent");
    expect("500", "{\"error\":{\"code\":\"spool.no_body\",\"message\":\"no body\"}}",
           "502 service.failed");
    expect("500", NULL, "502 service.failed");
    expect("501", NULL, "502 service.failed");
    expect("200", "no JSON", "502 service.failed");
    expect("{\"error\":{}}", NULL, "502 service.failed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_receipt_is_as_far_as_the_broker_says),
        cmocka_unit_test(test_only_what_the_broker_gave_up_is_dead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
