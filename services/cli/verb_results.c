/* jinmu results: what is stored. */
#include "common/options.h"
#include "services/cli/verbs.h"

#include "services/cli/event_line.h"
#include "services/cli/running.h"
#include "services/collector/inquiry.h"

#include <stdlib.h>
#include <string.h>

enum { ANSWER_MS = 10000 };

struct options {
    const char *state;
    const char *id;
    int64_t since;
    int64_t limit; /* -1: none */
};

static const struct option_row option_rows[] = {
    STATE_OPTION(struct options),
    NUMBER_OPTION(struct options, since, "since", 'n', 0, INT64_MAX, "Only those after event N"),
    NUMBER_OPTION(struct options, limit, "limit", 'l', 0, INT64_MAX, "At most N"),
    {0}};
static const struct command_form form = {
    option_rows, 0, 1, "[ID]",
    "Prints stored results, one JSON object a line, each with the number of its event; with an ID, "
    "those of that project."};

/* Prints rows and keeps the last event's number. */
struct printing {
    int64_t last, printed;
};

/* That projects are judged again is no result. */
static bool is_notice(const struct inquiry_row *row)
{
    return strncmp(row->topic, "reclassify.", 11) == 0;
}

static void print_row(const struct inquiry_row *row, void *argument)
{
    struct printing *printing = argument;
    printing->last = row->event;
    if (is_notice(row))
        return;
    event_line_print(row->event, NULL, row->json, stdout);
    printing->printed++;
}

static int print_since(struct inquiry *inquiry, const struct options *options, struct fault *fault)
{
    struct printing printing = {.last = options->since};
    int64_t limit = options->limit < 0 ? INT64_MAX : options->limit;
    int rows = 1;
    while (rows > 0 && printing.printed < limit)
        rows = inquiry_events(inquiry, printing.last, limit - printing.printed, ANSWER_MS,
                              print_row, &printing, NULL, fault);
    return rows < 0 ? 2 : 0;
}

static int print_project(struct inquiry *inquiry, const char *id, struct fault *fault)
{
    struct printing printing = {0};
    int rows = inquiry_project(inquiry, id, ANSWER_MS, print_row, &printing, fault);
    if (rows == 0)
        fprintf(stderr, "jinmu results: no result of a project '%s'\n", id);
    return rows < 0 ? 2 : rows == 0;
}

int verb_results(int argc, char **argv)
{
    struct options options = {.limit = -1};
    struct fault fault = {"", ""};
    struct running running = {0};
    struct inquiry *inquiry = NULL;
    int status = 2;
    options.id = options_read(&form, argc, argv, &options)[0];
    zsys_handler_set(NULL);
    if (running_find(&running, options.state, &fault) == 0 &&
        running_check(&running, &fault) == 0 &&
        (inquiry = inquiry_new_as(running.to_collector, running.collector, &fault)))
        status = options.id ? print_project(inquiry, options.id, &fault)
                            : print_since(inquiry, &options, &fault);
    if (*fault.code)
        fprintf(stderr, "jinmu results: %s\n", fault.message);
    inquiry_destroy(&inquiry);
    running_clear(&running);
    return status;
}
