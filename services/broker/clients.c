#include "services/broker/broker.h"

#include "common/strbuf.h"

#include <sodium.h>
#include <string.h>

enum { MOST_FRAMES = 64 }; /* in one body */

static const struct {
    const char *name;
    own_service serve;
} own_services[] = {
    {"titanic.request", titanic_service_request},
    {"titanic.reply", titanic_service_reply},
    {"titanic.close", titanic_service_close},
    {"jinmu.submit", titanic_service_submit},
    {"jinmu.cancel", control_cancel},
    {"jinmu.dead", control_dead},
    {"jinmu.status", control_status},
};
enum { OWN_SERVICES = sizeof own_services / sizeof *own_services };

void uuid_make(char uuid[UUID_DIGITS + 1])
{
    unsigned char random[UUID_DIGITS / 2];
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(uuid, UUID_DIGITS + 1, random, sizeof random);
}

/* A request of plain MDP: it lives in memory only, and its client asks again when we die. */
static void direct_request(struct broker *broker, struct answer **answer, zmsg_t **body)
{
    if (broker->stopping)
        return;
    if ((int64_t)zlist_size(broker->direct) >= broker->options.max_waiting) {
        broker->tally.refused++;
        answer_error(*answer, broker->router, NULL, "queue.full",
                     "too many requests wait: try again later", 1);
        return;
    }
    struct record record = {.service = xstrdup((*answer)->service),
                            .priority = PRIORITY_INTERACTIVE,
                            .accepted = zclock_time(),
                            .submitted = broker_next_submitted(broker),
                            .bytes = (int64_t)zmsg_content_size(*body)};
    record.due = record.accepted;
    uuid_make(record.uuid);
    struct job *job = job_new(&record);
    job->give_up = zclock_mono() + broker->options.wait_ms;
    job->client = *answer;
    job->body = *body;
    *answer = NULL;
    *body = NULL;
    broker->tally.direct++;
    broker_add_job(broker, job);
}

static void serve(struct broker *broker, struct answer **answer, zmsg_t **body)
{
    const char *name = (*answer)->service;
    for (size_t i = 0; i < OWN_SERVICES; i++)
        if (strcmp(name, own_services[i].name) == 0) {
            own_services[i].serve(broker, answer, body);
            return;
        }
    if (is_reserved_service(name))
        control_mmi(broker, answer, body);
    else
        direct_request(broker, answer, body);
}

void clients_request(struct broker *broker, zframe_t **peer, struct mdp_message *message)
{
    if (!message->service) { /* never of a decoded client request */
        mdp_message_clear(message);
        return;
    }
    bool too_large = (int64_t)zmsg_content_size(message->body) > broker->options.max_message ||
                     zmsg_size(message->body) > MOST_FRAMES;
    if (too_large)
        complain(broker->complaints, *peer, "request over the size limit");
    bool direct = !is_reserved_service(message->service);
    struct answer *answer = answer_new(peer, message);
    if (too_large)
        answer_error(answer, broker->router, direct ? NULL : "400", "input.too_large",
                     "the request is over the size limit", 0);
    else
        serve(broker, &answer, &message->body);
    answer_destroy(&answer);
    mdp_message_clear(message);
}

void clients_give_up(struct broker *broker, int64_t now)
{
    struct job *job = zlist_first(broker->direct);
    while (job && job->give_up <= now) {
        if (job->state != JOB_READY) {
            job = zlist_next(broker->direct);
            continue;
        }
        answer_error(job->client, broker->router, NULL, "no_worker",
                     "no worker for this service in time", 0);
        queue_remove(&job->service->queues[job->record.priority], job);
        broker_forget_job(broker, &job);
        job = zlist_first(broker->direct);
    }
}

int64_t clients_next_give_up(struct broker *broker)
{
    struct job *job = zlist_first(broker->direct);
    while (job && job->state != JOB_READY)
        job = zlist_next(broker->direct);
    return job ? job->give_up : INT64_MAX;
}
