#ifndef JINMU_GATEWAY_ACCOUNTS_PARTS_H
#define JINMU_GATEWAY_ACCOUNTS_PARTS_H

#include "common/store.h"
#include "services/gateway/accounts.h"

#include <pthread.h>

/* gateway.db from inside, for the files of accounts.h. */
struct accounts {
    struct store *reader, *writer; /* each under its mutex */
    pthread_mutex_t reading, writing, hashing;
    char *lock_path;
    int lock;                    /* while writing */
    char *nobody;                /* a password hash that no password has */
    sqlite3_stmt *statements[4]; /* of the reader, for what every request asks */
};

enum accounts_statement { FIND_SESSION, FIND_TOKEN, SESSION_UNITS, TOKEN_UNITS };

/* The reader's statement for this SQL (sqlite3_finalize, then accounts_read_end). NULL: see the log;
 * accounts_read_end all the same. */
sqlite3_stmt *accounts_read(struct accounts *accounts, const char *sql);
void accounts_read_end(struct accounts *accounts, sqlite3_stmt *statement);

/* Begins a transaction that no other process or thread interferes with. 0, or -1 with a fault. */
int accounts_write(struct accounts *accounts, struct fault *fault);
/* Commits it, or rolls it back when `failed`. 0, or -1 with a fault or `failed`. */
int accounts_write_end(struct accounts *accounts, int failed, struct fault *fault);
/* Runs SQL with values bound as store_bind does, inside a transaction. 0, or -1 with a fault. */
int accounts_run(struct accounts *accounts, struct fault *fault, const char *sql,
                 const char *format, ...);
/* The number that such SQL gives, or `otherwise`. */
int64_t accounts_number(struct accounts *accounts, int64_t otherwise, const char *sql,
                        const char *format, ...);

/* A new secret: 32 random bytes as text, and its hash. */
void secret_make(char text[SECRET_TEXT_BYTES], unsigned char hash[SECRET_HASH_BYTES]);
void secret_hash(const char *text, unsigned char hash[SECRET_HASH_BYTES]);
/* RFC 3339 of seconds since 1970, as JSON text; null for 0. */
struct jv *time_json(int64_t seconds);
/* The units of a wish: 0, or -1 with a fault user.bad_units. NULL is none. */
int units_check(const struct jv *units, enum role role, struct fault *fault);
/* Reads rows of one text each into an array. */
struct jv *texts_of(sqlite3_stmt *statement, struct store *store);

#endif
