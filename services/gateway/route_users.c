/* /users: who may sign in. */
#include "services/gateway/route.h"

#include <stdlib.h>

/* What is noted of a wish: everything but the password. */
static char *wish_text(const struct jv *wish)
{
    struct jv *copy = jv_copy(wish);
    if (!jv_is_null(jv_get(copy, "password")))
        jv_set_text(copy, "password", "…");
    char *text = jv_write(copy);
    jv_destroy(&copy);
    return text;
}

static void answer_user(struct exchange *exchange, unsigned status, const char *name)
{
    struct jv *user = accounts_user(exchange->gateway->accounts, name);
    if (user)
        reply_json(exchange, status, user);
    else
        reply_problem(exchange, "user.unknown", "没有登录名“%.100s”", name);
}

static void list_users(struct exchange *exchange, struct backend *backend)
{
    (void)backend;
    struct jv *body = jv_object();
    jv_set(body, "users", accounts_users(exchange->gateway->accounts));
    reply_json(exchange, MHD_HTTP_OK, body);
}

static void note_wish(struct exchange *exchange, const char *action, const char *name,
                      const struct jv *wish)
{
    char *text = wish_text(wish);
    access_note(exchange, action, name, text);
    free(text);
}

static void add_user(struct exchange *exchange, struct backend *backend)
{
    struct fault fault;
    (void)backend;
    struct jv *wish = exchange_json(exchange);
    if (!wish)
        return;
    if (accounts_add_user(exchange->gateway->accounts, wish, &fault)) {
        reply_fault(exchange, &fault);
    } else {
        note_wish(exchange, "user.add", jv_get_text(wish, "name"), wish);
        answer_user(exchange, MHD_HTTP_CREATED, jv_get_text(wish, "name"));
    }
    jv_destroy(&wish);
}

static void get_user(struct exchange *exchange, struct backend *backend)
{
    (void)backend;
    answer_user(exchange, MHD_HTTP_OK, exchange->captures[0]);
}

static void change_user(struct exchange *exchange, struct backend *backend)
{
    struct fault fault;
    const char *name = exchange->captures[0];
    (void)backend;
    struct jv *wish = exchange_json(exchange);
    if (!wish)
        return;
    if (!jv_is_object(wish)) {
        reply_problem(exchange, "request.bad", "请求体应为 JSON 对象");
    } else if (accounts_change_user(exchange->gateway->accounts, name, wish, &fault)) {
        reply_fault(exchange, &fault);
    } else {
        note_wish(exchange, "user.change", name, wish);
        answer_user(exchange, MHD_HTTP_OK, name);
    }
    jv_destroy(&wish);
}

const struct route user_routes[] = {{"GET", "/users", list_users, ADMINS, 0},
                                    {"POST", "/users", add_user, ADMINS, ROUTE_BODY},
                                    {"GET", "/users/{}", get_user, ADMINS, 0},
                                    {"PATCH", "/users/{}", change_user, ADMINS, ROUTE_BODY},
                                    {0}};
