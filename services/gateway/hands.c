#include "services/gateway/hands.h"

#include "services/gateway/response.h"
#include "services/gateway/route.h"

#include <pthread.h>
#include <stdlib.h>

enum { QUEUE_MAX = 2048 };

struct hands {
    struct gateway *gateway;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    struct exchange *first, *last;
    int queued;
    bool ending;
    pthread_t *threads;
    int count;
};

void hands_finished(struct exchange *exchange)
{
    response_compress(exchange);
    exchange->phase = EXCHANGE_ANSWER;
    MHD_resume_connection(exchange->connection);
}

/* Gives the answer; a route that parks the exchange leaves it without one. */
static void work(struct exchange *exchange, struct backend *backend)
{
    exchange->route->serve(exchange, backend);
    if (!backend_has_given_away(backend))
        hands_finished(exchange);
}

static struct exchange *next(struct hands *hands)
{
    pthread_mutex_lock(&hands->mutex);
    while (!hands->first && !hands->ending)
        pthread_cond_wait(&hands->wake, &hands->mutex);
    struct exchange *exchange = hands->first;
    if (exchange) {
        hands->first = exchange->next;
        exchange->next = NULL;
        hands->queued--;
    }
    pthread_mutex_unlock(&hands->mutex);
    return exchange;
}

static void *run(void *argument)
{
    struct hands *hands = argument;
    struct backend *backend = backend_new(hands->gateway);
    struct exchange *exchange;
    while ((exchange = next(hands)))
        work(exchange, backend);
    backend_destroy(&backend);
    return NULL;
}

struct hands *hands_new(struct gateway *gateway, int count)
{
    struct hands *hands = xcalloc(1, sizeof *hands);
    hands->gateway = gateway;
    pthread_mutex_init(&hands->mutex, NULL);
    pthread_cond_init(&hands->wake, NULL);
    hands->threads = xcalloc((size_t)count, sizeof *hands->threads);
    while (hands->count < count &&
           pthread_create(&hands->threads[hands->count], NULL, run, hands) == 0)
        hands->count++;
    if (hands->count == 0)
        abort(); /* nothing could be answered */
    return hands;
}

void hands_stop(struct hands *hands)
{
    if (!hands)
        return;
    pthread_mutex_lock(&hands->mutex);
    hands->ending = true;
    pthread_cond_broadcast(&hands->wake);
    pthread_mutex_unlock(&hands->mutex);
    for (int i = 0; i < hands->count; i++)
        pthread_join(hands->threads[i], NULL);
    hands->count = 0;
}

void hands_destroy(struct hands **hands)
{
    if (!*hands)
        return;
    pthread_cond_destroy(&(*hands)->wake);
    pthread_mutex_destroy(&(*hands)->mutex);
    free((*hands)->threads);
    free(*hands);
    *hands = NULL;
}

bool hands_take(struct hands *hands, struct exchange *exchange)
{
    pthread_mutex_lock(&hands->mutex);
    bool room = hands->queued < QUEUE_MAX && !hands->ending;
    if (room) {
        exchange->next = NULL;
        if (hands->first)
            hands->last->next = exchange;
        else
            hands->first = exchange;
        hands->last = exchange;
        hands->queued++;
        pthread_cond_signal(&hands->wake);
    }
    pthread_mutex_unlock(&hands->mutex);
    return room;
}
