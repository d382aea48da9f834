/* jinmu cancel: requests that are still queued, taken back by their receipts. */
#include "common/options.h"
#include "services/cli/verbs.h"

#include "common/json.h"
#include "common/mdp.h"
#include "services/cli/running.h"

#include <czmq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MS = 10000, RECEIPT_DIGITS = 32 };

struct options {
    const char *state;
};

static const struct option_row option_rows[] = {STATE_OPTION(struct options), {0}};
static const struct command_form form = {
    option_rows, 1, ARGUMENTS_ANY, "RECEIPT… | -",
    "Takes requests back that no worker has begun. \"-\": their receipts are read from standard "
    "input, as `jinmu submit` printed them or one a line. The exit status is 1 when one could not "
    "be "
    "taken back."};

/* What became of the requests. */
struct cancelling {
    struct mdp_client *client;
    long cancelled, begun, unknown;
};

/* 0, or -1 with a fault when there was no answer. */
static int cancel(struct cancelling *cancelling, const char *receipt, struct fault *fault)
{
    zmsg_t *body = zmsg_new();
    zmsg_addstr(body, receipt);
    zmsg_t *answer = mdp_client_call(cancelling->client, "jinmu.cancel", &body, ANSWER_MS, fault);
    if (!answer)
        return -1;
    char *status = zmsg_popstr(answer);
    int code = status ? atoi(status) : 0, failed = 0;
    if (code == 200)
        cancelling->cancelled++;
    else if (code == 409)
        cancelling->begun++;
    else if (code == 400)
        cancelling->unknown++;
    else
        failed = fault_set(fault, "cancel.refused", "the broker answered %d", code);
    if (code == 400 || code == 409)
        fprintf(stderr, "%s：%s\n", receipt,
                code == 409 ? "已开始处理，不能撤回" : "没有这个任务，或已处理完");
    free(status);
    zmsg_destroy(&answer);
    return failed;
}

/* Of a line that is a receipt, or the JSON object that holds one. */
static int cancel_line(struct cancelling *cancelling, const char *line, size_t length,
                       struct fault *fault)
{
    struct jv *json = length > RECEIPT_DIGITS ? jv_read(line, length, NULL) : NULL;
    const char *receipt = json ? jv_get_text(json, "receipt") : line;
    int failed =
        receipt ? cancel(cancelling, receipt, fault)
                : fault_set(fault, "input.no_receipt", "a line without a receipt: %.40s", line);
    jv_destroy(&json);
    return failed;
}

static int cancel_lines(struct cancelling *cancelling, struct fault *fault)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    int failed = 0;
    while (!failed && (length = getline(&line, &capacity, stdin)) > 0) {
        while (length > 0 && strchr("\r\n", line[length - 1]))
            line[--length] = 0;
        if (length > 0)
            failed = cancel_line(cancelling, line, (size_t)length, fault);
    }
    free(line);
    return failed;
}

static int cancel_all(const struct running *running, char **receipts, struct fault *fault)
{
    struct cancelling cancelling = {0};
    cancelling.client = mdp_client_new_as(running->to_broker, running->broker, fault);
    if (!cancelling.client)
        return 2;
    int failed = 0;
    for (; *receipts && !failed; receipts++)
        failed = strcmp(*receipts, "-") == 0 ? cancel_lines(&cancelling, fault)
                                             : cancel(&cancelling, *receipts, fault);
    printf("已撤回 %ld 个任务", cancelling.cancelled);
    if (cancelling.begun || cancelling.unknown)
        printf("；%ld 个已开始处理，%ld 个不存在或已处理完，没有撤回", cancelling.begun,
               cancelling.unknown);
    puts("。");
    mdp_client_destroy(&cancelling.client);
    return failed ? 2 : cancelling.begun + cancelling.unknown > 0;
}

int verb_cancel(int argc, char **argv)
{
    struct options options = {0};
    struct fault fault = {"", ""};
    struct running running = {0};
    int status = 2;
    char **receipts = options_read(&form, argc, argv, &options);
    zsys_handler_set(NULL);
    if (running_find(&running, options.state, &fault) == 0 && running_check(&running, &fault) == 0)
        status = cancel_all(&running, receipts, &fault);
    if (*fault.code)
        fprintf(stderr, "jinmu cancel: %s\n", fault.message);
    running_clear(&running);
    return status;
}
