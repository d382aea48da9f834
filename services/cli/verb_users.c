/* jinmu users, jinmu tokens: who may use the HTTP service. */
#include "services/cli/verbs.h"

#include "common/state.h"
#include "common/strbuf.h"
#include "common/text.h"
#include "services/cli/columns.h"
#include "services/cli/verb_group.h"
#include "services/gateway/accounts.h"

#include <argp.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { PASSWORD_BYTES = 300, DAYS_MAX = 36500 };

struct call {
    const char *state, *role, *display, *argument;
    struct option_list units;
    int64_t days;
    bool from_stdin, json;
};

static const struct option_row options[] = {
    STATE_OPTION(struct call),
    TEXT_OPTION(struct call, role, "role", 'r', "ROLE", "submitter, reviewer, keeper or admin"),
    LIST_OPTION(struct call, units, "unit", 'u', "UNIT",
                "A unit of a submitter; may be given several times"),
    TEXT_OPTION(struct call, display, "display", 0, "NAME", "The name that others see"),
    NUMBER_OPTION(struct call, days, "days", 0, 1, DAYS_MAX, "A token ends after so many days"),
    FLAG_OPTION(struct call, from_stdin, "password-stdin", 0,
                "Read the password from the standard input"),
    FLAG_OPTION(struct call, json, "json", 0, "Print JSON"),
    {0}};

/* --- passwords --- */

/* A line without echo where it comes from a terminal. */
static bool read_line(const char *prompt, bool from_stdin, char *line, size_t size)
{
    FILE *input = from_stdin ? stdin : fopen("/dev/tty", "r+e");
    struct termios before, silent;
    bool is_terminal = input && !from_stdin && tcgetattr(fileno(input), &before) == 0;
    if (!input)
        return false;
    if (is_terminal) {
        silent = before;
        silent.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(fileno(input), TCSAFLUSH, &silent);
        fprintf(stderr, "%s: ", prompt);
    }
    bool got = fgets(line, (int)size, input) != NULL;
    if (is_terminal) {
        tcsetattr(fileno(input), TCSAFLUSH, &before);
        fputc('\n', stderr);
    }
    if (!from_stdin)
        fclose(input);
    line[got ? strcspn(line, "\r\n") : 0] = 0;
    return got;
}

static int read_password(const struct call *call, char password[PASSWORD_BYTES],
                         struct fault *fault)
{
    char again[PASSWORD_BYTES];
    if (!read_line("密码", call->from_stdin, password, PASSWORD_BYTES))
        return fault_set(fault, "user.no_password", "没有读到密码（可用 --password-stdin）");
    if (!text_is_utf8(password, strlen(password)))
        return fault_set(fault, "user.bad_password", "密码应为 UTF-8 文本");
    if (call->from_stdin)
        return 0;
    bool same = read_line("再输一次", false, again, sizeof again) && strcmp(password, again) == 0;
    sodium_memzero(again, sizeof again);
    return same ? 0 : fault_set(fault, "user.bad_password", "两次输入的密码不一样");
}

static void note(struct accounts *accounts, const char *action, const char *object)
{
    const char *user = getenv("USER");
    struct audit_entry entry = {.who = user ? user : "",
                                .role = "operator",
                                .address = "command line",
                                .action = action,
                                .object = object,
                                .detail = "",
                                .request = ""};
    accounts_note(accounts, &entry, NULL);
}

static struct jv *units_of(const struct call *call)
{
    struct jv *units = jv_array();
    for (size_t i = 0; i < call->units.count; i++)
        jv_push(units, jv_of_text(call->units.all[i]));
    return units;
}

/* --- users --- */

