#include "services/worker/engine_source.h"

#include "common/log.h"
#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What tells one state of a file from another. */
struct stamp {
    ino_t inode;
    off_t bytes;
    struct timespec changed;
};

struct engine_source {
    char *path;
    char *log_path; /* of SQLite's write-ahead log, where a change may still be */
    struct project_limits limits;
    struct stamp file, log;
    struct engine *engine;
    struct judge *judges[ENGINE_USES];
};

static struct stamp stamp_of(const char *path)
{
    struct stat status;
    if (stat(path, &status) || status.st_size == 0)
        return (struct stamp){0};
    return (struct stamp){status.st_ino, status.st_size, status.st_mtim};
}

static bool same(struct stamp a, struct stamp b)
{
    return a.inode == b.inode && a.bytes == b.bytes && a.changed.tv_sec == b.changed.tv_sec &&
           a.changed.tv_nsec == b.changed.tv_nsec;
}

static void let_judges_go(struct engine_source *source)
{
    for (int use = 0; use < ENGINE_USES; use++)
        if (source->judges[use])
            judge_destroy(&source->judges[use]);
}

static void let_go(struct engine_source *source)
{
    let_judges_go(source);
    if (source->engine)
        engine_destroy(&source->engine);
}

static void make_judges(struct engine_source *source)
{
    for (int use = 0; use < ENGINE_USES; use++)
        source->judges[use] = judge_new(source->engine, &source->limits);
}

/* Takes the stamps before the load: a change during it is seen at the next look. */
static int load(struct engine_source *source, struct fault *fault)
{
    source->file = stamp_of(source->path);
    source->log = stamp_of(source->log_path);
    struct engine *engine = engine_load(source->path, fault);
    if (!engine)
        return -1;
    let_go(source);
    source->engine = engine;
    make_judges(source);
    return 0;
}

struct engine_source *engine_source_new(const char *catalog_path,
                                        const struct project_limits *limits, struct fault *fault)
{
    struct engine_source *source = xcalloc(1, sizeof *source);
    struct strbuf log_path = {0};
    strbuf_printf(&log_path, "%s-wal", catalog_path);
    source->path = xstrdup(catalog_path);
    source->log_path = strbuf_take(&log_path);
    source->limits = *limits;
    if (load(source, fault))
        engine_source_destroy(&source);
    return source;
}

void engine_source_destroy(struct engine_source **source)
{
    if (!*source)
        return;
    let_go(*source);
    free((*source)->path);
    free((*source)->log_path);
    free(*source);
    *source = NULL;
}

/* Reviews come in all the time, a catalog once a year: what is still true stays in memory. 0 when it
 * does not suffice. */
static int follow(struct engine_source *source, struct stamp file, struct stamp log)
{
    struct fault fault;
    if (file.inode != source->file.inode)
        return 0;
    int status = engine_follow(source->engine, source->path, &fault);
    if (status > 0) {
        source->file = file;
        source->log = log;
    } else if (status < 0) {
        log_warning("catalog_not_followed", "code=%s reason=\"%s\"", fault.code, fault.message);
    }
    return status > 0;
}

void engine_source_refresh(struct engine_source *source)
{
    struct stamp file = stamp_of(source->path), log = stamp_of(source->log_path);
    if (same(file, source->file) && same(log, source->log))
        return;
    struct fault fault;
    char *before = xstrdup(engine_model(source->engine));
    if (follow(source, file, log))
        log_debug("catalog_followed", "model=%s before=%s", engine_model(source->engine), before);
    else if (load(source, &fault))
        log_error("catalog_load_failed", "code=%s reason=\"%s\"", fault.code, fault.message);
    else
        log_info("catalog_loaded", "model=%s before=%s", engine_model(source->engine), before);
    free(before);
}

void engine_source_set_limits(struct engine_source *source, const struct project_limits *limits)
{
    source->limits = *limits;
    let_judges_go(source);
    make_judges(source);
}

struct judge *engine_source_judge(struct engine_source *source, enum engine_use use)
{
    return source->judges[use];
}

const char *engine_source_model(const struct engine_source *source)
{
    return engine_model(source->engine);
}
