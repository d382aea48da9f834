#include "services/gateway/doorkeeper.h"

#include "common/strbuf.h"

#include <czmq.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

struct door {
    bool open;
    enum door_owes owes;
    int64_t since; /* monotonic ms */
};

struct doorkeeper {
    pthread_mutex_t mutex;
    struct door *doors; /* by descriptor */
    int count;
};

struct doorkeeper *doorkeeper_new(void)
{
    struct doorkeeper *doorkeeper = xcalloc(1, sizeof *doorkeeper);
    pthread_mutex_init(&doorkeeper->mutex, NULL);
    return doorkeeper;
}

void doorkeeper_destroy(struct doorkeeper **doorkeeper)
{
    if (!*doorkeeper)
        return;
    pthread_mutex_destroy(&(*doorkeeper)->mutex);
    free((*doorkeeper)->doors);
    free(*doorkeeper);
    *doorkeeper = NULL;
}

static void set(struct doorkeeper *doorkeeper, int socket, bool open, enum door_owes owes)
{
    if (socket < 0)
        return;
    pthread_mutex_lock(&doorkeeper->mutex);
    if (socket >= doorkeeper->count) {
        int count = 2 * socket + 64;
        doorkeeper->doors = xrealloc(doorkeeper->doors, (size_t)count * sizeof *doorkeeper->doors);
        for (int i = doorkeeper->count; i < count; i++)
            doorkeeper->doors[i] = (struct door){0};
        doorkeeper->count = count;
    }
    doorkeeper->doors[socket] = (struct door){open, owes, zclock_mono()};
    pthread_mutex_unlock(&doorkeeper->mutex);
}

void doorkeeper_opened(struct doorkeeper *doorkeeper, int socket)
{
    set(doorkeeper, socket, true, DOOR_HEADERS);
}

void doorkeeper_closed(struct doorkeeper *doorkeeper, int socket)
{
    set(doorkeeper, socket, false, DOOR_NOTHING);
}

void doorkeeper_owes(struct doorkeeper *doorkeeper, int socket, enum door_owes owes)
{
    set(doorkeeper, socket, true, owes);
}

int doorkeeper_sweep(struct doorkeeper *doorkeeper, int headers_s, int body_s, int reading_s)
{
    const int patience_s[] = {[DOOR_NOTHING] = 0,
                              [DOOR_HEADERS] = headers_s,
                              [DOOR_BODY] = body_s,
                              [DOOR_READING] = reading_s};
    int64_t now = zclock_mono();
    int dropped = 0;
    pthread_mutex_lock(&doorkeeper->mutex);
    for (int i = 0; i < doorkeeper->count; i++) {
        struct door *door = &doorkeeper->doors[i];
        if (!door->open || door->owes == DOOR_NOTHING ||
            now - door->since < 1000 * patience_s[door->owes])
            continue;
        shutdown(i, SHUT_RDWR); /* its owner notices and closes it */
        door->owes = DOOR_NOTHING;
        dropped++;
    }
    pthread_mutex_unlock(&doorkeeper->mutex);
    return dropped;
}
