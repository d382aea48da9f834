#include "services/gateway/accounts_parts.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { IN_FLIGHT_S = 30 }; /* after so long a request that left no receipt has died */

void submission_row_clear(struct submission_row *row)
{
    jv_destroy(&row->ids);
}

#define ROW_COLUMNS                                                                                \
    "SELECT number, receipt, accepted_at, count, ids, who, body_hash FROM submission "

static void read_row(sqlite3_stmt *statement, struct submission_row *row)
{
    const char *ids = store_text(statement, 4);
    row->number = sqlite3_column_int64(statement, 0);
    snprintf(row->receipt, sizeof row->receipt, "%s", store_text(statement, 1));
    row->accepted_at = sqlite3_column_int64(statement, 2);
    row->count = sqlite3_column_int64(statement, 3);
    row->ids = jv_read(ids, strlen(ids), NULL);
    snprintf(row->who, sizeof row->who, "%s", store_text(statement, 5));
}

/* What is known of a key: SUBMISSION_NEW when nothing that counts. */
static enum submission_begin look_up(struct accounts *accounts, const char *who, const char *key,
                                     const unsigned char hash[SECRET_HASH_BYTES],
                                     struct submission_row *row, struct fault *fault)
{
    enum submission_begin outcome = SUBMISSION_NEW;
    sqlite3_stmt *statement =
        store_prepare(accounts->writer, ROW_COLUMNS "WHERE who = ? AND key = ?", fault);
    if (!statement)
        return SUBMISSION_FAILED;
    if (store_next(accounts->writer, store_bind(statement, "tt", who, key), NULL) == 1) {
        const void *known = sqlite3_column_blob(statement, 6);
        bool same = sqlite3_column_bytes(statement, 6) == SECRET_HASH_BYTES &&
                    memcmp(known, hash, SECRET_HASH_BYTES) == 0;
        read_row(statement, row);
        bool dead = !*row->receipt && row->accepted_at < (int64_t)time(NULL) - IN_FLIGHT_S;
        outcome = !same           ? SUBMISSION_OTHER
                  : *row->receipt ? SUBMISSION_KNOWN
                  : dead          ? SUBMISSION_NEW
                                  : SUBMISSION_IN_FLIGHT;
    }
    sqlite3_finalize(statement);
    return outcome;
}

static int insert(struct accounts *accounts, const char *who, const char *key,
                  const unsigned char hash[SECRET_HASH_BYTES], const struct jv *ids,
                  struct submission_row *row, struct fault *fault)
{
    char *list = jv_write(ids);
    int64_t now = (int64_t)time(NULL);
    int failed = row->number
                     ? accounts_run(accounts, fault,
                                    "UPDATE submission SET accepted_at = ? WHERE number = ?", "ii",
                                    now, row->number)
                     : accounts_run(accounts, fault,
                                    "INSERT INTO submission (who, key, body_hash, accepted_at,"
                                    " count, ids) VALUES (?, ?, ?, ?, ?, ?)",
                                    "ttbiit", who, key, (const void *)hash,
                                    (size_t)SECRET_HASH_BYTES, now, (int64_t)jv_count(ids), list);
    if (!failed && !row->number)
        row->number = sqlite3_last_insert_rowid(accounts->writer->db);
    row->accepted_at = now;
    row->count = (int64_t)jv_count(ids);
    free(list);
    return failed;
}

/* The broker forgets a submission of this key as slowly as we do, so a request that died between
 * its acceptance and our note is found again. */
static void make_broker_key(const char *who, const char *key,
                            const unsigned char hash[SECRET_HASH_BYTES],
                            char broker_key[SECRET_TEXT_BYTES])
{
    unsigned char unused[SECRET_HASH_BYTES], digest[SECRET_HASH_BYTES];
    crypto_generichash_state state;
    if (!key) {
        secret_make(broker_key, unused);
        return;
    }
    crypto_generichash_init(&state, NULL, 0, sizeof digest);
    crypto_generichash_update(&state, (const unsigned char *)who, strlen(who) + 1);
    crypto_generichash_update(&state, (const unsigned char *)key, strlen(key) + 1);
    crypto_generichash_update(&state, hash, SECRET_HASH_BYTES);
    crypto_generichash_final(&state, digest, sizeof digest);
    sodium_bin2base64(broker_key, SECRET_TEXT_BYTES, digest, sizeof digest,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

enum submission_begin accounts_submission_begin(struct accounts *accounts, const char *who,
                                                const char *key, const char *body, size_t bytes,
                                                const struct jv *ids, struct submission_row *row,
                                                char broker_key[SECRET_TEXT_BYTES],
                                                struct fault *fault)
{
    unsigned char hash[SECRET_HASH_BYTES];
    *row = (struct submission_row){0};
    crypto_hash_sha256(hash, (const unsigned char *)body, bytes);
    make_broker_key(who, key, hash, broker_key);
    if (accounts_write(accounts, fault))
        return SUBMISSION_FAILED;
    enum submission_begin outcome =
        key ? look_up(accounts, who, key, hash, row, fault) : SUBMISSION_NEW;
    int failed = outcome == SUBMISSION_FAILED;
    if (outcome == SUBMISSION_NEW)
        failed = insert(accounts, who, key, hash, ids, row, fault);
    return accounts_write_end(accounts, failed, fault) ? SUBMISSION_FAILED : outcome;
}

int accounts_submission_end(struct accounts *accounts, int64_t number, const char *receipt,
                            struct fault *fault)
{
    if (accounts_write(accounts, fault))
        return -1;
    int failed =
        receipt
            ? accounts_run(accounts, fault, "UPDATE submission SET receipt = ? WHERE number = ?",
                           "ti", receipt, number)
            : accounts_run(accounts, fault,
                           "DELETE FROM submission WHERE number = ? AND receipt IS NULL", "i",
                           number);
    return accounts_write_end(accounts, failed, fault) ? -1 : 0;
}

bool accounts_submission(struct accounts *accounts, const char *receipt, struct submission_row *row)
{
    *row = (struct submission_row){0};
    sqlite3_stmt *statement = accounts_read(accounts, ROW_COLUMNS "WHERE receipt = ?");
    bool found =
        statement && store_next(accounts->reader, store_bind(statement, "t", receipt), NULL) == 1;
    if (found)
        read_row(statement, row);
    accounts_read_end(accounts, statement);
    return found;
}
