#include "common/config.h"

#include "common/state.h"
#include "common/strbuf.h"

#include <ctype.h>
#include <czmq.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* All there are: a word that is misspelt shall not be passed over. */
static const char *const settings[] = {
    "log/level",
    "keys/folder",
    "broker/endpoint",
    "broker/max_jobs",
    "broker/max_bytes",
    "broker/max_message",
    "broker/max_waiting",
    "broker/wait_ms",
    "broker/heartbeat_ms",
    "broker/lease_ms",
    "broker/max_lease_ms",
    "broker/split_after",
    "broker/attempts",
    "broker/backoff_ms",
    "broker/credit",
    "broker/retention_s",
    "broker/drain_ms",
    "collector/endpoint",
    "collector/events",
    "limits/connections",
    "limits/connections_of_one",
    "limits/connections_per_second",
    "limits/project_bytes",
    "limits/message_bytes",
    "serve/workers",
    "reclassify/rate",
    "http/listen",
    "http/certificate",
    "http/key",
    "http/proxy",
    "http/https_outside",
    "http/page",
    "http/open_catalog",
    "http/threads",
    "http/connections",
    "http/connections_of_one",
    "webhooks/allow",
    "webhooks/ca",
    "webhooks/timeout_ms",
};
enum { SETTINGS = sizeof settings / sizeof *settings };

const char *config_setting(size_t index)
{
    return index < SETTINGS ? settings[index] : NULL;
}

struct config {
    zconfig_t *root; /* NULL: no file */
};

static bool is_setting(const char *name)
{
    for (size_t i = 0; i < SETTINGS; i++)
        if (strcmp(name, settings[i]) == 0)
            return true;
    return false;
}

static int check_section(zconfig_t *section, const char *path, struct fault *fault)
{
    for (zconfig_t *item = zconfig_child(section); item; item = zconfig_next(item)) {
        struct strbuf name = {0};
        strbuf_printf(&name, "%s/%s", zconfig_name(section), zconfig_name(item));
        int status =
            is_setting(name.text)
                ? 0
                : fault_set(fault, "config.unknown", "%s: there is no setting %s", path, name.text);
        strbuf_free(&name);
        if (status)
            return -1;
    }
    return 0;
}

static int check(zconfig_t *root, const char *path, struct fault *fault)
{
    for (zconfig_t *section = zconfig_child(root); section; section = zconfig_next(section)) {
        if (!zconfig_child(section) && *zconfig_value(section))
            return fault_set(fault, "config.unknown", "%s: there is no setting %s", path,
                             zconfig_name(section));
        if (check_section(section, path, fault))
            return -1;
    }
    return 0;
}

static int load(struct config *config, const char *path, struct fault *fault)
{
    struct stat status;
    if (stat(path, &status))
        return fault_set(fault, "config.file", "%s: %s", path, strerror(errno));
    if ((status.st_uid != geteuid() && status.st_uid != 0) ||
        (status.st_mode & (S_IWGRP | S_IWOTH)))
        return fault_set(fault, "config.unsafe",
                         "%s can be written by others: chown it to this user and chmod 0600", path);
    config->root = zconfig_load(path);
    if (!config->root)
        return fault_set(fault, "config.file", "%s cannot be read as ZPL", path);
    return check(config->root, path, fault);
}

struct config *config_open(const char *state, const char *path, struct fault *fault)
{
    struct config *config = xcalloc(1, sizeof *config);
    char *own = state_path(state, "jinmu.zpl");
    if ((path || access(own, F_OK) == 0) && load(config, path ? path : own, fault))
        config_destroy(&config);
    free(own);
    return config;
}

void config_destroy(struct config **config)
{
    if (!*config)
        return;
    zconfig_destroy(&(*config)->root);
    free(*config);
    *config = NULL;
}

const char *config_text(const struct config *config, const char *name)
{
    struct strbuf variable = {0};
    assert(is_setting(name));
    strbuf_printf(&variable, "JINMU_%s", name);
    for (char *c = variable.text; *c; c++)
        *c = *c == '/' ? '_' : (char)toupper((unsigned char)*c);
    const char *text = getenv(variable.text);
    strbuf_free(&variable);
    if (!text && config->root)
        text = zconfig_get(config->root, name, NULL);
    return text && *text ? text : NULL;
}

int config_number(const struct config *config, const char *name, int64_t least, int64_t most,
                  int64_t *number, struct fault *fault)
{
    const char *text = config_text(config, name);
    if (!text)
        return 0;
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || end == text || *end || value < least || value > most)
        return fault_set(fault, "config.number", "%s: '%s' is no number from %lld to %lld", name,
                         text, (long long)least, (long long)most);
    *number = value;
    return 0;
}

char *config_endpoint(const struct config *config, const char *given, const char *name,
                      const char *state, const char *socket_name, struct fault *fault)
{
    const char *endpoint = given ? given : config_text(config, name);
    return endpoint ? xstrdup(endpoint) : state_endpoint(state, socket_name, fault);
}

char *config_keys_folder(const struct config *config, const char *state)
{
    const char *folder = config_text(config, "keys/folder");
    return folder ? xstrdup(folder) : state_path(state, "keys");
}
