#include "services/gateway/route.h"

#include "common/log.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static const char cookie_name[] = "jinmu_session";
static const char bearer[] = "Bearer ";

/* Whether a browser sent it from a page of another site. Without Origin it is no browser's cross-site
 * request that could carry our SameSite=Strict cookie. */
static bool is_foreign(const struct exchange *exchange)
{
    const char *origin = exchange_header(exchange, "Origin");
    const char *host = exchange_header(exchange, "Host");
    const char *there = origin ? strstr(origin, "://") : NULL;
    return origin && (!there || !host || strcmp(there + 3, host) != 0);
}

static bool changes_something(const struct exchange *exchange)
{
    return strcmp(exchange->method, "GET") != 0 && strcmp(exchange->method, "HEAD") != 0;
}

static bool has_csrf_token(const struct exchange *exchange)
{
    const char *token = exchange_header(exchange, "X-CSRF-Token");
    const char *right = exchange->principal.csrf;
    return token && strlen(token) == strlen(right) &&
           sodium_memcmp(token, right, strlen(right)) == 0;
}

/* Finds out who it is; a token counts more than a cookie. */
static bool identify(struct exchange *exchange)
{
    struct accounts *accounts = exchange->gateway->accounts;
    const char *authorization = exchange_header(exchange, "Authorization");
    const char *cookie = exchange_cookie(exchange, cookie_name);
    if (authorization)
        return strncmp(authorization, bearer, sizeof bearer - 1) == 0 &&
               accounts_token(accounts, authorization + sizeof bearer - 1, &exchange->principal);
    return cookie && accounts_session(accounts, cookie, &exchange->principal);
}

static void refuse_role(struct exchange *exchange)
{
    struct jv *allowed = jv_array();
    for (unsigned role = ROLE_SUBMITTER; role <= ROLE_ADMIN; role <<= 1)
        if (exchange->route->roles & role)
            jv_push(allowed, jv_of_text(role_name((enum role)role)));
    reply_problem_with(exchange, "auth.forbidden", "您的角色不能做这件事", "allowed", allowed);
}

bool access_check(struct exchange *exchange)
{
    const struct route *route = exchange->route;
    if ((route->flags & ROUTE_OPEN) && exchange->gateway->options.open_catalog)
        return true;
    if (changes_something(exchange) && is_foreign(exchange)) {
        reply_problem(exchange, "auth.csrf", "请求来自别的网站");
        return false;
    }
    bool known = identify(exchange);
    if (route->flags & ROUTE_PUBLIC)
        return true;
    if (!known) {
        reply_problem(exchange, "auth.required", "请先登录");
        reply_header(exchange, "WWW-Authenticate", "Bearer realm=\"jinmu\"");
        return false;
    }
    if (!(route->roles & exchange->principal.role)) {
        refuse_role(exchange);
        return false;
    }
    if (changes_something(exchange) && !exchange->principal.is_token && !has_csrf_token(exchange)) {
        reply_problem(exchange, "auth.csrf", "缺少 X-CSRF-Token，或它不属于本次登录");
        return false;
    }
    return true;
}

void access_note(struct exchange *exchange, const char *action, const char *object,
                 const char *detail)
{
    struct fault fault;
    const struct principal *principal = &exchange->principal;
    struct audit_entry entry = {principal->who, role_name(principal->role), exchange->address,
                                action,         object ? object : "",       detail ? detail : "",
                                exchange->id};
    if (accounts_note(exchange->gateway->accounts, &entry, &fault))
        log_error("audit_failed", "action=%s who=%s reason=\"%s\"", action, principal->who,
                  fault.message);
}
