#include "services/worker/bulk_judge.h"

#include "common/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* Judging takes all the processor that it gets; everybody else needs little, at once. */
enum { NICE = 10 };

struct bulk_judge {
    zactor_t *actor;
    struct judge *judge;
    struct assignment *assignment; /* NULL: nothing is to be done */
    size_t project_bytes;
    /* When the thread last got to another project. Written by who hands something over and read by who
     * takes it, so that checkers, which do not know ZeroMQ's pipes, see the order too. */
    _Atomic int64_t moved_ms;
};

/* Messages of the pipe: to the thread "begin"; from it a batch of records, or nothing at the end. */
static const char begin[] = "begin";

static void note_move(void *argument)
{
    struct bulk_judge *bulk_judge = argument;
    atomic_store(&bulk_judge->moved_ms, zclock_mono());
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
    atomic_load(&bulk_judge->moved_ms);
    assignment_judge(bulk_judge->assignment, bulk_judge->judge, bulk_judge->project_bytes,
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

struct bulk_judge *bulk_judge_new(void)
{
    struct bulk_judge *bulk_judge = xcalloc(1, sizeof *bulk_judge);
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
        zmq_poll(&item, 1, -1);
        bulk_judge_take(*bulk_judge, &records);
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
    atomic_load(&bulk_judge->moved_ms);
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

int64_t bulk_judge_stands_ms(const struct bulk_judge *bulk_judge)
{
    return bulk_judge->assignment ? zclock_mono() - atomic_load(&bulk_judge->moved_ms) : 0;
}
