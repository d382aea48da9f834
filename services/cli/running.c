#include "services/cli/running.h"

#include "common/endpoint.h"
#include "common/guard.h"
#include "common/state.h"
#include "common/strbuf.h"

#include <czmq.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char file_name[] = "services.zpl";

/* The endpoint that was written down, else the configured one, else the local socket. */
static char *endpoint_of(const struct running *running, zconfig_t *written, const char *path,
                         const char *setting, const char *socket_name, struct fault *fault)
{
    return config_endpoint(running->config, written ? zconfig_get(written, path, NULL) : NULL,
                           setting, running->state, socket_name, fault);
}

static void find_endpoints(struct running *running, struct fault *fault)
{
    char *path = state_path(running->state, file_name);
    zconfig_t *written = access(path, R_OK) == 0 ? zconfig_load(path) : NULL;
    running->broker =
        endpoint_of(running, written, "broker", "broker/endpoint", "broker.sock", fault);
    running->collector =
        endpoint_of(running, written, "collector", "collector/endpoint", "collector.sock", fault);
    running->events =
        endpoint_of(running, written, "events", "collector/events", "events.sock", fault);
    running->insecure = written && strcmp(zconfig_get(written, "insecure", "no"), "yes") == 0;
    zconfig_destroy(&written);
    free(path);
}

int running_identify(struct running *running, struct fault *fault)
{
    char *folder = config_keys_folder(running->config, running->state);
    enum key_role role = keys_have_own(folder, KEY_ADMIN) ? KEY_ADMIN : KEY_CLIENT;
    int status = endpoint_identity(running->broker, running->insecure, folder, role, KEY_BROKER,
                                   &running->to_broker, fault);
    if (status == 0)
        status = endpoint_identity(running->collector, running->insecure, folder, role,
                                   KEY_COLLECTOR, &running->to_collector, fault);
    free(folder);
    return status;
}

int running_find(struct running *running, const char *state, struct fault *fault)
{
    *running = (struct running){0};
    running->state = state_directory(state, fault);
    if (!running->state || !(running->config = config_open(running->state, NULL, fault)))
        return -1;
    find_endpoints(running, fault);
    if (!running->broker || !running->collector || !running->events)
        return -1;
    return running_identify(running, fault);
}

/* Whether somebody listens at a local socket; other transports are taken to be alive. */
static bool is_alive(const char *endpoint)
{
    static const char local[] = "ipc://";
    if (strncmp(endpoint, local, sizeof local - 1) != 0)
        return true;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(endpoint) - (sizeof local - 1);
    if (length >= sizeof address.sun_path)
        return false;
    memcpy(address.sun_path, endpoint + sizeof local - 1, length);
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool alive = probe >= 0 && connect(probe, (struct sockaddr *)&address, sizeof address) == 0;
    if (probe >= 0)
        close(probe);
    return alive;
}

int running_check(const struct running *running, struct fault *fault)
{
    if (running->to_broker)
        return guard_greet(running->broker, running->to_broker, fault);
    if (is_alive(running->broker) || is_alive(running->collector))
        return 0;
    return fault_set(fault, "services.none", "no services in %s: start them with `jinmu serve`",
                     running->state);
}

int running_write(const struct running *running, struct fault *fault)
{
    char *path = state_path(running->state, file_name);
    zconfig_t *root = zconfig_new("root", NULL);
    zconfig_put(root, "broker", running->broker);
    zconfig_put(root, "collector", running->collector);
    zconfig_put(root, "events", running->events);
    zconfig_put(root, "insecure", running->insecure ? "yes" : "no");
    int status =
        zconfig_save(root, path) ? fault_set(fault, "state.write", "cannot write %s", path) : 0;
    zconfig_destroy(&root);
    free(path);
    return status;
}

void running_clear(struct running *running)
{
    identity_destroy(&running->to_broker);
    identity_destroy(&running->to_collector);
    config_destroy(&running->config);
    free(running->state);
    free(running->broker);
    free(running->collector);
    free(running->events);
    *running = (struct running){0};
}
