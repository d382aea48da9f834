/* What the postman is made of: signatures, the schedule, the list of targets. */
#include "services/postman/schedule.h"
#include "services/postman/signature.h"
#include "services/postman/targets.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

static const char body[] = "{\"test\": 2432232314}";

static struct jv *secrets(const char *first, const char *second)
{
    struct jv *list = jv_array();
    jv_push(list, jv_of_text(first));
    if (second)
        jv_push(list, jv_of_text(second));
    return list;
}

/* The vector of the Standard Webhooks libraries. */
static void test_the_signature_is_that_of_the_standard(void **state)
{
    struct strbuf value = {0};
    struct jv *list = secrets("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", NULL);
    (void)state;
    assert_int_equal(signature_make(list, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body,
                                    strlen(body), &value),
                     0);
    assert_string_equal(value.text, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    strbuf_free(&value);
    jv_destroy(&list);
}

static void test_each_valid_secret_signs_once(void **state)
{
    struct strbuf value = {0};
    struct jv *list =
        secrets("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    (void)state;
    assert_int_equal(signature_make(list, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body,
                                    strlen(body), &value),
                     0);
    const char *space = strchr(value.text, ' ');
    assert_non_null(space);
    assert_string_equal(space + 1, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    assert_null(strchr(space + 1, ' '));
    strbuf_free(&value);
    jv_destroy(&list);
}

static void test_nothing_is_sent_with_a_secret_that_is_none(void **state)
{
    static const char *const wrong[] = {"", "whsec_%%%", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct strbuf value = {0};
        struct jv *list = secrets(wrong[i], NULL);
        assert_int_equal(signature_make(list, "m", 1, body, strlen(body), &value), -1);
        strbuf_free(&value);
        jv_destroy(&list);
    }
    struct strbuf value = {0};
    struct jv *none = jv_array();
    assert_int_equal(signature_make(none, "m", 1, body, strlen(body), &value), -1);
    strbuf_free(&value);
    jv_destroy(&none);
}

static void test_tries_come_later_and_later_and_end_after_ten(void **state)
{
    static const int64_t waits[] = {5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400};
    (void)state;
    for (int tries = 1; tries < SCHEDULE_TRIES; tries++) {
        assert_int_equal(schedule_wait_s(tries, 0, 0), waits[tries - 1]);
        assert_int_equal(schedule_wait_s(tries, 1, 0), waits[tries - 1] + waits[tries - 1] / 10);
    }
    assert_int_equal(schedule_wait_s(SCHEDULE_TRIES, 0, 0), -1);
}

static void test_retry_after_makes_a_wait_longer_up_to_a_day(void **state)
{
    (void)state;
    assert_int_equal(schedule_wait_s(1, 0, 60), 60);
    assert_int_equal(schedule_wait_s(2, 0, 60), 300);
    assert_int_equal(schedule_wait_s(1, 0, 1000000), 86400);
}

struct target_case {
    const char *url;
    int expected;
};

static void test_only_what_is_on_the_list_is_a_target(void **state)
{
    static const struct target_case cases[] = {
        {"https://oa.example.cn/hook?a=1", 0},
        {"https://OA.example.cn:443/", 0},
        {"http://oa.example.cn/", -1},
        {"https://oa.example.cn:8443/", -1},
        {"https://oa.example.cn.evil.example/", -1},
        {"https://evil.example#@oa.example.cn/", -1},
        {"https://evil.example\\@oa.example.cn/", -1},
        {"https://user@oa.example.cn/", -1},
        {"https://oa.example.cn/#part", -1},
        {"http://10.1.2.3:8080/x", 0},
        {"http://0x0a.1.2.3:8080/x", 0}, /* the library says it is the same host */
        {"http://10.1.2.30:8080/x", -1},
        {"https://a.b.gov.example/", 0},
        {"https://gov.example/", -1},
        {"https://evilgov.example/", -1},
        {"ftp://oa.example.cn/", -1},
        {"oa.example.cn", -1},
        {"", -1}};
    struct fault fault;
    (void)state;
    struct targets *targets =
        targets_new("https://oa.example.cn http://10.1.2.3:8080/  https://*.gov.example", &fault);
    assert_non_null(targets);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (targets_check(targets, cases[i].url, &fault) != cases[i].expected)
            fail_msg("%s", cases[i].url);
    targets_destroy(&targets);
}

static void test_without_a_list_nothing_is_a_target(void **state)
{
    struct fault fault;
    (void)state;
    struct targets *targets = targets_new(NULL, &fault);
    assert_int_equal(targets_check(targets, "http://127.0.0.1/", &fault), -1);
    assert_string_equal(fault.code, "webhook.not_allowed");
    targets_destroy(&targets);
}

static void test_a_list_with_anything_else_in_it_is_refused(void **state)
{
    static const char *const wrong[] = {"oa.example.cn", "ftp://oa.example.cn",
                                        "https://oa.example.cn/path", "https://u:p@oa.example.cn",
                                        "https://"};
    struct fault fault;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct targets *targets = targets_new(wrong[i], &fault);
        if (targets)
            fail_msg("%s", wrong[i]);
        assert_string_equal(fault.code, "config.webhooks");
    }
}

static bool fits(const char *host, const char *address)
{
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, address, &four.sin_addr) == 1)
        return targets_address_fits(host, (const struct sockaddr *)&four);
    assert_int_equal(inet_pton(AF_INET6, address, &six.sin6_addr), 1);
    return targets_address_fits(host, (const struct sockaddr *)&six);
}

static void test_a_name_may_lead_to_inner_networks_but_not_to_this_machine(void **state)
{
    static const char *const good[] = {"10.0.0.1", "172.16.3.4", "192.168.1.1",
                                       "8.8.8.8",  "fd00::1",    "2001:db8::1"};
    static const char *const bad[] = {"127.0.0.1",
                                      "127.8.8.8",
                                      "0.0.0.0",
                                      "169.254.169.254",
                                      "224.0.0.1",
                                      "::1",
                                      "::",
                                      "fe80::1",
                                      "::ffff:127.0.0.1",
                                      "ff02::1",
                                      "::ffff:169.254.169.254"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!fits("oa.example.cn", good[i]))
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (fits("oa.example.cn", bad[i]))
            fail_msg("%s", bad[i]);
    assert_true(fits("127.0.0.1", "127.0.0.1"));
    assert_true(fits("localhost", "::1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_signature_is_that_of_the_standard),
        cmocka_unit_test(test_each_valid_secret_signs_once),
        cmocka_unit_test(test_nothing_is_sent_with_a_secret_that_is_none),
        cmocka_unit_test(test_tries_come_later_and_later_and_end_after_ten),
        cmocka_unit_test(test_retry_after_makes_a_wait_longer_up_to_a_day),
        cmocka_unit_test(test_only_what_is_on_the_list_is_a_target),
        cmocka_unit_test(test_without_a_list_nothing_is_a_target),
        cmocka_unit_test(test_a_list_with_anything_else_in_it_is_refused),
        cmocka_unit_test(test_a_name_may_lead_to_inner_networks_but_not_to_this_machine)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
