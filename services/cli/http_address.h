#ifndef JINMU_CLI_HTTP_ADDRESS_H
#define JINMU_CLI_HTTP_ADDRESS_H

#include <stdbool.h>

/* Whether something listens at ADDRESS:PORT or [ADDRESS]:PORT. */
bool http_address_answers(const char *address);

#endif
