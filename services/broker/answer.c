#include "services/broker/answer.h"

#include "common/json.h"
#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>

struct answer *answer_new(zframe_t **peer, struct mdp_message *request)
{
    struct answer *answer = xcalloc(1, sizeof *answer);
    answer->peer = *peer;
    answer->version = request->version;
    answer->delimited = request->delimited;
    answer->service = request->service;
    memcpy(answer->key, request->key, sizeof answer->key);
    *peer = NULL;
    request->service = NULL;
    return answer;
}

void answer_destroy(struct answer **answer)
{
    if (!*answer)
        return;
    zframe_destroy(&(*answer)->peer);
    free((*answer)->service);
    free(*answer);
    *answer = NULL;
}

int router_send(zsock_t *router, const zframe_t *peer, zmsg_t **frames)
{
    /* zframe_dup does not change its argument, though czmq does not say so. */
    zframe_t *address = zframe_dup((zframe_t *)(uintptr_t)peer);
    zmsg_prepend(*frames, &address);
    int status = zmsg_send(frames, router) ? zmq_errno() : 0;
    zmsg_destroy(frames);
    return status;
}

void answer_send(const struct answer *answer, zsock_t *router, enum mdp_command command,
                 zmsg_t **body)
{
    struct mdp_message message = {.version = answer->version,
                                  .role = MDP_CLIENT,
                                  .command = command,
                                  .delimited = answer->delimited,
                                  .service = answer->service,
                                  .body = *body};
    if (answer->revoked || (command == MDP_PARTIAL && answer->version == MDP_V1)) {
        zmsg_destroy(body);
        return;
    }
    *body = NULL;
    zmsg_t *frames = mdp_encode(&message, true);
    router_send(router, answer->peer, &frames);
}

void answer_status(const struct answer *answer, zsock_t *router, const char *status,
                   const char *text)
{
    zmsg_t *body = zmsg_new();
    zmsg_addstr(body, status);
    if (text)
        zmsg_addstr(body, text);
    answer_send(answer, router, MDP_FINAL, &body);
}

void answer_error(const struct answer *answer, zsock_t *router, const char *status,
                  const char *code, const char *message, int retry_after_s)
{
    struct jv *error = jv_object();
    jv_set_text(error, "code", code);
    jv_set_text(error, "message", message);
    if (retry_after_s > 0)
        jv_set_number(error, "retry_after_s", retry_after_s);
    struct jv *root = jv_object();
    jv_set(root, "error", error);
    char *text = jv_write(root);
    zmsg_t *body = zmsg_new();
    if (status)
        zmsg_addstr(body, status);
    zmsg_addstr(body, text);
    answer_send(answer, router, MDP_FINAL, &body);
    free(text);
    jv_destroy(&root);
}
