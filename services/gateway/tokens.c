#include "services/gateway/accounts_parts.h"

#include "common/log.h"
#include "common/text.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { NAME_CHARACTERS = 100, DAYS_MAX = 3650, DAY_S = 24 * 3600, SEEN_EVERY_S = 300 };
static const char prefix[] = "jm_";

/* A token as it is sent, and what is kept of it. */
struct made {
    char id[20];
    char text[sizeof prefix + SECRET_TEXT_BYTES];
    unsigned char hash[SECRET_HASH_BYTES];
};

static void make(struct made *made)
{
    char secret[SECRET_TEXT_BYTES];
    unsigned char id[6];
    secret_make(secret, made->hash);
    snprintf(made->text, sizeof made->text, "%s%s", prefix, secret);
    secret_hash(made->text, made->hash);
    randombytes_buf(id, sizeof id);
    sodium_bin2hex(made->id, sizeof made->id, id, sizeof id);
}

static int check_wish(const struct jv *wish, struct fault *fault)
{
    const char *name = jv_get_text(wish, "name");
    enum role role = role_of_name(jv_get_text(wish, "role"));
    double days = jv_get_number(wish, "expires_days", 1);
    if (!name || !*name || text_length(name) > NAME_CHARACTERS)
        return fault_set(fault, "token.bad_name", "令牌名称为 1 至 %d 个字", NAME_CHARACTERS);
    if (!role)
        return fault_set(fault, "user.bad_role", "角色应为 submitter、reviewer、keeper 或 admin");
    if (!(days >= 1 && days <= DAYS_MAX))
        return fault_set(fault, "token.bad_expiry", "有效期为 1 至 %d 天", DAYS_MAX);
    return units_check(jv_get(wish, "units"), role, fault);
}

static int insert(struct accounts *accounts, const struct made *made, const struct jv *wish,
                  const char *by, struct fault *fault)
{
    const struct jv *units = jv_get(wish, "units");
    int64_t now = (int64_t)time(NULL), days = (int64_t)jv_get_number(wish, "expires_days", 0);
    if (accounts_run(accounts, fault,
                     "INSERT INTO token (id, hash, name, role, created_by, created_at, expires)"
                     " VALUES (?, ?, ?, ?, ?, ?, ?)",
                     "tbtttii", made->id, (const void *)made->hash, (size_t)SECRET_HASH_BYTES,
                     jv_get_text(wish, "name"), jv_get_text(wish, "role"), by, now,
                     days ? now + days * DAY_S : (int64_t)0))
        return -1;
    for (size_t i = 0; i < jv_count(units); i++)
        if (accounts_run(accounts, fault,
                         "INSERT INTO token_unit (token, unit) VALUES (?, ?)"
                         " ON CONFLICT DO NOTHING",
                         "tt", made->id, jv_text(jv_at(units, i))))
            return -1;
    return 0;
}

static struct jv *token_json(sqlite3_stmt *row)
{
    struct jv *token = jv_object();
    const char *units = store_text(row, 8);
    jv_set_text(token, "id", store_text(row, 0));
    jv_set_text(token, "name", store_text(row, 1));
    jv_set_text(token, "role", store_text(row, 2));
    jv_set(token, "units", jv_read(units, strlen(units), NULL));
    jv_set_text(token, "created_by", store_text(row, 3));
    jv_set(token, "created_at", time_json(sqlite3_column_int64(row, 4)));
    jv_set(token, "last_used", time_json(sqlite3_column_int64(row, 5)));
    jv_set(token, "expires", time_json(sqlite3_column_int64(row, 6)));
    jv_set(token, "revoked", jv_of_bool(sqlite3_column_int64(row, 7) != 0));
    return token;
}

#define TOKEN_COLUMNS                                                                              \
    "SELECT id, name, role, created_by, created_at, last_used, expires, revoked_at,"               \
    " (SELECT json_group_array(unit) FROM token_unit WHERE token = id) FROM token "

struct jv *accounts_add_token(struct accounts *accounts, const struct jv *wish, const char *by,
                              struct fault *fault)
{
    struct made made;
    struct jv *token = NULL;
    if (check_wish(wish, fault))
        return NULL;
    make(&made);
    if (accounts_write(accounts, fault))
        return NULL;
    if (accounts_write_end(accounts, insert(accounts, &made, wish, by, fault), fault))
        return NULL;
    sqlite3_stmt *statement = accounts_read(accounts, TOKEN_COLUMNS "WHERE id = ?");
    if (statement && store_next(accounts->reader, store_bind(statement, "t", made.id), NULL) == 1) {
        token = token_json(statement);
        jv_set_text(token, "token", made.text);
    } else {
        fault_set(fault, "store.failed", "令牌未能读出");
    }
    accounts_read_end(accounts, statement);
    sodium_memzero(&made, sizeof made);
    return token;
}

struct jv *accounts_tokens(struct accounts *accounts)
{
    struct jv *tokens = jv_array();
    sqlite3_stmt *statement =
        accounts_read(accounts, TOKEN_COLUMNS "ORDER BY revoked_at <> 0, created_at DESC, id");
    while (statement && store_next(accounts->reader, statement, NULL) == 1)
        jv_push(tokens, token_json(statement));
    accounts_read_end(accounts, statement);
    return tokens;
}

int accounts_revoke_token(struct accounts *accounts, const char *id, struct fault *fault)
{
    if (accounts_write(accounts, fault))
        return -1;
    int failed;
    if (!accounts_number(accounts, 0, "SELECT 1 FROM token WHERE id = ? AND revoked_at = 0", "t",
                         id))
        failed = fault_set(fault, "token.unknown", "没有在用的令牌“%.40s”", id);
    else
        failed = accounts_run(accounts, fault,
                              "UPDATE token SET revoked_at = unixepoch() WHERE id = ?", "t", id);
    return accounts_write_end(accounts, failed, fault) ? -1 : 0;
}

/* When it was used is written down now and then: a write for each request would cost too much. */
static void note_use(struct accounts *accounts, const char *id)
{
    struct fault fault;
    if (accounts_write(accounts, &fault))
        return;
    accounts_write_end(accounts,
                       accounts_run(accounts, &fault,
                                    "UPDATE token SET last_used = unixepoch() WHERE id = ?", "t",
                                    id),
                       &fault);
}

bool accounts_token(struct accounts *accounts, const char *token, struct principal *principal)
{
    struct store *store = accounts->reader;
    unsigned char hash[SECRET_HASH_BYTES];
    char id[sizeof((struct made *)0)->id] = "";
    bool stale = false;
    *principal = (struct principal){.is_token = true};
    secret_hash(token, hash);
    pthread_mutex_lock(&accounts->reading);
    sqlite3_stmt *statement = store_bind(accounts->statements[FIND_TOKEN], "b", (const void *)hash,
                                         (size_t)SECRET_HASH_BYTES);
    if (store_next(store, statement, NULL) == 1) {
        snprintf(id, sizeof id, "%s", store_text(statement, 0));
        snprintf(principal->who, sizeof principal->who, "token:%s", id);
        principal->role = role_of_name(store_text(statement, 1));
        stale = sqlite3_column_int64(statement, 2) < (int64_t)time(NULL) - SEEN_EVERY_S;
        principal->units = texts_of(store_bind(accounts->statements[TOKEN_UNITS], "t", id), store);
    }
    sqlite3_reset(statement);
    pthread_mutex_unlock(&accounts->reading);
    if (stale)
        note_use(accounts, id);
    return principal->role != 0;
}
