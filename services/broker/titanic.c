/* 9/TSP, the Titanic Service Protocol, and our jinmu.submit beside titanic.request. */
#include "services/broker/broker.h"

#include "common/json.h"
#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_KEY_BYTES = 200, MOST_DELAY_MS = 30 * 86400 * 1000LL };
static const double no_deadline = -1;

/* --- titanic.request and jinmu.submit ------------------------------------------------------- */

struct options {
    enum priority priority;
    char *key; /* or NULL */
    int64_t delay_ms;
    int64_t deadline_ms; /* after its acceptance; 0: none */
};

static int read_options(zmsg_t *body, struct options *options, struct fault *fault)
{
    int status = 0;
    zframe_t *frame = zmsg_pop(body);
    struct jv *json = NULL;
    if (frame)
        json = jv_read((const char *)zframe_data(frame), zframe_size(frame), NULL);
    static const char *const texts[] = {"priority", "idempotency_key"}, *const numbers[] = {
                                                                            "delay_ms",
                                                                            "deadline_ms"};
    const char *priority = jv_get_text(json, "priority");
    const char *key = jv_get_text(json, "idempotency_key");
    double delay = jv_get_number(json, "delay_ms", 0);
    double deadline = jv_get_number(json, "deadline_ms", no_deadline);
    options->priority = priority ? priority_of(priority) : PRIORITY_INTERACTIVE;
    for (int i = 0; i < 2 && !status; i++) /* of a wrong type it would be passed over in silence */
        if ((jv_get(json, texts[i]) && !jv_get_text(json, texts[i])) ||
            (jv_get(json, numbers[i]) && !jv_is_number(jv_get(json, numbers[i]))))
            status = fault_set(fault, "submit.options",
                               "priority and idempotency_key are texts, delay_ms and deadline_ms "
                               "numbers");
    if (status)
        goto done;
    if (!jv_is_object(json))
        status = fault_set(fault, "submit.options", "the options frame is no JSON object");
    else if (options->priority == PRIORITIES)
        status = fault_set(fault, "submit.priority", "priority is neither interactive nor bulk");
    else if (key && (!*key || strlen(key) > MOST_KEY_BYTES))
        status = fault_set(fault, "submit.key", "idempotency_key is empty or over %d bytes",
                           MOST_KEY_BYTES);
    else if (!(delay >= 0 && delay <= (double)MOST_DELAY_MS))
        status = fault_set(fault, "submit.delay", "delay_ms is negative or over 30 days");
    else if (deadline != no_deadline && !(deadline >= 1 && deadline <= (double)MOST_DELAY_MS))
        status = fault_set(fault, "submit.deadline", "deadline_ms is under 1 or over 30 days");
    if (!status) {
        options->key = key ? xstrdup(key) : NULL;
        options->delay_ms = (int64_t)delay;
        options->deadline_ms = deadline == no_deadline ? 0 : (int64_t)deadline;
    }
done:
    jv_destroy(&json);
    zframe_destroy(&frame);
    return status;
}

static char *take_service(zmsg_t *body, struct fault *fault)
{
    char *service = NULL;
    zframe_t *frame = zmsg_pop(body);
    if (frame && mdp_is_service(zframe_data(frame), zframe_size(frame)))
        service = xstrndup((const char *)zframe_data(frame), zframe_size(frame));
    zframe_destroy(&frame);
    if (!service)
        fault_set(fault, "submit.service", "the service's name is missing or unfit");
    else if (is_reserved_service(service))
        fault_set(fault, "submit.service", "%s is a service of the broker", service);
    else if (zmsg_size(body) == 0)
        fault_set(fault, "submit.body", "the request has no body");
    else
        return service;
    free(service);
    return NULL;
}

/* Notes the job for this turn's commit; its sender gets the receipt after that. */
static void accept_request(struct broker *broker, struct answer **answer, zmsg_t **body,
                           struct options *options)
{
    struct fault fault = {0};
    char *service = take_service(*body, &fault);
    if (!service) {
        answer_error(*answer, broker->router, "400", fault.code, fault.message, 0);
        return;
    }
    int64_t bytes = (int64_t)zmsg_content_size(*body);
    const char *code;
    int retry_after_s;
    if (!broker_has_room(broker, bytes, &code, &retry_after_s)) {
        broker->tally.refused++;
        answer_error(*answer, broker->router, "503", code,
                     "the queue takes no more now: try again later", retry_after_s);
        free(service);
        return;
    }
    struct record record = {.service = service,
                            .priority = options->priority,
                            .accepted = zclock_time(),
                            .submitted = broker_next_submitted(broker),
                            .bytes = bytes};
    record.due = record.accepted + options->delay_ms;
    if (options->deadline_ms)
        record.deadline = record.accepted + options->deadline_ms;
    uuid_make(record.uuid);
    struct change *change = change_new(CHANGE_ACCEPT, &record);
    change->body = *body;
    change->key = options->key;
    change->answer = *answer;
    *body = NULL;
    options->key = NULL;
    *answer = NULL;
    record_clear(&record);
    broker_change(broker, change);
}

