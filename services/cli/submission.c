#include "services/cli/submission.h"

#include "common/json.h"
#include "common/mdp.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    LANES = 8,        /* requests in flight */
    ANSWER_MS = 3000, /* then the same is asked again, on a new connection */
    PATIENCE_MS = 60000,
    PENDING_MIN_MS = 2, /* before an unfinished batch is asked for again; doubles */
    PENDING_MAX_MS = 200,
    FULL_MS = 500, /* before a full queue is tried again, when it does not say */
    KEY_BYTES = 16,
    RECEIPT_BYTES = 33,
};

enum phase { PHASE_SUBMIT, PHASE_REPLY, PHASE_CLOSE };
static const char *const phase_services[] = {"jinmu.submit", "titanic.reply", "titanic.close"};

/* One connection with at most one request on its way. */
struct lane {
    struct mdp_client *client;
    bool busy; /* has a batch */
    bool asked;
    enum phase phase;
    size_t batch;
    int64_t ask_at;    /* when not asked: not before */
    int64_t answer_by; /* when asked */
    int pause_ms;
};

struct submission {
    const struct batches *batches;
    const struct submission_options *options;
    const struct submission_watch *watch;
    char key[2 * KEY_BYTES + 1];
    struct lane lanes[LANES];
    char (*receipts)[RECEIPT_BYTES];
    zmsg_t **answers;        /* those that came before their turn */
    struct fault **failures; /* why no answer comes, of those likewise */
    enum phase pass;         /* first all are submitted, then all are asked for */
    size_t next;             /* batch of this pass to be given to a lane */
    size_t done;             /* batches of this pass */
    size_t told;             /* answers and failures given to the watcher */
    size_t projects_done;
    int64_t heard; /* of the broker, last */
    struct fault fault;
    bool failed;
};

static void report(struct submission *submission, const char *why)
{
    if (submission->watch->progress)
        submission->watch->progress(submission->projects_done, why, submission->watch->argument);
}

static void fail(struct submission *submission, const char *code, const char *message)
{
    submission->failed = true;
    fault_set(&submission->fault, code, "%s", message);
}

static char *options_json(const struct submission *submission, size_t batch)
{
    struct strbuf key = {0};
    strbuf_printf(&key, "%s-%zu", submission->key, batch);
    struct jv *options = jv_object();
    jv_set_text(options, "priority", submission->options->bulk ? "bulk" : "interactive");
    jv_set_text(options, "idempotency_key", key.text);
    if (submission->options->delay_s)
        jv_set_number(options, "delay_ms", 1000.0 * (double)submission->options->delay_s);
    if (submission->options->deadline_s)
        jv_set_number(options, "deadline_ms", 1000.0 * (double)submission->options->deadline_s);
    char *text = jv_write(options);
    jv_destroy(&options);
    strbuf_free(&key);
    return text;
}

static zmsg_t *question_of(const struct submission *submission, const struct lane *lane)
{
    zmsg_t *body = zmsg_new();
    if (lane->phase != PHASE_SUBMIT) {
        zmsg_addstr(body, submission->receipts[lane->batch]);
        return body;
    }
    const struct batch *batch = &submission->batches->all[lane->batch];
    char *options = options_json(submission, lane->batch);
    zmsg_addstr(body, options);
    free(options);
    zmsg_addstr(body, "classify");
    zmsg_addmem(body, batch->body, batch->bytes);
    if (submission->options->bulk && !submission->options->wait)
        zmsg_addstr(body, "{\"reply\":\"summary\"}");
    return body;
}

/* Sends the lane's question; after a silence over a new connection, so that a late answer to the
 * first one is not taken for it. */
static void ask(struct submission *submission, struct lane *lane, bool anew)
{
    if (anew)
        mdp_client_destroy(&lane->client);
    if (!lane->client)
        lane->client = mdp_client_new_as(submission->options->identity, submission->options->broker,
                                         &submission->fault);
    zmsg_t *body = lane->client ? question_of(submission, lane) : NULL;
    if (!body ||
        mdp_client_send(lane->client, phase_services[lane->phase], &body, &submission->fault))
        submission->failed = true;
    lane->asked = true;
    lane->answer_by = zclock_mono() + ANSWER_MS;
}

static void finish_batch(struct submission *submission, struct lane *lane)
{
    lane->busy = false;
    submission->done++;
}

static void tell_answer(struct submission *submission, size_t batch)
{
    zmsg_t **answer = &submission->answers[batch];
    zframe_t *body = zmsg_first(*answer);
    if (submission->watch->answered)
        submission->watch->answered(batch, body ? (const char *)zframe_data(body) : "",
                                    body ? zframe_size(body) : 0, submission->watch->argument);
    zmsg_destroy(answer);
}

