#include "services/cli/broker_status.h"

#include "common/mdp.h"

#include <string.h>

struct jv *broker_status_ask(const struct identity *identity, const char *endpoint, int timeout_ms,
                             struct fault *fault)
{
    struct jv *status = NULL;
    struct mdp_client *client = mdp_client_new_as(identity, endpoint, fault);
    if (!client)
        return NULL;
    zmsg_t *body = zmsg_new();
    zmsg_addstr(body, "");
    zmsg_t *answer = mdp_client_call(client, "jinmu.status", &body, timeout_ms, fault);
    zframe_t *frame = answer ? zmsg_last(answer) : NULL;
    if (frame)
        status = jv_read((const char *)zframe_data(frame), zframe_size(frame), fault);
    zmsg_destroy(&answer);
    mdp_client_destroy(&client);
    return status;
}

int broker_status_workers(const struct jv *status, const char *service)
{
    const struct jv *workers = jv_get(status, "workers");
    int count = 0;
    for (size_t i = 0; i < jv_count(workers); i++) {
        const char *name = jv_get_text(jv_at(workers, i), "service");
        count += name && strcmp(name, service) == 0;
    }
    return count;
}
