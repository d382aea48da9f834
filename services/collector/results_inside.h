#ifndef JINMU_COLLECTOR_RESULTS_INSIDE_H
#define JINMU_COLLECTOR_RESULTS_INSIDE_H

#include "common/store.h"
#include "services/collector/pack.h"
#include "services/collector/results.h"

/* What the files of results share; nobody else includes this. */
struct results {
    struct store *store;
    struct packer *packer;
    sqlite3_stmt **reading; /* statements of results.c */
    sqlite3_stmt **adding;  /* … and of results_add.c */
    int64_t last_event;     /* the last number given, in the open transaction too */
    int64_t committed_event;
    struct jv *decisions; /* how many results have each, of those that were counted: */
    int64_t counted;      /* up to this number */
    int64_t now;          /* of the open transaction */
    int log_pages;        /* in the write-ahead log */
    int checkpointed;     /* of those, in the file too */
    int restart_at;       /* pages of the log at which it is begun anew */
};

/* Prepares what results_add.c needs, in results->adding. 0, or -1 with a fault. */
int results_prepare_adding(struct results *results, struct fault *fault);
void results_finalize_adding(struct results *results);

#endif
