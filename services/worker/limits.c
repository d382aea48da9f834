#include "services/worker/limits.h"

#include "common/state.h"

#include <czmq.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { SMALLEST = 1024 };

static int read_size(size_t *size, zconfig_t *configuration, const char *path, const char *variable,
                     struct fault *fault)
{
    const char *text = getenv(variable);
    if (!text && configuration)
        text = zconfig_get(configuration, path, NULL);
    if (!text)
        return 0;
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (errno || end == text || *end || number < SMALLEST || number > SIZE_MAX / 2)
        return fault_set(fault, "config.bad_size", "%s (%s): '%s' is no number of bytes from %d",
                         path, variable, text, SMALLEST);
    *size = (size_t)number;
    return 0;
}

int limits_read(struct project_limits *limits, const char *state, struct fault *fault)
{
    *limits = project_limits_default;
    char *path = state_path(state, "jinmu.zpl");
    zconfig_t *configuration = access(path, R_OK) == 0 ? zconfig_load(path) : NULL;
    int status = read_size(&limits->project_bytes, configuration, "limits/project_bytes",
                           "JINMU_PROJECT_BYTES", fault) ||
                         read_size(&limits->message_bytes, configuration, "limits/message_bytes",
                                   "JINMU_MESSAGE_BYTES", fault)
                     ? -1
                     : 0;
    zconfig_destroy(&configuration);
    free(path);
    return status;
}
