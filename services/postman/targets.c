#include "services/postman/targets.h"

#include "common/strbuf.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ORIGINS_MAX = 200 };

struct origin {
    char *scheme, *host, *port;
    bool below; /* any host below this one */
};

struct targets {
    struct origin origins[ORIGINS_MAX];
    size_t count;
};

static void origin_clear(struct origin *origin)
{
    curl_free(origin->scheme);
    curl_free(origin->host);
    curl_free(origin->port);
    *origin = (struct origin){0};
}

static bool has_part(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    bool has = curl_url_get(url, part, &text, 0) == CURLUE_OK && *text;
    curl_free(text);
    return has;
}

/* Reads scheme, host and port as the library that connects reads them. What a target has no use for
 * is refused. */
static bool read_origin(const char *text, struct origin *origin)
{
    CURLU *url = curl_url();
    bool fine = url && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
                curl_url_get(url, CURLUPART_SCHEME, &origin->scheme, 0) == CURLUE_OK &&
                curl_url_get(url, CURLUPART_HOST, &origin->host, 0) == CURLUE_OK &&
                curl_url_get(url, CURLUPART_PORT, &origin->port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                (strcmp(origin->scheme, "http") == 0 || strcmp(origin->scheme, "https") == 0) &&
                !has_part(url, CURLUPART_USER) && !has_part(url, CURLUPART_PASSWORD) &&
                !has_part(url, CURLUPART_FRAGMENT);
    curl_url_cleanup(url);
    return fine;
}

static bool has_path(const char *text)
{
    const char *host = strstr(text, "://");
    const char *path = host ? strpbrk(host + 3, "/?#") : NULL;
    return path && strcmp(path, "/") != 0;
}

static int add_origin(struct targets *targets, const char *text, struct fault *fault)
{
    struct origin *origin = &targets->origins[targets->count];
    char *copy = xstrdup(text), *star = strstr(copy, "://*.");
    if (star)
        memmove(star + 3, star + 5, strlen(star + 5) + 1);
    bool fine = targets->count < ORIGINS_MAX && strstr(copy, "://") && !has_path(copy) &&
                read_origin(copy, origin);
    free(copy);
    if (!fine) {
        if (targets->count < ORIGINS_MAX)
            origin_clear(origin);
        return fault_set(fault, "config.webhooks",
                         "webhooks/allow: '%.100s' is not http(s)://HOST[:PORT]", text);
    }
    origin->below = star != NULL;
    targets->count++;
    return 0;
}

struct targets *targets_new(const char *allow, struct fault *fault)
{
    struct targets *targets = xcalloc(1, sizeof *targets);
    char *copy = xstrdup(allow ? allow : ""), *rest = copy, *one;
    int failed = 0;
    while (!failed && (one = strsep(&rest, " \t,")))
        if (*one)
            failed = add_origin(targets, one, fault);
    free(copy);
    if (failed)
        targets_destroy(&targets);
    return targets;
}

void targets_destroy(struct targets **targets)
{
    if (!*targets)
        return;
    for (size_t i = 0; i < (*targets)->count; i++)
        origin_clear(&(*targets)->origins[i]);
    free(*targets);
    *targets = NULL;
}

static bool same_host(const struct origin *allowed, const char *host)
{
    if (!allowed->below)
        return strcasecmp(allowed->host, host) == 0;
    size_t length = strlen(host), suffix = strlen(allowed->host);
    return length > suffix + 1 && host[length - suffix - 1] == '.' &&
           strcasecmp(host + length - suffix, allowed->host) == 0;
}

int targets_check(const struct targets *targets, const char *url, struct fault *fault)
{
    struct origin wanted = {0};
    int status = -1;
    if (!strstr(url, "://") || !read_origin(url, &wanted)) {
        fault_set(fault, "webhook.bad_url",
                  "地址应为 http:// 或 https:// 开头的完整网址，不带用户名和 #");
        goto done;
    }
    for (size_t i = 0; i < targets->count && status; i++) {
        const struct origin *allowed = &targets->origins[i];
        if (strcmp(allowed->scheme, wanted.scheme) == 0 &&
            strcmp(allowed->port, wanted.port) == 0 && same_host(allowed, wanted.host))
            status = 0;
    }
    if (status)
        fault_set(fault, "webhook.not_allowed",
                  "%s://%.200s:%s 不在准许名单内（配置 webhooks/allow，由管理员填写）",
                  wanted.scheme, wanted.host, wanted.port);
done:
    origin_clear(&wanted);
    return status;
}

/* --- addresses --- */

static bool is_literal(const char *host)
{
    unsigned char binary[sizeof(struct in6_addr)];
    return *host == '[' || inet_pton(AF_INET, host, binary) == 1 ||
           strcasecmp(host, "localhost") == 0;
}

static bool is_inner_v4(uint32_t address)
{
    return address >> 24 == 127 || address >> 24 == 0 || address >> 16 == 0xA9FE ||
           address >> 28 >= 0xE;
}

bool targets_address_fits(const char *host, const struct sockaddr *address)
{
    if (is_literal(host))
        return true;
    if (address->sa_family == AF_INET)
        return !is_inner_v4(
            ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr));
    if (address->sa_family != AF_INET6)
        return false;
    const struct in6_addr *six = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(six) || IN6_IS_ADDR_V4COMPAT(six)) {
        uint32_t four;
        memcpy(&four, &six->s6_addr[12], sizeof four);
        return !is_inner_v4(ntohl(four));
    }
    return !IN6_IS_ADDR_LOOPBACK(six) && !IN6_IS_ADDR_UNSPECIFIED(six) &&
           !IN6_IS_ADDR_LINKLOCAL(six) && !IN6_IS_ADDR_MULTICAST(six);
}
