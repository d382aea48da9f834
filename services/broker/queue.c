#include "services/broker/queue.h"

#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>

const char *const priority_names[PRIORITIES] = {"interactive", "bulk"};

enum priority priority_of(const char *name)
{
    enum priority priority = PRIORITY_INTERACTIVE;
    while (priority < PRIORITIES && (!name || strcmp(name, priority_names[priority]) != 0))
        priority++;
    return priority;
}

void record_clear(struct record *record)
{
    free(record->service);
    *record = (struct record){0};
}

struct record record_copy(const struct record *record)
{
    struct record copy = *record;
    copy.service = xstrdup(record->service);
    return copy;
}

struct job *job_new(struct record *record)
{
    struct job *job = xcalloc(1, sizeof *job);
    job->record = *record;
    job->deadline = INT64_MAX;
    *record = (struct record){0};
    return job;
}

void job_destroy(struct job **job)
{
    if (!*job)
        return;
    record_clear(&(*job)->record);
    answer_destroy(&(*job)->client);
    zmsg_destroy(&(*job)->body);
    free(*job);
    *job = NULL;
}

static bool before(const struct queue *queue, const struct job *a, const struct job *b)
{
    int64_t time_a = queue->by_deadline ? a->deadline : a->due;
    int64_t time_b = queue->by_deadline ? b->deadline : b->due;
    return time_a != time_b ? time_a < time_b : a->order < b->order;
}

static void put(struct queue *queue, size_t place, struct job *job)
{
    queue->jobs[place] = job;
    job->places[queue->by_deadline] = place;
}

static void rise(struct queue *queue, struct job *job)
{
    size_t place = job->places[queue->by_deadline];
    while (place > 0 && before(queue, job, queue->jobs[(place - 1) / 2])) {
        put(queue, place, queue->jobs[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(queue, place, job);
}

static void sink(struct queue *queue, struct job *job)
{
    size_t place = job->places[queue->by_deadline];
    for (size_t child; (child = 2 * place + 1) < queue->count; place = child) {
        if (child + 1 < queue->count && before(queue, queue->jobs[child + 1], queue->jobs[child]))
            child++;
        if (!before(queue, queue->jobs[child], job))
            break;
        put(queue, place, queue->jobs[child]);
    }
    put(queue, place, job);
}

void queue_push(struct queue *queue, struct job *job)
{
    if (queue->count == queue->capacity) {
        queue->capacity = queue->capacity ? 2 * queue->capacity : 64;
        queue->jobs = xrealloc(queue->jobs, queue->capacity * sizeof *queue->jobs);
    }
    put(queue, queue->count++, job);
    rise(queue, job);
}

void queue_remove(struct queue *queue, struct job *job)
{
    size_t place = job->places[queue->by_deadline];
    struct job *last = queue->jobs[--queue->count];
    if (last == job)
        return;
    put(queue, place, last);
    rise(queue, last);
    sink(queue, last);
}

struct job *queue_first(const struct queue *queue)
{
    return queue->count ? queue->jobs[0] : NULL;
}

void queue_free(struct queue *queue)
{
    free(queue->jobs);
    *queue = (struct queue){0};
}
