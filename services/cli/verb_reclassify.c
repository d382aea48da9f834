/* jinmu reclassify: stored projects judged again, by a new revision or a new engine, and what moved. */
#include "services/cli/page.h"
#include "services/cli/verbs.h"

#include "catalog/catalog.h"
#include "common/lock.h"
#include "common/options.h"
#include "common/state.h"
#include "services/cli/columns.h"
#include "services/cli/local_engine.h"
#include "services/cli/moves_page.h"
#include "services/cli/progress.h"
#include "services/cli/reclassify_notice.h"
#include "services/cli/running.h"

#include <czmq.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct options {
    const char *state, *db, *to, *from, *department, *html, *xlsx, *action;
    bool engine, only_affected, dry_run;
    int64_t rate; /* -1: as configured */
};

static const struct option_row option_rows[] = {
    TEXT_OPTION(struct options, to, "to", 't', "REVISION", "Judge by this revision"),
    FLAG_OPTION(struct options, engine, "engine", 0,
                "Judge by the present model, labels and rules, each project by the revision that "
                "it has"),
    TEXT_OPTION(struct options, from, "from", 'f', "REVISION",
                "Only projects judged by this revision"),
    TEXT_OPTION(struct options, department, "department", 'd', "NAME",
                "Only projects of this department"),
    FLAG_OPTION(struct options, only_affected, "only-affected", 0,
                "Only projects whose item or department changed"),
    FLAG_OPTION(struct options, dry_run, "dry-run", 'n',
                "Judge in this process, store nothing, report what would move"),
    PATH_OPTION(struct options, db, "db", 0, "FILE",
                "With --dry-run: another catalog database, not yet in use"),
    NUMBER_OPTION(struct options, rate, "rate", 0, 0, INT64_MAX,
                  "At most N projects a second (default: reclassify/rate)"),
    PATH_OPTION(struct options, html, "html", 0, "FILE", "Write the report as a page"),
    PATH_OPTION(struct options, xlsx, "xlsx", 0, "FILE",
                "Write the report as a workbook, with all that moved"),
    STATE_OPTION(struct options),
    {0}};
static const struct command_form form = {
    option_rows, 0, 1, "[pause|resume|report]",
    "Judges stored projects again and reports what moved; every project keeps its old result. A "
    "run that was stopped goes on where it was when it is started again. `pause` and `resume` hold "
    "a run back and let it go on; `report` compares once more and judges nothing."};

/* What is wrong with the options together, or NULL. */
static const char *complaint(const struct options *options)
{
    const char *action = options->action;
    bool is_report = action && strcmp(action, "report") == 0;
    if (action && !is_report)
        return strcmp(action, "pause") == 0 || strcmp(action, "resume") == 0
                   ? NULL
                   : "pause, resume or report";
    if (!options->to == !options->engine)
        return "either --to REVISION or --engine";
    if (is_report && options->dry_run)
        return "report judges nothing: no --dry-run";
    if (options->engine && options->only_affected)
        return "--only-affected needs --to";
    return options->db && !options->dry_run ? "--db needs --dry-run" : NULL;
}

/* --- the run that is under way: STATE/reclassify.json --- */

struct job {
    char *directory, *record, *pause;
    int lock;
};

static int open_job(struct job *job, const char *state, struct fault *fault)
{
    *job = (struct job){.lock = -1};
    if (!(job->directory = state_directory(state, fault)))
        return -1;
    job->record = state_path(job->directory, "reclassify.json");
    job->pause = state_path(job->directory, "reclassify.pause");
    return 0;
}

static void close_job(struct job *job)
{
    free(job->directory);
    free(job->record);
    free(job->pause);
    if (job->lock >= 0)
        close(job->lock);
}

static bool same_text(const struct jv *record, const char *member, const char *text)
{
    const char *stored = jv_get_text(record, member);
    return strcmp(stored ? stored : "", text ? text : "") == 0;
}

