#include "services/gateway/accounts_parts.h"

#include "common/log.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SESSION_S = 12 * 3600, PASSWORD_BYTES_MAX = 256 };

/* The password's hash and the role of a user that may sign in; "" when there is none. */
static void find_password(struct accounts *accounts, const char *name,
                          char hash[crypto_pwhash_STRBYTES], enum role *role)
{
    sqlite3_stmt *statement =
        accounts_read(accounts, "SELECT password, role FROM user WHERE name = ? AND NOT disabled");
    *hash = 0;
    if (statement && store_next(accounts->reader, store_bind(statement, "t", name), NULL) == 1) {
        snprintf(hash, crypto_pwhash_STRBYTES, "%s", store_text(statement, 0));
        *role = role_of_name(store_text(statement, 1));
    }
    accounts_read_end(accounts, statement);
}

static bool is_right(struct accounts *accounts, const char *hash, const char *password)
{
    const char *compared = *hash ? hash : accounts->nobody;
    size_t bytes = strlen(password);
    if (bytes > PASSWORD_BYTES_MAX)
        bytes = 0;
    pthread_mutex_lock(&accounts->hashing);
    int wrong = crypto_pwhash_str_verify(compared, password, bytes);
    pthread_mutex_unlock(&accounts->hashing);
    return *hash && !wrong;
}

static int write_session(struct accounts *accounts, const struct principal *principal,
                         const char *address, struct fault *fault)
{
    if (accounts_write(accounts, fault))
        return -1;
    int failed =
        accounts_run(accounts, fault,
                     "INSERT INTO session (hash, user, csrf, address, created_at, expires)"
                     " VALUES (?, ?, ?, ?, unixepoch(), ?)",
                     "bttti", (const void *)principal->session, (size_t)SECRET_HASH_BYTES,
                     principal->who, principal->csrf, address, principal->expires) ||
        accounts_run(accounts, fault, "UPDATE user SET last_seen = unixepoch() WHERE name = ?", "t",
                     principal->who);
    return accounts_write_end(accounts, failed, fault) ? -1 : 0;
}

int accounts_sign_in(struct accounts *accounts, const char *name, const char *password,
                     const char *address, char cookie[SECRET_TEXT_BYTES],
                     struct principal *principal, struct fault *fault)
{
    char hash[crypto_pwhash_STRBYTES];
    unsigned char unused[SECRET_HASH_BYTES];
    *principal = (struct principal){0};
    find_password(accounts, name, hash, &principal->role);
    if (!is_right(accounts, hash, password)) {
        principal->role = 0;
        return fault_set(fault, "session.refused", "登录名或密码不对");
    }
    snprintf(principal->who, sizeof principal->who, "%s", name);
    secret_make(cookie, principal->session);
    secret_make(principal->csrf, unused);
    principal->expires = (int64_t)time(NULL) + SESSION_S;
    return write_session(accounts, principal, address, fault);
}

bool accounts_session(struct accounts *accounts, const char *cookie, struct principal *principal)
{
    struct store *store = accounts->reader;
    *principal = (struct principal){0};
    secret_hash(cookie, principal->session);
    pthread_mutex_lock(&accounts->reading);
    sqlite3_stmt *statement =
        store_bind(accounts->statements[FIND_SESSION], "b", (const void *)principal->session,
                   (size_t)SECRET_HASH_BYTES);
    bool found = store_next(store, statement, NULL) == 1;
    if (found) {
        snprintf(principal->who, sizeof principal->who, "%s", store_text(statement, 0));
        principal->role = role_of_name(store_text(statement, 1));
        snprintf(principal->csrf, sizeof principal->csrf, "%s", store_text(statement, 2));
        principal->expires = sqlite3_column_int64(statement, 3);
        principal->units =
            texts_of(store_bind(accounts->statements[SESSION_UNITS], "t", principal->who), store);
    }
    sqlite3_reset(statement);
    pthread_mutex_unlock(&accounts->reading);
    return found;
}

int accounts_sign_out(struct accounts *accounts, const struct principal *principal,
                      struct fault *fault)
{
    if (accounts_write(accounts, fault))
        return -1;
    int failed = accounts_run(accounts, fault, "DELETE FROM session WHERE hash = ?", "b",
                              (const void *)principal->session, (size_t)SECRET_HASH_BYTES);
    return accounts_write_end(accounts, failed, fault) ? -1 : 0;
}
