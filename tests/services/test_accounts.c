/* Who may come in: passwords, sessions, tokens, and what slows down those who guess. */
#include "common/state.h"
#include "services/gateway/accounts_parts.h"
#include "services/gateway/throttle.h"
#include "tests/services/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct place {
    char *directory, *path;
    struct accounts *accounts;
    struct fault fault;
};

static struct jv *json(const char *text)
{
    struct jv *value = jv_read(text, strlen(text), NULL);
    assert_non_null(value);
    return value;
}

static void add_user(struct place *place, const char *text)
{
    struct jv *wish = json(text);
    if (accounts_add_user(place->accounts, wish, &place->fault))
        fail_msg("%s: %s", place->fault.code, place->fault.message);
    jv_destroy(&wish);
}

static int open_place(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    place->directory = scratch_new();
    place->path = state_path(place->directory, "gateway.db");
    place->accounts = accounts_open(place->path, &place->fault);
    assert_non_null(place->accounts);
    add_user(place, "{\"name\":\"li\",\"role\":\"reviewer\",\"password\":\"four words of mine\"}");
    *state = place;
    return 0;
}

static int close_place(void **state)
{
    struct place *place = *state;
    accounts_close(&place->accounts);
    free(place->path);
    scratch_destroy(&place->directory);
    free(place);
    return 0;
}

/* Signs in and forgets the principal: whether it was let in; the cookie is filled when it was. */
static bool sign_in(struct place *place, const char *name, const char *password,
                    char cookie[SECRET_TEXT_BYTES])
{
    struct principal principal;
    int failed = accounts_sign_in(place->accounts, name, password, "127.0.0.1", cookie, &principal,
                                  &place->fault);
    principal_clear(&principal);
    return !failed;
}

static bool has_session(struct place *place, const char *cookie)
{
    struct principal principal;
    bool found = accounts_session(place->accounts, cookie, &principal);
    principal_clear(&principal);
    return found;
}

static bool has_token(struct place *place, const char *token)
{
    struct principal principal;
    bool found = accounts_token(place->accounts, token, &principal);
    principal_clear(&principal);
    return found;
}

static int64_t number(struct place *place, const char *sql)
{
    return store_number(place->accounts->writer, sql, -1);
}

/* The SQL of somebody who has the file. */
static void run(struct place *place, const char *sql)
{
    assert_int_equal(store_exec(place->accounts->writer, sql, &place->fault), 0);
}

static void test_a_password_is_kept_as_argon2id_alone(void **state)
{
    struct place *place = *state;
    assert_int_equal(
        number(place, "SELECT count(*) FROM user WHERE password LIKE '$argon2id$v=19$%'"), 1);
    assert_int_equal(number(place, "SELECT count(*) FROM user WHERE instr(password, 'words')"), 0);
    struct jv *user = accounts_user(place->accounts, "li");
    assert_null(jv_get(user, "password"));
    jv_destroy(&user);
}

static void test_two_same_passwords_have_different_hashes(void **state)
{
    struct place *place = *state;
    add_user(place, "{\"name\":\"wu\",\"role\":\"keeper\",\"password\":\"four words of mine\"}");
    assert_int_equal(number(place, "SELECT count(DISTINCT password) FROM user"), 2);
}

static void test_only_the_right_password_opens_a_session(void **state)
{
    struct place *place = *state;
    static const char *const wrong[] = {"", "four words of min", "four words of mine ",
                                        "Four words of mine"};
    char cookie[SECRET_TEXT_BYTES];
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(sign_in(place, "li", wrong[i], cookie));
        assert_string_equal(place->fault.code, "session.refused");
    }
    assert_int_equal(number(place, "SELECT count(*) FROM session"), 0);
    assert_true(sign_in(place, "li", "four words of mine", cookie));
    assert_true(has_session(place, cookie));
}

static void test_an_unknown_name_is_refused_in_the_same_words(void **state)
{
    struct place *place = *state;
    char cookie[SECRET_TEXT_BYTES], message[sizeof place->fault.message];
    assert_false(sign_in(place, "li", "wrong", cookie));
    strcpy(message, place->fault.message);
    assert_false(sign_in(place, "nobody", "wrong", cookie));
    assert_string_equal(place->fault.code, "session.refused");
    assert_string_equal(place->fault.message, message);
}

