#include "services/gateway/server.h"

#include "common/log.h"
#include "services/gateway/doorkeeper.h"
#include "services/gateway/hands.h"
#include "services/gateway/page.h"
#include "services/gateway/response.h"
#include "services/gateway/route.h"
#include "services/gateway/stream.h"

#include <arpa/inet.h>
#include <czmq.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    CONNECTION_BYTES = 32 * 1024, /* for the headers of a request */
    IDLE_S = 75,                  /* nothing moves on a connection */
    LISTEN_BACKLOG = 1024,
    PEM_BYTES_MAX = 1 << 20,
};

static int socket_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

static void note_connection(void *argument, struct MHD_Connection *connection, void **context,
                            enum MHD_ConnectionNotificationCode code)
{
    struct gateway *gateway = argument;
    (void)context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        gateway->counts.connections++;
        doorkeeper_opened(gateway->doorkeeper, socket_of(connection));
    } else {
        gateway->counts.connections--;
        doorkeeper_closed(gateway->doorkeeper, socket_of(connection));
    }
}

static void *begin_exchange(void *argument, const char *target, struct MHD_Connection *connection)
{
    return exchange_new(argument, target, connection);
}

static void count_answer(struct gateway_counts *counts, unsigned status, int64_t took_us)
{
    counts->responses_2xx += status / 100 == 2;
    counts->responses_3xx += status / 100 == 3;
    counts->responses_4xx += status / 100 == 4;
    counts->responses_5xx += status / 100 == 5;
    counts->response_us += (uint64_t)took_us;
}

static void end_exchange(void *argument, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code)
{
    struct gateway *gateway = argument;
    struct exchange *exchange = *context;
    if (!exchange)
        return;
    int64_t took_us = zclock_usecs() - exchange->started_us;
    unsigned status = exchange->phase == EXCHANGE_SENT ? exchange->answer.status : 0;
    count_answer(&gateway->counts, status, took_us);
    log_info("request", "id=%s from=%s who=\"%s\" method=%s path=\"%s\" status=%u ms=%.1f%s",
             exchange->id, exchange->address, exchange->principal.who,
             exchange->method ? exchange->method : "-", exchange->target, status,
             (double)took_us / 1000,
             code == MHD_REQUEST_TERMINATED_COMPLETED_OK ? "" : " ended=early");
    stream_closed(exchange);
    gateway->counts.bodies_bytes -= (int64_t)exchange->reserved;
    exchange_destroy(&exchange);
    *context = NULL;
    doorkeeper_owes(gateway->doorkeeper, socket_of(connection), DOOR_HEADERS);
}

static bool is_address(const char *text)
{
    unsigned char binary[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, text, binary) == 1 || inet_pton(AF_INET6, text, binary) == 1;
}

/* An IPv4 address is written as such also where the socket takes both families ("::ffff:127.0.0.1"). */
static void unmap(char *address)
{
    static const char mapped[] = "::ffff:";
    const char *four = address + sizeof mapped - 1;
    if (strncmp(address, mapped, sizeof mapped - 1) == 0 && strchr(four, '.'))
        memmove(address, four, strlen(four) + 1);
}

/* The client's address: the last one that our proxy added, when it came through it. */
static void find_address(struct exchange *exchange)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct gateway_options *options = &exchange->gateway->options;
    if (!info || getnameinfo(info->client_addr,
                             info->client_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                                      : sizeof(struct sockaddr_in),
                             exchange->address, sizeof exchange->address, NULL, 0, NI_NUMERICHOST))
        snprintf(exchange->address, sizeof exchange->address, "unknown");
    unmap(exchange->address);
    const char *forwarded = exchange_header(exchange, "X-Forwarded-For");
    if (!options->proxy || !forwarded || strcmp(options->proxy, exchange->address) != 0)
        return;
    const char *last = strrchr(forwarded, ',');
    last = last ? last + 1 : forwarded;
    last += strspn(last, " ");
    if (is_address(last))
        snprintf(exchange->address, sizeof exchange->address, "%s", last);
}

static enum MHD_Result send_answer(struct exchange *exchange)
{
    struct gateway *gateway = exchange->gateway;
    exchange->phase = EXCHANGE_SENT;
    doorkeeper_owes(gateway->doorkeeper, socket_of(exchange->connection),
                    exchange->stream ? DOOR_NOTHING : DOOR_READING);
    return exchange->stream ? stream_send(exchange) : response_send(exchange);
}

