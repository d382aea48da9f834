#include "services/cli/bulk.h"

#include "common/mdp.h"
#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>

enum {
    OUTSTANDING = 8, /* requests: enough for a worker a core, few enough to stop soon */
    LOOK_MS = 2,     /* before an unfinished request is asked for again; doubles */
    LOOK_MAX_MS = 100,
    FULL_MS = 500, /* before a full queue is tried again */
    RECEIPT_BYTES = 33,
};

struct bulk {
    struct mdp_client *client;
    struct ticket {
        char receipt[RECEIPT_BYTES];
        size_t projects;
    } tickets[OUTSTANDING]; /* oldest first, in a ring */
    size_t first, count;
    size_t done, failed;
    bulk_waits_fn *waits;
    void *waits_argument;
};

struct bulk *bulk_new(const struct running *running, struct fault *fault)
{
    struct bulk *bulk = xcalloc(1, sizeof *bulk);
    bulk->client = mdp_client_new_as(running->to_broker, running->broker, fault);
    if (!bulk->client)
        bulk_destroy(&bulk);
    return bulk;
}

void bulk_on_waiting(struct bulk *bulk, bulk_waits_fn *waits, void *argument)
{
    bulk->waits = waits;
    bulk->waits_argument = argument;
}

void bulk_destroy(struct bulk **bulk)
{
    if (!*bulk)
        return;
    mdp_client_destroy(&(*bulk)->client);
    free(*bulk);
    *bulk = NULL;
}

/* Puts a request into the queue, again and again while that is full. */
static int put(struct bulk *bulk, const char *body, size_t bytes, bool summary,
               char receipt[RECEIPT_BYTES], struct fault *fault)
{
    for (;;) {
        zmsg_t *request = zmsg_new();
        zmsg_addmem(request, body, bytes);
        zmsg_addstr(request,
                    summary ? "{\"again\":true,\"reply\":\"summary\"}" : "{\"again\":true}");
        int status = titanic_request(bulk->client, "classify", "bulk", &request, receipt, fault);
        zmsg_destroy(&request);
        if (status == 200)
            return 0;
        if (zsys_interrupted)
            return fault_set(fault, "cli.interrupted", "interrupted");
        if (status != 503)
            return -1;
        if (bulk->waits)
            bulk->waits(fault->message, bulk->waits_argument);
        zclock_sleep(FULL_MS);
    }
}

/* Waits for an answer: 1 with it, 0 when the request failed for good, -1 with a fault. */
static int await(struct bulk *bulk, const char *receipt, zmsg_t **answer, struct fault *fault)
{
    int pause = LOOK_MS;
    for (;;) {
        int status = titanic_reply(bulk->client, receipt, answer, fault);
        if (status == 200)
            break;
        if (status < 0 || zsys_interrupted)
            return zsys_interrupted ? fault_set(fault, "cli.interrupted", "interrupted") : -1;
        if (status != 300)
            return 0;
        zclock_sleep(pause);
        pause = 2 * pause < LOOK_MAX_MS ? 2 * pause : LOOK_MAX_MS;
    }
    return titanic_close(bulk->client, receipt, fault) < 0 ? -1 : 1;
}

static bool is_error(zmsg_t *answer)
{
    char *text = zmsg_popstr(answer);
    bool error = !text || strncmp(text, "{\"error\"", 8) == 0;
    free(text);
    return error;
}

static int finish_first(struct bulk *bulk, struct fault *fault)
{
    struct ticket *ticket = &bulk->tickets[bulk->first];
    zmsg_t *answer = NULL;
    int got = await(bulk, ticket->receipt, &answer, fault);
    if (got < 0)
        return -1;
    if (got == 0 || is_error(answer))
        bulk->failed += ticket->projects;
    else
        bulk->done += ticket->projects;
    zmsg_destroy(&answer);
    bulk->first = (bulk->first + 1) % OUTSTANDING;
    bulk->count--;
    return 0;
}

int bulk_submit(struct bulk *bulk, const char *body, size_t bytes, size_t projects,
                struct fault *fault)
{
    if (bulk->count == OUTSTANDING && finish_first(bulk, fault))
        return -1;
    struct ticket *ticket = &bulk->tickets[(bulk->first + bulk->count) % OUTSTANDING];
    if (put(bulk, body, bytes, true, ticket->receipt, fault))
        return -1;
    ticket->projects = projects;
    bulk->count++;
    return 0;
}

int bulk_finish(struct bulk *bulk, struct fault *fault)
{
    while (bulk->count)
        if (finish_first(bulk, fault))
            return -1;
    return 0;
}

char *bulk_ask(struct bulk *bulk, const char *body, size_t bytes, struct fault *fault)
{
    char receipt[RECEIPT_BYTES];
    zmsg_t *answer = NULL;
    if (put(bulk, body, bytes, false, receipt, fault))
        return NULL;
    int got = await(bulk, receipt, &answer, fault);
    char *text = got > 0 ? zmsg_popstr(answer) : NULL;
    zmsg_destroy(&answer);
    return text;
}

size_t bulk_done(const struct bulk *bulk)
{
    return bulk->done;
}

size_t bulk_failed(const struct bulk *bulk)
{
    return bulk->failed;
}
