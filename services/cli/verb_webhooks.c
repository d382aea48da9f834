/* jinmu webhooks: to whom results are sent, and what became of that. */
#include "services/cli/verbs.h"

#include "common/state.h"
#include "common/strbuf.h"
#include "services/cli/columns.h"
#include "services/cli/running.h"
#include "services/cli/verb_group.h"
#include "services/collector/inquiry.h"
#include "services/gateway/accounts.h"
#include "services/postman/targets.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ASK_MS = 5000, LOG_SHOWN = 50, LOG_MOST = 200 };

struct call {
    const char *state, *argument, *delivery;
    struct option_list events, departments;
    int64_t limit;
    bool json;
    struct running running;
};

static const struct option_row options[] = {
    STATE_OPTION(struct call),
    LIST_OPTION(
        struct call, events, "event", 'e', "TYPE",
        "result.stored, review.stored (default: both), reclassify.begun, .stopped, .finished;"
        " may be given several times"),
    LIST_OPTION(struct call, departments, "department", 'd', "NAME",
                "Only of this department; may be given several times"),
    NUMBER_OPTION(struct call, limit, "limit", 'n', 1, LOG_MOST,
                  "How many deliveries (default: 50)"),
    FLAG_OPTION(struct call, json, "json", 0, "Print JSON"),
    {0}};

/* --- asking the collector --- */

static struct jv *question_new(const struct call *call, const char *ask)
{
    struct jv *question = jv_object();
    jv_set_text(question, "ask", ask);
    if (call->argument)
        jv_set_text(question, "id", call->argument);
    return question;
}

static struct jv *list_json(const struct option_list *list)
{
    struct jv *texts = jv_array();
    for (size_t i = 0; i < list->count; i++)
        jv_push(texts, jv_of_text(list->all[i]));
    return texts;
}

/* The answer (jv_destroy), or NULL with a fault. Destroys the question. */
static struct jv *answer_to(struct call *call, struct jv *question, struct fault *fault)
{
    size_t length;
    struct jv *answer = NULL;
    struct inquiry *inquiry =
        inquiry_new_as(call->running.to_collector, call->running.collector, fault);
    char *json = inquiry ? inquiry_ask(inquiry, question, ASK_MS, &length, fault) : NULL;
    if (json)
        answer = jv_read(json, length, fault);
    free(json);
    inquiry_destroy(&inquiry);
    jv_destroy(&question);
    return answer;
}

static void note(const struct call *call, const char *action, const char *object,
                 const char *detail)
{
    const char *user = getenv("USER");
    char *path = state_path(call->running.state, "gateway.db");
    struct accounts *accounts = accounts_open(path, NULL);
    const struct audit_entry entry = {.who = user ? user : "",
                                      .role = "operator",
                                      .address = "command line",
                                      .action = action,
                                      .object = object,
                                      .detail = detail,
                                      .request = ""};
    if (accounts)
        accounts_note(accounts, &entry, NULL);
    accounts_close(&accounts);
    free(path);
}

static const char *text_of(const struct jv *object, const char *name)
{
    const char *text = jv_get_text(object, name);
    return text ? text : "";
}

static void add_list(struct columns *columns, const struct jv *list, const char *none)
{
    struct strbuf text = {0};
    strbuf_puts(&text, jv_count(list) ? "" : none);
    for (size_t i = 0; i < jv_count(list); i++)
        strbuf_printf(&text, "%s%s", i ? "、" : "", jv_text(jv_at(list, i)));
    columns_add(columns, text.text);
    strbuf_free(&text);
}

/* --- the verbs --- */

static void print_webhooks(const struct jv *webhooks)
{
    struct columns columns = {.count = 6};
    for (size_t i = 0; i < jv_count(webhooks); i++) {
        const struct jv *webhook = jv_at(webhooks, i);
        struct strbuf state = {0};
        strbuf_printf(&state, "%s%s", jv_get_bool(webhook, "disabled", false) ? "停用 " : "正常",
                      text_of(webhook, "disabled_reason"));
        columns_add(&columns, text_of(webhook, "id"));
        columns_add(&columns, text_of(webhook, "url"));
        columns_add(&columns, state.text);
        columns_add_number(&columns, (long)jv_get_number(webhook, "pending", 0));
        add_list(&columns, jv_get(webhook, "events"), "");
        add_list(&columns, jv_get(webhook, "departments"), "全部部门");
        strbuf_free(&state);
    }
    columns_print(&columns);
}

static int list(struct call *call, struct fault *fault)
{
    struct jv *answer = answer_to(call, question_new(call, "webhooks"), fault);
    if (!answer)
        return -1;
    if (call->json)
        jv_print(answer);
    else
        print_webhooks(jv_get(answer, "webhooks"));
    jv_destroy(&answer);
    return 0;
}

static int add(struct call *call, struct fault *fault)
{
    struct targets *targets =
        targets_new(config_text(call->running.config, "webhooks/allow"), fault);
    int allowed = targets ? targets_check(targets, call->argument, fault) : -1;
    targets_destroy(&targets);
    if (allowed)
        return -1;
    struct jv *question = question_new(call, "webhook_add");
    jv_set_text(question, "url", call->argument);
    jv_set(question, "events", list_json(&call->events));
    jv_set(question, "departments", list_json(&call->departments));
    struct jv *answer = answer_to(call, question, fault);
    if (!answer)
        return -1;
    note(call, "webhook.add", text_of(answer, "id"), call->argument);
    if (call->json)
        jv_print(answer);
    else
        printf("%s  密钥 %s  （只显示这一次）\n", text_of(answer, "id"), text_of(answer, "secret"));
    jv_destroy(&answer);
    return 0;
}

