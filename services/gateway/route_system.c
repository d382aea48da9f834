/* GET /system: how the services are, for operators. */
#include "services/gateway/route.h"
#include "services/gateway/services.h"

#include <czmq.h>
#include <unistd.h>

static struct jv *own_status(const struct gateway *gateway)
{
    struct jv *own = jv_object();
    jv_set_text(own, "version", JINMU_VERSION);
    jv_set_number(own, "pid", getpid());
    jv_set_number(own, "uptime_s", (double)(zclock_mono() - gateway->started_ms) / 1000);
    jv_set_number(own, "connections", (double)gateway->counts.connections);
    jv_set_number(own, "requests", (double)gateway->counts.requests);
    jv_set_number(own, "streams", (double)gateway->counts.streams);
    return own;
}

static void get_system(struct exchange *exchange, struct backend *backend)
{
    struct services services;
    struct jv *system = jv_object();
    services_look(&services, exchange->gateway, backend);
    services_count_deliveries(&services, backend);
    jv_set(system, "broker", services.broker ? services.broker : jv_of_text(NULL));
    jv_set(system, "collector", services.collector ? services.collector : jv_of_text(NULL));
    jv_set(system, "gateway", own_status(exchange->gateway));
    jv_set(system, "ready", jv_of_bool(jv_count(services.missing) == 0));
    jv_set(system, "missing", services.missing);
    reply_json(exchange, MHD_HTTP_OK, system);
}

const struct route system_routes[] = {{"GET", "/system", get_system, KEEPERS, 0}, {0}};
