#ifndef JINMU_FIXTURE_H
#define JINMU_FIXTURE_H

#include "catalog/engine/engine_parts.h"
#include "common/json.h"
#include "common/store.h"

/* A small catalog of the tests' own, and an engine over it: two revisions with 民政, 交通运输 and 信访,
 * and three B items of which one is closed to 审计 and one open to 机关事务管理 alone. */
#define REVISION_OLD "测综〔2021〕1号"
#define REVISION_NEW "测综〔2025〕2号"

struct fixture {
    char *directory; /* everything below it goes with the fixture */
    char *path;      /* catalog.db */
    struct engine *engine;
    struct judge *judge;
};

/* Makes the folder and writes the data into it; `model` is the text of model.txt, NULL for none. */
void fixture_write_data(const char *directory, const char *model);
/* Over the small catalog. */
struct fixture *fixture_new(void);
/* Over any data folder, such as JINMU_DATA_DIR. */
struct fixture *fixture_of(const char *data_directory);
void fixture_destroy(struct fixture **fixture);
/* Builds catalog.db from the data folder; fails the test when that fails. */
char *fixture_build(const char *data_directory, const char *directory);
/* Loads engine and judge, anew when they are there. */
void fixture_load(struct fixture *fixture);
/* catalog.db to write in (store_close). */
struct store *fixture_store(const struct fixture *fixture);
const struct mind *fixture_mind(const struct fixture *fixture);

/* What judge_body gave: the bytes of every result, a line each, and the results read again. */
struct answers {
    char *text;
    struct jv **all;
    size_t count;
    size_t errors;
    int status;
    struct fault fault;
};
struct answers answers_of(struct fixture *fixture, const char *body, size_t bytes);
void answers_free(struct answers *answers);
/* The result of one project's JSON (jv_destroy). */
struct jv *answer_of(struct fixture *fixture, const char *project);
/* The error code of a result, "" when it has none. */
const char *error_code(const struct jv *result);
/* The code of the first candidate, "" when there is none. */
const char *first_code(const struct jv *result);

#endif