static int add_user(struct accounts *accounts, struct call *call, struct fault *fault)
{
    char password[PASSWORD_BYTES];
    if (!call->role)
        return fault_set(fault, "user.bad_role", "请用 --role 写明角色");
    if (read_password(call, password, fault))
        return -1;
    struct jv *wish = jv_object();
    jv_set_text(wish, "name", call->argument);
    jv_set_text(wish, "role", call->role);
    jv_set_text(wish, "password", password);
    jv_set(wish, "units", units_of(call));
    if (call->display)
        jv_set_text(wish, "display", call->display);
    int status = accounts_add_user(accounts, wish, fault);
    sodium_memzero(password, sizeof password);
    jv_destroy(&wish);
    if (status == 0) {
        note(accounts, "user.add", call->argument);
        printf("已添加 %s（%s）\n", call->argument, call->role);
    }
    return status;
}

static int change_user(struct accounts *accounts, struct call *call, struct jv *wish,
                       const char *action, struct fault *fault)
{
    int status = accounts_change_user(accounts, call->argument, wish, fault);
    jv_destroy(&wish);
    if (status == 0) {
        note(accounts, action, call->argument);
        printf("已更改 %s\n", call->argument);
    }
    return status;
}

static int set_password(struct accounts *accounts, struct call *call, struct fault *fault)
{
    char password[PASSWORD_BYTES];
    if (read_password(call, password, fault))
        return -1;
    struct jv *wish = jv_object();
    jv_set_text(wish, "password", password);
    sodium_memzero(password, sizeof password);
    return change_user(accounts, call, wish, "user.password", fault);
}

static int set_disabled(struct accounts *accounts, struct call *call, bool disabled,
                        struct fault *fault)
{
    struct jv *wish = jv_object();
    jv_set(wish, "disabled", jv_of_bool(disabled));
    return change_user(accounts, call, wish, disabled ? "user.disable" : "user.enable", fault);
}

static int disable_user(struct accounts *accounts, struct call *call, struct fault *fault)
{
    return set_disabled(accounts, call, true, fault);
}

static int enable_user(struct accounts *accounts, struct call *call, struct fault *fault)
{
    return set_disabled(accounts, call, false, fault);
}

static void add_text(struct columns *columns, const struct jv *row, const char *name)
{
    const char *text = jv_get_text(row, name);
    columns_add(columns, text ? text : "-");
}

static void add_units(struct columns *columns, const struct jv *row)
{
    const struct jv *units = jv_get(row, "units");
    struct strbuf text = {0};
    strbuf_puts(&text, "");
    for (size_t i = 0; i < jv_count(units); i++)
        strbuf_printf(&text, "%s%s", i ? "、" : "", jv_text(jv_at(units, i)));
    columns_add(columns, text.text);
    strbuf_free(&text);
}

static void print_rows(const struct jv *rows, const char *const names[], size_t count,
                       const char *flag, const char *flag_word)
{
    struct columns columns = {.count = count + 2};
    for (size_t i = 0; i < jv_count(rows); i++) {
        const struct jv *row = jv_at(rows, i);
        for (size_t n = 0; n < count; n++)
            add_text(&columns, row, names[n]);
        columns_add(&columns, jv_get_bool(row, flag, false) ? flag_word : "");
        add_units(&columns, row);
    }
    columns_print(&columns);
}

static int list_users(struct accounts *accounts, struct call *call, struct fault *fault)
{
    static const char *const names[] = {"name", "role", "display", "last_seen"};
    struct jv *users = accounts_users(accounts);
    (void)fault;
    if (call->json)
        jv_print(users);
    else
        print_rows(users, names, 4, "disabled", "已停用");
    jv_destroy(&users);
    return 0;
}

/* --- tokens --- */

