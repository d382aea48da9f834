#ifndef JINMU_GATEWAY_DOORKEEPER_H
#define JINMU_GATEWAY_DOORKEEPER_H

#include <stdbool.h>
#include <stdint.h>

/* Knows every open connection and since when it owes us something, so that one that sends or reads
 * byte by byte is shut down: a library's time-out for idleness does not see those. Any thread. */
struct doorkeeper;
struct doorkeeper *doorkeeper_new(void);
void doorkeeper_destroy(struct doorkeeper **doorkeeper);

enum door_owes {
    DOOR_NOTHING, /* we work on its request, or stream to it */
    DOOR_HEADERS, /* the next request's */
    DOOR_BODY,
    DOOR_READING /* has to read our answer */
};

void doorkeeper_opened(struct doorkeeper *doorkeeper, int socket);
/* Before the descriptor is closed. */
void doorkeeper_closed(struct doorkeeper *doorkeeper, int socket);
void doorkeeper_owes(struct doorkeeper *doorkeeper, int socket, enum door_owes owes);

/* Shuts down those that have owed for too long; all seconds. How many. */
int doorkeeper_sweep(struct doorkeeper *doorkeeper, int headers_s, int body_s, int reading_s);

#endif
