#include "services/cli/http_address.h"

#include "common/strbuf.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool http_address_answers(const char *address)
{
    const char *colon = strrchr(address, ':');
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    if (!colon || colon == address)
        return false;
    bool bracketed = *address == '[' && colon[-1] == ']';
    char *host = xstrndup(address + bracketed, (size_t)(colon - address) - 2 * (size_t)bracketed);
    bool answers = false;
    if (getaddrinfo(host, colon + 1, &hints, &found) == 0) {
        int probe = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        answers = probe >= 0 && connect(probe, found->ai_addr, found->ai_addrlen) == 0;
        if (probe >= 0)
            close(probe);
        freeaddrinfo(found);
    }
    free(host);
    return answers;
}
