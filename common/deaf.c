#include "common/deaf.h"

#include "common/log.h"
#include "common/strbuf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_LISTENERS = 4,
    MOST_ADDRESSES = 64,
    STEPS_AN_ADDRESS = 5,
    /* In the network header, which the kernel reaches at SKF_NET_OFF. */
    VERSION_OFFSET = 0,
    IPV4_SOURCE = 12,
    IPV6_SOURCE = 8,
};

struct address {
    bool is_v6;
    uint32_t words[2]; /* host order; the second only of IPv6 */
    int64_t until_ms;
};

struct deaf {
    int listeners[MOST_LISTENERS];
    size_t listener_count;
    struct address addresses[MOST_ADDRESSES];
    size_t count;
};

struct deaf *deaf_new(void)
{
    return xcalloc(1, sizeof(struct deaf));
}

void deaf_destroy(struct deaf **deaf)
{
    free(*deaf);
    *deaf = NULL;
}

static struct sock_filter load(unsigned offset)
{
    return (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_NET_OFF + offset);
}

static struct sock_filter jump(uint32_t value, unsigned char when_equal, unsigned char otherwise)
{
    return (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, when_equal, otherwise);
}

static struct sock_filter verdict(bool hear)
{
    return (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, hear ? UINT32_MAX : 0);
}

/* Falls through to the next address unless the source is this one. */
static size_t write_address(struct sock_filter *steps, const struct address *address)
{
    size_t count = 0;
    if (address->is_v6) {
        steps[count++] = load(IPV6_SOURCE);
        steps[count++] = jump(address->words[0], 0, 3);
        steps[count++] = load(IPV6_SOURCE + 4);
        steps[count++] = jump(address->words[1], 0, 1);
    } else {
        steps[count++] = load(IPV4_SOURCE);
        steps[count++] = jump(address->words[0], 0, 1);
    }
    steps[count++] = verdict(false);
    return count;
}

/* All addresses of a version, then "hear". */
static size_t write_version(const struct deaf *deaf, bool is_v6, struct sock_filter *steps)
{
    size_t count = 0;
    for (size_t i = 0; i < deaf->count; i++)
        if (deaf->addresses[i].is_v6 == is_v6)
            count += write_address(steps + count, &deaf->addresses[i]);
    steps[count++] = verdict(true);
    return count;
}

static void apply(const struct deaf *deaf)
{
    struct sock_filter steps[MOST_ADDRESSES * STEPS_AN_ADDRESS + 8];
    size_t count = 0;
    steps[count++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS,
                                                  (uint32_t)SKF_NET_OFF + VERSION_OFFSET);
    steps[count++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf0);
    steps[count++] = jump(0x60, 1, 0);
    size_t to_v4 = count++; /* over the addresses of IPv6, which may be far */
    size_t v6 = write_version(deaf, true, steps + count);
    count += v6;
    steps[to_v4] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)v6);
    count += write_version(deaf, false, steps + count);
    struct sock_fprog program = {.len = (unsigned short)count, .filter = steps};
    for (size_t i = 0; i < deaf->listener_count; i++) {
        int status = deaf->count ? setsockopt(deaf->listeners[i], SOL_SOCKET, SO_ATTACH_FILTER,
                                              &program, sizeof program)
                                 : setsockopt(deaf->listeners[i], SOL_SOCKET, SO_DETACH_FILTER,
                                              &(int){0}, sizeof(int));
        if (status && errno != ENOENT)
            log_debug("filter_failed", "reason=\"%s\"", strerror(errno));
    }
}

void deaf_add_listener(struct deaf *deaf, int listener)
{
    if (deaf->listener_count < MOST_LISTENERS)
        deaf->listeners[deaf->listener_count++] = listener;
}

static struct address address_of(const struct sockaddr_storage *from)
{
    struct address address = {0};
    if (from->ss_family == AF_INET) {
        address.words[0] = ntohl(((const struct sockaddr_in *)from)->sin_addr.s_addr);
        return address;
    }
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)from)->sin6_addr;
    bool mapped = IN6_IS_ADDR_V4MAPPED(v6); /* an IPv4 packet at a socket of both */
    memcpy(address.words, v6->s6_addr + (mapped ? 12 : 0), mapped ? 4 : 8);
    address.is_v6 = !mapped;
    for (int i = 0; i < 2; i++)
        address.words[i] = ntohl(address.words[i]);
    return address;
}

void deaf_turn(struct deaf *deaf, const struct sockaddr_storage *from, int64_t now_ms,
               int64_t for_ms)
{
    struct address address = address_of(from);
    address.until_ms = now_ms + for_ms;
    for (size_t i = 0; i < deaf->count; i++)
        if (deaf->addresses[i].is_v6 == address.is_v6 &&
            memcmp(deaf->addresses[i].words, address.words, sizeof address.words) == 0)
            return;
    if (deaf->count == MOST_ADDRESSES)
        memmove(deaf->addresses, deaf->addresses + 1, --deaf->count * sizeof *deaf->addresses);
    deaf->addresses[deaf->count++] = address;
    apply(deaf);
}

int deaf_refresh(struct deaf *deaf, int64_t now_ms)
{
    size_t kept = 0;
    int64_t next = -1;
    for (size_t i = 0; i < deaf->count; i++) {
        if (deaf->addresses[i].until_ms <= now_ms)
            continue;
        int64_t left = deaf->addresses[i].until_ms - now_ms;
        next = next < 0 || left < next ? left : next;
        deaf->addresses[kept++] = deaf->addresses[i];
    }
    if (kept < deaf->count) {
        deaf->count = kept;
        apply(deaf);
    }
    return (int)next;
}
