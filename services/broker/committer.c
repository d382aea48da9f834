#include "services/broker/committer.h"

#include "common/strbuf.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct committer {
    struct spool *spool;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    zlist_t *begun; /* for the thread */
    zlist_t *ended; /* from it */
    struct outcome outcome;
    bool ending;
    int ready;
    bool busy; /* the caller's alone */
};

/* The next list, or NULL at the end. */
static zlist_t *wait_for_list(struct committer *committer)
{
    pthread_mutex_lock(&committer->lock);
    while (!committer->begun && !committer->ending)
        pthread_cond_wait(&committer->changed, &committer->lock);
    zlist_t *changes = committer->begun;
    committer->begun = NULL;
    pthread_mutex_unlock(&committer->lock);
    return changes;
}

static void give_back(struct committer *committer, zlist_t *changes, const struct outcome *outcome)
{
    pthread_mutex_lock(&committer->lock);
    committer->ended = changes;
    committer->outcome = *outcome;
    pthread_cond_broadcast(&committer->changed);
    pthread_mutex_unlock(&committer->lock);
    eventfd_write(committer->ready, 1);
}

static void *commit_lists(void *argument)
{
    struct committer *committer = argument;
    zlist_t *changes;
    while ((changes = wait_for_list(committer))) {
        struct outcome outcome = {0};
        int64_t begun = zclock_usecs();
        outcome.status = spool_commit(committer->spool, changes, &outcome.fault);
        outcome.took_us = zclock_usecs() - begun;
        give_back(committer, changes, &outcome);
        spool_tidy(committer->spool); /* nobody's acknowledgement waits for that */
    }
    return NULL;
}

struct committer *committer_new(struct spool *spool)
{
    struct committer *committer = xcalloc(1, sizeof *committer);
    committer->spool = spool;
    committer->ready = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    assert(committer->ready >= 0);
    pthread_mutex_init(&committer->lock, NULL);
    pthread_cond_init(&committer->changed, NULL);
    int failed = pthread_create(&committer->thread, NULL, commit_lists, committer);
    assert(!failed);
    (void)failed;
    return committer;
}

static void destroy_changes(zlist_t **changes)
{
    struct change *change;
    while (*changes && (change = zlist_pop(*changes)))
        change_destroy(&change);
    zlist_destroy(changes);
}

void committer_destroy(struct committer **committer)
{
    if (!*committer)
        return;
    struct outcome outcome;
    zlist_t *changes = committer_end(*committer, true, &outcome);
    destroy_changes(&changes);
    pthread_mutex_lock(&(*committer)->lock);
    (*committer)->ending = true;
    pthread_cond_broadcast(&(*committer)->changed);
    pthread_mutex_unlock(&(*committer)->lock);
    pthread_join((*committer)->thread, NULL);
    pthread_cond_destroy(&(*committer)->changed);
    pthread_mutex_destroy(&(*committer)->lock);
    close((*committer)->ready);
    free(*committer);
    *committer = NULL;
}

bool committer_is_busy(const struct committer *committer)
{
    return committer->busy;
}

void committer_begin(struct committer *committer, zlist_t *changes)
{
    assert(!committer->busy);
    committer->busy = true;
    pthread_mutex_lock(&committer->lock);
    committer->begun = changes;
    pthread_cond_broadcast(&committer->changed);
    pthread_mutex_unlock(&committer->lock);
}

zlist_t *committer_end(struct committer *committer, bool wait, struct outcome *outcome)
{
    eventfd_t count;
    if (!committer->busy)
        return NULL;
    pthread_mutex_lock(&committer->lock);
    while (wait && !committer->ended)
        pthread_cond_wait(&committer->changed, &committer->lock);
    zlist_t *changes = committer->ended;
    committer->ended = NULL;
    if (changes)
        *outcome = committer->outcome;
    pthread_mutex_unlock(&committer->lock);
    if (changes) {
        committer->busy = false;
        eventfd_read(committer->ready, &count);
    }
    return changes;
}

int committer_descriptor(const struct committer *committer)
{
    return committer->ready;
}
