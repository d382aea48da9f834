#ifndef JINMU_LOG_H
#define JINMU_LOG_H

/* Structured logs on stderr, one line an event:
 *   2026-11-21T08:00:00.123Z info broker job_leased job=… worker=…
 * The level comes from $JINMU_LOG (error, warning, info, debug), else from log_set_level; default
 * info. */
enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Names the program in every following line; call once at start. `program` must stay valid. */
void log_start(const char *program);
/* -1 when there is no level of that name. */
int log_set_level(const char *name);
/* `event` is one word; `format` gives the key=value pairs (values with spaces in "…"). */
void log_event(enum log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define log_error(...)   log_event(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_event(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_event(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_event(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