static void tell_failure(struct submission *submission, size_t batch)
{
    struct fault **why = &submission->failures[batch];
    if (submission->watch->failed)
        submission->watch->failed(batch, submission->receipts[batch], *why,
                                  submission->watch->argument);
    free(*why);
    *why = NULL;
}

/* Tells of a batch what is known. Whether anything is. */
static bool tell(struct submission *submission, size_t batch)
{
    if (submission->answers[batch])
        tell_answer(submission, batch);
    else if (submission->failures[batch])
        tell_failure(submission, batch);
    else
        return false;
    return true;
}

static void tell_in_turn(struct submission *submission)
{
    while (submission->told < submission->batches->count && tell(submission, submission->told))
        submission->told++;
}

static void note_failure(struct submission *submission, size_t batch, const char *code,
                         const char *message)
{
    submission->failures[batch] = xcalloc(1, sizeof **submission->failures);
    fault_set(submission->failures[batch], code, "%s", message);
}

/* All is given up: what came must not be lost with it, nor the receipts of what did not. */
static void tell_rest(struct submission *submission)
{
    for (size_t i = submission->told; i < submission->batches->count; i++) {
        if (!submission->answers[i] && !submission->failures[i] && *submission->receipts[i])
            note_failure(submission, i, "submission.unanswered", "已接收，但没有等到结果");
        tell(submission, i);
    }
}

/* What a broker that refuses says why, and how long to wait. */
static void read_refusal(zmsg_t *answer, struct fault *fault, int *pause_ms)
{
    zframe_t *frame = zmsg_first(answer);
    struct jv *body =
        frame ? jv_read((const char *)zframe_data(frame), zframe_size(frame), NULL) : NULL;
    const struct jv *error = jv_get(body, "error");
    const char *code = jv_get_text(error, "code"), *message = jv_get_text(error, "message");
    double seconds = jv_get_number(error, "retry_after_s", 0);
    fault_set(fault, code ? code : "broker.refused", "%s",
              message ? message : "the broker refused the request");
    *pause_ms = seconds > 0 ? (int)(seconds * 1000) : FULL_MS;
    jv_destroy(&body);
}

static void take_submitted(struct submission *submission, struct lane *lane, zmsg_t *answer)
{
    zframe_t *receipt = zmsg_first(answer);
    if (!receipt || zframe_size(receipt) != RECEIPT_BYTES - 1) {
        fail(submission, "mdp.malformed", "the broker's receipt is no UUID");
        return;
    }
    char *text = submission->receipts[lane->batch];
    memcpy(text, zframe_data(receipt), RECEIPT_BYTES - 1);
    if (submission->watch->accepted)
        submission->watch->accepted(lane->batch, text, submission->watch->argument);
    submission->projects_done += submission->batches->all[lane->batch].projects;
    finish_batch(submission, lane);
}

static void take_reply(struct submission *submission, struct lane *lane, zmsg_t **answer)
{
    submission->answers[lane->batch] = *answer;
    *answer = NULL;
    submission->projects_done += submission->batches->all[lane->batch].projects;
    tell_in_turn(submission);
    lane->phase = PHASE_CLOSE;
    ask(submission, lane, false);
}

/* The broker has no answer to this one, and will have none; the others go on. */
static void take_failure(struct submission *submission, struct lane *lane, long status,
                         const struct fault *refusal)
{
    if (status == 400)
        note_failure(submission, lane->batch, "receipt.unknown", "已被撤回或删除");
    else
        note_failure(submission, lane->batch, refusal->code, refusal->message);
    finish_batch(submission, lane);
    tell_in_turn(submission);
}

static void wait_and_ask_again(struct lane *lane, int pause_ms)
{
    lane->asked = false;
    lane->ask_at = zclock_mono() + pause_ms;
}

/* Handles the answer that a lane got: its status and what follows it. */
static void take_answer(struct submission *submission, struct lane *lane, zmsg_t **answer)
{
    char *text = zmsg_popstr(*answer);
    long status = text ? strtol(text, NULL, 10) : 0;
    free(text);
    struct fault refusal;
    int pause_ms;
    submission->heard = zclock_mono();
    if (status == 300 && lane->phase == PHASE_REPLY) {
        wait_and_ask_again(lane, lane->pause_ms);
        lane->pause_ms = 2 * lane->pause_ms < PENDING_MAX_MS ? 2 * lane->pause_ms : PENDING_MAX_MS;
    } else if (status == 503) {
        read_refusal(*answer, &refusal, &pause_ms);
        wait_and_ask_again(lane, pause_ms);
        report(submission, refusal.message);
    } else if (lane->phase == PHASE_CLOSE) {
        finish_batch(submission, lane);
    } else if (status != 200) {
        read_refusal(*answer, &refusal, &pause_ms);
        if (lane->phase == PHASE_REPLY && (status == 400 || status == 500))
            take_failure(submission, lane, status, &refusal);
        else
            fail(submission, refusal.code, refusal.message);
    } else if (lane->phase == PHASE_SUBMIT) {
        take_submitted(submission, lane, *answer);
    } else {
        take_reply(submission, lane, answer);
    }
    report(submission, NULL);
}