static void test_a_session_knows_role_and_units_and_is_not_kept_as_sent(void **state)
{
    struct place *place = *state;
    struct principal principal;
    char cookie[SECRET_TEXT_BYTES];
    add_user(place, "{\"name\":\"tu\",\"role\":\"submitter\",\"password\":\"long enough 1\","
                    "\"units\":[\"甲局\"]}");
    assert_true(sign_in(place, "tu", "long enough 1", cookie));
    assert_true(accounts_session(place->accounts, cookie, &principal));
    assert_int_equal(principal.role, ROLE_SUBMITTER);
    assert_string_equal(principal.who, "tu");
    assert_true(principal_has_unit(&principal, "甲局"));
    assert_false(principal_has_unit(&principal, "乙局"));
    assert_true(strlen(principal.csrf) > 20 && strcmp(principal.csrf, cookie) != 0);
    principal_clear(&principal);
    sqlite3_stmt *row = store_prepare(place->accounts->writer,
                                      "SELECT count(*) FROM session WHERE hash = CAST(?1 AS BLOB)"
                                      " OR csrf = ?1",
                                      &place->fault);
    store_bind(row, "t", cookie);
    assert_int_equal(store_next(place->accounts->writer, row, &place->fault), 1);
    assert_int_equal(sqlite3_column_int(row, 0), 0);
    sqlite3_finalize(row);
}

static void test_a_session_ends_by_time_by_sign_out_and_with_its_user(void **state)
{
    struct place *place = *state;
    struct principal principal;
    char first[SECRET_TEXT_BYTES], second[SECRET_TEXT_BYTES], third[SECRET_TEXT_BYTES];
    assert_true(sign_in(place, "li", "four words of mine", first));
    assert_true(sign_in(place, "li", "four words of mine", second));
    assert_true(accounts_session(place->accounts, first, &principal));
    assert_int_equal(accounts_sign_out(place->accounts, &principal, &place->fault), 0);
    principal_clear(&principal);
    assert_false(has_session(place, first));
    assert_true(has_session(place, second));
    run(place, "UPDATE session SET expires = unixepoch() - 1");
    assert_false(has_session(place, second));
    assert_true(sign_in(place, "li", "four words of mine", third));
    struct jv *wish = json("{\"disabled\":true}");
    assert_int_equal(accounts_change_user(place->accounts, "li", wish, &place->fault), 0);
    jv_destroy(&wish);
    assert_false(has_session(place, third));
    assert_false(sign_in(place, "li", "four words of mine", third));
}

static void test_a_changed_password_ends_the_other_sessions(void **state)
{
    struct place *place = *state;
    struct principal principal;
    char here[SECRET_TEXT_BYTES], there[SECRET_TEXT_BYTES];
    assert_true(sign_in(place, "li", "four words of mine", here));
    assert_true(sign_in(place, "li", "four words of mine", there));
    assert_true(accounts_session(place->accounts, here, &principal));
    assert_int_equal(accounts_change_password(place->accounts, &principal, "not the old one",
                                              "another of mine", &place->fault),
                     -1);
    assert_string_equal(place->fault.code, "session.refused");
    assert_int_equal(accounts_change_password(place->accounts, &principal, "four words of mine",
                                              "short", &place->fault),
                     -1);
    assert_string_equal(place->fault.code, "user.bad_password");
    assert_int_equal(accounts_change_password(place->accounts, &principal, "four words of mine",
                                              "another of mine", &place->fault),
                     0);
    principal_clear(&principal);
    assert_true(has_session(place, here));
    assert_false(has_session(place, there));
    assert_true(sign_in(place, "li", "another of mine", there));
}

static void test_the_last_administrator_stays(void **state)
{
    struct place *place = *state;
    add_user(place, "{\"name\":\"boss\",\"role\":\"admin\",\"password\":\"long enough 2\"}");
    struct jv *wish = json("{\"role\":\"reviewer\"}");
    assert_int_equal(accounts_change_user(place->accounts, "boss", wish, &place->fault), -1);
    assert_string_equal(place->fault.code, "user.last_admin");
    add_user(place, "{\"name\":\"deputy\",\"role\":\"admin\",\"password\":\"long enough 3\"}");
    assert_int_equal(accounts_change_user(place->accounts, "boss", wish, &place->fault), 0);
    jv_destroy(&wish);
}

