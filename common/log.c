#include "common/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *level_names[] = {"error", "warning", "info", "debug"};
static const char *program_name = "jinmu";
static _Atomic enum log_level threshold = LOG_LEVEL_INFO; /* other threads log too */

void log_start(const char *program)
{
    program_name = program;
    log_set_level("info");
}

int log_set_level(const char *name)
{
    const char *wanted = getenv("JINMU_LOG");
    for (int i = 0; i <= LOG_LEVEL_DEBUG; i++)
        if (strcmp(wanted ? wanted : name, level_names[i]) == 0) {
            threshold = (enum log_level)i;
            return 0;
        }
    return wanted ? 0 : -1;
}

void log_event(enum log_level level, const char *event, const char *format, ...)
{
    if (level > threshold)
        return;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct tm utc;
    gmtime_r(&now.tv_sec, &utc);
    char when[32];
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &utc);

    char line[2048];
    int used = snprintf(line, sizeof line, "%s.%03ldZ %s %s %s ", when, now.tv_nsec / 1000000,
                        level_names[level], program_name, event);
    va_list arguments;
    va_start(arguments, format);
    if (used > 0 && (size_t)used < sizeof line)
        vsnprintf(line + used, sizeof line - (size_t)used, format, arguments);
    va_end(arguments);
    for (char *c = line; *c; c++)
        if (*c == '\n' || *c == '\r')
            *c = ' ';
    fprintf(stderr, "%s\n", line);
}
