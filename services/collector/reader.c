#include "services/collector/reader.h"

#include "common/json.h"
#include "common/store.h"
#include "common/strbuf.h"
#include "services/collector/lists.h"
#include "services/collector/results.h"

#include <stdlib.h>
#include <string.h>

enum {
    ANSWER_MS_MAX = 4000, /* then a question is given up */
    OPCODES = 20000,      /* of SQLite, between two looks at the clock */
    CACHE_KIB = 32768,
};

struct reader {
    zactor_t *actor;
    struct results_view view;
    int64_t until; /* monotonic ms: when the question at hand is given up */
};

static int is_too_late(void *argument)
{
    const struct reader *reader = argument;
    return zclock_mono() > reader->until;
}

static void write_refusal(struct strbuf *answer, const struct fault *fault)
{
    struct jv *body = jv_object(), *error = jv_object();
    jv_set_text(error, "code", fault->code);
    jv_set_text(error, "message", fault->message);
    jv_set(body, "error", error);
    strbuf_reset(answer);
    jv_append(body, answer);
    jv_destroy(&body);
}

static void answer_question(struct reader *reader, zframe_t *frame, struct strbuf *answer)
{
    struct fault fault = {"", ""};
    struct jv *question = jv_read((const char *)zframe_data(frame), zframe_size(frame), &fault);
    list_fn *list = lists_find(jv_get_text(question, "ask"));
    reader->until = zclock_mono() + ANSWER_MS_MAX;
    int failed = !list || list(reader->view.store, question, answer, &fault);
    if (failed && is_too_late(reader))
        fault_set(&fault, "question.too_slow", "要查的内容太多，请缩小范围");
    if (failed)
        write_refusal(answer, &fault);
    jv_destroy(&question);
}

/* Messages of the pipe, both ways: peer, number, JSON. */
static void run(zsock_t *pipe, void *argument)
{
    struct reader *reader = argument;
    zsock_signal(pipe, 0);
    for (;;) {
        zmsg_t *message = zmsg_recv(pipe);
        if (!message)
            continue;
        if (zmsg_size(message) < 3) { /* $TERM */
            zmsg_destroy(&message);
            return;
        }
        struct strbuf answer = {0};
        zframe_t *question = zmsg_last(message);
        zmsg_remove(message, question);
        answer_question(reader, question, &answer);
        zmsg_addmem(message, answer.text, answer.length);
        zmsg_send(&message, pipe);
        zframe_destroy(&question);
        strbuf_free(&answer);
    }
}

struct reader *reader_new(const char *path, struct fault *fault)
{
    struct reader *reader = xcalloc(1, sizeof *reader);
    char cache[48];
    snprintf(cache, sizeof cache, "PRAGMA cache_size = -%d", CACHE_KIB);
    if (results_view_open(&reader->view, path, fault) ||
        store_exec(reader->view.store, cache, fault)) {
        reader_destroy(&reader);
        return NULL;
    }
    sqlite3_progress_handler(reader->view.store->db, OPCODES, is_too_late, reader);
    reader->until = INT64_MAX;
    reader->actor = zactor_new(run, reader);
    return reader;
}

void reader_destroy(struct reader **reader)
{
    if (!*reader)
        return;
    zactor_destroy(&(*reader)->actor);
    results_view_close(&(*reader)->view);
    free(*reader);
    *reader = NULL;
}

void reader_ask(struct reader *reader, zframe_t *peer, uint64_t number, zframe_t *question)
{
    zmsg_t *message = zmsg_new();
    zframe_t *copy = zframe_dup(peer);
    zmsg_append(message, &copy);
    zmsg_addmem(message, &number, sizeof number);
    copy = zframe_dup(question);
    zmsg_append(message, &copy);
    zmsg_send(&message, reader->actor);
}

zsock_t *reader_socket(struct reader *reader)
{
    return zactor_sock(reader->actor);
}

zframe_t *reader_take(struct reader *reader, zframe_t **peer, uint64_t *number)
{
    if (!(zsock_events(zactor_sock(reader->actor)) & ZMQ_POLLIN))
        return NULL;
    zmsg_t *message = zmsg_recv(reader->actor);
    *peer = zmsg_pop(message);
    zframe_t *count = zmsg_pop(message), *answer = zmsg_pop(message);
    memcpy(number, zframe_data(count), sizeof *number);
    zframe_destroy(&count);
    zmsg_destroy(&message);
    return answer;
}
