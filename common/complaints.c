#include "common/complaints.h"

#include "common/log.h"
#include "common/strbuf.h"

#include <stdlib.h>

enum {
    MINUTE_MS = 60000,
    MOST_PEERS = 1024 /* remembered; then all is forgotten and may be logged again */
};

struct complaints {
    zhashx_t *logged; /* peer in hex -> when its line was logged (int64_t *) */
    uint64_t count;
};

static void destroy_time(void **time)
{
    free(*time);
    *time = NULL;
}

struct complaints *complaints_new(void)
{
    struct complaints *complaints = xcalloc(1, sizeof *complaints);
    complaints->logged = zhashx_new();
    zhashx_set_destructor(complaints->logged, destroy_time);
    return complaints;
}

void complaints_destroy(struct complaints **complaints)
{
    if (!*complaints)
        return;
    zhashx_destroy(&(*complaints)->logged);
    free(*complaints);
    *complaints = NULL;
}

void complain_of(struct complaints *complaints, const char *name, const char *reason)
{
    complaints->count++;
    int64_t now = zclock_mono();
    int64_t *last = zhashx_lookup(complaints->logged, name);
    if (!last || now - *last >= MINUTE_MS) {
        log_warning("bad_peer", "peer=%s reason=\"%s\"", name, reason);
        if (zhashx_size(complaints->logged) >= MOST_PEERS)
            zhashx_purge(complaints->logged);
        last = xcalloc(1, sizeof *last);
        *last = now;
        zhashx_update(complaints->logged, name, last);
    }
}

void complain(struct complaints *complaints, const zframe_t *peer, const char *reason)
{
    char *name = zframe_strhex((zframe_t *)(uintptr_t)peer);
    complain_of(complaints, name, reason);
    free(name);
}

uint64_t complaints_count(const struct complaints *complaints)
{
    return complaints->count;
}
