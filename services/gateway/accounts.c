#include "services/gateway/accounts_parts.h"

#include "common/lock.h"
#include "common/log.h"
#include "common/strbuf.h"
#include "services/gateway/accounts.sql.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SUBMISSION_KEPT_S = 7 * 24 * 3600 };

static const char *const reader_sql[] = {
    [FIND_SESSION] = "SELECT user.name, role, csrf, expires FROM session JOIN user"
                     " ON user.name = session.user WHERE hash = ?1 AND NOT disabled"
                     " AND expires > unixepoch()",
    [FIND_TOKEN] = "SELECT id, role, last_used FROM token WHERE hash = ?1 AND revoked_at = 0"
                   " AND (expires = 0 OR expires > unixepoch())",
    [SESSION_UNITS] = "SELECT unit FROM user_unit WHERE user = ? ORDER BY unit",
    [TOKEN_UNITS] = "SELECT unit FROM token_unit WHERE token = ? ORDER BY unit",
};

static const struct {
    enum role role;
    const char *name;
} roles[] = {{ROLE_SUBMITTER, "submitter"},
             {ROLE_REVIEWER, "reviewer"},
             {ROLE_KEEPER, "keeper"},
             {ROLE_ADMIN, "admin"}};
enum { ROLES = sizeof roles / sizeof *roles };

const char *role_name(enum role role)
{
    for (size_t i = 0; i < ROLES; i++)
        if (roles[i].role == role)
            return roles[i].name;
    return "";
}

enum role role_of_name(const char *name)
{
    for (size_t i = 0; name && i < ROLES; i++)
        if (strcmp(roles[i].name, name) == 0)
            return roles[i].role;
    return 0;
}

void principal_clear(struct principal *principal)
{
    jv_destroy(&principal->units);
    *principal = (struct principal){0};
}

bool principal_has_unit(const struct principal *principal, const char *unit)
{
    if (principal->role != ROLE_SUBMITTER)
        return true;
    for (size_t i = 0; i < jv_count(principal->units); i++)
        if (strcmp(jv_text(jv_at(principal->units, i)), unit) == 0)
            return true;
    return false;
}

/* A hash to check passwords of unknown users against, so that they take as long. */
static char *hash_nothing(struct fault *fault)
{
    char hash[crypto_pwhash_STRBYTES];
    unsigned char random[32];
    randombytes_buf(random, sizeof random);
    if (crypto_pwhash_str(hash, (const char *)random, sizeof random,
                          crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE)) {
        fault_set(fault, "accounts.memory", "no memory to hash a password");
        return NULL;
    }
    return xstrdup(hash);
}

static int open_stores(struct accounts *accounts, const char *path, struct fault *fault)
{
    static const char *const migrations[] = {accounts_sql};
    static const struct store_schema schema = {"gateway", migrations, 1};
    int lock = lock_wait(accounts->lock_path, fault);
    if (lock < 0)
        return -1;
    accounts->writer = store_open(path, STORE_WRITE_DURABLE, &schema, fault);
    close(lock);
    if (!accounts->writer ||
        !(accounts->reader = store_open(path, STORE_READ_ONLY, &schema, fault)))
        return -1;
    for (size_t i = 0; i < sizeof reader_sql / sizeof *reader_sql; i++)
        if (!(accounts->statements[i] = store_prepare(accounts->reader, reader_sql[i], fault)))
            return -1;
    return 0;
}

struct accounts *accounts_open(const char *path, struct fault *fault)
{
    struct strbuf lock_path = {0};
    struct accounts *accounts = xcalloc(1, sizeof *accounts);
    if (sodium_init() < 0)
        abort(); /* no random numbers: nothing may go on */
    strbuf_printf(&lock_path, "%s.lock", path);
    accounts->lock_path = strbuf_take(&lock_path);
    accounts->lock = -1;
    pthread_mutex_init(&accounts->reading, NULL);
    pthread_mutex_init(&accounts->writing, NULL);
    pthread_mutex_init(&accounts->hashing, NULL);
    if (!(accounts->nobody = hash_nothing(fault)) || open_stores(accounts, path, fault))
        accounts_close(&accounts);
    return accounts;
}

void accounts_close(struct accounts **accounts)
{
    struct accounts *old = *accounts;
    if (!old)
        return;
    for (size_t i = 0; i < sizeof reader_sql / sizeof *reader_sql; i++)
        sqlite3_finalize(old->statements[i]);
    /* The last to close brings the log into the file: that is writing. */
    int lock = lock_wait(old->lock_path, NULL);
    store_close(&old->reader);
    store_close(&old->writer);
    if (lock >= 0)
        close(lock);
    pthread_mutex_destroy(&old->reading);
    pthread_mutex_destroy(&old->writing);
    pthread_mutex_destroy(&old->hashing);
    free(old->nobody);
    free(old->lock_path);
    free(old);
    *accounts = NULL;
}