/* The record of the last run (jv_destroy), or NULL. */
static struct jv *read_record(const struct job *job)
{
    FILE *file = fopen(job->record, "re");
    char text[4096];
    size_t length = file ? fread(text, 1, sizeof text, file) : 0;
    if (file)
        fclose(file);
    return length ? jv_read(text, length, NULL) : NULL;
}

/* The event after which an unfinished run by the same target began, whatever was reviewed since; -1
 * when there is none. */
static int64_t unfinished_since(const struct job *job, const struct reclassify *reclassify)
{
    const struct version_target *target = &reclassify->target;
    struct jv *record = read_record(job);
    char *base = engine_model_before_reviews(reclassify->engine);
    bool same = record && !jv_get_bool(record, "finished", true) &&
                same_text(record, "to", target->revision) &&
                same_text(record, "engine", target->engine) && same_text(record, "base", base);
    int64_t since = same ? (int64_t)jv_get_number(record, "since", 0) : -1;
    jv_destroy(&record);
    free(base);
    return since;
}

static int write_record(const struct job *job, const struct reclassify *reclassify, bool finished,
                        struct fault *fault)
{
    const struct version_target *target = &reclassify->target;
    struct strbuf new = {0};
    struct jv *record = jv_object();
    char *base = engine_model_before_reviews(reclassify->engine);
    jv_set_text(record, "base", base);
    free(base);
    jv_set_text(record, "to", target->revision ? target->revision : "");
    jv_set_text(record, "engine", target->engine);
    jv_set_text(record, "model", target->model);
    jv_set_number(record, "since", (double)reclassify->since);
    jv_set(record, "finished", jv_of_bool(finished));
    char *text = jv_write(record);
    jv_destroy(&record);
    strbuf_printf(&new, "%s.new", job->record);
    FILE *file = fopen(new.text, "we");
    bool written = file && fputs(text, file) >= 0;
    written = file && fclose(file) == 0 && written && rename(new.text, job->record) == 0;
    free(text);
    strbuf_free(&new);
    return written ? 0 : fault_set(fault, "state.write", "%s: %s", job->record, strerror(errno));
}

static int set_pause(const struct job *job, bool pause)
{
    if (!pause) {
        bool was = unlink(job->pause) == 0;
        puts(was ? "已恢复" : "没有暂停");
        return 0;
    }
    FILE *file = fopen(job->pause, "we");
    if (!file || fclose(file)) {
        fprintf(stderr, "jinmu reclassify: %s: %s\n", job->pause, strerror(errno));
        return 2;
    }
    puts("已暂停；用 jinmu reclassify resume 恢复");
    return 0;
}

/* --- what the operator sees --- */

struct display {
    struct progress bar;
    int64_t begun_ms, total, next_log_ms;
    const char *what;
};

/* Rate and time left, from what was looked at so far. */
static void show(int64_t looked_at, size_t judged, const char *why, void *argument)
{
    struct display *display = argument;
    double seconds = (double)(zclock_mono() - display->begun_ms) / 1000;
    double rate = seconds > 0 ? (double)looked_at / seconds : 0;
    long left = rate > 0 ? (long)((double)(display->total - looked_at) / rate) : 0;
    char text[128];
    snprintf(text, sizeof text, "%.0f 个/秒 还需 %ld 分 %02ld 秒 已判 %zu%s%s", rate, left / 60,
             left % 60, judged, why ? " " : "", why ? why : "");
    progress_show(&display->bar, (size_t)looked_at, text);
    progress_say(&display->bar, why);
}

static void begin_display(struct display *display, struct reclassify *reclassify, const char *what)
{
    *display = (struct display){.begun_ms = zclock_mono(), .what = what};
    display->total = versions_count(reclassify->versions);
    progress_start(&display->bar, what, (size_t)display->total);
    reclassify->progress = show;
    reclassify->argument = display;
}

