#include "tests/services/process.h"

#include "catalog/catalog.h"
#include "common/signals.h"
#include "common/state.h"
#include "common/strbuf.h"

#include <ftw.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { POLL_MS = 2 };

struct process {
    pid_t pid;
    bool reaped;
    int status;
    char log[64];
    int log_file;
};

static long long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void pause_ms(int ms)
{
    struct timespec time = {.tv_nsec = ms * 1000000L};
    nanosleep(&time, NULL);
}

static bool reap(struct process *process)
{
    int status;
    if (!process->reaped && waitpid(process->pid, &status, WNOHANG) == process->pid) {
        process->reaped = true;
        process->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return process->reaped;
}

static char *read_log(const struct process *process)
{
    struct strbuf text = {0};
    char part[4096];
    ssize_t length;
    for (off_t at = 0; (length = pread(process->log_file, part, sizeof part, at)) > 0; at += length)
        strbuf_add(&text, part, (size_t)length);
    return strbuf_take(&text);
}

static void show_log(const struct process *process, const char *why)
{
    char *log = read_log(process);
    fprintf(stderr, "process %ld %s:\n%s", (long)process->pid, why, log);
    free(log);
}

int process_log_count(struct process *process, const char *text)
{
    char *log = read_log(process);
    int count = 0;
    for (const char *at = strstr(log, text); at; at = strstr(at + strlen(text), text))
        count++;
    free(log);
    return count;
}

char *process_log_value(struct process *process, const char *name)
{
    char *log = read_log(process);
    const char *at = strstr(log, name);
    char *value = NULL;
    if (at) {
        at += strlen(name);
        value = xstrndup(at, strcspn(at, " \n"));
    }
    free(log);
    return value;
}

bool process_logged(struct process *process, const char *text, int timeout_ms)
{
    long long deadline = now_ms() + timeout_ms;
    for (;;) {
        bool ended = reap(process);
        if (process_log_count(process, text) > 0)
            return true;
        if (ended || now_ms() > deadline)
            return false;
        pause_ms(POLL_MS);
    }
}

static void become(const char *const argv[], int log_file, pid_t parent)
{
    const char *folder = getenv("JINMU_BIN");
    struct strbuf program = {0};
    strbuf_printf(&program, "%s/%s", folder ? folder : "build/bin", argv[0]);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    signals_restore();
    dup2(log_file, STDERR_FILENO);
    execv(program.text, (char *const *)(uintptr_t)argv);
    perror(program.text);
    _exit(127);
}

struct process *process_start(const char *const argv[], const char *ready, int timeout_ms)
{
    struct process *process = xcalloc(1, sizeof *process);
    snprintf(process->log, sizeof process->log, "/tmp/jinmu-log.XXXXXX");
    process->log_file = mkstemp(process->log);
    pid_t parent = getpid();
    process->pid = fork();
    if (process->pid == 0)
        become(argv, process->log_file, parent);
    if (process->pid > 0 && (!ready || process_logged(process, ready, timeout_ms)))
        return process;
    show_log(process, "did not get ready");
    process_destroy(&process);
    return NULL;
}

void process_destroy(struct process **process)
{
    if (!*process)
        return;
    if ((*process)->pid > 0 && !reap(*process)) {
        kill((*process)->pid, SIGKILL);
        waitpid((*process)->pid, NULL, 0);
    }
    if ((*process)->log_file >= 0)
        close((*process)->log_file);
    unlink((*process)->log);
    free(*process);
    *process = NULL;
}

pid_t process_id(const struct process *process)
{
    return process->pid;
}

int process_signal(struct process *process, int signal_number)
{
    return reap(process) ? -1 : kill(process->pid, signal_number);
}

int process_wait(struct process *process, int timeout_ms)
{
    long long deadline = now_ms() + timeout_ms;
    while (!reap(process)) {
        if (now_ms() > deadline)
            return -1;
        pause_ms(POLL_MS);
    }
    return process->status;
}

int process_stop(struct process **process, int timeout_ms)
{
    process_signal(*process, SIGTERM);
    int status = process_wait(*process, timeout_ms);
    if (status)
        show_log(*process, "did not end well");
    process_destroy(process);
    return status;
}

char *scratch_new(void)
{
    const char *folder = getenv("TMPDIR");
    struct strbuf path = {0};
    strbuf_printf(&path, "%s/jinmu.XXXXXX", folder && *folder ? folder : "/tmp");
    if (!mkdtemp(path.text)) {
        perror(path.text);
        abort();
    }
    return strbuf_take(&path);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status, (void)kind, (void)place;
    return remove(path);
}

char *scratch_with_catalog(void)
{
    struct fault fault;
    char *directory = scratch_new(), *path = state_path(directory, "catalog.db");
    if (catalog_ensure(path, catalog_data_directory(), &fault)) {
        fprintf(stderr, "%s: %s\n", fault.code, fault.message);
        scratch_destroy(&directory);
    }
    free(path);
    return directory;
}

void scratch_destroy(char **directory)
{
    if (!*directory)
        return;
    nftw(*directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(*directory);
    *directory = NULL;
}