static bool has_body_room(struct exchange *exchange, uint64_t bytes)
{
    struct gateway *gateway = exchange->gateway;
    if (bytes > (uint64_t)gateway->options.body_bytes) {
        reply_problem(exchange, "input.too_large", "请求体超过 %lld 字节",
                      (long long)gateway->options.body_bytes);
        return false;
    }
    if (atomic_fetch_add(&gateway->counts.bodies_bytes, (int64_t)bytes) + (int64_t)bytes >
        gateway->options.bodies_bytes) {
        gateway->counts.bodies_bytes -= (int64_t)bytes;
        reply_problem(exchange, "gateway.busy", "正在接收的数据太多，请稍后再试");
        reply_header(exchange, "Retry-After", "2");
        return false;
    }
    exchange->reserved += bytes;
    return true;
}

static bool has_body(const struct exchange *exchange)
{
    return exchange_header(exchange, "Content-Length") ||
           exchange_header(exchange, "Transfer-Encoding");
}

/* With the headers read: who it is, what it wants, and whether it may send its body. false: there is
 * an answer already. */
static bool admit(struct exchange *exchange)
{
    const char *length = exchange_header(exchange, "Content-Length");
    if (exchange->bad_target) {
        reply_problem(exchange, "request.bad", "地址不是合法的 UTF-8 文本");
        return false;
    }
    if (!routes_is_api(exchange)) {
        page_serve(exchange);
        return false;
    }
    if (!(exchange->route = routes_find(exchange)) || !access_check(exchange))
        return false;
    if (!has_body(exchange) || !(exchange->route->flags & ROUTE_BODY))
        return true;
    return has_body_room(exchange, length ? strtoull(length, NULL, 10) : 0);
}

static enum MHD_Result take_headers(struct exchange *exchange, const char *method)
{
    struct gateway *gateway = exchange->gateway;
    exchange->method = xstrdup(method);
    gateway->counts.requests++;
    find_address(exchange);
    exchange->phase = EXCHANGE_BODY;
    doorkeeper_owes(gateway->doorkeeper, socket_of(exchange->connection), DOOR_BODY);
    if (admit(exchange))
        return MHD_YES;
    if (!exchange->answer.status)
        reply_problem(exchange, "not_found", "没有这个地址");
    if (has_body(exchange))
        return send_answer(exchange); /* and the connection ends: the body is not read */
    exchange->phase = EXCHANGE_ANSWER;
    return MHD_YES;
}

static enum MHD_Result take_body(struct exchange *exchange, const char *bytes, size_t *length)
{
    size_t after = exchange->body.length + *length;
    if (!(exchange->route->flags & ROUTE_BODY)) {
        *length = 0; /* of no interest, and read so that the connection can go on */
        return MHD_YES;
    }
    /* A body without a length (chunked) is reserved as it comes; the library gives no way to answer
     * in its middle, so one that is too large ends the connection. */
    if (after > exchange->reserved && !has_body_room(exchange, after - exchange->reserved))
        return MHD_NO;
    if (after > (size_t)exchange->gateway->options.body_bytes)
        return MHD_NO;
    strbuf_add(&exchange->body, bytes, *length);
    *length = 0;
    return MHD_YES;
}

static enum MHD_Result dispatch(struct exchange *exchange)
{
    struct gateway *gateway = exchange->gateway;
    if (exchange->route->flags & ROUTE_AT_ONCE) {
        exchange->route->serve(exchange, NULL);
        return send_answer(exchange);
    }
    exchange->phase = EXCHANGE_WAITS;
    doorkeeper_owes(gateway->doorkeeper, socket_of(exchange->connection), DOOR_NOTHING);
    /* Before a hand can resume it. */
    MHD_suspend_connection(exchange->connection);
    if (hands_take(gateway->hands, exchange))
        return MHD_YES;
    gateway->counts.refused_busy++;
    reply_problem(exchange, "gateway.busy", "请求太多，请稍后再试");
    reply_header(exchange, "Retry-After", "2");
    exchange->phase = EXCHANGE_ANSWER;
    MHD_resume_connection(exchange->connection);
    return MHD_YES;
}

static enum MHD_Result serve(void *argument, struct MHD_Connection *connection, const char *url,
                             const char *method, const char *version, const char *upload,
                             size_t *upload_size, void **context)
{
    struct exchange *exchange = *context;
    (void)argument, (void)connection, (void)url, (void)version;
    if (!exchange)
        return MHD_NO;
    switch (exchange->phase) {
    case EXCHANGE_HEADERS:
        return take_headers(exchange, method);
    case EXCHANGE_BODY:
        return *upload_size ? take_body(exchange, upload, upload_size) : dispatch(exchange);
    case EXCHANGE_ANSWER:
        return send_answer(exchange);
    case EXCHANGE_WAITS:
    case EXCHANGE_SENT:
        break;
    }
    *upload_size = 0;
    return MHD_YES;
}

static void log_library(void *argument, const char *format, va_list values)
{
    char text[300];
    (void)argument;
    vsnprintf(text, sizeof text, format, values);
    text[strcspn(text, "\n")] = 0;
    log_debug("http_library", "message=\"%s\"", text);
}

