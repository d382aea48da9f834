#include "services/worker/limits.h"

enum { SMALLEST = 1024 };

static int read_size(size_t *size, const struct config *config, const char *name,
                     struct fault *fault)
{
    int64_t number = (int64_t)*size;
    int status = config_number(config, name, SMALLEST, INT64_MAX / 2, &number, fault);
    *size = (size_t)number;
    return status;
}

int limits_read(struct project_limits *limits, const struct config *config, struct fault *fault)
{
    *limits = project_limits_default;
    if (read_size(&limits->project_bytes, config, "limits/project_bytes", fault))
        return -1;
    return read_size(&limits->message_bytes, config, "limits/message_bytes", fault);
}
