/* /webhooks: to whom results are sent, and what became of that. */
#include "services/gateway/question.h"
#include "services/gateway/route.h"

#include "services/cli/running.h"
#include "services/postman/targets.h"

/* The targets that the configuration allows now. 0, or -1 with a fault. */
static int check_target(struct exchange *exchange, const char *url, struct fault *fault)
{
    struct config *config = config_open(exchange->gateway->options.running->state, NULL, fault);
    struct targets *targets =
        config ? targets_new(config_text(config, "webhooks/allow"), fault) : NULL;
    int status = targets ? targets_check(targets, url, fault) : -1;
    targets_destroy(&targets);
    config_destroy(&config);
    return status;
}

/* A question about the webhook of the path. */
static struct jv *question_about(struct exchange *exchange, const char *ask)
{
    struct jv *question = question_new(exchange, ask);
    jv_set_text(question, "id", exchange->captures[0]);
    return question;
}

static void list_webhooks(struct exchange *exchange, struct backend *backend)
{
    struct jv *question = question_new(exchange, "webhooks");
    question_answer_with(exchange, backend, question);
    jv_destroy(&question);
}

static void get_webhook(struct exchange *exchange, struct backend *backend)
{
    struct jv *question = question_about(exchange, "webhook");
    question_answer_with(exchange, backend, question);
    jv_destroy(&question);
}

static void take(struct jv *question, const struct jv *wish, const char *name)
{
    if (jv_get(wish, name))
        jv_set(question, name, jv_copy(jv_get(wish, name)));
}

static void add_webhook(struct exchange *exchange, struct backend *backend)
{
    struct fault fault;
    struct jv *wish = exchange_json(exchange);
    const char *url = jv_get_text(wish, "url");
    if (!wish)
        return;
    struct jv *question = question_new(exchange, "webhook_add"), *webhook = NULL;
    take(question, wish, "url");
    take(question, wish, "events");
    take(question, wish, "departments");
    if (check_target(exchange, url ? url : "", &fault) ||
        !(webhook = backend_ask_json(backend, question, &fault))) {
        reply_fault(exchange, &fault);
    } else {
        access_note(exchange, "webhook.add", jv_get_text(webhook, "id"), url);
        reply_json(exchange, MHD_HTTP_CREATED, webhook);
    }
    jv_destroy(&question);
    jv_destroy(&wish);
}

/* Asks for a change of the webhook of the path, and notes it. */
static void change(struct exchange *exchange, struct backend *backend, const char *ask,
                   const char *action, const char *delivery, unsigned status)
{
    struct jv *question = question_about(exchange, ask);
    jv_set_text(question, "delivery", delivery);
    if (question_answer_with(exchange, backend, question)) {
        access_note(exchange, action, exchange->captures[0], delivery);
        exchange->answer.status = status;
    }
    jv_destroy(&question);
}

static void remove_webhook(struct exchange *exchange, struct backend *backend)
{
    change(exchange, backend, "webhook_remove", "webhook.remove", "", MHD_HTTP_OK);
    if (exchange->answer.status == MHD_HTTP_OK)
        reply_nothing(exchange);
}

static void enable_webhook(struct exchange *exchange, struct backend *backend)
{
    change(exchange, backend, "webhook_enable", "webhook.enable", "", MHD_HTTP_OK);
}

static void rotate_secret(struct exchange *exchange, struct backend *backend)
{
    change(exchange, backend, "webhook_rotate", "webhook.rotate", "", MHD_HTTP_OK);
}

static void test_webhook(struct exchange *exchange, struct backend *backend)
{
    change(exchange, backend, "webhook_test", "webhook.test", "", MHD_HTTP_ACCEPTED);
}

static void replay_delivery(struct exchange *exchange, struct backend *backend)
{
    change(exchange, backend, "webhook_replay", "webhook.replay", exchange->captures[1],
           MHD_HTTP_ACCEPTED);
}

static void list_deliveries(struct exchange *exchange, struct backend *backend)
{
    int64_t limit;
    if (!exchange_query_number(exchange, "limit", 1, 200, 50, &limit))
        return;
    struct jv *question = question_about(exchange, "webhook_log");
    jv_set_number(question, "limit", (double)limit);
    question_take_text(exchange, question, "cursor");
    question_answer_with(exchange, backend, question);
    jv_destroy(&question);
}

const struct route webhook_routes[] = {
    {"GET", "/webhooks", list_webhooks, ADMINS, 0},
    {"POST", "/webhooks", add_webhook, ADMINS, ROUTE_BODY},
    {"GET", "/webhooks/{}", get_webhook, ADMINS, 0},
    {"DELETE", "/webhooks/{}", remove_webhook, ADMINS, 0},
    {"POST", "/webhooks/{}/enable", enable_webhook, ADMINS, 0},
    {"POST", "/webhooks/{}/test", test_webhook, ADMINS, 0},
    {"POST", "/webhooks/{}/rotate", rotate_secret, ADMINS, 0},
    {"GET", "/webhooks/{}/deliveries", list_deliveries, ADMINS, 0},
    {"POST", "/webhooks/{}/deliveries/{}/replay", replay_delivery, ADMINS, 0},
    {0}};
