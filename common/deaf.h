#ifndef JINMU_DEAF_H
#define JINMU_DEAF_H

#include <stdint.h>
#include <sys/socket.h>

/* Addresses to which listening sockets are deaf for a while: the kernel drops what comes from them
 * before it is a connection (a socket filter; it needs no rights), so that a flood costs the server
 * nothing. Connections that there are go on. */
struct deaf;
struct deaf *deaf_new(void);
void deaf_destroy(struct deaf **deaf);

/* Another listening socket, of tcp. The descriptor stays its owner's. */
void deaf_add_listener(struct deaf *deaf, int listener);
/* To this address for so long; an IPv6 one with its network of 64 bits. When there are too many, the
 * one that has been there longest is heard again. */
void deaf_turn(struct deaf *deaf, const struct sockaddr_storage *address, int64_t now_ms,
               int64_t for_ms);
/* Hears those again whose time is over. When the next one is due, in ms; -1: none. */
int deaf_refresh(struct deaf *deaf, int64_t now_ms);

#endif
