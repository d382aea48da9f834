#include "services/broker/crew.h"

#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>

struct crew *crew_new(void)
{
    struct crew *crew = xcalloc(1, sizeof *crew);
    crew->services = zhashx_new();
    crew->workers = zhashx_new();
    return crew;
}

static void service_destroy(struct service **service)
{
    for (int i = 0; i < PRIORITIES; i++)
        queue_free(&(*service)->queues[i]);
    zlist_destroy(&(*service)->workers);
    free((*service)->name);
    free(*service);
    *service = NULL;
}

void crew_destroy(struct crew **crew)
{
    if (!*crew)
        return;
    struct worker *worker;
    while ((worker = zhashx_first((*crew)->workers)))
        crew_leave(*crew, &worker);
    for (struct service *service = zhashx_first((*crew)->services); service;
         service = zhashx_next((*crew)->services)) {
        struct service *doomed = service;
        service_destroy(&doomed);
    }
    zhashx_destroy(&(*crew)->workers);
    zhashx_destroy(&(*crew)->services);
    free(*crew);
    *crew = NULL;
}

struct service *crew_find_service(struct crew *crew, const char *name)
{
    return zhashx_lookup(crew->services, name);
}

struct service *crew_service(struct crew *crew, const char *name)
{
    struct service *service = crew_find_service(crew, name);
    if (!service) {
        service = xcalloc(1, sizeof *service);
        service->name = xstrdup(name);
        service->workers = zlist_new();
        zhashx_insert(crew->services, name, service);
    }
    return service;
}

static bool is_idle(const struct service *service)
{
    return service->queues[PRIORITY_INTERACTIVE].count == 0 &&
           service->queues[PRIORITY_BULK].count == 0 && zlist_size(service->workers) == 0;
}

void crew_tidy(struct crew *crew)
{
    zlistx_t *names = zhashx_keys(crew->services);
    for (const char *name = zlistx_first(names); name; name = zlistx_next(names)) {
        struct service *service = crew_find_service(crew, name);
        if (is_idle(service)) {
            zhashx_delete(crew->services, name);
            service_destroy(&service);
        }
    }
    zlistx_destroy(&names);
}

struct worker *crew_find(struct crew *crew, const zframe_t *peer)
{
    char *name = zframe_strhex((zframe_t *)(uintptr_t)peer);
    struct worker *worker = zhashx_lookup(crew->workers, name);
    free(name);
    return worker;
}

struct worker *crew_join(struct crew *crew, const zframe_t *peer, const struct mdp_message *ready)
{
    struct worker *worker = xcalloc(1, sizeof *worker);
    worker->peer = zframe_dup((zframe_t *)(uintptr_t)peer);
    worker->name = zframe_strhex(worker->peer);
    worker->version = ready->version;
    worker->delimited = ready->delimited;
    memcpy(worker->key, ready->key, sizeof worker->key);
    worker->service = crew_service(crew, ready->service);
    worker->since = zclock_time();
    worker->heard = zclock_mono();
    zlist_append(worker->service->workers, worker);
    zhashx_insert(crew->workers, worker->name, worker);
    return worker;
}

void crew_leave(struct crew *crew, struct worker **worker)
{
    assert((*worker)->leased == 0);
    zlist_remove((*worker)->service->workers, *worker);
    zhashx_delete(crew->workers, (*worker)->name);
    zframe_destroy(&(*worker)->peer);
    free((*worker)->name);
    free(*worker);
    *worker = NULL;
}

size_t worker_credit(const struct worker *worker, enum priority priority, size_t credit)
{
    if (worker->version == MDP_V1)
        return 1;
    return priority == PRIORITY_INTERACTIVE ? credit + 1 : credit;
}

static bool is_better(const struct worker *a, const struct worker *b)
{
    return a->leased != b->leased ? a->leased < b->leased : a->given < b->given;
}

static bool has_suspect(const struct worker *worker)
{
    return worker->leased > 0 && job_is_suspect(worker->leases[0]);
}

struct worker *service_free_worker(struct service *service, enum priority priority, size_t credit)
{
    struct worker *best = NULL;
    for (struct worker *worker = zlist_first(service->workers); worker;
         worker = zlist_next(service->workers))
        if (worker->leased < worker_credit(worker, priority, credit) && !has_suspect(worker) &&
            (!best || is_better(worker, best)))
            best = worker;
    return best;
}

struct worker *service_idle_worker(struct service *service)
{
    struct worker *best = service_free_worker(service, PRIORITY_BULK, 1);
    return best && best->leased == 0 ? best : NULL;
}

void worker_take(struct worker *worker, struct job *job)
{
    worker->leases[worker->leased++] = job;
    worker->given = zclock_mono();
}

void worker_drop(struct worker *worker, struct job *job)
{
    size_t i = 0;
    while (i < worker->leased && worker->leases[i] != job)
        i++;
    assert(i < worker->leased);
    worker->leased--;
    memmove(&worker->leases[i], &worker->leases[i + 1],
            (worker->leased - i) * sizeof *worker->leases);
}
