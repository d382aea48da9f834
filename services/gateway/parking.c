#include "services/gateway/parking.h"

#include "common/strbuf.h"
#include "services/gateway/hands.h"

#include <czmq.h>
#include <pthread.h>
#include <stdlib.h>

enum { PAUSE_MIN_MS = 2, PAUSE_MAX_MS = 200 };

struct parked {
    struct exchange *exchange;
    parking_look_fn *look;
    int64_t until, look_at; /* monotonic ms */
    int pause_ms;
    struct parked *next;
};

struct parking {
    struct gateway *gateway;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    struct parked *first;
    bool ending;
    pthread_t thread;
};

/* Takes the first that is due out of the list; else waits, and gives NULL. */
static struct parked *take_due(struct parking *parking)
{
    struct parked **link = &parking->first, **due = NULL;
    int64_t now = zclock_mono(), next = now + 1000;
    for (; *link; link = &(*link)->next) {
        if ((*link)->look_at <= now || parking->ending) {
            due = link;
            break;
        }
        if ((*link)->look_at < next)
            next = (*link)->look_at;
    }
    if (due) {
        struct parked *parked = *due;
        *due = parked->next;
        return parked;
    }
    if (!parking->ending) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        int64_t wait_ns = (next - now) * 1000000 + until.tv_nsec;
        until.tv_sec += wait_ns / 1000000000;
        until.tv_nsec = wait_ns % 1000000000;
        pthread_cond_timedwait(&parking->wake, &parking->mutex, &until);
    }
    return NULL;
}

static void look(struct parking *parking, struct parked *parked, struct backend *backend)
{
    int64_t now = zclock_mono();
    bool last = now >= parked->until || parking->ending;
    parked->look(parked->exchange, backend, last);
    if (parked->exchange->answer.status) {
        hands_finished(parked->exchange);
        free(parked);
        return;
    }
    parked->look_at = now + parked->pause_ms;
    parked->pause_ms = 2 * parked->pause_ms < PAUSE_MAX_MS ? 2 * parked->pause_ms : PAUSE_MAX_MS;
    pthread_mutex_lock(&parking->mutex);
    parked->next = parking->first;
    parking->first = parked;
    pthread_mutex_unlock(&parking->mutex);
}

static void *run(void *argument)
{
    struct parking *parking = argument;
    struct backend *backend = backend_new(parking->gateway);
    pthread_mutex_lock(&parking->mutex);
    while (!parking->ending || parking->first) {
        struct parked *parked = take_due(parking);
        pthread_mutex_unlock(&parking->mutex);
        if (parked)
            look(parking, parked, backend);
        pthread_mutex_lock(&parking->mutex);
    }
    pthread_mutex_unlock(&parking->mutex);
    backend_destroy(&backend);
    return NULL;
}

struct parking *parking_new(struct gateway *gateway)
{
    struct parking *parking = xcalloc(1, sizeof *parking);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    parking->gateway = gateway;
    pthread_mutex_init(&parking->mutex, NULL);
    pthread_cond_init(&parking->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&parking->thread, NULL, run, parking))
        abort(); /* out of threads at the start */
    return parking;
}

void parking_destroy(struct parking **parking)
{
    struct parking *old = *parking;
    if (!old)
        return;
    pthread_mutex_lock(&old->mutex);
    old->ending = true;
    pthread_cond_signal(&old->wake);
    pthread_mutex_unlock(&old->mutex);
    pthread_join(old->thread, NULL);
    pthread_cond_destroy(&old->wake);
    pthread_mutex_destroy(&old->mutex);
    free(old);
    *parking = NULL;
}

void parking_take(struct parking *parking, struct backend *backend, struct exchange *exchange,
                  int seconds, parking_look_fn *look_fn)
{
    struct parked *parked = xcalloc(1, sizeof *parked);
    int64_t now = zclock_mono();
    *parked = (struct parked){.exchange = exchange,
                              .look = look_fn,
                              .until = now + 1000 * (int64_t)seconds,
                              .look_at = now + PAUSE_MIN_MS,
                              .pause_ms = PAUSE_MIN_MS};
    backend_gave_away(backend);
    pthread_mutex_lock(&parking->mutex);
    parked->next = parking->first;
    parking->first = parked;
    pthread_cond_signal(&parking->wake);
    pthread_mutex_unlock(&parking->mutex);
}
