#include "services/worker/bulk_judge.h"

#include "common/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* Judging takes all the processor that it gets; everybody else needs little, at once. */
enum { NICE = 10 };
enum { LOOKS = 30 }; /* so many, at least, find the thread at the same project before it stands */

struct bulk_judge {
    zactor_t *actor;
    assignment_judge_fn *how;
    struct judge *judge;
    struct assignment *assignment; /* NULL: nothing is to be done */
    size_t project_bytes;
    /* How often the thread has got to another project. Written by who hands something over and read by
     * who takes it, so that checkers, which do not know ZeroMQ's pipes, see the order too. */
    _Atomic uint64_t moves;
    uint64_t seen_moves; /* at the last look */
    int64_t looked_ms;   /* when that was */
    int64_t stood_ms;    /* since when, as far as somebody looked, it has been at one project */
    int64_t standstill_ms;
};

/* Messages of the pipe: to the thread "begin"; from it a batch of records, or nothing at the end. */
static const char begin[] = "begin";

static void note_move(void *argument)
{
    struct bulk_judge *bulk_judge = argument;
    atomic_fetch_add(&bulk_judge->moves, 1);
}

/* What the thread works with. */
struct work {
    struct bulk_judge *bulk_judge;
    zsock_t *pipe;
};

static void send_records(struct strbuf *records, void *argument)
{
    struct work *work = argument;
    struct strbuf *batch = xcalloc(1, sizeof *batch);
    *batch = *records;
    *records = (struct strbuf){0};
    note_move(work->bulk_judge);
    zsock_send(work->pipe, "p", batch);
}

static void judge_assignment(struct bulk_judge *bulk_judge, zsock_t *pipe)
{
    struct work work = {bulk_judge, pipe};
    atomic_load(&bulk_judge->moves);
    bulk_judge->how(bulk_judge->assignment, bulk_judge->judge, bulk_judge->project_bytes,
                    &(struct judging_calls){send_records, &work, note_move, bulk_judge});
    note_move(bulk_judge);
    zsock_send(pipe, "p", NULL);
}

static void run(zsock_t *pipe, void *argument)
{
    if (setpriority(PRIO_PROCESS, 0, NICE)) /* of this thread, on Linux */
        log_warning("nice_failed", "reason=\"%s\"", strerror(errno));
    zsock_signal(pipe, 0);
    for (;;) {
        char *command = zstr_recv(pipe);
        bool ending = command && strcmp(command, "$TERM") == 0;
        if (command && strcmp(command, begin) == 0)
            judge_assignment(argument, pipe);
        zstr_free(&command);
        if (ending)
            return;
    }
}

struct bulk_judge *bulk_judge_new(assignment_judge_fn *judge, int64_t standstill_ms)
{
    struct bulk_judge *bulk_judge = xcalloc(1, sizeof *bulk_judge);
    bulk_judge->how = judge;
    bulk_judge->standstill_ms = standstill_ms;
    bulk_judge->actor = zactor_new(run, bulk_judge);
    return bulk_judge;
}

void bulk_judge_destroy(struct bulk_judge **bulk_judge)
{
    if (!*bulk_judge)
        return;
    struct strbuf records = {0};
    while ((*bulk_judge)->assignment) {
        zmq_pollitem_t item = {zsock_resolve((*bulk_judge)->actor), 0, ZMQ_POLLIN, 0};
        zmq_poll(&item, 1, bulk_judge_wait_ms(*bulk_judge));
        bulk_judge_take(*bulk_judge, &records);
        bulk_judge_watch(*bulk_judge);
    }
    strbuf_free(&records);
    zactor_destroy(&(*bulk_judge)->actor);
    free(*bulk_judge);
    *bulk_judge = NULL;
}

void bulk_judge_begin(struct bulk_judge *bulk_judge, struct judge *judge,
                      struct assignment *assignment, size_t project_bytes)
{
    bulk_judge->judge = judge;
    bulk_judge->assignment = assignment;
    bulk_judge->project_bytes = project_bytes;
    note_move(bulk_judge);
    bulk_judge->looked_ms = zclock_mono();
    zstr_send(bulk_judge->actor, begin);
}

struct assignment *bulk_judge_current(const struct bulk_judge *bulk_judge)
{
    return bulk_judge->assignment;
}

enum bulk_output bulk_judge_take(struct bulk_judge *bulk_judge, struct strbuf *records)
{
    struct strbuf *batch = NULL;
    if (!(zsock_events(zactor_sock(bulk_judge->actor)) & ZMQ_POLLIN) ||
        zsock_recv(bulk_judge->actor, "p", &batch))
        return BULK_NOTHING;
    atomic_load(&bulk_judge->moves);
    if (!batch) {
        bulk_judge->assignment = NULL;
        return BULK_ENDED;
    }
    strbuf_free(records);
    *records = *batch;
    free(batch);
    return BULK_RECORDS;
}

zsock_t *bulk_judge_socket(struct bulk_judge *bulk_judge)
{
    return zactor_sock(bulk_judge->actor);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* From one look to the next; what is longer counts as this. */
static int64_t look_ms(const struct bulk_judge *bulk_judge)
{
    return bulk_judge->standstill_ms / LOOKS;
}

void bulk_judge_watch(struct bulk_judge *bulk_judge)
{
    int64_t now = zclock_mono();
    uint64_t moves = atomic_load(&bulk_judge->moves);
    if (!bulk_judge->assignment || moves != bulk_judge->seen_moves)
        bulk_judge->stood_ms = 0;
    else
        bulk_judge->stood_ms += least(now - bulk_judge->looked_ms, look_ms(bulk_judge));
    bulk_judge->seen_moves = moves;
    bulk_judge->looked_ms = now;
    if (bulk_judge->stood_ms < bulk_judge->standstill_ms)
        return;
    log_error("judging_stands", "ms=%lld", (long long)bulk_judge->stood_ms);
    abort();
}

int bulk_judge_wait_ms(const struct bulk_judge *bulk_judge)
{
    if (!bulk_judge->assignment)
        return -1;
    return (int)least(bulk_judge->standstill_ms - bulk_judge->stood_ms, look_ms(bulk_judge));
}
