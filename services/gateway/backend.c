#include "services/gateway/backend.h"

#include "catalog/catalog.h"
#include "common/strbuf.h"
#include "services/cli/running.h"
#include "services/collector/inquiry.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { COLLECTOR_MS = 5000 };

struct backend {
    struct gateway *gateway;
    struct inquiry *inquiry;
    struct mdp_client *broker;
    struct store *catalog;
    ino_t catalog_inode;
    bool gave_away;
};

struct backend *backend_new(struct gateway *gateway)
{
    struct backend *backend = xcalloc(1, sizeof *backend);
    backend->gateway = gateway;
    return backend;
}

void backend_destroy(struct backend **backend)
{
    if (!*backend)
        return;
    inquiry_destroy(&(*backend)->inquiry);
    mdp_client_destroy(&(*backend)->broker);
    store_close(&(*backend)->catalog);
    free(*backend);
    *backend = NULL;
}

void backend_gave_away(struct backend *backend)
{
    backend->gave_away = true;
}

bool backend_has_given_away(struct backend *backend)
{
    bool gave_away = backend->gave_away;
    backend->gave_away = false;
    return gave_away;
}

static void note_silence(struct backend *backend, struct fault *fault, const char *text)
{
    backend->gateway->counts.silences++;
    fault_set(fault, "service.silent", "%s", text);
}

/* What a service that is reached over tcp says of a key whose role does not suffice. */
static bool is_refusal(const struct fault *fault)
{
    return strcmp(fault->code, "access.refused") == 0;
}

void backend_refused(struct fault *fault)
{
    fault_set(fault, "service.key",
              "本机的密钥无权办理这件事：管理网页的主机要有 admin 密钥（jinmu keygen admin），"
              "请告诉系统管理员");
}

char *backend_ask(struct backend *backend, const struct jv *question, size_t *length,
                  struct fault *fault)
{
    const struct running *running = backend->gateway->options.running;
    if (!backend->inquiry &&
        !(backend->inquiry = inquiry_new_as(running->to_collector, running->collector, fault)))
        return NULL;
    char *json = inquiry_ask(backend->inquiry, question, COLLECTOR_MS, length, fault);
    if (json)
        return json;
    if (strcmp(fault->code, "inquiry.timeout") == 0) {
        note_silence(backend, fault, "结果服务（collector）没有应答，请稍后再试");
        inquiry_destroy(&backend->inquiry); /* a late answer must not be taken for another's */
    } else if (is_refusal(fault)) {
        backend_refused(fault);
    }
    return NULL;
}

struct jv *backend_ask_json(struct backend *backend, const struct jv *question, struct fault *fault)
{
    size_t length;
    char *json = backend_ask(backend, question, &length, fault);
    struct jv *value = json ? jv_read(json, length, fault) : NULL;
    free(json);
    return value;
}

zmsg_t *backend_call(struct backend *backend, const char *service, zmsg_t **body, int timeout_ms,
                     struct fault *fault)
{
    const struct running *running = backend->gateway->options.running;
    zmsg_t *answer = NULL;
    if (!backend->broker &&
        !(backend->broker = mdp_client_new_as(running->to_broker, running->broker, fault)))
        zmsg_destroy(body);
    else
        answer = mdp_client_call(backend->broker, service, body, timeout_ms, fault);
    if (!answer && strcmp(fault->code, "mdp.timeout") == 0)
        note_silence(backend, fault, "任务服务（broker）没有应答，请稍后再试");
    else if (!answer && is_refusal(fault))
        backend_refused(fault);
    return answer;
}

struct store *backend_catalog(struct backend *backend, struct fault *fault)
{
    struct stat status;
    if (stat(backend->gateway->catalog, &status)) {
        fault_set(fault, "service.silent",
                  "本机的目录库还没有建立：请管理员执行 jinmu catalog build，"
                  "或用 jinmu catalog take 取自另一台主机");
        return NULL;
    }
    if (backend->catalog && status.st_ino != backend->catalog_inode)
        store_close(&backend->catalog);
    if (!backend->catalog) {
        backend->catalog = catalog_open(backend->gateway->catalog, STORE_READ_ONLY, fault);
        backend->catalog_inode = status.st_ino;
    }
    return backend->catalog;
}
