#ifndef JINMU_POSTMAN_TARGETS_H
#define JINMU_POSTMAN_TARGETS_H

#include "common/fault.h"

#include <stdbool.h>

struct sockaddr;

/* Where webhooks may be sent: what the administrator has written in webhooks/allow. */
struct targets;
/* `allow` is a list of scheme://host[:port] with spaces between them, NULL: nowhere. NULL with a fault
 * "config.webhooks" when one of them is none. */
struct targets *targets_new(const char *allow, struct fault *fault);
void targets_destroy(struct targets **targets);

/* 0 when a webhook may be sent to that URL, or -1 with a fault: webhook.bad_url,
 * webhook.not_allowed. */
int targets_check(const struct targets *targets, const char *url, struct fault *fault);

/* Whether the host of a URL, found at that address, may be connected to. A name that leads to this
 * machine, to a link-local or a multicast address is not what the administrator allowed, unless he
 * wrote the address itself or "localhost". */
bool targets_address_fits(const char *host, const struct sockaddr *address);

#endif
