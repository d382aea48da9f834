/* Keys in files, the folder of those that are let in, and the guard of an endpoint. */
#include "common/guard.h"
#include "common/state.h"
#include "tests/services/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char *directory, *folder;

static int set_up(void **state)
{
    (void)state;
    directory = scratch_new();
    folder = state_path(directory, "keys");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_destroy(&directory);
    free(folder);
    return 0;
}

static struct keys *open_keys(void)
{
    struct fault fault = {0};
    struct keys *keys = keys_open(folder, &fault);
    if (!keys)
        fail_msg("%s", fault.message);
    return keys;
}

static struct key new_key(const char *name, const char *role)
{
    struct key_pair pair;
    struct key key;
    assert_int_equal(key_pair_make(&pair, NULL), 0);
    assert_int_equal(key_init(&key, name, role, pair.public_key, NULL), 0);
    return key;
}

static void test_a_pair_is_read_as_it_was_written_and_nobody_else_can(void **state)
{
    (void)state;
    struct key_pair pair, read;
    struct key key, same;
    struct stat status;
    struct fault fault = {0};
    char *path = state_path(directory, "a.key");
    assert_int_equal(key_pair_make(&pair, NULL), 0);
    assert_int_equal(key_init(&key, "a", "worker", pair.public_key, NULL), 0);
    assert_int_equal(key_file_write(path, &key, pair.secret_key, false, NULL), 0);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(key_file_read(path, &same, &read, NULL), 0);
    assert_string_equal(read.secret_key, pair.secret_key);
    assert_string_equal(same.public_key, pair.public_key);
    assert_int_equal(same.role, KEY_WORKER);
    assert_int_equal(key_file_write(path, &key, pair.secret_key, false, &fault), -1);
    assert_string_equal(fault.code, "keys.exists");
    static const mode_t unsafe[] = {0640, 0604, 0620};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(chmod(path, unsafe[i]), 0);
        assert_int_equal(key_file_read(path, &same, &read, &fault), -1);
        assert_string_equal(fault.code, "keys.unsafe");
    }
    free(path);
}

static void test_names_roles_and_keys_are_checked(void **state)
{
    (void)state;
    struct key key = new_key("host-2.example_A", "client");
    struct fault fault = {0};
    static const char *const bad_names[] = {"", ".hidden", "a/b", "..", "a b", "名"};
    for (size_t i = 0; i < sizeof bad_names / sizeof *bad_names; i++) {
        assert_int_equal(key_init(&key, bad_names[i], "client", key.public_key, &fault), -1);
        assert_string_equal(fault.code, "keys.name");
        key = new_key("a", "client");
    }
    assert_int_equal(key_init(&key, "a", "root", key.public_key, &fault), -1);
    assert_string_equal(fault.code, "keys.role");
    assert_int_equal(key_init(&key, "a", "client", "short", &fault), -1);
    assert_string_equal(fault.code, "keys.public");
}

static void test_what_one_opening_changes_the_others_see_at_once(void **state)
{
    (void)state;
    struct keys *one = open_keys(), *other = open_keys();
    struct key key = new_key("host2", "worker");
    assert_null(keys_find(other, key.public_key));
    uint64_t before = keys_generation(other);
    assert_int_equal(keys_add(one, &key, NULL), 0);
    assert_int_not_equal(keys_generation(other), before);
    assert_non_null(keys_find(other, key.public_key));
    assert_int_equal(keys_find(other, key.public_key)->role, KEY_WORKER);
    assert_int_equal(keys_revoke(one, "host2", NULL), 0);
    assert_null(keys_find(other, key.public_key));
    assert_null(keys_find(one, key.public_key));
    keys_close(&one);
    keys_close(&other);
}

static void test_a_revoked_key_never_comes_back(void **state)
{
    (void)state;
    struct keys *keys = open_keys();
    struct key key = new_key("host2", "worker"), again = key;
    struct fault fault = {0};
    assert_int_equal(keys_add(keys, &key, NULL), 0);
    assert_int_equal(keys_revoke(keys, "host2", NULL), 0);
    snprintf(again.name, sizeof again.name, "host3");
    assert_int_equal(keys_add(keys, &again, &fault), -1);
    assert_string_equal(fault.code, "keys.exists");
    again = new_key("host2", "worker");
    assert_int_equal(keys_add(keys, &again, &fault), -1);
    assert_string_equal(fault.code, "keys.exists");
    assert_int_equal(keys_revoke(keys, "nobody", &fault), -1);
    assert_string_equal(fault.code, "keys.unknown");
    keys_close(&keys);
    keys = open_keys();
    assert_null(keys_find(keys, key.public_key));
    keys_close(&keys);
}

static void test_a_file_that_others_can_write_or_that_is_damaged_lets_nobody_in(void **state)
{
    (void)state;
    struct keys *keys = open_keys();
    struct key key = new_key("host2", "worker");
    char *path = state_path(folder, "host2.pub");
    assert_int_equal(keys_add(keys, &key, NULL), 0);
    assert_int_equal(chmod(path, 0666), 0);
    assert_null(keys_find(keys, key.public_key));
    assert_int_equal(chmod(path, 0600), 0);
    assert_non_null(keys_find(keys, key.public_key));
    assert_int_equal(truncate(path, 60), 0);
    assert_null(keys_find(keys, key.public_key));
    free(path);
    keys_close(&keys);
}

