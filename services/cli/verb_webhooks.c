/* jinmu webhooks: to whom results are sent, and what became of that. */
#include "services/cli/verbs.h"

#include "common/state.h"
#include "common/strbuf.h"
#include "common/text.h"
#include "services/cli/columns.h"
#include "services/cli/running.h"
#include "services/collector/inquiry.h"
#include "services/gateway/accounts.h"
#include "services/postman/targets.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_JSON = 1000, ASK_MS = 5000 };

struct call {
    const char *state, *argument, *delivery;
    struct jv *events, *departments;
    int limit;
    bool json;
    struct running running;
};

static const struct argp_option options[] = {
    {"state", 's', "DIR", 0, "State directory (default: $JINMU_STATE, else the XDG one)", 0},
    {"event", 'e', "TYPE", 0, "result.stored or review.stored; may be given twice (default: both)",
     0},
    {"department", 'd', "NAME", 0, "Only of this department; may be given several times", 0},
    {"limit", 'n', "N", 0, "How many deliveries (default: 50)", 0},
    {"json", KEY_JSON, NULL, 0, "Print JSON", 0},
    {0}};

static void check_text(struct argp_state *parser, const char *value)
{
    if (!text_is_utf8(value, strlen(value)))
        argp_error(parser, "arguments are UTF-8");
}

static error_t parse_option(int key, char *value, struct argp_state *parser)
{
    struct call *call = parser->input;
    switch (key) {
    case 's':
        call->state = value;
        return 0;
    case 'e':
        check_text(parser, value);
        jv_push(call->events, jv_of_text(value));
        return 0;
    case 'd':
        check_text(parser, value);
        jv_push(call->departments, jv_of_text(value));
        return 0;
    case 'n':
        call->limit = (int)strtol(value, NULL, 10);
        if (call->limit < 1 || call->limit > 200)
            argp_error(parser, "--limit is a number from 1 to 200");
        return 0;
    case KEY_JSON:
        call->json = true;
        return 0;
    case ARGP_KEY_ARG:
        check_text(parser, value);
        if (call->delivery)
            argp_error(parser, "too many arguments");
        *(call->argument ? &call->delivery : &call->argument) = value;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* --- asking the collector --- */

static struct jv *question_new(const struct call *call, const char *ask)
{
    struct jv *question = jv_object();
    jv_set_text(question, "ask", ask);
    if (call->argument)
        jv_set_text(question, "id", call->argument);
    return question;
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

static void print_json(const struct jv *value)
{
    char *text = jv_write(value);
    puts(text);
    free(text);
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
        print_json(answer);
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
    jv_set(question, "events", jv_copy(call->events));
    jv_set(question, "departments", jv_copy(call->departments));
    struct jv *answer = answer_to(call, question, fault);
    if (!answer)
        return -1;
    note(call, "webhook.add", text_of(answer, "id"), call->argument);
    if (call->json)
        print_json(answer);
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
        print_json(answer);
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
    if (!call->delivery)
        return fault_set(fault, "webhook.unknown", "请给出推送记录的编号（jinmu webhooks log）");
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
    jv_set_number(question, "limit", call->limit);
    struct jv *answer = answer_to(call, question, fault);
    if (!answer)
        return -1;
    if (call->json)
        print_json(answer);
    else
        print_log(jv_get(answer, "deliveries"));
    jv_destroy(&answer);
    return 0;
}

static const struct webhook_verb {
    const char *name;
    int (*run)(struct call *call, struct fault *fault);
    const char *argument; /* "": none */
    const char *summary;
} verbs[] = {
    {"list", list, "", "Lists the webhooks."},
    {"add", add, "URL", "Adds a webhook, to a target of webhooks/allow; prints its secret."},
    {"remove", remove_one, "ID", "Removes a webhook and what it still had to get."},
    {"enable", enable, "ID", "Lets a disabled one go on, with all that came meanwhile."},
    {"rotate", rotate, "ID", "Makes a new secret; the old one signs too for 24 hours."},
    {"test", test, "ID", "Sends a test message."},
    {"replay", replay, "ID DELIVERY", "Sends a delivery again, under the same webhook-id."},
    {"log", show_log, "ID", "Lists the latest deliveries and what became of them."},
    {0}};

static int run(const struct webhook_verb *verb, int argc, char **argv)
{
    const struct argp argp = {options, parse_option, verb->argument, verb->summary, NULL,
                              NULL,    NULL};
    struct call call = {.events = jv_array(), .departments = jv_array(), .limit = 50};
    struct fault fault = {"", ""};
    char name[48];
    int status = 2;
    snprintf(name, sizeof name, "jinmu webhooks %s", verb->name);
    argv[0] = name;
    argp_parse(&argp, argc, argv, 0, NULL, &call);
    if (!*verb->argument != !call.argument) {
        fprintf(stderr, "Usage: %s [OPTION…] %s\n", name, verb->argument);
        goto done;
    }
    if (running_find(&call.running, call.state, &fault) == 0 &&
        running_check(&call.running, &fault) == 0)
        status = verb->run(&call, &fault) ? 1 : 0;
    if (status)
        fprintf(stderr, "jinmu: %s\n", fault.message);
done:
    running_clear(&call.running);
    jv_destroy(&call.events);
    jv_destroy(&call.departments);
    return status;
}

int verb_webhooks(int argc, char **argv)
{
    bool help = argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-?") == 0);
    for (const struct webhook_verb *verb = verbs; argc >= 2 && verb->name; verb++)
        if (strcmp(argv[1], verb->name) == 0)
            return run(verb, argc - 1, argv + 1);
    FILE *out = help ? stdout : stderr;
    fprintf(out, "Usage: jinmu webhooks VERB [OPTION…] [ARGUMENT…]\n\nVerbs:\n");
    for (const struct webhook_verb *verb = verbs; verb->name; verb++)
        fprintf(out, "  %-10s %s\n", verb->name, verb->summary);
    return help ? 0 : 2;
}
