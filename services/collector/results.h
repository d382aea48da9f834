#ifndef JINMU_COLLECTOR_RESULTS_H
#define JINMU_COLLECTOR_RESULTS_H

#include "common/fault.h"
#include "common/json.h"
#include "services/collector/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* results.db: written by the collector alone. What is added between results_begin and
 * results_commit is stored together or not at all, event numbers included. */
struct results;
struct store;

/* The version of the schema that this program writes. */
int results_schema_version(void);
/* Opens or makes the file; commits survive a power cut. NULL with a fault. */
struct results *results_open(const char *path, struct fault *fault);
void results_close(struct results **results);
/* The file as its readers open it: beside the collector, and without its lock. NULL with a fault. */
struct store *results_open_to_read(const char *path, struct fault *fault);

int results_begin(struct results *results, struct fault *fault);
/* The same for what is derived from what is stored, and is made again when a power cut loses it: its
 * commit does not wait for the disk. */
int results_begin_derived(struct results *results, struct fault *fault);
int results_commit(struct results *results, struct fault *fault);
void results_rollback(struct results *results);
/* Brings the write-ahead log into the file when it has grown, and makes the dictionary that texts are
 * packed with: now and then, between commits. What fails is done by a later one. */
void results_tidy(struct results *results);

/* The number of what a result was made by, made when it is new. -1 with a fault. */
int64_t results_origin(struct results *results, struct wire_text revision, struct wire_text engine,
                       struct wire_text model, struct fault *fault);

struct results_added {
    bool duplicate; /* the result was there already, or another text counts: nothing was stored */
    int64_t event;  /* the number of its event; 0 when there is none */
    int64_t newer_event; /* that of a text handed in later, which goes on counting; 0 without one */
};
/* Stores a project's result and its event. Of all results of a unit's project the one with the last
 * event counts: one that was there already and was superseded gets a new event, and so does that of
 * the text that was handed in last when an older one is judged after it. What is judged again (wire.h)
 * is stored only of the text that counts. 0, or -1 with a fault; roll back after one. */
int results_add(struct results *results, int64_t origin, const struct wire_record *record,
                struct results_added *added, struct fault *fault);

/* Numbers the event of a stored review; -1 with a fault. */
int64_t results_add_review_event(struct results *results, const char *topic, int64_t result,
                                 int64_t review, struct fault *fault);
/* Numbers an event that tells of no single result (notices.h); -1 with a fault. */
int64_t results_add_notice_event(struct results *results, const char *topic, const char *json,
                                 struct fault *fault);
/* results.db itself, for the modules beside this one; writing only between results_begin and
 * results_commit. */
struct store *results_store(struct results *results);
/* results.db, made already, to be read by this or another thread, with unpacked() (pack.h). */
struct packer;
struct results_view {
    struct store *store;
    struct packer *packer;
};
/* 0, or -1 with a fault; close it either way. */
int results_view_open(struct results_view *view, const char *path, struct fault *fault);
void results_view_close(struct results_view *view);

/* The topic of a result's event, "result.民政"; the department may be empty. */
enum { RESULTS_TOPIC_BYTES = 160 };
void results_topic(struct wire_text department, char topic[RESULTS_TOPIC_BYTES]);

/* The number of the last event. */
int64_t results_last_event(const struct results *results);

/* A stored event with its result, its review or its notice. */
struct results_row {
    int64_t event;
    const char *topic;
    const char *json;
};
typedef void results_row_fn(const struct results_row *row, void *argument);

/* Events after number `since`, in order, at most `limit`. */
int results_since(struct results *results, int64_t since, int64_t limit, results_row_fn *each,
                  void *argument, struct fault *fault);
/* All results of a project, the oldest first. */
int results_of_project(struct results *results, const char *id, results_row_fn *each,
                       void *argument, struct fault *fault);
/* The JSON of the projects in a file that may be in use, the newest first, at most `limit`: of each
 * unit's id the last that came. 0, or -1 with a fault. */
typedef void results_project_fn(const char *json, void *argument);
int results_each_project(const char *path, int64_t limit, results_project_fn *each, void *argument,
                         struct fault *fault);
/* Adds to `status`: events (the last number), projects, results by decision, db_bytes. */
void results_describe(struct results *results, struct jv *status);

#endif