static int add_token(struct accounts *accounts, struct call *call, struct fault *fault)
{
    struct jv *wish = jv_object();
    jv_set_text(wish, "name", call->argument);
    jv_set_text(wish, "role", call->role ? call->role : "");
    jv_set(wish, "units", units_of(call));
    if (call->days)
        jv_set_number(wish, "expires_days", (double)call->days);
    const char *user = getenv("USER");
    struct jv *token = accounts_add_token(accounts, wish, user ? user : "operator", fault);
    jv_destroy(&wish);
    if (!token)
        return -1;
    note(accounts, "token.add", jv_get_text(token, "id"));
    if (call->json)
        jv_print(token);
    else
        printf("%s  （编号 %s；只显示这一次）\n", jv_get_text(token, "token"),
               jv_get_text(token, "id"));
    jv_destroy(&token);
    return 0;
}

static int list_tokens(struct accounts *accounts, struct call *call, struct fault *fault)
{
    static const char *const names[] = {"id", "role", "name", "created_by", "last_used", "expires"};
    struct jv *tokens = accounts_tokens(accounts);
    (void)fault;
    if (call->json)
        jv_print(tokens);
    else
        print_rows(tokens, names, 6, "revoked", "已撤销");
    jv_destroy(&tokens);
    return 0;
}

static int revoke_token(struct accounts *accounts, struct call *call, struct fault *fault)
{
    if (accounts_revoke_token(accounts, call->argument, fault))
        return -1;
    note(accounts, "token.revoke", call->argument);
    printf("已撤销 %s\n", call->argument);
    return 0;
}

/* --- the verbs --- */

struct account_verb {
    struct group_verb verb;
    int (*run)(struct accounts *accounts, struct call *call, struct fault *fault);
};
static const struct account_verb user_verbs[] = {
    {{"add", {options, 1, 1, "NAME", "Adds a user; asks for the password."}}, add_user},
    {{"list", {options, 0, 0, "", "Lists the users."}}, list_users},
    {{"passwd", {options, 1, 1, "NAME", "Sets a user's password and ends the user's sessions."}},
     set_password},
    {{"disable", {options, 1, 1, "NAME", "Lets a user sign in no more, and ends the sessions."}},
     disable_user},
    {{"enable", {options, 1, 1, "NAME", "Lets a disabled user sign in again."}}, enable_user},
};
static const struct account_verb token_verbs[] = {
    {{"add",
      {options, 1, 1, "NAME", "Makes an API token for a program of that name, and prints it."}},
     add_token},
    {{"list", {options, 0, 0, "", "Lists the tokens, without their secrets."}}, list_tokens},
    {{"revoke", {options, 1, 1, "ID", "Makes a token useless at once."}}, revoke_token},
};

static int run(const struct account_verb *verb, struct call *call)
{
    struct fault fault = {"", ""};
    struct accounts *accounts = NULL;
    int status = 2;
    char *state = state_directory(call->state, &fault);
    char *path = state ? state_path(state, "gateway.db") : NULL;
    if (path && (accounts = accounts_open(path, &fault)))
        status = verb->run(accounts, call, &fault) ? 1 : 0;
    if (status)
        fprintf(stderr, "jinmu: %s\n", fault.message);
    accounts_close(&accounts);
    free(path);
    free(state);
    return status;
}

static int choose(const struct verb_group *group, int argc, char **argv)
{
    struct call call = {0};
    char **arguments;
    int status;
    argp_err_exit_status = 2;
    int number = verb_group_read(group, argc, argv, &call, &arguments, &status);
    if (number == NO_VERB)
        return status;
    call.argument = arguments[0];
    return run((const void *)group->verb((size_t)number), &call);
}

static const struct group_verb *user_verb_at(size_t number)
{
    return number < sizeof user_verbs / sizeof *user_verbs ? &user_verbs[number].verb : NULL;
}

static const struct group_verb *token_verb_at(size_t number)
{
    return number < sizeof token_verbs / sizeof *token_verbs ? &token_verbs[number].verb : NULL;
}

int verb_users(int argc, char **argv)
{
    return choose(&(struct verb_group){"users", user_verb_at}, argc, argv);
}

int verb_tokens(int argc, char **argv)
{
    return choose(&(struct verb_group){"tokens", token_verb_at}, argc, argv);
}
