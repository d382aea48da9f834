#include "services/cli/progress.h"

#include <czmq.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BAR_CELLS = 30, BETWEEN_MS = 100 };

void progress_start(struct progress *progress, const char *what, size_t total)
{
    *progress = (struct progress){.what = what, .total = total, .shown = isatty(STDERR_FILENO)};
}

void progress_show(struct progress *progress, size_t done, const char *why)
{
    int64_t now = zclock_mono();
    if (!progress->shown || (now < progress->next_ms && done < progress->total))
        return;
    progress->next_ms = now + BETWEEN_MS;
    size_t cells = progress->total ? done * BAR_CELLS / progress->total : BAR_CELLS;
    fprintf(stderr, "\r\033[K%s [", progress->what);
    for (size_t i = 0; i < BAR_CELLS; i++)
        fputc(i < cells ? '#' : '.', stderr);
    fprintf(stderr, "] %zu/%zu %s", done, progress->total, why ? why : "");
    fflush(stderr);
}

void progress_say(struct progress *progress, const char *why)
{
    if (progress->shown || !why || strncmp(progress->said, why, sizeof progress->said - 1) == 0)
        return;
    snprintf(progress->said, sizeof progress->said, "%s", why);
    fprintf(stderr, "%s: %s\n", progress->what, why);
}

void progress_end(struct progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
    progress->shown = false;
}
