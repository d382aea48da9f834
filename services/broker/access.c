/* Who may say what, over an endpoint with keys:
 *   worker          all that MDP lets a worker say, and nothing that a client says
 *   client, admin   all that MDP lets a client say, and nothing that a worker says
 *   admin           jinmu.cancel and jinmu.dead besides
 * A message is judged by the key of the connection that it came over, never by its routing id: that
 * the sender chooses as it likes. */
#include "services/broker/broker.h"

#include "common/log.h"

#include <string.h>

static bool is_for_admins(const char *service)
{
    return strcmp(service, "jinmu.dead") == 0 || strcmp(service, "jinmu.cancel") == 0;
}

static bool may_ask(const struct key *key, const char *service)
{
    return key->role == KEY_ADMIN || (key->role == KEY_CLIENT && !is_for_admins(service));
}

/* A worker that came over another key cannot speak for this one. */
static bool may_work(struct broker *broker, const struct key *key, const zframe_t *peer)
{
    const struct worker *worker = crew_find(broker->crew, peer);
    return key->role == KEY_WORKER && (!worker || strcmp(worker->key, key->public_key) == 0);
}

static void refuse_client(struct broker *broker, const zframe_t *peer,
                          const struct mdp_message *message, const char *why)
{
    struct answer answer = {.peer = (zframe_t *)(uintptr_t)peer,
                            .version = message->version,
                            .delimited = message->delimited,
                            .service = message->service};
    answer_error(&answer, broker->router, is_reserved_service(message->service) ? "403" : NULL,
                 "access.refused", why, 0);
}

static void refuse_worker(struct broker *broker, const zframe_t *peer,
                          const struct mdp_message *message)
{
    struct mdp_message dismissal = {.version = message->version,
                                    .role = MDP_WORKER,
                                    .command = MDP_DISCONNECT,
                                    .delimited = message->delimited};
    zmsg_t *frames = mdp_encode(&dismissal, true);
    router_send(broker->router, peer, &frames);
}

bool access_admits(struct broker *broker, const zframe_t *peer, const struct mdp_message *message)
{
    if (!broker->options.guard)
        return true;
    const struct key *key = guard_key(broker->options.guard, message->key);
    bool works = message->role == MDP_WORKER;
    if (key && (works ? may_work(broker, key, peer) : may_ask(key, message->service)))
        return true;
    complain_of(broker->complaints, key ? key->name : message->key,
                !key    ? "message of a revoked key"
                : works ? "this key's role is not that of a worker, or it speaks for another worker"
                        : "this key's role does not allow the request");
    if (!works)
        refuse_client(broker, peer, message,
                      key ? "the role of this key does not allow that" : "this key was revoked");
    else if (message->command != MDP_DISCONNECT)
        refuse_worker(broker, peer, message);
    return false;
}

static void dismiss_revoked_workers(struct broker *broker)
{
    zlistx_t *workers = zhashx_values(broker->crew->workers);
    for (struct worker *worker = zlistx_first(workers); worker; worker = zlistx_next(workers)) {
        const struct key *key = guard_key(broker->options.guard, worker->key);
        if (!key || key->role != KEY_WORKER)
            dispatch_dismiss(broker, worker, "key_revoked");
    }
    zlistx_destroy(&workers);
}

static void silence_revoked_clients(struct broker *broker)
{
    for (struct job *job = zlist_first(broker->direct); job; job = zlist_next(broker->direct))
        job->client->revoked |= !guard_key(broker->options.guard, job->client->key);
    for (struct change *change = zlist_first(broker->changes); change;
         change = zlist_next(broker->changes))
        if (change->answer)
            change->answer->revoked |= !guard_key(broker->options.guard, change->answer->key);
}

void access_refresh(struct broker *broker)
{
    uint64_t generation = guard_generation(broker->options.guard);
    if (generation == broker->keys_seen)
        return;
    broker->keys_seen = generation;
    dismiss_revoked_workers(broker);
    silence_revoked_clients(broker);
    log_info("keys_changed", "generation=%llu", (unsigned long long)generation);
}