/* A listening socket for "ADDRESS:PORT" or "[ADDRESS]:PORT"; -1 with a fault. */
static int listen_at(struct gateway *gateway, struct fault *fault)
{
    const char *listen_text = gateway->options.listen;
    const char *colon = strrchr(listen_text, ':');
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    int listener = -1, yes = 1;
    if (!colon || colon == listen_text)
        return fault_set(fault, "http.address", "'%s' is not ADDRESS:PORT", listen_text);
    bool bracketed = *listen_text == '[' && colon[-1] == ']';
    char *host =
        xstrndup(listen_text + bracketed, (size_t)(colon - listen_text) - 2 * (size_t)bracketed);
    if (getaddrinfo(host, colon + 1, &hints, &found)) {
        fault_set(fault, "http.address", "'%s' is not ADDRESS:PORT", listen_text);
        goto done;
    }
    listener = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener >= 0)
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (listener < 0 || bind(listener, found->ai_addr, found->ai_addrlen) ||
        listen(listener, LISTEN_BACKLOG)) {
        fault_set(fault, "http.bind", "%s: %s", listen_text, strerror(errno));
        if (listener >= 0)
            close(listener);
        listener = -1;
    }
done:
    if (found)
        freeaddrinfo(found);
    free(host);
    return listener;
}

static void find_port(struct gateway *gateway, int listener)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    if (getsockname(listener, (struct sockaddr *)&address, &length) == 0)
        gateway->port =
            ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                                : ((struct sockaddr_in *)&address)->sin_port);
}

static char *read_pem(const char *path, struct fault *fault)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        fault_set(fault, "http.certificate", "%s: %s", path, strerror(errno));
        return NULL;
    }
    char *text = xcalloc(1, PEM_BYTES_MAX + 1);
    size_t length = fread(text, 1, PEM_BYTES_MAX, file);
    fclose(file);
    text[length] = 0;
    return text;
}

static void run_daemon(struct gateway *gateway, int listener, char *certificate, char *key)
{
    const struct gateway_options *options = &gateway->options;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
                     (certificate ? MHD_USE_TLS : 0);
    struct MHD_OptionItem tls[] = {
        {certificate ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0, certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0,
         (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
        {MHD_OPTION_END, 0, NULL}};
    gateway->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, serve, gateway, MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL,
        MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)options->connections, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        (unsigned)(options->proxy ? 0 : options->connections_each), MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
        MHD_OPTION_URI_LOG_CALLBACK, begin_exchange, gateway, MHD_OPTION_NOTIFY_COMPLETED,
        end_exchange, gateway, MHD_OPTION_NOTIFY_CONNECTION, note_connection, gateway,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
}

static bool is_loopback(const char *listen)
{
    return strncmp(listen, "127.", 4) == 0 || strncmp(listen, "[::1]:", 6) == 0;
}

/* A setting that is only half there must not end in plain HTTP, or in a proxy that nobody believes. */
static int check_protection(const struct gateway_options *options, struct fault *fault)
{
    if (!options->certificate != !options->key)
        return fault_set(fault, "http.certificate",
                         "http/certificate and http/key: both are to be set, or none of them");
    if (options->proxy && !is_address(options->proxy))
        return fault_set(fault, "http.proxy", "http/proxy: '%s' is no IP address", options->proxy);
    if (!options->certificate && !options->https_outside && !is_loopback(options->listen))
        log_warning(
            "http_in_the_clear",
            "listen=%s reason=\"passwords and texts can be read on the network: set "
            "http/certificate and http/key, or http/https_outside behind a proxy with TLS\"",
            options->listen);
    return 0;
}

int server_start(struct gateway *gateway, struct fault *fault)
{
    const struct gateway_options *options = &gateway->options;
    char *certificate = NULL, *key = NULL;
    int status = -1, listener = -1;
    if (check_protection(options, fault) ||
        (options->certificate && (!(certificate = read_pem(options->certificate, fault)) ||
                                  !(key = read_pem(options->key, fault)))))
        goto done;
    listener = listen_at(gateway, fault);
    if (listener < 0)
        goto done;
    find_port(gateway, listener);
    run_daemon(gateway, listener, certificate, key);
    if (gateway->daemon)
        status = 0;
    else
        fault_set(fault, "http.start", "%s: the HTTP library does not start%s", options->listen,
                  certificate ? " (is the certificate in order?)" : "");
done:
    if (status && listener >= 0)
        close(listener);
    free(certificate);
    free(key);
    return status;
}

void server_refuse(struct gateway *gateway)
{
    MHD_socket listener = gateway->daemon ? MHD_quiesce_daemon(gateway->daemon) : -1;
    if (listener >= 0)
        close(listener);
}

void server_stop(struct gateway *gateway)
{
    if (gateway->daemon)
        MHD_stop_daemon(gateway->daemon);
    gateway->daemon = NULL;
}
