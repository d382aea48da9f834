#include "services/cli/reclassify.h"

#include "common/json.h"
#include "common/strbuf.h"
#include "common/text.h"

#include <czmq.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BATCH_PROJECTS = 512, /* workers judge bulk beside what somebody waits for, so it may be many */
    BATCH_BYTES = 4 << 20,
    CHUNK = 64,         /* projects read at a time, so that no reader is in the way for long */
    OWN_REVISIONS = 16, /* batches that are filled at once, a revision each */
    PAUSE_LOOK_MS = 200,
    FOLLOW_TRIES = 60, /* for workers to take a new catalog.db up, on a busy machine too */
    FOLLOW_MS = 1000,
};

/* A request that is being filled: projects to be judged by one revision. */
struct filling {
    char *revision;
    struct strbuf body;
    size_t projects;
};

struct run {
    struct reclassify *reclassify;
    struct filling fillings[OWN_REVISIONS];
    size_t filling_count;
    struct filling *full; /* to be submitted */
    int64_t number;       /* of the last project that was looked at */
    bool checked;         /* the workers judge as this catalog.db says */
    int64_t begun_ms;
    size_t submitted;
    struct fault fault;
    bool failed;
    char *department; /* folded */
    struct folder *folder;
};

/* --- which projects --- */

static bool is_kept(const struct versioned *project)
{
    return *project->project == '{';
}

static bool is_of_department(struct run *run, const struct versioned *project)
{
    if (!run->department)
        return true;
    char *folded = folder_fold_utf8(run->folder, project->old.department);
    bool same = strcmp(folded, run->department) == 0;
    free(folded);
    return same;
}

static bool is_affected(struct reclassify *reclassify, const struct versioned *project)
{
    struct outcome old = outcome_of(&project->old);
    struct item_name item = {old.department, old.code, old.name};
    bool affected =
        !old.listed || !successors_unaffected(reclassify->successors, old.revision, &item);
    outcome_clear(&old);
    return affected;
}

/* Whether the options speak of this project; it has no result by the target. */
static bool is_chosen(struct run *run, const struct versioned *project)
{
    const struct reclassify_options *options = run->reclassify->options;
    if (!project->old.event || (options->from && strcmp(project->old.revision, options->from) != 0))
        return false;
    return is_of_department(run, project) &&
           (!options->only_affected || is_affected(run->reclassify, project));
}

/* A result by the target is there and counts. */
static bool is_done(const struct versioned *project)
{
    return project->new.event > project->old.event;
}

static bool is_unseen(struct reclassify *reclassify, const struct versioned *project)
{
    return reclassify->options->to && *project->old.department &&
           successors_unseen(reclassify->successors, project->old.revision,
                             project->old.department);
}

/* --- requests --- */

static struct filling *filling_of(struct run *run, const char *revision)
{
    for (size_t i = 0; i < run->filling_count; i++)
        if (strcmp(run->fillings[i].revision, revision) == 0)
            return &run->fillings[i];
    if (run->filling_count == OWN_REVISIONS)
        return NULL;
    run->fillings[run->filling_count].revision = xstrdup(revision);
    return &run->fillings[run->filling_count++];
}

static void begin_body(struct filling *filling)
{
    strbuf_reset(&filling->body);
    strbuf_puts(&filling->body, "{");
    if (*filling->revision) {
        struct jv *name = jv_of_text(filling->revision);
        strbuf_puts(&filling->body, "\"catalog\":");
        jv_append(name, &filling->body);
        strbuf_puts(&filling->body, ",");
        jv_destroy(&name);
    }
    strbuf_puts(&filling->body, "\"projects\":[");
}

static void add_project(struct filling *filling, const struct versioned *project)
{
    if (filling->projects == 0)
        begin_body(filling);
    strbuf_puts(&filling->body, filling->projects ? "," : "");
    strbuf_puts(&filling->body, project->project);
    filling->projects++;
}

/* A run that is throttled submits no more at once than it may in a second. */
static bool is_full(const struct run *run, const struct filling *filling)
{
    int64_t rate = run->reclassify->options->rate;
    size_t most = rate > 0 && rate < BATCH_PROJECTS ? (size_t)rate : BATCH_PROJECTS;
    return filling->projects >= most || filling->body.length >= BATCH_BYTES;
}

static bool is_unknown_catalog(const struct jv *result)
{
    const char *code = jv_get_text(jv_get(result, "error"), "code");
    return code && strcmp(code, "project.unknown_catalog") == 0;
}

/* The projects of a run were judged as the engine here says, told by the first results. */
static bool is_same_engine(struct run *run, const char *answer)
{
    const struct version_target *target = &run->reclassify->target;
    struct jv *body = jv_read(answer, strlen(answer), NULL);
    const struct jv *results = jv_get(body, "results");
    bool same = jv_count(results) > 0;
    for (size_t i = 0; i < jv_count(results) && same; i++) {
        const struct jv *result = jv_at(results, i);
        const char *engine = jv_get_text(result, "engine"), *model = jv_get_text(result, "model");
        same = jv_get(result, "error") ? !is_unknown_catalog(result)
                                       : engine && model && strcmp(engine, target->engine) == 0 &&
                                             strcmp(model, target->model) == 0;
    }
    jv_destroy(&body);
    return same;
}

