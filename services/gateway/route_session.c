/* /session: who is signed in. */
#include "services/gateway/route.h"
#include "services/gateway/throttle.h"

#include "common/strbuf.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { NAME_TRIES = 5, ADDRESS_TRIES = 20, NAME_BYTES_MAX = 63 };

static struct jv *rfc3339(int64_t seconds)
{
    char text[32];
    time_t when = (time_t)seconds;
    struct tm utc;
    gmtime_r(&when, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return jv_of_text(text);
}

static struct jv *session_json(struct exchange *exchange)
{
    const struct principal *principal = &exchange->principal;
    struct jv *session = jv_object();
    struct jv *user = accounts_user(exchange->gateway->accounts, principal->who);
    jv_set(session, "user", user ? user : jv_of_text(NULL));
    jv_set_text(session, "csrf", principal->csrf);
    jv_set(session, "expires", rfc3339(principal->expires));
    return session;
}

/* A token is not a session: it has nothing to show here. */
static bool is_session(struct exchange *exchange)
{
    if (!exchange->principal.is_token)
        return true;
    reply_problem(exchange, "auth.required", "这里要用登录会话，不能用令牌");
    return false;
}

static void set_cookie(struct exchange *exchange, const char *value, int seconds)
{
    const struct gateway_options *options = &exchange->gateway->options;
    struct strbuf cookie = {0};
    strbuf_printf(&cookie, "jinmu_session=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%d%s",
                  value, seconds, options->certificate || options->https_outside ? "; Secure" : "");
    reply_header(exchange, "Set-Cookie", cookie.text);
    strbuf_free(&cookie);
}

static bool may_try(struct exchange *exchange, const char *name_key, const char *address_key)
{
    struct throttle *throttle = exchange->gateway->throttle;
    int wait = throttle_wait_s(throttle, name_key);
    int other = throttle_wait_s(throttle, address_key);
    char seconds[16];
    wait = other > wait ? other : wait;
    if (wait == 0)
        return true;
    snprintf(seconds, sizeof seconds, "%d", wait);
    reply_problem(exchange, "throttled", "登录失败次数太多，请 %d 秒后再试", wait);
    reply_header(exchange, "Retry-After", seconds);
    return false;
}

static void sign_in(struct exchange *exchange, const char *name, const char *password)
{
    struct gateway *gateway = exchange->gateway;
    char name_key[80], address_key[80], cookie[SECRET_TEXT_BYTES];
    struct fault fault;
    snprintf(name_key, sizeof name_key, "name:%.63s", name);
    snprintf(address_key, sizeof address_key, "from:%s", exchange->address);
    if (!may_try(exchange, name_key, address_key))
        return;
    principal_clear(&exchange->principal);
    if (accounts_sign_in(gateway->accounts, name, password, exchange->address, cookie,
                         &exchange->principal, &fault)) {
        bool refused = strcmp(fault.code, "session.refused") == 0;
        if (refused) {
            throttle_failed(gateway->throttle, name_key, NAME_TRIES);
            throttle_failed(gateway->throttle, address_key, ADDRESS_TRIES);
            gateway->counts.sign_ins_refused++;
            access_note(exchange, "session.refused", name, "");
        }
        reply_fault(exchange, &fault);
        return;
    }
    throttle_forget(gateway->throttle, name_key);
    gateway->counts.sign_ins++;
    access_note(exchange, "session.open", name, "");
    reply_json(exchange, MHD_HTTP_OK, session_json(exchange));
    set_cookie(exchange, cookie, (int)(exchange->principal.expires - time(NULL)));
}

static void open_session(struct exchange *exchange, struct backend *backend)
{
    (void)backend;
    struct jv *body = exchange_json(exchange);
    const char *name = jv_get_text(body, "name"), *password = jv_get_text(body, "password");
    if (body && (!name || !password || strlen(name) > NAME_BYTES_MAX))
        reply_problem(exchange, "request.bad", "请填写登录名（name）和密码（password）");
    else if (body)
        sign_in(exchange, name, password);
    jv_destroy(&body);
}

static void get_session(struct exchange *exchange, struct backend *backend)
{
    (void)backend;
    if (is_session(exchange))
        reply_json(exchange, MHD_HTTP_OK, session_json(exchange));
}

static void close_session(struct exchange *exchange, struct backend *backend)
{
    struct fault fault;
    (void)backend;
    if (!is_session(exchange))
        return;
    if (accounts_sign_out(exchange->gateway->accounts, &exchange->principal, &fault)) {
        reply_fault(exchange, &fault);
        return;
    }
    access_note(exchange, "session.close", exchange->principal.who, "");
    reply_nothing(exchange);
    set_cookie(exchange, "", 0);
}

static void change_password(struct exchange *exchange, struct backend *backend)
{
    struct fault fault;
    (void)backend;
    char key[96];
    snprintf(key, sizeof key, "old:%s", exchange->principal.who);
    if (!is_session(exchange) || !may_try(exchange, key, key))
        return;
    struct jv *body = exchange_json(exchange);
    if (!body)
        return;
    const char *old = jv_get_text(body, "old"), *new = jv_get_text(body, "new");
    if (accounts_change_password(exchange->gateway->accounts, &exchange->principal, old, new,
                                 &fault)) {
        if (strcmp(fault.code, "session.refused") == 0)
            throttle_failed(exchange->gateway->throttle, key, NAME_TRIES);
        reply_fault(exchange, &fault);
    } else {
        access_note(exchange, "user.password", exchange->principal.who, "");
        reply_nothing(exchange);
    }
    jv_destroy(&body);
}

const struct route session_routes[] = {
    {"POST", "/session", open_session, 0, ROUTE_PUBLIC | ROUTE_BODY},
    {"GET", "/session", get_session, ANYBODY, 0},
    {"DELETE", "/session", close_session, ANYBODY, 0},
    {"PUT", "/session/password", change_password, ANYBODY, ROUTE_BODY},
    {0}};
