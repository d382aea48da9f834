#include "catalog/intake/document_pdf.h"

#include "catalog/intake/document.h"
#include "common/strbuf.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    TIME_LIMIT_MS = 60000,
    CPU_LIMIT_S = 30,
    MEMORY_LIMIT = 1 << 30,
    FILES_LIMIT = 64,
    NOT_FOUND = 127
};

bool document_is_pdf(const char *bytes, size_t length)
{
    enum {
        HEADER_BYTES = 1024
    }; /* readers allow for junk before the header; we, for white space */
    size_t at = 0;
    while (at < length && at < HEADER_BYTES && strchr(" \t\r\n", bytes[at]) && bytes[at])
        at++;
    return length - at >= 5 && memcmp(bytes + at, "%PDF-", 5) == 0;
}

static void limit(int resource, rlim_t most)
{
    struct rlimit limits = {most, most};
    if (setrlimit(resource, &limits) != 0)
        _exit(NOT_FOUND - 1);
}

/* In the child: never returns. */
static void run_pdftotext(int input, int output)
{
    int null = open("/dev/null", O_WRONLY);
    limit(RLIMIT_CPU, CPU_LIMIT_S);
    limit(RLIMIT_AS, MEMORY_LIMIT);
    limit(RLIMIT_FSIZE, 0); /* it writes to a pipe only */
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NOFILE, FILES_LIMIT);
    if (null < 0 || dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(null, 2) < 0)
        _exit(NOT_FOUND - 1);
    execlp("pdftotext", "pdftotext", "-q", "-layout", "-enc", "UTF-8", "-", "-", (char *)NULL);
    _exit(errno == ENOENT ? NOT_FOUND : NOT_FOUND - 1);
}

static int file_of(const char *bytes, size_t length)
{
    int file = memfd_create("document.pdf", MFD_CLOEXEC);
    for (size_t done = 0; file >= 0 && done < length;) {
        ssize_t wrote = write(file, bytes + done, length - done);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0) {
            close(file);
            return -1;
        }
        done += (size_t)wrote;
    }
    if (file >= 0)
        lseek(file, 0, SEEK_SET);
    return file;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Reads until the end. False when it takes too long or gives too much. */
static bool read_all(int output, struct strbuf *text)
{
    int64_t deadline = now_ms() + TIME_LIMIT_MS;
    for (;;) {
        char piece[65536];
        int64_t left = deadline - now_ms();
        struct pollfd wait = {.fd = output, .events = POLLIN};
        int ready = left > 0 ? poll(&wait, 1, (int)left) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            return false;
        ssize_t got = read(output, piece, sizeof piece);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0;
        strbuf_add(text, piece, (size_t)got);
        if (text->length > DOCUMENT_BYTES_MAX)
            return false;
    }
}

static void say_why(int status, bool complete, struct fault *fault)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND)
        fault_set(fault, "document.pdf_tool_missing",
                  "读取PDF需要pdftotext程序，本机没有安装；请安装Debian软件包poppler-utils"
                  "（apt-get install poppler-utils），或先把文件另存为文本");
    else if (!complete)
        fault_set(fault, "document.pdf_failed", "PDF无法读取：转换超过时间或大小限制");
    else
        fault_set(fault, "document.pdf_failed",
                  "PDF无法读取：文件损坏、加密或过大（pdftotext状态%d）",
                  WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
}

char *document_pdf_text(const char *bytes, size_t length, size_t *out_length, struct fault *fault)
{
    int ends[2] = {-1, -1}, status = 0, input = file_of(bytes, length);
    struct strbuf text = {0};
    bool complete = false;
    pid_t child = -1;
    if (input < 0 || pipe2(ends, O_CLOEXEC) != 0 || (child = fork()) < 0) {
        fault_set(fault, "document.pdf_failed", "PDF无法读取：%s", strerror(errno));
        goto done;
    }
    if (child == 0)
        run_pdftotext(input, ends[1]);
    close(ends[1]);
    ends[1] = -1;
    complete = read_all(ends[0], &text);
    if (!complete)
        kill(child, SIGKILL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (!complete || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        say_why(status, complete, fault);
        strbuf_free(&text);
        complete = false;
    }
done:
    for (size_t i = 0; i < 2; i++)
        if (ends[i] >= 0)
            close(ends[i]);
    if (input >= 0)
        close(input);
    *out_length = text.length;
    return complete ? strbuf_take(&text) : NULL;
}
