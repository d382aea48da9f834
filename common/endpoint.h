#ifndef JINMU_ENDPOINT_H
#define JINMU_ENDPOINT_H

#include "common/keys.h"

/* Where a service may be reached: ipc:// in its state directory, which guards it; tcp:// with keys;
 * and, when the operator says so (--insecure), tcp:// without keys on the loopback. */

/* 0 when the endpoint may be used so, or -1 with a fault "endpoint.refused". */
int endpoint_check(const char *endpoint, bool insecure, struct fault *fault);
/* Whether connections of it are made with keys. */
bool endpoint_has_keys(const char *endpoint, bool insecure);
/* Where a program of this machine connects to what is bound so (free()): all addresses of the machine
 * (tcp://0.0.0.0:…) are reached on the loopback. */
char *endpoint_from_here(const char *bound);
/* Who we are there, as a `role` to a `server` (keys_identity): *identity (identity_destroy) is NULL
 * when the endpoint has no keys. 0, or -1 with a fault, also when it may not be used so. */
int endpoint_identity(const char *endpoint, bool insecure, const char *keys_folder,
                      enum key_role role, enum key_role server, struct identity **identity,
                      struct fault *fault);

#endif