void titanic_service_request(struct broker *broker, struct answer **answer, zmsg_t **body)
{
    struct options options = {.priority = PRIORITY_INTERACTIVE};
    accept_request(broker, answer, body, &options);
}

void titanic_service_submit(struct broker *broker, struct answer **answer, zmsg_t **body)
{
    struct options options = {0};
    struct fault fault = {0};
    if (read_options(*body, &options, &fault))
        answer_error(*answer, broker->router, "400", fault.code, fault.message, 0);
    else
        accept_request(broker, answer, body, &options);
    free(options.key);
}

/* --- titanic.reply and titanic.close -------------------------------------------------------- */

/* The UUID that is the whole body. False when it cannot be one. */
static bool read_uuid(zmsg_t *body, char uuid[UUID_DIGITS + 1])
{
    zframe_t *frame = zmsg_first(body);
    if (zmsg_size(body) != 1 || zframe_size(frame) != UUID_DIGITS)
        return false;
    memcpy(uuid, zframe_data(frame), UUID_DIGITS);
    uuid[UUID_DIGITS] = 0;
    return strspn(uuid, "0123456789abcdef") == UUID_DIGITS;
}

static void answer_reply(struct broker *broker, const struct answer *answer, int64_t id)
{
    struct fault fault;
    zmsg_t *reply = spool_body(broker->spool, id, &fault);
    if (!reply) {
        answer_error(answer, broker->router, "500", fault.code, fault.message, 0);
        return;
    }
    zmsg_pushstr(reply, "200");
    answer_send(answer, broker->router, MDP_FINAL, &reply);
}

static void answer_dead(struct broker *broker, const struct answer *answer, int64_t id)
{
    char *reason = spool_reason(broker->spool, id);
    answer_error(answer, broker->router, "500", "job.dead",
                 reason ? reason : "the job failed for good", 0);
    free(reason);
}

void titanic_service_reply(struct broker *broker, struct answer **answer, zmsg_t **body)
{
    char uuid[UUID_DIGITS + 1];
    if (!read_uuid(*body, uuid)) {
        answer_status(*answer, broker->router, "400", NULL);
        return;
    }
    struct job *job = broker_find_job(broker, uuid);
    if (job && job->state == JOB_ENDED)
        broker->urgent = true; /* its reply waits for a commit, and somebody for its reply */
    if (job) {
        answer_status(*answer, broker->router, job_is_direct(job) ? "400" : "300", NULL);
        return;
    }
    struct record record = {0};
    enum spool_state state = spool_find(broker->spool, uuid, &record);
    if (state == SPOOL_DONE)
        answer_reply(broker, *answer, record.id);
    else if (state == SPOOL_DEAD)
        answer_dead(broker, *answer, record.id);
    else
        answer_status(*answer, broker->router, state == SPOOL_READY ? "300" : "400", NULL);
    record_clear(&record);
}

/* Notes that a job is removed, for the answer's sender to be told after the commit. */
static void remove_job(struct broker *broker, struct answer **answer, const struct record *record)
{
    struct change *change = change_new(CHANGE_REMOVE, record);
    change->answer = *answer;
    *answer = NULL;
    broker_change(broker, change);
}

void titanic_service_close(struct broker *broker, struct answer **answer, zmsg_t **body)
{
    char uuid[UUID_DIGITS + 1];
    struct record record = {0};
    struct job *job = NULL;
    if (read_uuid(*body, uuid) && !(job = broker_find_job(broker, uuid)))
        spool_find(broker->spool, uuid, &record);
    if (job && !job_is_direct(job)) {
        if (job->state == JOB_READY) {
            queue_remove(&job->service->queues[job->record.priority], job);
            job->state = JOB_ENDED;
        }
        remove_job(broker, answer, &job->record);
    } else if (record.id) {
        remove_job(broker, answer, &record);
    } else {
        answer_status(*answer, broker->router, "200", NULL); /* so says 9/TSP */
    }
    record_clear(&record);
}

