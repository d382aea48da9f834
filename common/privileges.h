#ifndef JINMU_PRIVILEGES_H
#define JINMU_PRIVILEGES_H

#include "common/fault.h"

/* Makes this process, started as root, that user for good, with the user's groups. 0, or -1 with a
 * fault "privileges.user", also when it is neither root nor that user. Before threads and sockets. */
int privileges_drop(const char *user, struct fault *fault);

#endif