static void print_summary(const struct moves *moves)
{
    struct columns columns = {.count = MOVES + 2};
    columns_add(&columns, "部门");
    for (int m = 0; m < MOVES; m++)
        columns_add(&columns, move_words[m]);
    columns_add(&columns, "新增待复核");
    for (size_t d = 0; d <= moves->department_count; d++) {
        bool last = d == moves->department_count;
        const struct move_department *one = last ? &moves->all : &moves->departments[d];
        columns_add(&columns, last ? "合计" : one->name);
        for (int m = 0; m < MOVES; m++)
            columns_add_number(&columns, (long)one->moves[m].count);
        columns_add_number(&columns, (long)one->to_review.count);
    }
    columns_print(&columns);
    if (!moves_changed(moves) && !moves->to_review.count)
        puts("没有变化");
    if (moves->all.moves[MOVE_FAILED].count)
        printf(
            "%zu 个项目未能判断：项目本身有误，或判断未完成。可再运行一次；仍有的见 --xlsx 明细\n",
            moves->all.moves[MOVE_FAILED].count);
}

/* A run goes on when nobody can be told of it. */
static void tell(const struct reclassify *reclassify, const struct running *running,
                 enum run_state state, const struct moves *moves)
{
    struct fault fault;
    if (reclassify_tell(reclassify, running, state, moves, &fault))
        fprintf(stderr, "jinmu reclassify: 未能发出通知：%s\n", fault.message);
}

/* --- the report --- */

static int write_page(const char *path, const struct moves_report *report, struct fault *fault)
{
    struct strbuf page = {0};
    moves_page_write(&page, report);
    int status = page_save(&page, path, fault);
    strbuf_free(&page);
    return status;
}

static void describe(struct strbuf *what, struct strbuf *made, const struct options *options,
                     const struct reclassify *reclassify)
{
    char day[PAGE_TIME];
    page_time(day);
    if (reclassify->target.revision)
        strbuf_printf(what, "%s → %s",
                      reclassify->options->from ? reclassify->options->from : "原结果",
                      reclassify->target.revision);
    else
        strbuf_puts(what, "现行模型、标签和规则");
    if (options->department)
        strbuf_printf(what, "（%s）", options->department);
    strbuf_printf(made, "%s　引擎 %s　模型 %s%s", day, reclassify->target.engine,
                  reclassify->target.model, options->dry_run ? "　试算，结果未保存" : "");
}

/* `running` is told when there was a run. */
static int report(struct reclassify *reclassify, const struct options *options,
                  const struct running *running, struct fault *fault)
{
    struct moves moves;
    struct display display;
    struct moves_book *book = NULL;
    struct strbuf what = {0}, made = {0};
    if (options->xlsx && !(book = moves_book_new(options->xlsx, fault)))
        return -1;
    moves_start(&moves, reclassify->successors);
    moves.row = book ? moves_book_row : NULL;
    moves.row_argument = book;
    begin_display(&display, reclassify, options->dry_run ? "试算" : "比较");
    int failed = reclassify_compare(reclassify, &moves, fault);
    progress_end(&display.bar);
    if (book && moves_book_finish(&book, failed ? NULL : &moves, failed ? NULL : fault))
        failed = -1;
    if (!failed) {
        describe(&what, &made, options, reclassify);
        struct moves_report page = {&moves, "重新判断报告", what.text, made.text,
                                    moves.all.moves[MOVE_UNSEEN].count
                                        ? "新目录只收录了一部分（摘录）：没有收录的部门的项目没有"
                                          "重判，列为“目录未收录”；条目尚待核实的，列入复核。"
                                        : ""};
        printf("%s\n", what.text);
        print_summary(&moves);
        if (running)
            tell(reclassify, running, RUN_FINISHED, &moves);
        failed = options->html && write_page(options->html, &page, fault);
    }
    strbuf_free(&what);
    strbuf_free(&made);
    moves_free(&moves);
    return failed ? -1 : 0;
}

/* --- the run --- */