/* Somebody may have reviewed since the engine was loaded: then the workers know it already. */
static void follow_reviews(struct reclassify *reclassify)
{
    struct fault fault;
    if (engine_follow(reclassify->engine, reclassify->catalog, &fault) > 0)
        reclassify->target.model = engine_model(reclassify->engine);
}

static void report(struct run *run, int64_t number, const char *why)
{
    struct reclassify *reclassify = run->reclassify;
    if (reclassify->progress)
        reclassify->progress(number, reclassify->judged, why, reclassify->argument);
}

static void tell_waiting(const char *why, void *argument)
{
    struct run *run = argument;
    report(run, run->number, why);
}

static int interrupted(struct fault *fault)
{
    return fault_set(fault, "cli.interrupted", "已中断；再次运行即可接着做");
}

/* Workers take a new catalog.db up within seconds; until they have, nothing is submitted. */
static int submit_first(struct run *run, struct filling *filling)
{
    struct bulk *bulk = run->reclassify->bulk;
    for (int tries = 0; tries < FOLLOW_TRIES && !zsys_interrupted; tries++) {
        if (tries) {
            report(run, run->number, "等待工作进程换用新的目录或模型");
            zclock_sleep(FOLLOW_MS);
        }
        follow_reviews(run->reclassify);
        char *answer = bulk_ask(bulk, filling->body.text, filling->body.length, &run->fault);
        if (!answer)
            return -1;
        run->checked = is_same_engine(run, answer);
        free(answer);
        if (run->checked)
            return 0;
    }
    if (zsys_interrupted)
        return interrupted(&run->fault);
    return fault_set(&run->fault, "reclassify.other_engine",
                     "工作进程所用的目录或模型与本机目录库不一致，请稍后再试");
}

static void hold_back(struct run *run, int64_t number)
{
    const struct reclassify_options *options = run->reclassify->options;
    while (options->pause_file && access(options->pause_file, F_OK) == 0 && !zsys_interrupted) {
        report(run, number, "已暂停（jinmu reclassify resume 恢复）");
        zclock_sleep(PAUSE_LOOK_MS);
    }
    while (options->rate > 0 && !zsys_interrupted) {
        int64_t due = run->begun_ms + (int64_t)run->submitted * 1000 / options->rate;
        int64_t wait = due - zclock_mono();
        if (wait <= 0)
            break;
        report(run, number, "限速");
        zclock_sleep(wait < PAUSE_LOOK_MS ? (int)wait : PAUSE_LOOK_MS);
    }
}

static int submit(struct run *run, struct filling *filling, int64_t number)
{
    if (filling->projects == 0)
        return 0;
    struct reclassify *reclassify = run->reclassify;
    hold_back(run, number);
    if (zsys_interrupted)
        return interrupted(&run->fault);
    strbuf_puts(&filling->body, "]}");
    int failed = run->checked ? bulk_submit(reclassify->bulk, filling->body.text,
                                            filling->body.length, filling->projects, &run->fault)
                              : submit_first(run, filling);
    run->submitted += filling->projects;
    reclassify->judged += filling->projects;
    filling->projects = 0;
    report(run, number, NULL);
    return failed;
}

static int take_project(const struct versioned *project, void *argument)
{
    struct run *run = argument;
    struct reclassify *reclassify = run->reclassify;
    if (is_done(project) || !is_chosen(run, project))
        return 0;
    if (!is_kept(project) || is_unseen(reclassify, project)) {
        reclassify->skipped++;
        return 0;
    }
    const char *revision =
        reclassify->options->to ? reclassify->options->to : project->old.revision;
    struct filling *filling = filling_of(run, revision);
    if (!filling)
        return 0;
    add_project(filling, project);
    if (is_full(run, filling))
        run->full = filling;
    return run->full != NULL;
}

/* Requests are submitted between two looks into results.db: a run that waits or is paused holds up
 * nothing there. */
static int64_t take_chunk(struct run *run, int64_t last)
{
    struct reclassify *reclassify = run->reclassify;
    run->full = NULL;
    enum versions_depth depth =
        reclassify->options->only_affected ? VERSIONS_WHOLE : VERSIONS_PLAIN;
    int64_t number = versions_each(reclassify->versions, &reclassify->target, depth, last, CHUNK,
                                   take_project, run, &run->fault);
    if (number > 0)
        report(run, run->number = number, NULL);
    if (number > 0 && run->full)
        run->failed = submit(run, run->full, number) != 0;
    return number;
}

static void start(struct run *run, struct reclassify *reclassify)
{
    *run = (struct run){.reclassify = reclassify, .begun_ms = zclock_mono()};
    run->folder = folder_new();
    if (reclassify->options->department)
        run->department = folder_fold_utf8(run->folder, reclassify->options->department);
}

