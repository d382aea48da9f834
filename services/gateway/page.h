#ifndef JINMU_GATEWAY_PAGE_H
#define JINMU_GATEWAY_PAGE_H

#include "services/gateway/exchange.h"

#include <stdbool.h>

/* The files of the page's folder, in memory. What is asked for is compared with the names found in the
 * folder and never becomes a path itself. */
struct page;
/* NULL with a fault when the folder cannot be read. */
struct page *page_open(const char *folder, struct fault *fault);
void page_close(struct page **page);
/* The folder of the page that was installed with the program, or $JINMU_PAGE. */
const char *page_folder(void);

/* Answers a GET of a file; a path of the page's own (no file name extension) gets index.html. false:
 * no answer was given. By the thread that reads sockets alone. */
bool page_serve(struct exchange *exchange);

#endif