static void test_a_folder_that_others_can_write_is_refused(void **state)
{
    (void)state;
    struct fault fault = {0};
    struct keys *keys = open_keys();
    keys_close(&keys);
    assert_int_equal(chmod(folder, 0777), 0);
    assert_null(keys_open(folder, &fault));
    assert_string_equal(fault.code, "keys.unsafe");
}

static void test_our_own_pair_is_made_once_and_after_its_revocation_anew(void **state)
{
    (void)state;
    struct keys *keys = open_keys();
    struct key_pair first, second;
    assert_int_equal(keys_own_or_make(keys, KEY_WORKER, &first, NULL), 0);
    assert_int_equal(keys_own_or_make(keys, KEY_WORKER, &second, NULL), 0);
    assert_string_equal(first.public_key, second.public_key);
    assert_non_null(keys_find(keys, first.public_key));
    assert_int_equal(keys_make_own(keys, KEY_WORKER, "other", NULL), -1);
    assert_int_equal(keys_revoke(keys, "worker", NULL), 0);
    assert_int_equal(keys_make_own(keys, KEY_WORKER, "other", NULL), 0);
    assert_int_equal(keys_own(keys, KEY_WORKER, &second, NULL), 0);
    assert_string_not_equal(first.public_key, second.public_key);
    assert_non_null(keys_find(keys, second.public_key));
    keys_close(&keys);
}

static void test_our_own_pair_is_let_in_after_an_end_in_the_middle(void **state)
{
    (void)state;
    struct keys *keys = open_keys();
    struct key_pair pair;
    char *path = state_path(folder, "client.pub");
    assert_int_equal(keys_own_or_make(keys, KEY_CLIENT, &pair, NULL), 0);
    assert_int_equal(unlink(path), 0);
    assert_null(keys_find(keys, pair.public_key));
    assert_int_equal(keys_own_or_make(keys, KEY_CLIENT, &pair, NULL), 0);
    assert_non_null(keys_find(keys, pair.public_key));
    free(path);
    keys_close(&keys);
}

static void test_who_connects_needs_one_key_of_the_server(void **state)
{
    (void)state;
    struct keys *keys = open_keys();
    struct identity identity;
    struct key_pair pair;
    struct fault fault = {0};
    struct key server = new_key("b1", "broker"), other = new_key("b2", "broker");
    assert_int_equal(keys_identity(keys, KEY_CLIENT, KEY_BROKER, &identity, &fault), -1);
    assert_string_equal(fault.code, "keys.server");
    assert_int_equal(keys_add(keys, &server, NULL), 0);
    assert_int_equal(keys_identity(keys, KEY_CLIENT, KEY_BROKER, &identity, &fault), -1);
    assert_string_equal(fault.code, "keys.none");
    assert_int_equal(keys_own_or_make(keys, KEY_CLIENT, &pair, NULL), 0);
    assert_int_equal(keys_identity(keys, KEY_CLIENT, KEY_BROKER, &identity, NULL), 0);
    assert_string_equal(identity.server, server.public_key);
    assert_int_equal(keys_add(keys, &other, NULL), 0);
    assert_int_equal(keys_identity(keys, KEY_CLIENT, KEY_BROKER, &identity, &fault), -1);
    assert_string_equal(fault.code, "keys.server");
    keys_close(&keys);
}

/* What the start would do if the handler of keys did not work: libzmq itself lets everybody in. */
static void test_an_endpoint_that_lets_a_stranger_in_is_found_out(void **state)
{
    (void)state;
    struct key_pair server;
    struct identity stranger = {0};
    struct fault fault = {0};
    zsock_t *socket = zsock_new(ZMQ_ROUTER);
    assert_int_equal(key_pair_make(&server, NULL), 0);
    assert_int_equal(key_pair_make(&stranger.own, NULL), 0);
    memcpy(stranger.server, server.public_key, sizeof stranger.server);
    zsock_set_curve_server(socket, 1);
    zsock_set_curve_publickey(socket, server.public_key);
    zsock_set_curve_secretkey(socket, server.secret_key);
    assert_true(zsock_bind(socket, "tcp://127.0.0.1:*") > 0);
    char *endpoint = zsock_last_endpoint(socket);
    assert_int_equal(guard_test_refusal(endpoint, &stranger, ZMQ_DEALER, &fault), -1);
    assert_string_equal(fault.code, "guard.open");
    free(endpoint);
    zsock_destroy(&socket);
}

int main(void)
{
    zsys_handler_set(NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_pair_is_read_as_it_was_written_and_nobody_else_can,
                                        set_up, tear_down),
        cmocka_unit_test(test_names_roles_and_keys_are_checked),
        cmocka_unit_test_setup_teardown(test_what_one_opening_changes_the_others_see_at_once,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_revoked_key_never_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_file_that_others_can_write_or_that_is_damaged_lets_nobody_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_folder_that_others_can_write_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_our_own_pair_is_made_once_and_after_its_revocation_anew, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_our_own_pair_is_let_in_after_an_end_in_the_middle,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_who_connects_needs_one_key_of_the_server, set_up,
                                        tear_down),
        cmocka_unit_test(test_an_endpoint_that_lets_a_stranger_in_is_found_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