bool accounts_work(struct accounts *accounts)
{
    pthread_mutex_lock(&accounts->reading);
    int64_t tables = store_number(accounts->reader, "SELECT count(*) FROM sqlite_schema", -1);
    pthread_mutex_unlock(&accounts->reading);
    return tables > 0;
}

sqlite3_stmt *accounts_read(struct accounts *accounts, const char *sql)
{
    struct fault fault;
    pthread_mutex_lock(&accounts->reading);
    sqlite3_stmt *statement = store_prepare(accounts->reader, sql, &fault);
    if (!statement)
        log_error("accounts_read_failed", "reason=\"%s\"", fault.message);
    return statement;
}

void accounts_read_end(struct accounts *accounts, sqlite3_stmt *statement)
{
    sqlite3_finalize(statement);
    pthread_mutex_unlock(&accounts->reading);
}

int accounts_write(struct accounts *accounts, struct fault *fault)
{
    pthread_mutex_lock(&accounts->writing);
    accounts->lock = lock_wait(accounts->lock_path, fault);
    if (accounts->lock >= 0 && store_begin(accounts->writer, fault) == 0)
        return 0;
    if (accounts->lock >= 0)
        close(accounts->lock);
    pthread_mutex_unlock(&accounts->writing);
    return -1;
}

int accounts_write_end(struct accounts *accounts, int failed, struct fault *fault)
{
    if (!failed)
        failed = store_commit(accounts->writer, fault);
    if (failed)
        store_rollback(accounts->writer);
    close(accounts->lock);
    pthread_mutex_unlock(&accounts->writing);
    return failed;
}

int accounts_run(struct accounts *accounts, struct fault *fault, const char *sql,
                 const char *format, ...)
{
    va_list values;
    va_start(values, format);
    sqlite3_stmt *statement = store_prepare(accounts->writer, sql, fault);
    int failed = !statement ||
                 store_run(accounts->writer, store_bind_list(statement, format, values), fault);
    va_end(values);
    sqlite3_finalize(statement);
    return failed ? -1 : 0;
}

int64_t accounts_number(struct accounts *accounts, int64_t otherwise, const char *sql,
                        const char *format, ...)
{
    va_list values;
    va_start(values, format);
    sqlite3_stmt *statement = store_prepare(accounts->writer, sql, NULL);
    int64_t number = otherwise;
    if (statement &&
        store_next(accounts->writer, store_bind_list(statement, format, values), NULL) == 1)
        number = sqlite3_column_int64(statement, 0);
    va_end(values);
    sqlite3_finalize(statement);
    return number;
}

void secret_hash(const char *text, unsigned char hash[SECRET_HASH_BYTES])
{
    crypto_hash_sha256(hash, (const unsigned char *)text, strlen(text));
}

void secret_make(char text[SECRET_TEXT_BYTES], unsigned char hash[SECRET_HASH_BYTES])
{
    unsigned char random[32];
    randombytes_buf(random, sizeof random);
    sodium_bin2base64(text, SECRET_TEXT_BYTES, random, sizeof random,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    secret_hash(text, hash);
}

struct jv *time_json(int64_t seconds)
{
    char text[32];
    time_t when = (time_t)seconds;
    struct tm utc;
    if (!seconds || !gmtime_r(&when, &utc))
        return jv_of_text(NULL);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return jv_of_text(text);
}

struct jv *texts_of(sqlite3_stmt *statement, struct store *store)
{
    struct jv *texts = jv_array();
    while (statement && store_next(store, statement, NULL) == 1)
        jv_push(texts, jv_of_text(store_text(statement, 0)));
    return texts;
}

void accounts_tidy(struct accounts *accounts)
{
    struct fault fault;
    if (accounts_write(accounts, &fault)) {
        log_warning("accounts_tidy_failed", "reason=\"%s\"", fault.message);
        return;
    }
    int failed =
        accounts_run(accounts, &fault, "DELETE FROM session WHERE expires < unixepoch()", "") ||
        accounts_run(accounts, &fault, "DELETE FROM submission WHERE accepted_at < unixepoch() - ?",
                     "i", (int64_t)SUBMISSION_KEPT_S);
    if (accounts_write_end(accounts, failed, &fault))
        log_warning("accounts_tidy_failed", "reason=\"%s\"", fault.message);
}
