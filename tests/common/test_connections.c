/* How many connections a server takes, and who ended one. */
#include "common/connections.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static const struct connection_limits limits = {.open = 5, .open_of_one = 3, .per_second = 2};

/* Descriptors that are none: only counted. */
static bool begin(struct connections *connections, int number, const char *address, int64_t now)
{
    return connections_begin(connections, 0, 10000 + number, address, now);
}

static void end(struct connections *connections, int number)
{
    char address[ADDRESS_BYTES];
    connections_end(connections, 0, 10000 + number, address);
}

static void test_one_address_has_its_own_limit(void **state)
{
    (void)state;
    struct connections *connections = connections_new(&limits);
    for (int i = 0; i < 3; i++)
        assert_true(begin(connections, i, "a", 0));
    assert_false(begin(connections, 3, "a", 100000));
    assert_true(begin(connections, 4, "b", 0));
    end(connections, 3);
    end(connections, 0);
    assert_true(begin(connections, 0, "a", 200000));
    connections_destroy(&connections);
}

static void test_all_addresses_together_have_a_limit(void **state)
{
    (void)state;
    struct connections *connections = connections_new(&limits);
    static const char *const addresses[] = {"a", "b", "c", "d", "e", "f"};
    for (int i = 0; i < 5; i++)
        assert_true(begin(connections, i, addresses[i], 0));
    assert_false(begin(connections, 5, addresses[5], 0));
    assert_int_equal(connections_open(connections), 6); /* until its end */
    connections_destroy(&connections);
}

static void test_who_comes_again_and_again_must_wait(void **state)
{
    (void)state;
    struct connections *connections = connections_new(&limits);
    for (int i = 0; i < 3; i++) {
        assert_true(begin(connections, 0, "a", 0));
        end(connections, 0);
    }
    assert_false(begin(connections, 0, "a", 0));
    end(connections, 0);
    assert_true(begin(connections, 0, "a", 500)); /* two a second */
    end(connections, 0);
    assert_false(begin(connections, 0, "a", 500));
    assert_true(begin(connections, 1, "b", 500));
    connections_destroy(&connections);
}

static void test_limits_can_be_changed(void **state)
{
    (void)state;
    struct connections *connections = connections_new(&limits);
    struct connection_limits fewer = {.open = 1, .open_of_one = 1, .per_second = 2};
    assert_true(begin(connections, 0, "a", 0));
    connections_limit(connections, &fewer);
    assert_false(begin(connections, 1, "b", 0));
    connections_destroy(&connections);
}

static void test_it_is_known_who_ended_a_connection(void **state)
{
    (void)state;
    struct connections *connections = connections_new(&limits);
    char address[ADDRESS_BYTES] = "";
    for (int peer_leaves = 0; peer_leaves < 2; peer_leaves++) {
        int pair[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
        assert_true(connections_begin(connections, 7, pair[0], "10.0.0.9", 0));
        if (peer_leaves)
            close(pair[1]);
        close(pair[0]);
        assert_int_equal(connections_end(connections, 7, pair[0], address),
                         peer_leaves ? CONNECTION_LEFT : CONNECTION_CUT);
        assert_string_equal(address, "10.0.0.9");
        if (!peer_leaves)
            close(pair[1]);
    }
    assert_int_equal(connections_end(connections, 7, 99, address), CONNECTION_UNKNOWN);
    for (int i = 0; i < 6; i++)
        begin(connections, i, "a", 0);
    assert_int_equal(connections_end(connections, 0, 10005, address), CONNECTION_TURNED_AWAY);
    for (int i = 0; i < 5; i++)
        end(connections, i);
    assert_int_equal(connections_open(connections), 0);
    connections_destroy(&connections);
}

static void test_all_of_a_source_can_be_cut(void **state)
{
    (void)state;
    struct connections *connections = connections_new(&limits);
    int one[2], other[2];
    char byte;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, one), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, other), 0);
    connections_begin(connections, 0, one[0], "a", 0);
    connections_begin(connections, 1, other[0], "a", 0);
    connections_cut(connections, 1);
    assert_int_equal(recv(other[1], &byte, 1, MSG_DONTWAIT), 0);
    assert_int_equal(recv(one[1], &byte, 1, MSG_DONTWAIT), -1);
    connections_destroy(&connections);
    for (int i = 0; i < 2; i++) {
        close(one[i]);
        close(other[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_address_has_its_own_limit),
        cmocka_unit_test(test_all_addresses_together_have_a_limit),
        cmocka_unit_test(test_who_comes_again_and_again_must_wait),
        cmocka_unit_test(test_limits_can_be_changed),
        cmocka_unit_test(test_it_is_known_who_ended_a_connection),
        cmocka_unit_test(test_all_of_a_source_can_be_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
