#include "services/gateway/services.h"

#include "services/cli/broker_status.h"
#include "services/collector/deliveries.h"

#include <string.h>

enum { BROKER_MS = 2000 };

static struct jv *ask_broker(struct backend *backend)
{
    zmsg_t *body = zmsg_new();
    zmsg_addstr(body, "");
    zmsg_t *answer = backend_call(backend, "jinmu.status", &body, BROKER_MS, &(struct fault){0});
    zframe_t *frame = answer ? zmsg_last(answer) : NULL;
    struct jv *status =
        frame ? jv_read((const char *)zframe_data(frame), zframe_size(frame), NULL) : NULL;
    zmsg_destroy(&answer);
    return status;
}

static struct jv *ask_collector(struct backend *backend, const char *ask)
{
    struct fault fault;
    struct jv *question = jv_object();
    jv_set_text(question, "ask", ask);
    struct jv *status = backend_ask_json(backend, question, &fault);
    jv_destroy(&question);
    return status;
}

static bool has_catalog(struct backend *backend)
{
    struct fault fault;
    struct store *store = backend_catalog(backend, &fault);
    return store && store_number(store, "SELECT count(*) FROM revision", 0) > 0;
}

void services_look(struct services *services, struct gateway *gateway, struct backend *backend)
{
    services->broker = ask_broker(backend);
    services->collector = ask_collector(backend, "status");
    services->missing = jv_array();
    if (!services->broker)
        jv_push(services->missing, jv_of_text("broker"));
    if (broker_status_workers(services->broker, "classify") == 0)
        jv_push(services->missing, jv_of_text("workers"));
    if (!services->collector || !accounts_work(gateway->accounts))
        jv_push(services->missing, jv_of_text("store"));
    if (!has_catalog(backend))
        jv_push(services->missing, jv_of_text("catalog"));
}

void services_count_deliveries(struct services *services, struct backend *backend)
{
    struct jv *figures = services->collector ? ask_collector(backend, "deliveries") : NULL;
    deliveries_join(services->collector, figures);
    jv_destroy(&figures);
}

void services_clear(struct services *services)
{
    jv_destroy(&services->broker);
    jv_destroy(&services->collector);
    jv_destroy(&services->missing);
}