/* --- After the commit ----------------------------------------------------------------------- */

static void settle_accept(struct broker *broker, struct change *change, const struct fault *fault)
{
    if (fault) {
        broker->tally.refused++;
        answer_error(change->answer, broker->router, "503", "queue.full",
                     "the queue cannot be written now: try again later", 5);
        return;
    }
    if (change->other) {
        answer_error(change->answer, broker->router, "400", "submit.key_used",
                     "idempotency_key was used for another request: take a new one", 0);
        return;
    }
    answer_status(change->answer, broker->router, "200", change->record.uuid);
    if (change->duplicate) {
        broker->tally.duplicates++;
        return;
    }
    broker->tally.accepted++;
    meter_count(&broker->tally.accepted_rate, 1, zclock_mono());
    broker_add_job(broker, job_new(&change->record));
}

static void settle_revive(struct broker *broker, struct change *change, const struct fault *fault)
{
    if (fault || broker_find_job(broker, change->record.uuid))
        return;
    struct job *job = job_new(&change->record);
    job->record.attempts = 0;
    job->record.deadline = 0;
    broker_add_job(broker, job);
}

/* The spool has forgotten a job, or needs no more work on it: so does the table. */
static void end_job(struct broker *broker, struct job *job)
{
    if (job->state == JOB_LEASED) {
        job->closed = true; /* its worker is still at it; the end of the lease frees it */
        zhashx_delete(broker->jobs, job->record.uuid);
        return;
    }
    if (job->state == JOB_READY)
        queue_remove(&job->service->queues[job->record.priority], job);
    broker_forget_job(broker, &job);
}

/* The batch waits for its halves; a part is no more. */
static void settle_split(struct broker *broker, struct change *change, struct job *job)
{
    broker->tally.splits++;
    for (int i = 0; i < 2; i++)
        broker_add_job(broker, job_new(&change->halves[i].record));
    if (job && job->record.parent) {
        end_job(broker, job);
    } else if (job) {
        if (job->deadline < INT64_MAX)
            queue_remove(&broker->deadlines, job);
        job->deadline = INT64_MAX;
        job->state = JOB_SPLIT;
    }
}

/* A batch in parts was removed: so are those parts that are not dead. */
static void end_parts(struct broker *broker, int64_t parent)
{
    zlistx_t *jobs = zhashx_values(broker->jobs);
    for (struct job *job = zlistx_first(jobs); job; job = zlistx_next(jobs))
        if (job->record.parent == parent)
            end_job(broker, job);
    zlistx_destroy(&jobs);
}

static void settle_remove(struct broker *broker, struct job *job)
{
    if (job->state == JOB_SPLIT)
        end_parts(broker, job->record.id);
    end_job(broker, job);
}

/* The last part of a batch is done or dead: the batch is done. */
static void settle_joined(struct broker *broker, const char *uuid)
{
    struct job *batch = *uuid ? broker_find_job(broker, uuid) : NULL;
    if (batch)
        end_job(broker, batch);
}

/* A removal failed: the job is as it was before. */
static void put_back_ready(struct job *job)
{
    job->state = JOB_READY;
    queue_push(&job->service->queues[job->record.priority], job);
}

void titanic_settle(struct broker *broker, struct change *change, const struct fault *fault)
{
    struct job *job = NULL;
    if (change->kind != CHANGE_ACCEPT)
        job = broker_find_job(broker, change->record.uuid);
    switch (change->kind) {
    case CHANGE_ACCEPT:
        settle_accept(broker, change, fault);
        return;
    case CHANGE_FINISH:
    case CHANGE_BURY:
        if (job)
            end_job(broker, job);
        settle_joined(broker, change->joined);
        break;
    case CHANGE_SPLIT:
        settle_split(broker, change, job);
        break;
    case CHANGE_REVIVE:
        settle_revive(broker, change, fault);
        break;
    case CHANGE_REMOVE:
        if (job && !fault)
            settle_remove(broker, job);
        else if (job && job->state == JOB_ENDED)
            put_back_ready(job);
        break;
    case CHANGE_RETRY:
        break;
    }
    if (change->answer && fault)
        answer_error(change->answer, broker->router, "500", fault->code, fault->message, 0);
    else if (change->answer)
        answer_status(change->answer, broker->router, "200", change->reason);
}
