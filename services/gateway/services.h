#ifndef JINMU_GATEWAY_SERVICES_H
#define JINMU_GATEWAY_SERVICES_H

#include "services/gateway/backend.h"

/* How the services behind the gateway are. */
struct services {
    struct jv *broker, *collector; /* their status; NULL: silent */
    struct jv *missing;            /* array of "broker", "workers", "store", "catalog" */
};
void services_look(struct services *services, struct gateway *gateway, struct backend *backend);
/* Adds to the collector's status how deliveries are (deliveries.h). */
void services_count_deliveries(struct services *services, struct backend *backend);
void services_clear(struct services *services);

#endif