static void end(struct run *run)
{
    for (size_t i = 0; i < run->filling_count; i++) {
        free(run->fillings[i].revision);
        strbuf_free(&run->fillings[i].body);
    }
    free(run->department);
    folder_destroy(&run->folder);
}

int reclassify_run(struct reclassify *reclassify, struct fault *fault)
{
    struct run run;
    int64_t number = 0, last = 0;
    start(&run, reclassify);
    bulk_on_waiting(reclassify->bulk, tell_waiting, &run);
    while ((number = take_chunk(&run, last)) > 0 && !run.failed && !zsys_interrupted)
        last = number;
    int failed = run.failed || number < 0;
    if (!failed && number > 0) /* there was more */
        failed = interrupted(&run.fault);
    for (size_t i = 0; i < run.filling_count && !failed; i++)
        failed = submit(&run, &run.fillings[i], last) != 0;
    if (!failed)
        failed = bulk_finish(reclassify->bulk, &run.fault);
    if (failed && fault)
        *fault = run.fault;
    end(&run);
    return failed ? -1 : 0;
}

/* --- comparison --- */

struct comparing {
    struct run run;
    struct moves *moves;
    struct judge *judge; /* in a dry run */
    const struct versioned *project;
};

static void add_move(struct comparing *comparing, const struct versioned *project,
                     const struct version *old, const struct version *new)
{
    struct outcome before = outcome_of(old), after = outcome_of(new);
    moves_add(comparing->moves, project, &before, &after, MOVE_FAILED);
}

static void add_unjudged(struct comparing *comparing, const struct versioned *project,
                         enum move reason)
{
    struct outcome before = outcome_of(&project->old);
    moves_add(comparing->moves, project, &before, NULL, reason);
}

static void take_judged(const struct judged *judged, void *argument)
{
    struct comparing *comparing = argument;
    char *json = xstrndup(judged->json, judged->json_bytes);
    struct outcome before = outcome_of(&comparing->project->old), after = outcome_read(json);
    if (judged->is_error)
        outcome_clear(&after);
    moves_add(comparing->moves, comparing->project, &before, judged->is_error ? NULL : &after,
              MOVE_FAILED);
    free(json);
    comparing->run.reclassify->judged++;
}

/* Judges in this process, and stores nothing. */
static void judge_here(struct comparing *comparing, const struct versioned *project)
{
    const char *to = comparing->run.reclassify->options->to;
    struct filling filling = {.revision = xstrdup(to ? to : project->old.revision)};
    add_project(&filling, project);
    strbuf_puts(&filling.body, "]}");
    comparing->project = project;
    if (judge_body(comparing->judge, filling.body.text, filling.body.length, take_judged, comparing,
                   NULL))
        add_unjudged(comparing, project, MOVE_FAILED);
    strbuf_free(&filling.body);
    free(filling.revision);
}

static void compare_without_new(struct comparing *comparing, const struct versioned *project)
{
    struct reclassify *reclassify = comparing->run.reclassify;
    if (!is_chosen(&comparing->run, project))
        return;
    if (is_unseen(reclassify, project))
        add_unjudged(comparing, project, MOVE_UNSEEN);
    else if (reclassify->options->only_compare)
        return;
    else if (!is_kept(project))
        add_unjudged(comparing, project, MOVE_FAILED);
    else if (comparing->judge)
        judge_here(comparing, project);
    else
        add_unjudged(comparing, project, MOVE_FAILED);
}

static int compare_project(const struct versioned *project, void *argument)
{
    struct comparing *comparing = argument;
    const struct version *new = &project->new, *old = &project->old;
    const char *from = comparing->run.reclassify->options->from;
    bool superseded = !is_done(project) && !comparing->run.reclassify->options->only_compare;
    if (!new->event || superseded)
        compare_without_new(comparing, project);
    else if (!is_of_department(&comparing->run, project))
        return 0;
    else if (new->event <= comparing->run.reclassify->since || !old->event)
        add_move(comparing, project, new, new);
    else if (!from || strcmp(old->revision, from) == 0)
        add_move(comparing, project, old, new);
    return zsys_interrupted;
}

int reclassify_compare(struct reclassify *reclassify, struct moves *moves, struct fault *fault)
{
    struct comparing comparing = {.moves = moves};
    int64_t number = 0, last = 0;
    start(&comparing.run, reclassify);
    if (reclassify->options->dry_run)
        comparing.judge = judge_new(reclassify->engine, NULL);
    do {
        number = versions_each(reclassify->versions, &reclassify->target, VERSIONS_WHOLE, last,
                               CHUNK, compare_project, &comparing, fault);
        if (number > 0)
            report(&comparing.run, last = number, NULL);
    } while (number > 0 && !zsys_interrupted);
    moves_finish(moves);
    if (comparing.judge)
        judge_destroy(&comparing.judge);
    end(&comparing.run);
    if (number >= 0 && zsys_interrupted)
        return fault_set(fault, "cli.interrupted", "已中断");
    return number < 0 ? -1 : 0;
}