static void start_batches(struct submission *submission)
{
    for (int i = 0; i < LANES; i++) {
        struct lane *lane = &submission->lanes[i];
        if (lane->busy || submission->next == submission->batches->count)
            continue;
        lane->busy = true;
        lane->phase = submission->pass;
        lane->batch = submission->next++;
        lane->pause_ms = PENDING_MIN_MS;
        ask(submission, lane, false);
    }
}

/* Asks again where it is due, and gives up when the broker was silent for too long. */
static void handle_time(struct submission *submission)
{
    int64_t now = zclock_mono();
    int patience =
        submission->options->patience_ms ? submission->options->patience_ms : PATIENCE_MS;
    for (int i = 0; i < LANES && !submission->failed; i++) {
        struct lane *lane = &submission->lanes[i];
        if (lane->busy && lane->asked && now >= lane->answer_by) {
            report(submission, "the broker is silent: asking again");
            ask(submission, lane, true);
        } else if (lane->busy && !lane->asked && now >= lane->ask_at) {
            ask(submission, lane, false);
        }
    }
    if (now - submission->heard > patience)
        fail(submission, "mdp.timeout", "the broker has not answered for a long time");
}

static long wait_ms(const struct submission *submission)
{
    int64_t until = zclock_mono() + ANSWER_MS;
    for (int i = 0; i < LANES; i++) {
        const struct lane *lane = &submission->lanes[i];
        int64_t due = lane->asked ? lane->answer_by : lane->ask_at;
        if (lane->busy && due < until)
            until = due;
    }
    int64_t wait = until - zclock_mono();
    return wait < 0 ? 0 : (long)wait;
}

static void wait_for_answers(struct submission *submission)
{
    zmq_pollitem_t items[LANES];
    struct lane *polled[LANES];
    int count = 0;
    for (int i = 0; i < LANES; i++) {
        struct lane *lane = &submission->lanes[i];
        if (!lane->busy || !lane->asked)
            continue;
        items[count] =
            (zmq_pollitem_t){zsock_resolve(mdp_client_socket(lane->client)), 0, ZMQ_POLLIN, 0};
        polled[count++] = lane;
    }
    if (zmq_poll(items, count, wait_ms(submission)) < 0)
        return;
    for (int i = 0; i < count && !submission->failed; i++) {
        bool final = false;
        zmsg_t *answer = items[i].revents & ZMQ_POLLIN
                             ? mdp_client_receive(polled[i]->client, 0, &final, NULL, NULL)
                             : NULL;
        if (answer && final)
            take_answer(submission, polled[i], &answer);
        zmsg_destroy(&answer);
    }
}

/* Takes every batch through a pass. */
static void run_pass(struct submission *submission, enum phase pass)
{
    submission->pass = pass;
    submission->next = submission->done = submission->projects_done = 0;
    submission->heard = zclock_mono();
    while (!submission->failed && submission->done < submission->batches->count) {
        start_batches(submission);
        wait_for_answers(submission);
        handle_time(submission);
    }
}

int submission_run(const struct batches *batches, const struct submission_options *options,
                   const struct submission_watch *watch, struct fault *fault)
{
    struct submission *submission = xcalloc(1, sizeof *submission);
    unsigned char random[KEY_BYTES];
    submission->batches = batches;
    submission->options = options;
    submission->watch = watch;
    submission->receipts = xcalloc(batches->count, sizeof *submission->receipts);
    submission->answers = xcalloc(batches->count, sizeof *submission->answers);
    submission->failures = xcalloc(batches->count, sizeof *submission->failures);
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(submission->key, sizeof submission->key, random, sizeof random);

    run_pass(submission, PHASE_SUBMIT);
    if (options->wait && !submission->failed)
        run_pass(submission, PHASE_REPLY);
    if (options->wait)
        tell_rest(submission);

    int status = submission->failed ? -1 : 0;
    if (status && fault)
        *fault = submission->fault;
    for (int i = 0; i < LANES; i++)
        mdp_client_destroy(&submission->lanes[i].client);
    free(submission->failures);
    free(submission->answers);
    free(submission->receipts);
    free(submission);
    return status;
}
