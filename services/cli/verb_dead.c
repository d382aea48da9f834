/* jinmu dead: jobs that were given up: see them, try them again, drop them. */
#include "services/cli/verbs.h"

#include "common/json.h"
#include "common/mdp.h"
#include "services/cli/columns.h"
#include "services/cli/dead_reason.h"
#include "services/cli/running.h"
#include "services/cli/verb_group.h"

#include <stdlib.h>
#include <string.h>

enum { ANSWER_MS = 10000 };

struct options {
    const char *state;
    const char *what;
    const char *uuid;
    bool json;
    bool all;
};

#define OPTION_JSON FLAG_OPTION(struct options, json, "json", 0, "What the broker answers, as JSON")

static const struct option_row look_options[] = {STATE_OPTION(struct options), OPTION_JSON, {0}};
static const struct option_row change_options[] = {
    STATE_OPTION(struct options),
    OPTION_JSON,
    FLAG_OPTION(struct options, all, "all", 0, "All of them"),
    {0}};

static const struct group_verb verbs[] = {
    {"list",
     {look_options, 0, 0, "",
      "Lists jobs that were given up because every attempt lost its worker, or because they were "
      "not done by their deadline."}},
    {"show", {look_options, 1, 1, "UUID", "Shows one of them with what was asked."}},
    {"retry", {change_options, 0, 1, "UUID|--all", "Puts one, or all, into the queue again."}},
    {"drop", {change_options, 0, 1, "UUID|--all", "Drops one, or all, for good."}},
};

static const struct group_verb *verb_at(size_t number)
{
    return number < sizeof verbs / sizeof *verbs ? &verbs[number] : NULL;
}

static const char *text_of(const struct jv *job, const char *name)
{
    const char *text = jv_get_text(job, name);
    return text ? text : "";
}

static void print_list(const struct jv *list)
{
    struct columns table = {.count = 6};
    static const char *const heads[] = {"任务编号", "服务", "尝试次数", "字节", "接收时间", "原因"};
    if (jv_count(list) == 0) {
        puts("没有被放弃的任务。");
        return;
    }
    for (size_t i = 0; i < table.count; i++)
        columns_add(&table, heads[i]);
    for (size_t i = 0; i < jv_count(list); i++) {
        const struct jv *job = jv_at(list, i);
        columns_add(&table, text_of(job, "uuid"));
        columns_add(&table, text_of(job, "service"));
        columns_add_number(&table, (long)jv_get_number(job, "attempts", 0));
        columns_add_number(&table, (long)jv_get_number(job, "bytes", 0));
        columns_add(&table, text_of(job, "accepted"));
        columns_add(&table, dead_reason_words(text_of(job, "reason")));
    }
    columns_print(&table);
    printf("共 %zu 个。重新处理：jinmu dead retry 编号；删除：jinmu dead drop 编号。\n",
           jv_count(list));
}

static void print_job(const struct jv *job, zmsg_t *frames)
{
    printf("任务编号  %s\n服务      %s\n尝试次数  %.0f\n接收时间  %s\n原因      %s（%s）\n内容：\n",
           text_of(job, "uuid"), text_of(job, "service"), jv_get_number(job, "attempts", 0),
           text_of(job, "accepted"), dead_reason_words(text_of(job, "reason")),
           text_of(job, "reason"));
    for (zframe_t *frame = zmsg_first(frames); frame; frame = zmsg_next(frames))
        printf("%.*s\n", (int)zframe_size(frame), (const char *)zframe_data(frame));
}

/* {"job":…,"body":[frames as texts]} */
static void print_job_json(struct jv **job, zmsg_t *frames)
{
    struct jv *whole = jv_object(), *body = jv_array();
    for (zframe_t *frame = zmsg_first(frames); frame; frame = zmsg_next(frames)) {
        struct jv *text = jv_read((const char *)zframe_data(frame), zframe_size(frame), NULL);
        jv_push(body, text ? text : jv_of_text(NULL));
    }
    jv_set(whole, "job", *job);
    jv_set(whole, "body", body);
    *job = NULL;
    jv_print(whole);
    jv_destroy(&whole);
}

/* Prints the answer, whose status frame is taken off. The exit status. */
static int print_answer(const struct options *options, zmsg_t *answer)
{
    char *text = zmsg_popstr(answer);
    struct jv *head = text ? jv_read(text, strlen(text), NULL) : NULL;
    if (strcmp(options->what, "list") == 0 && options->json)
        puts(text ? text : "[]");
    else if (strcmp(options->what, "list") == 0)
        print_list(head);
    else if (strcmp(options->what, "show") == 0 && options->json)
        print_job_json(&head, answer);
    else if (strcmp(options->what, "show") == 0)
        print_job(head, answer);
    else if (options->json)
        printf("{\"changed\":%s}\n", text);
    else
        printf(strcmp(options->what, "retry") == 0 ? "重新排队：%s 个\n" : "已删除：%s 个\n", text);
    bool none = text && strcmp(text, "0") == 0 && options->uuid;
    if (none)
        fprintf(stderr, "jinmu dead: no dead job %s\n", options->uuid);
    jv_destroy(&head);
    free(text);
    return none;
}

static zmsg_t *request_of(const struct options *options)
{
    struct jv *request = jv_object();
    jv_set_text(request, "do", options->what);
    if (options->uuid)
        jv_set_text(request, "uuid", options->uuid);
    char *text = jv_write(request);
    zmsg_t *body = zmsg_new();
    zmsg_addstr(body, text);
    free(text);
    jv_destroy(&request);
    return body;
}

static int ask(const struct options *options, const struct running *running, struct fault *fault)
{
    struct mdp_client *client = mdp_client_new_as(running->to_broker, running->broker, fault);
    if (!client)
        return 2;
    int status = 2;
    zmsg_t *body = request_of(options);
    zmsg_t *answer = mdp_client_call(client, "jinmu.dead", &body, ANSWER_MS, fault);
    char *code = answer ? zmsg_popstr(answer) : NULL;
    if (code && strcmp(code, "200") == 0) {
        status = print_answer(options, answer);
    } else if (code && strcmp(code, "400") == 0) {
        fprintf(stderr, "jinmu dead: no dead job %s\n", options->uuid ? options->uuid : "");
        status = 1;
    } else if (code && strcmp(code, "403") == 0) {
        fault_set(fault, "access.refused",
                  "only an admin may: this key's role is another (`jinmu keygen admin NAME`)");
    } else if (code) {
        fault_set(fault, "dead.refused", "the broker answered %s", code);
    }
    free(code);
    zmsg_destroy(&answer);
    mdp_client_destroy(&client);
    return status;
}

int verb_dead(int argc, char **argv)
{
    struct options options = {0};
    struct fault fault = {"", ""};
    struct running running = {0};
    char **arguments;
    int status = 2;
    int number = verb_group_read(&(struct verb_group){"dead", verb_at}, argc, argv, &options,
                                 &arguments, &status);
    if (number == NO_VERB)
        return status;
    options.what = verbs[number].name;
    options.uuid = arguments[0];
    if (verbs[number].form.least == 0 && verbs[number].form.most == 1 &&
        options.all == (options.uuid != NULL))
        options_refuse("jinmu dead", "which? say a job's UUID, or --all");
    status = 2;
    zsys_handler_set(NULL);
    if (running_find(&running, options.state, &fault) == 0 && running_check(&running, &fault) == 0)
        status = ask(&options, &running, &fault);
    if (*fault.code)
        fprintf(stderr, "jinmu dead: %s\n", fault.message);
    running_clear(&running);
    return status;
}
