#include "tests/bench/beanstalk.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { LINE_BYTES = 224 };

bool beanstalk_connect(struct beanstalk *connection, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int yes = 1;
    connection->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    connection->input = NULL;
    if (connection->socket < 0 ||
        connect(connection->socket, (struct sockaddr *)&address, sizeof address)) {
        beanstalk_close(connection);
        return false;
    }
    setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    connection->input = fdopen(dup(connection->socket), "r");
    return connection->input != NULL;
}

void beanstalk_close(struct beanstalk *connection)
{
    if (connection->input)
        fclose(connection->input);
    if (connection->socket >= 0)
        close(connection->socket);
    *connection = (struct beanstalk){.socket = -1};
}

static bool send_all(int socket, struct iovec *parts, int count)
{
    while (count > 0) {
        ssize_t sent = writev(socket, parts, count);
        if (sent < 0)
            return false;
        for (; count > 0 && (size_t)sent >= parts->iov_len; parts++, count--)
            sent -= (ssize_t)parts->iov_len;
        if (count > 0) {
            parts->iov_base = (char *)parts->iov_base + sent;
            parts->iov_len -= (size_t)sent;
        }
    }
    return true;
}

static bool send_text(struct beanstalk *connection, const char *text)
{
    struct iovec part = {(char *)(uintptr_t)text, strlen(text)};
    return send_all(connection->socket, &part, 1);
}

static bool answer_begins(struct beanstalk *connection, char line[LINE_BYTES], const char *word)
{
    return fgets(line, LINE_BYTES, connection->input) && strncmp(line, word, strlen(word)) == 0;
}

bool beanstalk_put(struct beanstalk *connection, const char *body, size_t bytes)
{
    char line[LINE_BYTES];
    int length = snprintf(line, sizeof line, "put 1 0 60 %zu\r\n", bytes);
    struct iovec parts[] = {
        {line, (size_t)length}, {(char *)(uintptr_t)body, bytes}, {(char *)(uintptr_t) "\r\n", 2}};
    return send_all(connection->socket, parts, 3) && answer_begins(connection, line, "INSERTED");
}

static bool drop_bytes(FILE *input, size_t bytes)
{
    char buffer[65536];
    while (bytes > 0) {
        size_t got = fread(buffer, 1, bytes < sizeof buffer ? bytes : sizeof buffer, input);
        if (got == 0)
            return false;
        bytes -= got;
    }
    return true;
}

long long beanstalk_reserve(struct beanstalk *connection)
{
    char line[LINE_BYTES];
    long long job;
    size_t bytes;
    if (!send_text(connection, "reserve-with-timeout 1\r\n") ||
        !fgets(line, sizeof line, connection->input))
        return -1;
    if (strncmp(line, "TIMED_OUT", 9) == 0)
        return 0;
    if (sscanf(line, "RESERVED %lld %zu", &job, &bytes) != 2 ||
        !drop_bytes(connection->input, bytes + 2))
        return -1;
    return job;
}

bool beanstalk_delete(struct beanstalk *connection, long long job)
{
    char line[LINE_BYTES];
    snprintf(line, sizeof line, "delete %lld\r\n", job);
    return send_text(connection, line) && answer_begins(connection, line, "DELETED");
}