/* Asks for a change and says that it was made. */
static int change(struct call *call, const char *ask, const char *action, const char *said,
                  struct fault *fault)
{
    struct jv *question = question_new(call, ask);
    if (call->delivery)
        jv_set_text(question, "delivery", call->delivery);
    struct jv *answer = answer_to(call, question, fault);
    if (!answer)
        return -1;
    const char *secret = jv_get_text(answer, "secret"), *message = jv_get_text(answer, "message");
    note(call, action, call->argument, call->delivery ? call->delivery : "");
    if (call->json)
        jv_print(answer);
    else
        printf("%s%s%s\n", said, secret || message ? " " : "",
               secret ? secret : (message ? message : ""));
    jv_destroy(&answer);
    return 0;
}

static int remove_one(struct call *call, struct fault *fault)
{
    return change(call, "webhook_remove", "webhook.remove", "已删除", fault);
}

static int enable(struct call *call, struct fault *fault)
{
    return change(call, "webhook_enable", "webhook.enable", "已启用", fault);
}

static int rotate(struct call *call, struct fault *fault)
{
    return change(call, "webhook_rotate", "webhook.rotate", "新密钥（旧的 24 小时内仍同时签名）",
                  fault);
}

static int test(struct call *call, struct fault *fault)
{
    return change(call, "webhook_test", "webhook.test", "测试消息将马上发出", fault);
}

static int replay(struct call *call, struct fault *fault)
{
    return change(call, "webhook_replay", "webhook.replay", "将重发", fault);
}

static void print_log(const struct jv *deliveries)
{
    struct columns columns = {.count = 8};
    for (size_t i = 0; i < jv_count(deliveries); i++) {
        const struct jv *delivery = jv_at(deliveries, i);
        const char *error = text_of(delivery, "error"), *next = jv_get_text(delivery, "next_at");
        struct strbuf note = {0};
        strbuf_puts(&note, error);
        if (next)
            strbuf_printf(&note, "  下次 %s", next);
        columns_add(&columns, text_of(delivery, "id"));
        columns_add(&columns, text_of(delivery, "at"));
        columns_add(&columns, text_of(delivery, "type"));
        columns_add(&columns, text_of(delivery, "project"));
        columns_add(&columns, text_of(delivery, "state"));
        columns_add_number(&columns, (long)jv_get_number(delivery, "attempt", 0));
        columns_add_number(&columns, (long)jv_get_number(delivery, "status", 0));
        columns_add(&columns, note.text);
        strbuf_free(&note);
    }
    columns_print(&columns);
}

static int show_log(struct call *call, struct fault *fault)
{
    struct jv *question = question_new(call, "webhook_log");
    jv_set_number(question, "limit", (double)call->limit);
    struct jv *answer = answer_to(call, question, fault);
    if (!answer)
        return -1;
    if (call->json)
        jv_print(answer);
    else
        print_log(jv_get(answer, "deliveries"));
    jv_destroy(&answer);
    return 0;
}

static const struct webhook_verb {
    struct group_verb verb;
    int (*run)(struct call *call, struct fault *fault);
} verbs[] = {
    {{"list", {options, 0, 0, "", "Lists the webhooks."}}, list},
    {{"add",
      {options, 1, 1, "URL", "Adds a webhook, to a target of webhooks/allow; prints its secret."}},
     add},
    {{"remove", {options, 1, 1, "ID", "Removes a webhook and what it still had to get."}},
     remove_one},
    {{"enable", {options, 1, 1, "ID", "Lets a disabled one go on, with all that came meanwhile."}},
     enable},
    {{"rotate", {options, 1, 1, "ID", "Makes a new secret; the old one signs too for 24 hours."}},
     rotate},
    {{"test", {options, 1, 1, "ID", "Sends a test message."}}, test},
    {{"replay",
      {options, 2, 2, "ID DELIVERY", "Sends a delivery again, under the same webhook-id."}},
     replay},
    {{"log", {options, 1, 1, "ID", "Lists the latest deliveries and what became of them."}},
     show_log},
};

static const struct group_verb *verb_at(size_t number)
{
    return number < sizeof verbs / sizeof *verbs ? &verbs[number].verb : NULL;
}

static int run(const struct webhook_verb *verb, struct call *call)
{
    struct fault fault = {"", ""};
    int status = 2;
    if (running_find(&call->running, call->state, &fault) == 0 &&
        running_check(&call->running, &fault) == 0)
        status = verb->run(call, &fault) ? 1 : 0;
    if (status)
        fprintf(stderr, "jinmu: %s\n", fault.message);
    running_clear(&call->running);
    return status;
}

int verb_webhooks(int argc, char **argv)
{
    struct call call = {.limit = LOG_SHOWN};
    char **arguments;
    int status;
    argp_err_exit_status = 2;
    int number = verb_group_read(&(struct verb_group){"webhooks", verb_at}, argc, argv, &call,
                                 &arguments, &status);
    if (number == NO_VERB)
        return status;
    call.argument = arguments[0];
    call.delivery = call.argument ? arguments[1] : NULL;
    return run(&verbs[number], &call);
}
