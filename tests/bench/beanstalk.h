#ifndef JINMU_BENCH_BEANSTALK_H
#define JINMU_BENCH_BEANSTALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* As much of beanstalkd's protocol (doc/protocol.txt of it) as a comparison needs. Each call waits
 * for its answer. False, or -1: the connection is of no use any more. */
struct beanstalk {
    int socket;
    FILE *input;
};
bool beanstalk_connect(struct beanstalk *connection, int port); /* of 127.0.0.1 */
void beanstalk_close(struct beanstalk *connection);

/* The server keeps the job (with -b and -f 0 on disk) when it answers. */
bool beanstalk_put(struct beanstalk *connection, const char *body, size_t bytes);
/* Takes a job, waiting a second at most: its number, 0 when none came. The body is read and dropped. */
long long beanstalk_reserve(struct beanstalk *connection);
bool beanstalk_delete(struct beanstalk *connection, long long job);

#endif
