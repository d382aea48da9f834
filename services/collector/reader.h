#ifndef JINMU_COLLECTOR_READER_H
#define JINMU_COLLECTOR_READER_H

#include "common/fault.h"

#include <czmq.h>
#include <stdbool.h>
#include <stdint.h>

/* Answers the questions of lists.h in a thread with a connection of its own that only reads, so that
 * a long list never keeps a result from being stored. */
struct reader;
/* `path` is results.db, made already. NULL with a fault. */
struct reader *reader_new(const char *path, struct fault *fault);
void reader_destroy(struct reader **reader);

/* Hands it a question; the peer and number come back with the answer. */
void reader_ask(struct reader *reader, zframe_t *peer, uint64_t number, zframe_t *question);
zsock_t *reader_socket(struct reader *reader); /* readable when an answer is there */
/* The next answer's frame, or NULL when there is none; the caller owns both frames. */
zframe_t *reader_take(struct reader *reader, zframe_t **peer, uint64_t *number);

#endif