static int judge_all(struct reclassify *reclassify, const struct job *job,
                     const struct running *running, struct fault *fault)
{
    struct display display;
    int64_t since = unfinished_since(job, reclassify);
    if (since >= 0)
        fprintf(stderr, "接着上次未完成的重判\n");
    reclassify->since = since >= 0 ? since : versions_last_event(reclassify->versions);
    reclassify->target.since = reclassify->since;
    if (write_record(job, reclassify, false, fault) ||
        !(reclassify->bulk = bulk_new(running, fault)))
        return -1;
    tell(reclassify, running, RUN_BEGUN, NULL);
    begin_display(&display, reclassify, "重判");
    int failed = reclassify_run(reclassify, fault);
    double seconds = (double)(zclock_mono() - display.begun_ms) / 1000;
    progress_end(&display.bar);
    size_t lost = bulk_failed(reclassify->bulk);
    bulk_destroy(&reclassify->bulk);
    if (failed) {
        tell(reclassify, running, RUN_STOPPED, NULL);
        return -1;
    }
    fprintf(stderr, "重判 %zu 个项目，%.1f 秒（每秒 %.0f 个），跳过 %zu 个，失败 %zu 个\n",
            reclassify->judged, seconds, seconds > 0 ? (double)reclassify->judged / seconds : 0,
            reclassify->skipped, lost);
    return write_record(job, reclassify, lost == 0, fault);
}

static int run(struct reclassify *reclassify, const struct options *options,
               const struct running *running, struct job *job, struct fault *fault)
{
    bool only_report = options->action != NULL;
    if (options->dry_run) {
        reclassify->since = versions_last_event(reclassify->versions);
    } else if (!only_report) {
        char *path = state_path(job->directory, "reclassify.lock");
        job->lock = lock_take(path, fault);
        if (job->lock < 0 && strcmp(fault->code, "lock.taken") == 0)
            fault_set(fault, "reclassify.running",
                      "%s 已有重判在进行：等它结束，或先中断它（^C；再次运行即可接着做）",
                      job->directory);
        free(path);
        if (job->lock < 0 || running_check(running, fault) ||
            judge_all(reclassify, job, running, fault))
            return -1;
    }
    bool was_run = !only_report && !options->dry_run;
    return report(reclassify, options, was_run ? running : NULL, fault);
}

/* The revisions as stored (free()). */
static int find_revisions(struct store *store, const struct options *options, char **to,
                          char **from, struct fault *fault)
{
    if ((options->to && !(*to = catalog_find_revision(store, options->to, fault))) ||
        (options->from && !(*from = catalog_find_revision(store, options->from, fault))))
        return -1;
    return 0;
}

static int64_t configured_rate(const struct running *running, const struct options *options,
                               struct fault *fault)
{
    int64_t rate = 0;
    if (options->rate >= 0)
        return options->rate;
    return config_number(running->config, "reclassify/rate", 0, 1000000000, &rate, fault) ? -1
                                                                                          : rate;
}

/* By what a run judges, or a report compares: texts that `target` borrows. */
struct basis {
    struct engine *engine; /* NULL: nothing is judged */
    char *version, *model;
    int64_t since; /* of the run that is reported; later results are by it, whatever was reviewed */
};

static void clear_basis(struct basis *basis)
{
    if (basis->engine)
        engine_destroy(&basis->engine);
    free(basis->version);
    free(basis->model);
}

/* A report needs no engine: it is about the last run by that revision, else about the newest results
 * by it, and stays the same when the model has changed since. */
