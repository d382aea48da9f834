#include "common/endpoint.h"

#include "common/strbuf.h"

#include <string.h>

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static bool is_loopback(const char *endpoint)
{
    return begins(endpoint, "tcp://127.0.0.1:") || begins(endpoint, "tcp://[::1]:") ||
           begins(endpoint, "tcp://localhost:");
}

int endpoint_check(const char *endpoint, bool insecure, struct fault *fault)
{
    if (begins(endpoint, "ipc://"))
        return 0;
    if (!begins(endpoint, "tcp://"))
        return fault_set(fault, "endpoint.refused", "%s: neither ipc:// nor tcp://", endpoint);
    if (insecure && !is_loopback(endpoint))
        return fault_set(fault, "endpoint.refused",
                         "%s: --insecure is only for tcp:// on the loopback", endpoint);
    return 0;
}

bool endpoint_has_keys(const char *endpoint, bool insecure)
{
    return begins(endpoint, "tcp://") && !insecure;
}

char *endpoint_from_here(const char *bound)
{
    static const struct {
        const char *bound, *here;
    } wildcards[] = {{"tcp://0.0.0.0:", "tcp://127.0.0.1:"},
                     {"tcp://*:", "tcp://127.0.0.1:"},
                     {"tcp://[::]:", "tcp://[::1]:"}};
    struct strbuf endpoint = {0};
    for (size_t i = 0; i < sizeof wildcards / sizeof *wildcards; i++)
        if (begins(bound, wildcards[i].bound)) {
            strbuf_printf(&endpoint, "%s%s", wildcards[i].here, bound + strlen(wildcards[i].bound));
            return strbuf_take(&endpoint);
        }
    return xstrdup(bound);
}

int endpoint_identity(const char *endpoint, bool insecure, const char *keys_folder,
                      enum key_role role, enum key_role server, struct identity **identity,
                      struct fault *fault)
{
    struct identity found = {0};
    *identity = NULL;
    if (endpoint_check(endpoint, insecure, fault))
        return -1;
    if (!endpoint_has_keys(endpoint, insecure))
        return 0;
    struct keys *keys = keys_open(keys_folder, fault);
    int status = keys ? keys_identity(keys, role, server, &found, fault) : -1;
    if (status == 0)
        *identity = identity_copy(&found);
    key_pair_clear(&found.own);
    keys_close(&keys);
    return status;
}
