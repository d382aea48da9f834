/* Listening sockets that are deaf to some addresses. */
#include "common/deaf.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

static struct sockaddr_storage address_of(const char *text, int port)
{
    struct sockaddr_storage address = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address;
    if (strchr(text, ':')) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)port);
        inet_pton(AF_INET6, text, &v6->sin6_addr);
    } else {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
        inet_pton(AF_INET, text, &v4->sin_addr);
    }
    return address;
}

static socklen_t length_of(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

/* A listening socket there, or -1 where the machine has no such address. */
static int listen_at(const char *text, int *port)
{
    struct sockaddr_storage address = address_of(text, 0);
    socklen_t length = length_of(&address);
    int listener = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) ||
        listen(listener, 16) || getsockname(listener, (struct sockaddr *)&address, &length)) {
        if (listener >= 0)
            close(listener);
        return -1;
    }
    *port = ntohs(((struct sockaddr_in *)&address)->sin_port); /* at the same place in both */
    return listener;
}

/* The connection, or -1 when none was made at once. */
static int connect_from(const char *from, const char *to, int port)
{
    struct sockaddr_storage source = address_of(from, 0), target = address_of(to, port);
    struct timeval patience = {.tv_usec = 100000};
    int connection = socket(source.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(connection >= 0);
    setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    assert_int_equal(bind(connection, (struct sockaddr *)&source, length_of(&source)), 0);
    if (connect(connection, (struct sockaddr *)&target, length_of(&target)) == 0)
        return connection;
    close(connection);
    return -1;
}

static void assert_heard(const char *from, const char *to, int port, bool heard)
{
    int connection = connect_from(from, to, port);
    assert_int_equal(connection >= 0, heard);
    if (connection >= 0)
        close(connection);
}

static void test_only_those_addresses_are_not_heard_and_only_for_a_while(void **state)
{
    (void)state;
    int port, listener = listen_at("127.0.0.1", &port);
    struct sockaddr_storage one = address_of("127.0.0.3", 0), other = address_of("127.0.0.4", 0);
    struct deaf *deaf = deaf_new();
    deaf_add_listener(deaf, listener);
    assert_int_equal(deaf_refresh(deaf, 0), -1);
    deaf_turn(deaf, &one, 1000, 500);
    deaf_turn(deaf, &other, 1100, 500);
    assert_heard("127.0.0.3", "127.0.0.1", port, false);
    assert_heard("127.0.0.4", "127.0.0.1", port, false);
    assert_heard("127.0.0.5", "127.0.0.1", port, true);
    assert_int_equal(deaf_refresh(deaf, 1200), 300);
    assert_int_equal(deaf_refresh(deaf, 1500), 100);
    assert_heard("127.0.0.3", "127.0.0.1", port, true);
    assert_heard("127.0.0.4", "127.0.0.1", port, false);
    assert_int_equal(deaf_refresh(deaf, 1600), -1);
    assert_heard("127.0.0.4", "127.0.0.1", port, true);
    deaf_destroy(&deaf);
    close(listener);
}

static void test_connections_that_there_are_go_on(void **state)
{
    (void)state;
    int port, listener = listen_at("127.0.0.1", &port);
    int peer = connect_from("127.0.0.3", "127.0.0.1", port);
    int connection = accept(listener, NULL, NULL);
    struct sockaddr_storage one = address_of("127.0.0.3", 0);
    struct deaf *deaf = deaf_new();
    char byte = 0;
    deaf_add_listener(deaf, listener);
    deaf_turn(deaf, &one, 0, 500);
    assert_int_equal(send(peer, "x", 1, 0), 1);
    assert_int_equal(recv(connection, &byte, 1, 0), 1);
    assert_int_equal(byte, 'x');
    deaf_destroy(&deaf);
    close(connection);
    close(peer);
    close(listener);
}

static void test_too_many_addresses_let_the_first_be_heard_again(void **state)
{
    (void)state;
    int port, listener = listen_at("127.0.0.1", &port);
    struct deaf *deaf = deaf_new();
    deaf_add_listener(deaf, listener);
    for (int i = 0; i < 65; i++) {
        char text[32];
        snprintf(text, sizeof text, "127.0.1.%d", i + 1);
        struct sockaddr_storage address = address_of(text, 0);
        deaf_turn(deaf, &address, 0, 500);
    }
    assert_heard("127.0.1.1", "127.0.0.1", port, true);
    assert_heard("127.0.1.2", "127.0.0.1", port, false);
    assert_heard("127.0.1.65", "127.0.0.1", port, false);
    assert_heard("127.0.0.5", "127.0.0.1", port, true);
    deaf_destroy(&deaf);
    close(listener);
}

static void test_the_same_of_ipv6(void **state)
{
    (void)state;
    int port, listener = listen_at("::1", &port);
    if (listener < 0) {
        print_message("no IPv6 here\n");
        skip();
    }
    struct sockaddr_storage one = address_of("::1", 0), other = address_of("2001:db8::1", 0);
    struct deaf *deaf = deaf_new();
    deaf_add_listener(deaf, listener);
    deaf_turn(deaf, &other, 0, 400);
    assert_heard("::1", "::1", port, true);
    deaf_turn(deaf, &one, 0, 500);
    assert_heard("::1", "::1", port, false);
    deaf_refresh(deaf, 500);
    assert_heard("::1", "::1", port, true);
    deaf_destroy(&deaf);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_those_addresses_are_not_heard_and_only_for_a_while),
        cmocka_unit_test(test_connections_that_there_are_go_on),
        cmocka_unit_test(test_too_many_addresses_let_the_first_be_heard_again),
        cmocka_unit_test(test_the_same_of_ipv6),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
