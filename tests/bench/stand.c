#include "tests/bench/stand.h"

#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_ARGUMENTS = 16, MOST_PROCESSES = 32 };

static void die(const char *what)
{
    perror(what);
    exit(2);
}

static void run(struct stand *stand, const char *const *arguments, int output)
{
    const char *list[MOST_ARGUMENTS + 1] = {0};
    for (int i = 0; i < MOST_ARGUMENTS && arguments[i]; i++)
        list[i] = strcmp(arguments[i], "DIR") == 0 ? stand->directory : arguments[i];
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (output >= 0)
        dup2(output, STDOUT_FILENO);
    setenv("JINMU_LOG", "warning", 1);
    execvp(list[0], (char *const *)(uintptr_t)list);
    _exit(127);
}

void stand_start(struct stand *stand, const char *const *arguments, bool ready)
{
    int ends[2] = {-1, -1};
    strcpy(stand->directory, "/tmp/jm-bench.XXXXXX");
    if (!mkdtemp(stand->directory) || (ready && pipe(ends)))
        die("bench: temporary directory");
    stand->pid = fork();
    if (stand->pid == 0)
        run(stand, arguments, ends[1]);
    if (!ready)
        return;
    char line[256] = "";
    close(ends[1]);
    FILE *output = fdopen(ends[0], "r");
    if (!output || !fgets(line, sizeof line, output)) {
        fprintf(stderr, "bench: %s did not start\n", arguments[0]);
        exit(2);
    }
    fclose(output);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status, (void)kind, (void)place;
    return remove(path);
}

void stand_stop(struct stand *stand)
{
    int status = 0;
    kill(stand->pid, SIGTERM);
    waitpid(stand->pid, &status, 0);
    if (status && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM))
        fprintf(stderr, "bench: a program ended with status %d\n", status);
    nftw(stand->directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int64_t stand_bytes(const struct stand *stand)
{
    char command[80];
    long long bytes = -1;
    snprintf(command, sizeof command, "du -s -B1 %s", stand->directory);
    FILE *output = popen(command, "r");
    if (output && fscanf(output, "%lld", &bytes) != 1)
        bytes = -1;
    if (output)
        pclose(output);
    return bytes;
}

/* --- /proc ---------------------------------------------------------------------------------- */

/* The program and its children. */
static size_t processes_of(const struct stand *stand, pid_t all[MOST_PROCESSES])
{
    char path[64];
    size_t count = 0;
    int pid;
    all[count++] = stand->pid;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", stand->pid, stand->pid);
    FILE *file = fopen(path, "r");
    while (file && count < MOST_PROCESSES && fscanf(file, "%d", &pid) == 1)
        all[count++] = pid;
    if (file)
        fclose(file);
    return count;
}

struct usage {
    char name[32];
    unsigned long ticks;
    long pages;
};

static bool read_usage(pid_t pid, struct usage *usage)
{
    char path[64];
    unsigned long user, system;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    bool fits = file && fscanf(file,
                               "%*d (%31[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu"
                               " %*d %*d %*d %*d %*d %*d %*u %*u %ld",
                               usage->name, &user, &system, &usage->pages) == 4;
    if (file)
        fclose(file);
    if (fits)
        usage->ticks = user + system;
    return fits;
}

static bool is_wanted(const struct usage *usage, const char *name)
{
    return !name || strncmp(usage->name, name, 15) == 0; /* the kernel cuts names */
}

double stand_cpu_seconds(const struct stand *stand, const char *name)
{
    pid_t all[MOST_PROCESSES];
    unsigned long ticks = 0;
    struct usage usage;
    for (size_t i = 0, count = processes_of(stand, all); i < count; i++)
        if (read_usage(all[i], &usage) && is_wanted(&usage, name))
            ticks += usage.ticks;
    return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

double stand_most_megabytes(const struct stand *stand, const char *name)
{
    pid_t all[MOST_PROCESSES];
    long pages = 0;
    struct usage usage;
    for (size_t i = 0, count = processes_of(stand, all); i < count; i++)
        if (read_usage(all[i], &usage) && is_wanted(&usage, name) && usage.pages > pages)
            pages = usage.pages;
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1e6;
}
