#ifndef JINMU_CLI_PROGRESS_H
#define JINMU_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A bar on stderr, when that is a terminal; else no more than what it waits for. */
struct progress {
    const char *what;
    size_t total;
    bool shown;
    int64_t next_ms; /* not drawn before */
    char said[120];  /* the last line of progress_say */
};
void progress_start(struct progress *progress, const char *what, size_t total);
/* `why` (may be NULL) says what it waits for. */
void progress_show(struct progress *progress, size_t done, const char *why);
/* Where there is no terminal: a line of what it waits for, once and not each time that it looks. */
void progress_say(struct progress *progress, const char *why);
void progress_end(struct progress *progress);

#endif