static void test_a_token_works_until_it_is_revoked_or_expires(void **state)
{
    struct place *place = *state;
    struct jv *wish = json("{\"name\":\"OA\",\"role\":\"reviewer\",\"expires_days\":7}");
    struct jv *one = accounts_add_token(place->accounts, wish, "boss", &place->fault);
    struct jv *other = accounts_add_token(place->accounts, wish, "boss", &place->fault);
    const char *first = jv_get_text(one, "token"), *second = jv_get_text(other, "token");
    assert_string_not_equal(first, second);
    assert_true(has_token(place, first) && has_token(place, second));
    assert_false(has_token(place, "jm_") || has_token(place, "") || has_token(place, first + 1));
    struct jv *listed = accounts_tokens(place->accounts);
    assert_int_equal(jv_count(listed), 2);
    assert_null(jv_get(jv_at(listed, 0), "token"));
    jv_destroy(&listed);
    assert_int_equal(accounts_revoke_token(place->accounts, jv_get_text(one, "id"), &place->fault),
                     0);
    assert_int_equal(accounts_revoke_token(place->accounts, jv_get_text(one, "id"), &place->fault),
                     -1);
    assert_string_equal(place->fault.code, "token.unknown");
    assert_false(has_token(place, first));
    assert_true(has_token(place, second));
    run(place, "UPDATE token SET expires = unixepoch() - 1 WHERE revoked_at = 0");
    assert_false(has_token(place, second));
    jv_destroy(&wish);
    jv_destroy(&one);
    jv_destroy(&other);
}

static void test_bad_wishes_are_refused_by_name(void **state)
{
    static const struct {
        const char *wish, *code;
    } all[] = {
        {"{\"name\":\"\",\"role\":\"admin\",\"password\":\"long enough\"}", "user.bad_name"},
        {"{\"name\":\"a'; --\",\"role\":\"admin\",\"password\":\"long enough\"}", "user.bad_name"},
        {"{\"name\":\"ab\",\"role\":\"root\",\"password\":\"long enough\"}", "user.bad_role"},
        {"{\"name\":\"ab\",\"role\":\"admin\",\"password\":\"short\"}", "user.bad_password"},
        {"{\"name\":\"ab\",\"role\":\"submitter\",\"password\":\"long enough\",\"units\":7}",
         "user.bad_units"},
        {"{\"name\":\"li\",\"role\":\"admin\",\"password\":\"long enough\"}", "user.exists"},
    };
    struct place *place = *state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct jv *wish = json(all[i].wish);
        if (accounts_add_user(place->accounts, wish, &place->fault) != -1 ||
            strcmp(place->fault.code, all[i].code) != 0)
            fail_msg("%s: %s", all[i].wish, place->fault.code);
        jv_destroy(&wish);
    }
    assert_int_equal(number(place, "SELECT count(*) FROM user"), 1);
}

static void test_guessing_gets_slower_for_its_key_alone(void **state)
{
    struct throttle *throttle = throttle_new();
    int before = 0;
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(throttle_wait_s(throttle, "name:li"), 0);
        throttle_failed(throttle, "name:li", 4);
    }
    assert_int_equal(throttle_wait_s(throttle, "name:li"), 0);
    for (int i = 0; i < 6; i++) {
        throttle_failed(throttle, "name:li", 4);
        int wait = throttle_wait_s(throttle, "name:li");
        assert_true(wait > before && wait <= 300);
        before = wait;
    }
    assert_int_equal(throttle_wait_s(throttle, "name:wu"), 0);
    throttle_forget(throttle, "name:li");
    assert_int_equal(throttle_wait_s(throttle, "name:li"), 0);
    throttle_destroy(&throttle);
}

#define AT_PLACE(test) cmocka_unit_test_setup_teardown(test, open_place, close_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_PLACE(test_a_password_is_kept_as_argon2id_alone),
        AT_PLACE(test_two_same_passwords_have_different_hashes),
        AT_PLACE(test_only_the_right_password_opens_a_session),
        AT_PLACE(test_an_unknown_name_is_refused_in_the_same_words),
        AT_PLACE(test_a_session_knows_role_and_units_and_is_not_kept_as_sent),
        AT_PLACE(test_a_session_ends_by_time_by_sign_out_and_with_its_user),
        AT_PLACE(test_a_changed_password_ends_the_other_sessions),
        AT_PLACE(test_the_last_administrator_stays),
        AT_PLACE(test_a_token_works_until_it_is_revoked_or_expires),
        AT_PLACE(test_bad_wishes_are_refused_by_name),
        cmocka_unit_test(test_guessing_gets_slower_for_its_key_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
