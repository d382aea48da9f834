/* /tokens: what programs sign in with. */
#include "services/gateway/route.h"

static void list_tokens(struct exchange *exchange, struct backend *backend)
{
    (void)backend;
    struct jv *body = jv_object();
    jv_set(body, "tokens", accounts_tokens(exchange->gateway->accounts));
    reply_json(exchange, MHD_HTTP_OK, body);
}

static void add_token(struct exchange *exchange, struct backend *backend)
{
    struct fault fault;
    (void)backend;
    struct jv *wish = exchange_json(exchange);
    if (!wish)
        return;
    struct jv *token =
        accounts_add_token(exchange->gateway->accounts, wish, exchange->principal.who, &fault);
    if (token) {
        access_note(exchange, "token.add", jv_get_text(token, "id"), jv_get_text(wish, "name"));
        reply_json(exchange, MHD_HTTP_CREATED, token);
    } else {
        reply_fault(exchange, &fault);
    }
    jv_destroy(&wish);
}

static void revoke_token(struct exchange *exchange, struct backend *backend)
{
    struct fault fault;
    (void)backend;
    if (accounts_revoke_token(exchange->gateway->accounts, exchange->captures[0], &fault)) {
        reply_fault(exchange, &fault);
        return;
    }
    access_note(exchange, "token.revoke", exchange->captures[0], "");
    reply_nothing(exchange);
}

const struct route token_routes[] = {{"GET", "/tokens", list_tokens, ADMINS, 0},
                                     {"POST", "/tokens", add_token, ADMINS, ROUTE_BODY},
                                     {"DELETE", "/tokens/{}", revoke_token, ADMINS, 0},
                                     {0}};
