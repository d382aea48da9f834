#ifndef JINMU_ENGINE_H
#define JINMU_ENGINE_H

#include "catalog/project.h"
#include "common/fault.h"
#include "common/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The engine: every revision, its labels and the model in memory, made from catalog.db and then only
 * read, but by engine_follow. One engine may serve many judges; a judge (the scratch memory) belongs to one thread. */
struct engine;
struct judge;

/* Loads all revisions of catalog.db (opened read-only). NULL with a fault. */
struct engine *engine_load(const char *catalog_path, struct fault *fault);
void engine_destroy(struct engine **engine);
/* Takes up what people have decided since (reviews, accepted findings), which costs little. 1; 0 when
 * more has changed, so that another engine must be loaded; -1 with a fault. The file must be the one
 * that the engine was loaded from, and no judge be at work. */
int engine_follow(struct engine *engine, const char *catalog_path, struct fault *fault);
/* The name of what decides: the program's version, and "sha256:…" over model, labels and rules. */
const char *engine_version(void);
const char *engine_model(const struct engine *engine);
/* The same, whatever reviews and accepted findings have come meanwhile; a withdrawn review or a newly
 * confirmed correspondence makes another. free(). */
char *engine_model_before_reviews(const struct engine *engine);

struct judge *judge_new(const struct engine *engine, const struct project_limits *limits);
void judge_destroy(struct judge **judge);

/* What the judge says of one project; texts are valid until the judge's next call. */
struct judged {
    bool is_error;            /* `json` is {"id":…,"error":{…}} */
    bool in_batch;            /* it came in {"projects":[…]}, not alone */
    const char *id;           /* made from a hash of the content when the project had none */
    const char *content_hash; /* 64 hex digits: BLAKE2b-256 of the project's JSON as read */
    const char *catalog;      /* the revision that it was judged by */
    const char *department;   /* of the first candidate, or the resolved one, or "" */
    const char *decision;     /* auto, review, none */
    const char *kind;
    double confidence;
    const char *unit;    /* who submitted it, "" when not stated */
    size_t findings;     /* how many the result has that are not accepted */
    const char *project; /* the project's JSON as read, what content_hash is the hash of */
    size_t project_bytes;
    const char *json; /* the result of design.md section 4 */
    size_t json_bytes;
};
typedef void judged_fn(const struct judged *judged, void *argument);

/* Notes a project that was submitted earlier: one nearly the same is told of it (duplicate.near), by
 * judge_project; judge_body begins anew. */
void judge_remember(struct judge *judge, const struct jv *project);
/* Begins a submission: a project is compared with those before it in the same one. judge_body does. */
void judge_begin(struct judge *judge);

/* Judges one project; never fails: what is wrong with it comes back as an error result. */
void judge_project(struct judge *judge, const struct jv *project, judged_fn *each, void *argument);

/* Judges the body of a request: a project, or {"projects":[…]} of 1 to 1,024; with "catalog" beside
 * "projects", by that revision, whichever the projects name. `each` is called once
 * a project, in order. 0, or -1 with a fault when the body as a whole is refused (input.not_json,
 * input.not_utf8, input.too_large, batch.empty, batch.too_large) and `each` was not called. */
int judge_body(struct judge *judge, const char *body, size_t bytes, judged_fn *each, void *argument,
               struct fault *fault);

#endif
