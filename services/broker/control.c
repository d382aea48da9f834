/* 8/MMI, and what operators ask the broker: jinmu.status, jinmu.dead, jinmu.cancel. */
#include "services/broker/broker.h"

#include "common/json.h"
#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_LISTED = 1000 };

void control_mmi(struct broker *broker, struct answer **answer, zmsg_t **body)
{
    const char *status = "501";
    if (strcmp((*answer)->service, "mmi.service") == 0) {
        zframe_t *frame = zmsg_first(*body);
        char *name = xstrndup((const char *)zframe_data(frame), zframe_size(frame));
        const struct service *service = crew_find_service(broker->crew, name);
        status = service && zlist_size(service->workers) > 0 ? "200" : "404";
        free(name);
    }
    answer_status(*answer, broker->router, status, NULL);
}

/* --- jinmu.status --------------------------------------------------------------------------- */

static void set_text_of_time(struct jv *object, const char *name, int64_t ms)
{
    char text[32];
    time_t seconds = (time_t)(ms / 1000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    jv_set_text(object, name, text);
}

static struct jv *queue_status(struct broker *broker, enum priority priority)
{
    int64_t now = zclock_mono();
    int64_t wall = zclock_time();
    int64_t ready = 0, delayed = 0, oldest = wall;
    for (struct service *service = zhashx_first(broker->crew->services); service;
         service = zhashx_next(broker->crew->services)) {
        const struct queue *queue = &service->queues[priority];
        for (size_t i = 0; i < queue->count; i++) {
            const struct job *job = queue->jobs[i];
            ++*(job->due > now ? &delayed : &ready);
            if (job->record.accepted < oldest)
                oldest = job->record.accepted;
        }
    }
    struct jv *status = jv_object();
    jv_set_number(status, "ready", (double)ready);
    jv_set_number(status, "delayed", (double)delayed);
    jv_set_number(status, "leased", (double)broker->leased[priority]);
    jv_set_number(status, "oldest_s", (double)(wall - oldest) / 1000);
    jv_set(status, "durations", meter_describe(&broker->tally.jobs[priority]));
    return status;
}

static struct jv *spool_status(const struct broker *broker)
{
    struct spool_totals totals = spool_totals(broker->spool);
    struct jv *status = jv_object();
    jv_set_number(status, "unfinished", (double)totals.ready);
    jv_set_number(status, "split", (double)totals.split);
    jv_set_number(status, "done", (double)totals.done);
    jv_set_number(status, "dead", (double)totals.dead);
    jv_set_number(status, "bytes", (double)totals.bytes);
    jv_set_number(status, "max_jobs", (double)broker->options.max_jobs);
    jv_set_number(status, "max_bytes", (double)broker->options.max_bytes);
    jv_set(status, "writable", jv_of_bool(!broker->unwritable));
    return status;
}

static struct jv *workers_status(const struct broker *broker)
{
    struct jv *list = jv_array();
    for (const struct worker *worker = zhashx_first(broker->crew->workers); worker;
         worker = zhashx_next(broker->crew->workers)) {
        struct jv *status = jv_object();
        jv_set_text(status, "identity", worker->name);
        jv_set_text(status, "service", worker->service->name);
        jv_set_number(status, "version", worker->version);
        set_text_of_time(status, "since", worker->since);
        jv_set_number(status, "outstanding", (double)worker->leased);
        jv_set_number(status, "done", (double)worker->done);
        jv_set_number(status, "silent_ms", (double)(zclock_mono() - worker->heard));
        jv_push(list, status);
    }
    return list;
}

static struct jv *rates_status(struct broker *broker)
{
    int64_t now = zclock_mono();
    struct jv *status = jv_object();
    jv_set_number(status, "accepted_per_s", meter_per_second(&broker->tally.accepted_rate, now));
    jv_set_number(status, "done_per_s", meter_per_second(&broker->tally.done_rate, now));
    return status;
}

static struct jv *totals_status(const struct broker *broker)
{
    const struct tally *tally = &broker->tally;
    const struct {
        const char *name;
        uint64_t count;
    } totals[] = {
        {"accepted", tally->accepted},
        {"duplicates", tally->duplicates},
        {"direct", tally->direct},
        {"done", tally->done},
        {"refused", tally->refused},
        {"retries", tally->retries},
        {"lease_expiries", tally->lease_expiries},
        {"workers_lost", tally->workers_lost},
        {"dead", tally->dead},
        {"splits", tally->splits},
        {"bad_messages", complaints_count(broker->complaints)},
    };
    struct jv *status = jv_object();
    for (size_t i = 0; i < sizeof totals / sizeof *totals; i++)
        jv_set_number(status, totals[i].name, (double)totals[i].count);
    return status;
}

static struct jv *commits_status(const struct broker *broker)
{
    const struct meter_durations *commits = &broker->tally.commits;
    struct jv *status = meter_describe(commits);
    jv_set_number(status, "changes", (double)broker->tally.changes);
    jv_set_number(status, "failed", (double)broker->tally.commit_failures);
    return status;
}

/* The answer's body, one frame of JSON; frees the value. */
static zmsg_t *json_body(struct jv *value)
{
    char *text = jv_write(value);
    zmsg_t *body = zmsg_new();
    zmsg_addstr(body, text);
    free(text);
    jv_destroy(&value);
    return body;
}

void control_status(struct broker *broker, struct answer **answer, zmsg_t **body)
{
    (void)body;
    struct jv *status = jv_object();
    jv_set_text(status, "version", JINMU_VERSION);
    jv_set_number(status, "pid", getpid());
    set_text_of_time(status, "since", broker->since);
    struct jv *queue = jv_object();
    for (enum priority priority = 0; priority < PRIORITIES; priority++)
        jv_set(queue, priority_names[priority], queue_status(broker, priority));
    jv_set_number(queue, "direct", (double)zlist_size(broker->direct));
    jv_set(status, "queue", queue);
    jv_set(status, "spool", spool_status(broker));
    jv_set(status, "workers", workers_status(broker));
    jv_set(status, "rates", rates_status(broker));
    jv_set(status, "totals", totals_status(broker));
    jv_set(status, "commits", commits_status(broker));
    zmsg_t *reply = json_body(status);
    answer_send(*answer, broker->router, MDP_FINAL, &reply);
}

/* --- jinmu.cancel --------------------------------------------------------------------------- */

static char *text_of_body(zmsg_t *body)
{
    zframe_t *frame = zmsg_first(body);
    return xstrndup((const char *)zframe_data(frame), zframe_size(frame));
}

/* Body: a UUID. 200 removed, 400 unknown or ended, 409 a worker has it already. */
void control_cancel(struct broker *broker, struct answer **answer, zmsg_t **body)
{
    char *uuid = text_of_body(*body);
    const struct job *job = broker_find_job(broker, uuid);
    free(uuid);
    if (!job || job_is_direct(job) || job->state == JOB_ENDED)
        answer_status(*answer, broker->router, "400", NULL);
    else if (job->state == JOB_LEASED || job->state == JOB_SPLIT)
        answer_status(*answer, broker->router, "409", NULL);
    else
        titanic_service_close(broker, answer, body);
}

/* --- jinmu.dead ----------------------------------------------------------------------------- */

static struct jv *dead_status(const struct record *record, const char *reason)
{
    struct jv *job = jv_object();
    jv_set_text(job, "uuid", record->uuid);
    jv_set_text(job, "service", record->service);
    jv_set_text(job, "priority", priority_names[record->priority]);
    jv_set_number(job, "attempts", record->attempts);
    jv_set_number(job, "bytes", (double)record->bytes);
    set_text_of_time(job, "accepted", record->accepted);
    jv_set_text(job, "reason", reason);
    return job;
}

/* The dead jobs that a request speaks of: all, or the one with that UUID. */
struct selection {
    const char *uuid; /* NULL: all */
    struct jv *list;  /* of dead_status */
    zlist_t *records; /* struct record * */
};

static void select_dead(const struct record *record, const char *reason, void *argument)
{
    struct selection *selection = argument;
    if (selection->uuid && strcmp(selection->uuid, record->uuid) != 0)
        return;
    jv_push(selection->list, dead_status(record, reason));
    struct record *copy = xcalloc(1, sizeof *copy);
    *copy = record_copy(record);
    zlist_append(selection->records, copy);
}

static void answer_json(struct broker *broker, const struct answer *answer, struct jv *value)
{
    zmsg_t *reply = json_body(value);
    zmsg_pushstr(reply, "200");
    answer_send(answer, broker->router, MDP_FINAL, &reply);
}

static void show_dead(struct broker *broker, const struct answer *answer,
                      const struct selection *selection)
{
    const struct record *record = zlist_first(selection->records);
    zmsg_t *reply = record ? spool_body(broker->spool, record->id, NULL) : NULL;
    if (!reply) {
        answer_status(answer, broker->router, "400", NULL);
        return;
    }
    char *text = jv_write(jv_at(selection->list, 0));
    zmsg_pushstr(reply, text);
    zmsg_pushstr(reply, "200");
    answer_send(answer, broker->router, MDP_FINAL, &reply);
    free(text);
}

/* Notes one change for each; the last one brings the answer, with their number. */
static void change_dead(struct broker *broker, struct answer **answer, zlist_t *records,
                        enum change_kind kind)
{
    size_t all = zlist_size(records);
    if (all == 0)
        answer_status(*answer, broker->router, "200", "0");
    for (struct record *record = zlist_first(records); record; record = zlist_next(records)) {
        record->due = zclock_time();
        struct change *change = change_new(kind, record);
        if (record == zlist_last(records)) {
            struct strbuf count = {0};
            strbuf_printf(&count, "%zu", all);
            change->reason = strbuf_take(&count);
            change->answer = *answer;
            *answer = NULL;
        }
        broker_change(broker, change);
    }
}

/* Body: {"do":"list|show|retry|drop","uuid":…}; retry and drop without uuid mean all. Answers 200 and
 * the list, the job with the frames of its body, or the number of jobs changed. */
void control_dead(struct broker *broker, struct answer **answer, zmsg_t **body)
{
    zframe_t *frame = zmsg_first(*body);
    struct jv *request = jv_read((const char *)zframe_data(frame), zframe_size(frame), NULL);
    const char *what = jv_get_text(request, "do");
    struct selection selection = {
        .uuid = jv_get_text(request, "uuid"), .list = jv_array(), .records = zlist_new()};
    int most = what && strcmp(what, "list") == 0 ? MOST_LISTED : -1;
    broker_commit(broker); /* those that died in this moment are dead too */
    if (!what || spool_each_dead(broker->spool, most, select_dead, &selection, NULL)) {
        answer_status(*answer, broker->router, what ? "500" : "400", NULL);
    } else if (strcmp(what, "list") == 0) {
        answer_json(broker, *answer, selection.list);
        selection.list = NULL;
    } else if (strcmp(what, "show") == 0) {
        show_dead(broker, *answer, &selection);
    } else if (strcmp(what, "retry") == 0) {
        change_dead(broker, answer, selection.records, CHANGE_REVIVE);
    } else if (strcmp(what, "drop") == 0) {
        change_dead(broker, answer, selection.records, CHANGE_REMOVE);
    } else {
        answer_status(*answer, broker->router, "400", NULL);
    }
    struct record *record;
    while ((record = zlist_pop(selection.records))) {
        record_clear(record);
        free(record);
    }
    zlist_destroy(&selection.records);
    jv_destroy(&selection.list);
    jv_destroy(&request);
}
