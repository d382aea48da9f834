#include "services/gateway/accounts_parts.h"

#include "common/strbuf.h"
#include "common/text.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_BYTES_MIN = 2,
    NAME_BYTES_MAX = 63,
    DISPLAY_BYTES_MAX = 200,
    PASSWORD_MIN = 10, /* characters */
    PASSWORD_BYTES_MAX = 256,
    UNITS_MAX = 1000,
    UNIT_BYTES_MAX = 300,
};

static int check_name(const char *name, struct fault *fault)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    static const char rest[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t length = name ? strlen(name) : 0;
    if (length < NAME_BYTES_MIN || length > NAME_BYTES_MAX || !strchr(first, name[0]) ||
        strspn(name, rest) != length)
        return fault_set(fault, "user.bad_name",
                         "登录名应为 2 至 63 个小写字母、数字或 . _ -，且以字母或数字开头");
    return 0;
}

static int check_role(const char *role, struct fault *fault)
{
    if (role_of_name(role))
        return 0;
    return fault_set(fault, "user.bad_role", "角色应为 submitter、reviewer、keeper 或 admin");
}

int units_check(const struct jv *units, enum role role, struct fault *fault)
{
    if (!jv_is_null(units) && !jv_is_array(units))
        return fault_set(fault, "user.bad_units", "“units”应当是单位名称的数组");
    if (jv_count(units) > UNITS_MAX)
        return fault_set(fault, "user.bad_units", "单位最多 %d 个", UNITS_MAX);
    for (size_t i = 0; i < jv_count(units); i++) {
        const char *unit = jv_text(jv_at(units, i));
        if (!unit || !*unit || strlen(unit) > UNIT_BYTES_MAX)
            return fault_set(fault, "user.bad_units", "第 %zu 个单位名称为空或过长", i + 1);
    }
    if (role == ROLE_SUBMITTER && jv_count(units) == 0)
        return fault_set(fault, "user.bad_units", "填报人员（submitter）至少要有一个单位");
    return 0;
}

static int hash_password(struct accounts *accounts, const char *password,
                         char hash[crypto_pwhash_STRBYTES], struct fault *fault)
{
    size_t bytes = password ? strlen(password) : 0;
    if (bytes > PASSWORD_BYTES_MAX || !password || text_length(password) < PASSWORD_MIN)
        return fault_set(fault, "user.bad_password", "密码至少 %d 个字符，至多 %d 字节",
                         PASSWORD_MIN, PASSWORD_BYTES_MAX);
    /* One at a time: each takes 64 MiB. */
    pthread_mutex_lock(&accounts->hashing);
    int failed = crypto_pwhash_str(hash, password, bytes, crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                   crypto_pwhash_MEMLIMIT_INTERACTIVE);
    pthread_mutex_unlock(&accounts->hashing);
    return failed ? fault_set(fault, "accounts.memory", "内存不足，请稍后再试") : 0;
}

static int write_units(struct accounts *accounts, const char *name, const struct jv *units,
                       struct fault *fault)
{
    if (accounts_run(accounts, fault, "DELETE FROM user_unit WHERE user = ?", "t", name))
        return -1;
    for (size_t i = 0; i < jv_count(units); i++)
        if (accounts_run(accounts, fault,
                         "INSERT INTO user_unit (user, unit) VALUES (?, ?) ON CONFLICT DO NOTHING",
                         "tt", name, jv_text(jv_at(units, i))))
            return -1;
    return 0;
}

static const char *display_of(const struct jv *wish, const char *otherwise)
{
    const char *display = jv_get_text(wish, "display");
    return display && *display && strlen(display) <= DISPLAY_BYTES_MAX ? display : otherwise;
}

int accounts_add_user(struct accounts *accounts, const struct jv *wish, struct fault *fault)
{
    const char *name = jv_get_text(wish, "name"), *role = jv_get_text(wish, "role");
    const struct jv *units = jv_get(wish, "units");
    char hash[crypto_pwhash_STRBYTES];
    if (check_name(name, fault) || check_role(role, fault) ||
        units_check(units, role_of_name(role), fault) ||
        hash_password(accounts, jv_get_text(wish, "password"), hash, fault) ||
        accounts_write(accounts, fault))
        return -1;
    int failed;
    if (accounts_number(accounts, 0, "SELECT 1 FROM user WHERE name = ?", "t", name))
        failed = fault_set(fault, "user.exists", "已有登录名“%s”", name);
    else
        failed = accounts_run(accounts, fault,
                              "INSERT INTO user (name, display, role, password, created_at)"
                              " VALUES (?, ?, ?, ?, unixepoch())",
                              "tttt", name, display_of(wish, name), role, hash) ||
                 write_units(accounts, name, units, fault);
    return accounts_write_end(accounts, failed, fault) ? -1 : 0;
}

/* The last administrator that is not disabled stays so, or nobody could mend anything. */
static int64_t count_admins(struct accounts *accounts)
{
    return accounts_number(accounts, 0,
                           "SELECT count(*) FROM user WHERE role = 'admin' AND NOT disabled", "");
}

static int change_role(struct accounts *accounts, const char *name, const struct jv *wish,
                       struct fault *fault)
{
    const struct jv *disabled = jv_get(wish, "disabled");
    const char *role = jv_get_text(wish, "role");
    if (!jv_is_null(jv_get(wish, "role")) && check_role(role ? role : "", fault))
        return -1;
    if (!jv_is_null(disabled) &&
        accounts_run(accounts, fault, "UPDATE user SET disabled = ? WHERE name = ?", "it",
                     (int64_t)jv_get_bool(wish, "disabled", false), name))
        return -1;
    return role ? accounts_run(accounts, fault, "UPDATE user SET role = ? WHERE name = ?", "tt",
                               role, name)
                : 0;
}