static int basis_of_report(struct basis *basis, struct versions *versions, const struct job *job,
                           const char *to, struct fault *fault)
{
    struct jv *last = read_record(job);
    bool same =
        same_text(last, "to", to) && jv_get_text(last, "engine") && jv_get_text(last, "model");
    if (same) {
        basis->version = xstrdup(jv_get_text(last, "engine"));
        basis->model = xstrdup(jv_get_text(last, "model"));
        basis->since = (int64_t)jv_get_number(last, "since", 0);
    }
    jv_destroy(&last);
    int got =
        same ? 1 : versions_newest_origin(versions, to, &basis->version, &basis->model, fault);
    if (got == 0)
        return fault_set(fault, "reclassify.no_results", "没有按 %s 判断过的项目",
                         to ? to : "任何目录");
    return got < 0 ? -1 : 0;
}

static int find_basis(struct basis *basis, struct versions *versions, const struct job *job,
                      const struct options *options, const char *path, const char *to,
                      struct fault *fault)
{
    if (options->action)
        return basis_of_report(basis, versions, job, to, fault);
    if (!(basis->engine = engine_load(path, fault)))
        return -1;
    basis->version = xstrdup(engine_version());
    basis->model = xstrdup(engine_model(basis->engine));
    return 0;
}

/* A path that cannot be written is told of before a run of hours, not after it. */
static int check_writable(const char *path, struct fault *fault)
{
    int made = path ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    if (made >= 0) {
        close(made);
        unlink(path);
    }
    if (!path || made >= 0 || (errno == EEXIST && access(path, W_OK) == 0))
        return 0;
    return fault_set(fault, "page.write", "%s: %s", path, strerror(errno));
}

static int reclassify_all(const struct options *options, const struct running *running,
                          struct job *job, struct fault *fault)
{
    struct reclassify_options how = {.department = options->department,
                                     .only_affected = options->only_affected,
                                     .dry_run = options->dry_run,
                                     .only_compare = options->action != NULL,
                                     .pause_file = job->pause};
    struct reclassify reclassify = {.options = &how};
    struct basis basis = {.since = INT64_MAX};
    struct store *store = NULL;
    char *path = local_engine_path(options->db, options->state, fault), *results = NULL;
    char *to = NULL, *from = NULL;
    int failed = -1;
    if (check_writable(options->html, fault) || check_writable(options->xlsx, fault) || !path ||
        (how.rate = configured_rate(running, options, fault)) < 0 ||
        !(store = catalog_open(path, STORE_READ_ONLY, fault)) ||
        find_revisions(store, options, &to, &from, fault) ||
        (options->department && *options->department &&
         catalog_check_department(store, options->department, fault)))
        goto done;
    results = state_path(job->directory, "results.db");
    if (!(reclassify.versions = versions_open(results, fault)) ||
        find_basis(&basis, reclassify.versions, job, options, path, to, fault) ||
        !(reclassify.successors = successors_new(store, to ? to : "", fault)))
        goto done;
    how.to = to;
    how.from = from;
    reclassify.target = (struct version_target){to, basis.version, basis.model, basis.since};
    reclassify.engine = basis.engine;
    reclassify.catalog = path;
    failed = run(&reclassify, options, running, job, fault);
done:
    successors_destroy(&reclassify.successors);
    versions_close(&reclassify.versions);
    store_close(&store);
    clear_basis(&basis);
    free(results);
    free(path);
    free(to);
    free(from);
    return failed;
}

int verb_reclassify(int argc, char **argv)
{
    struct options options = {.rate = -1};
    struct fault fault = {"", ""};
    struct running running = {0};
    struct job job;
    int status = 2;
    options.action = options_read(&form, argc, argv, &options)[0];
    if (complaint(&options))
        options_refuse(argv[0], complaint(&options));
    if (open_job(&job, options.state, &fault) == 0) {
        if (options.action && strcmp(options.action, "report") != 0)
            status = set_pause(&job, strcmp(options.action, "pause") == 0);
        else if (running_find(&running, options.state, &fault) == 0 &&
                 reclassify_all(&options, &running, &job, &fault) == 0)
            status = 0;
    }
    if (status && *fault.code)
        fprintf(stderr, "jinmu reclassify: %s\n", fault.message);
    running_clear(&running);
    close_job(&job);
    return status;
}
