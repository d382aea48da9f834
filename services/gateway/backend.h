#ifndef JINMU_GATEWAY_BACKEND_H
#define JINMU_GATEWAY_BACKEND_H

#include "common/fault.h"
#include "common/json.h"
#include "common/mdp.h"
#include "common/store.h"
#include "services/gateway/gateway.h"

/* A thread's own lines to the services; each is made when it is first needed. */
struct backend;
struct backend *backend_new(struct gateway *gateway);
void backend_destroy(struct backend **backend);

/* Asks the collector. Its answer's JSON as it came (free()), or NULL with a fault: "service.silent",
 * "service.key", or what the collector refused it for. */
char *backend_ask(struct backend *backend, const struct jv *question, size_t *length,
                  struct fault *fault);
/* The same, read. */
struct jv *backend_ask_json(struct backend *backend, const struct jv *question,
                            struct fault *fault);
/* Asks the broker and waits for the answer's frames (zmsg_destroy). NULL with a fault. */
zmsg_t *backend_call(struct backend *backend, const char *service, zmsg_t **body, int timeout_ms,
                     struct fault *fault);
/* The fault "service.key": over tcp, the role of our key does not allow what was asked. */
void backend_refused(struct fault *fault);
/* catalog.db, read-only; made anew when the file was replaced. Borrowed. NULL with a fault. */
struct store *backend_catalog(struct backend *backend, struct fault *fault);
/* The route has given its exchange away (parking.h): this thread must not touch it any more. */
void backend_gave_away(struct backend *backend);
bool backend_has_given_away(struct backend *backend); /* since it was last asked */

#endif