static int change_units(struct accounts *accounts, const char *name, const struct jv *wish,
                        struct fault *fault)
{
    const struct jv *units = jv_get(wish, "units");
    if (!jv_is_null(units) &&
        (units_check(units, 0, fault) || write_units(accounts, name, units, fault)))
        return -1;
    if (accounts_number(accounts, 0,
                        "SELECT role = 'submitter' AND NOT EXISTS (SELECT 1 FROM user_unit WHERE"
                        " user = user.name) FROM user WHERE name = ?",
                        "t", name))
        return fault_set(fault, "user.bad_units", "填报人员（submitter）至少要有一个单位");
    return 0;
}

static bool changes_access(const struct jv *wish)
{
    static const char *const members[] = {"role", "units", "password", "disabled"};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (!jv_is_null(jv_get(wish, members[i])))
            return true;
    return false;
}

static int change(struct accounts *accounts, const char *name, const struct jv *wish,
                  const char *hash, struct fault *fault)
{
    const char *display = display_of(wish, NULL);
    bool had_admin = count_admins(accounts) > 0;
    if (!accounts_number(accounts, 0, "SELECT 1 FROM user WHERE name = ?", "t", name))
        return fault_set(fault, "user.unknown", "没有登录名“%.100s”", name);
    if (display && accounts_run(accounts, fault, "UPDATE user SET display = ? WHERE name = ?", "tt",
                                display, name))
        return -1;
    if (hash && accounts_run(accounts, fault, "UPDATE user SET password = ? WHERE name = ?", "tt",
                             hash, name))
        return -1;
    if (change_role(accounts, name, wish, fault) || change_units(accounts, name, wish, fault))
        return -1;
    if (had_admin && !count_admins(accounts))
        return fault_set(fault, "user.last_admin", "至少要保留一名未停用的管理员");
    return changes_access(wish)
               ? accounts_run(accounts, fault, "DELETE FROM session WHERE user = ?", "t", name)
               : 0;
}

int accounts_change_user(struct accounts *accounts, const char *name, const struct jv *wish,
                         struct fault *fault)
{
    char hash[crypto_pwhash_STRBYTES];
    bool password = !jv_is_null(jv_get(wish, "password"));
    if (password && hash_password(accounts, jv_get_text(wish, "password"), hash, fault))
        return -1;
    if (accounts_write(accounts, fault))
        return -1;
    int failed = change(accounts, name, wish, password ? hash : NULL, fault);
    return accounts_write_end(accounts, failed, fault) ? -1 : 0;
}

int accounts_change_password(struct accounts *accounts, const struct principal *principal,
                             const char *old, const char *new, struct fault *fault)
{
    char hash[crypto_pwhash_STRBYTES], known[crypto_pwhash_STRBYTES] = "";
    sqlite3_stmt *statement = accounts_read(accounts, "SELECT password FROM user WHERE name = ?");
    if (statement &&
        store_next(accounts->reader, store_bind(statement, "t", principal->who), NULL) == 1)
        snprintf(known, sizeof known, "%s", store_text(statement, 0));
    accounts_read_end(accounts, statement);
    pthread_mutex_lock(&accounts->hashing);
    int wrong = !old || crypto_pwhash_str_verify(known, old, strlen(old));
    pthread_mutex_unlock(&accounts->hashing);
    if (wrong)
        return fault_set(fault, "session.refused", "原密码不对");
    if (hash_password(accounts, new, hash, fault) || accounts_write(accounts, fault))
        return -1;
    int failed =
        accounts_run(accounts, fault, "UPDATE user SET password = ? WHERE name = ?", "tt", hash,
                     principal->who) ||
        accounts_run(accounts, fault, "DELETE FROM session WHERE user = ? AND hash <> ?", "tb",
                     principal->who, (const void *)principal->session, (size_t)SECRET_HASH_BYTES);
    return accounts_write_end(accounts, failed, fault) ? -1 : 0;
}

static struct jv *user_json(sqlite3_stmt *row)
{
    struct jv *user = jv_object();
    const char *units = store_text(row, 6);
    jv_set_text(user, "name", store_text(row, 0));
    jv_set_text(user, "display", store_text(row, 1));
    jv_set_text(user, "role", store_text(row, 2));
    jv_set(user, "units", jv_read(units, strlen(units), NULL));
    jv_set(user, "disabled", jv_of_bool(sqlite3_column_int(row, 3)));
    jv_set(user, "created_at", time_json(sqlite3_column_int64(row, 4)));
    jv_set(user, "last_seen", time_json(sqlite3_column_int64(row, 5)));
    return user;
}

#define USER_COLUMNS                                                                               \
    "SELECT name, display, role, disabled, created_at, last_seen, (SELECT json_group_array(unit)"  \
    " FROM (SELECT unit FROM user_unit WHERE user = user.name ORDER BY unit)) FROM user "

struct jv *accounts_user(struct accounts *accounts, const char *name)
{
    struct jv *user = NULL;
    sqlite3_stmt *statement = accounts_read(accounts, USER_COLUMNS "WHERE name = ?");
    if (statement && store_next(accounts->reader, store_bind(statement, "t", name), NULL) == 1)
        user = user_json(statement);
    accounts_read_end(accounts, statement);
    return user;
}

struct jv *accounts_users(struct accounts *accounts)
{
    struct jv *users = jv_array();
    sqlite3_stmt *statement = accounts_read(accounts, USER_COLUMNS "ORDER BY disabled, name");
    while (statement && store_next(accounts->reader, statement, NULL) == 1)
        jv_push(users, user_json(statement));
    accounts_read_end(accounts, statement);
    return users;
}
