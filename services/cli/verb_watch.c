/* jinmu watch: the event stream, whole: what a subscriber missed is asked from the store. */
#include "common/options.h"
#include "services/cli/verbs.h"

#include "common/guard.h"
#include "services/cli/event_line.h"
#include "services/cli/running.h"
#include "services/collector/inquiry.h"

#include <czmq.h>
#include <stdlib.h>
#include <string.h>

enum {
    ANSWER_MS = 10000,
    LOOK_MS = 1000, /* so often the store is asked all the same */
    ROWS = 1000,
};

struct options {
    const char *state;
    int64_t since; /* -1: from now on */
};

static const struct option_row option_rows[] = {
    STATE_OPTION(struct options),
    NUMBER_OPTION(struct options, since, "since", 'n', 0, INT64_MAX,
                  "Begin behind event N (default: with what happens from now on)"),
    {0}};
static const struct command_form form = {
    option_rows, 0, 0, "",
    "Prints every event as it happens, one JSON object a line, in order and without a gap. Goes on "
    "until it is stopped."};

struct watch {
    const struct running *running;
    struct inquiry *inquiry;
    zsock_t *subscriber;
    int64_t last;       /* printed */
    int64_t looked;     /* when the store was asked last */
    struct fault fault; /* why it cannot go on */
};

static void print_event(struct watch *watch, int64_t event, const char *topic, const char *json)
{
    if (event <= watch->last)
        return;
    event_line_print(event, topic, json, stdout);
    fflush(stdout);
    watch->last = event;
}

static void print_row(const struct inquiry_row *row, void *argument)
{
    print_event(argument, row->event, row->topic, row->json);
}

/* Why nothing will come any more; a collector that is silent may be back soon. */
static void judge_failure(struct watch *watch, const struct fault *why)
{
    const struct running *running = watch->running;
    struct fault refusal;
    if (strcmp(why->code, "events.ahead") == 0)
        watch->fault = *why;
    else if (running->to_collector &&
             guard_greet(running->collector, running->to_collector, &refusal) &&
             strcmp(refusal.code, "keys.refused") == 0)
        watch->fault = refusal;
}

/* Prints what the store has behind the last event printed, when it answers now. A store that does not
 * know that event any more is another one: to wait for its numbers would be to miss some. */
static void catch_up(struct watch *watch)
{
    struct fault why;
    int rows;
    do
        rows = inquiry_events(watch->inquiry, watch->last, ROWS, ANSWER_MS, print_row, watch, NULL,
                              &why);
    while (rows == ROWS);
    watch->looked = zclock_mono();
    if (rows < 0)
        judge_failure(watch, &why);
}

static void handle_event(struct watch *watch)
{
    char *topic = NULL, *number = NULL, *json = NULL;
    if (zstr_recvx(watch->subscriber, &topic, &number, &json, NULL) == 3) {
        int64_t event = strtoll(number, NULL, 10);
        if (event > watch->last + 1)
            catch_up(watch);
        if (event == watch->last + 1)
            print_event(watch, event, topic, json);
    }
    zstr_free(&topic);
    zstr_free(&number);
    zstr_free(&json);
}

static void ignore_row(const struct inquiry_row *row, void *argument)
{
    (void)row;
    (void)argument;
}

/* Subscribes before it asks for what is stored: nothing can fall between the two. */
static int start(struct watch *watch, const struct running *running, int64_t since,
                 struct fault *fault)
{
    watch->subscriber = zsock_new(ZMQ_SUB);
    zsock_set_subscribe(watch->subscriber, "");
    guard_identify(watch->subscriber, running->to_collector);
    if (zsock_connect(watch->subscriber, "%s", running->events))
        return fault_set(fault, "watch.connect", "%s: %s", running->events,
                         zmq_strerror(zmq_errno()));
    watch->inquiry = inquiry_new_as(running->to_collector, running->collector, fault);
    if (!watch->inquiry)
        return -1;
    if (since >= 0) {
        watch->last = since;
        return 0;
    }
    int rows =
        inquiry_events(watch->inquiry, 0, 0, ANSWER_MS, ignore_row, NULL, &watch->last, fault);
    return rows < 0 ? -1 : 0;
}

static int follow(struct watch *watch)
{
    catch_up(watch);
    while (!ferror(stdout) && !*watch->fault.code) {
        zmq_pollitem_t item = {zsock_resolve(watch->subscriber), 0, ZMQ_POLLIN, 0};
        if (zmq_poll(&item, 1, LOOK_MS) > 0)
            handle_event(watch);
        if (zclock_mono() - watch->looked >= LOOK_MS)
            catch_up(watch);
    }
    return 2;
}

int verb_watch(int argc, char **argv)
{
    struct options options = {.since = -1};
    struct fault fault = {"", ""};
    struct running running = {0};
    struct watch watch = {.running = &running};
    int status = 2;
    options_read(&form, argc, argv, &options);
    zsys_handler_set(NULL);
    if (running_find(&running, options.state, &fault) == 0 &&
        running_check(&running, &fault) == 0 && start(&watch, &running, options.since, &fault) == 0)
        status = follow(&watch);
    if (*watch.fault.code)
        fault = watch.fault;
    if (*fault.code)
        fprintf(stderr, "jinmu watch: %s\n", fault.message);
    zsock_destroy(&watch.subscriber);
    inquiry_destroy(&watch.inquiry);
    running_clear(&running);
    return status;
}
