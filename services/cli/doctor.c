#include "services/cli/doctor.h"

#include "catalog/catalog.h"
#include "catalog/engine/engine.h"
#include "common/config.h"
#include "common/state.h"
#include "common/store_copy.h"
#include "common/strbuf.h"
#include "services/broker/spool.h"
#include "services/cli/broker_status.h"
#include "services/cli/running.h"
#include "services/collector/deliveries.h"
#include "services/collector/inquiry.h"
#include "services/collector/judged_by.h"
#include "services/collector/results.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

enum {
    ANSWER_MS = 3000,
    LEAST_FILES = 1024,  /* descriptors of one process */
    AHEAD_S = 60,        /* a file may be newer than the clock by this */
    OLD_JOB_S = 600,     /* a job that waits longer is noted */
    NEARLY_FULL = 90,    /* percent of a limit */
    NOTE_FREE_MB = 1024, /* on the disk */
    BAD_FREE_MB = 100,
};
static const time_t first_possible = 1735689600; /* 2025-01-01, before which jinmu was not */

const char *const health_names[HEALTHS] = {"good", "note", "bad"};

void diagnosis_clear(struct diagnosis *diagnosis)
{
    for (size_t i = 0; i < diagnosis->count; i++)
        free(diagnosis->checks[i].text);
    free(diagnosis->checks);
    *diagnosis = (struct diagnosis){0};
}

__attribute__((format(printf, 4, 5))) static void say(struct diagnosis *diagnosis, const char *name,
                                                      enum health health, const char *format, ...)
{
    char text[600];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    diagnosis->checks =
        xrealloc(diagnosis->checks, (diagnosis->count + 1) * sizeof *diagnosis->checks);
    diagnosis->checks[diagnosis->count++] = (struct check){name, health, xstrdup(text)};
    diagnosis->of[health]++;
}

/* --- Files ---------------------------------------------------------------------------------- */

static void examine_rights(struct diagnosis *diagnosis, const char *state)
{
    struct fault fault;
    if (state_check_files(state, &fault))
        say(diagnosis, "rights", HEALTH_BAD, "文件权限不安全：%s", fault.message);
    else
        say(diagnosis, "rights", HEALTH_GOOD, "数据目录 %s 及其中文件只有本用户可写", state);
}

/* Whether a restore is under way or was interrupted. */
static bool examine_restore(struct diagnosis *diagnosis, const char *state)
{
    bool restoring = state_check_restored(state, NULL);
    if (restoring)
        say(diagnosis, "restore", HEALTH_BAD,
            "上一次恢复没有完成，服务不能启动，其他命令也不可用：请用原备份重新执行 "
            "jinmu restore --replace，原有数据在 replaced-时间 目录中");
    return restoring;
}

static void examine_configuration(struct diagnosis *diagnosis, const char *state)
{
    struct fault fault;
    struct config *config = config_open(state, NULL, &fault);
    if (config)
        say(diagnosis, "configuration", HEALTH_GOOD, "配置可以读取");
    else
        say(diagnosis, "configuration", HEALTH_BAD, "配置有误：%s", fault.message);
    config_destroy(&config);
}

static void examine_database(struct diagnosis *diagnosis, const char *state, const char *name,
                             int ours, bool thorough)
{
    struct fault fault;
    struct stat status;
    int version = 0;
    char *path = state_path(state, name);
    if (stat(path, &status))
        say(diagnosis, name, HEALTH_NOTE, "%s 还没有建立（首次启动服务时建立）", name);
    else if (store_check(path, thorough, &version, &fault))
        say(diagnosis, name, HEALTH_BAD, "%s 已损坏：%s。请用备份恢复（jinmu restore）", name,
            fault.message);
    else if (version > ours)
        say(diagnosis, name, HEALTH_BAD, "%s 的结构版本 %d 比本程序的 %d 新：请使用新版程序", name,
            version, ours);
    else if (version < ours)
        say(diagnosis, name, HEALTH_NOTE, "%s 的结构版本是 %d，启动服务时升级到 %d", name, version,
            ours);
    else
        say(diagnosis, name, HEALTH_GOOD, "%s 完好，结构版本 %d，%.1f MB", name, version,
            (double)status.st_size / 1e6);
    free(path);
}

static void examine_disk(struct diagnosis *diagnosis, const char *state)
{
    struct statvfs disk;
    if (statvfs(state, &disk)) {
        say(diagnosis, "disk", HEALTH_BAD, "无法查询磁盘空间");
        return;
    }
    double free_mb = (double)disk.f_bavail * (double)disk.f_frsize / (1 << 20);
    enum health health = free_mb < BAD_FREE_MB    ? HEALTH_BAD
                         : free_mb < NOTE_FREE_MB ? HEALTH_NOTE
                                                  : HEALTH_GOOD;
    say(diagnosis, "disk", health, "磁盘剩余 %.1f GB%s", free_mb / 1024,
        health == HEALTH_GOOD ? "" : "，空间不足时将拒收新任务");
}

/* --- The machine ---------------------------------------------------------------------------- */

/* The newest change of a database, by the clock of then. */
static time_t newest_change(const char *state)
{
    static const char *const names[] = {"spool.db", "spool.db-wal", "results.db", "results.db-wal",
                                        "catalog.db"};
    time_t newest = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct stat status;
        char *path = state_path(state, names[i]);
        if (stat(path, &status) == 0 && status.st_mtime > newest)
            newest = status.st_mtime;
        free(path);
    }
    return newest;
}

static void examine_clock(struct diagnosis *diagnosis, const char *state)
{
    struct timex kernel = {0};
    time_t now = time(NULL);
    if (now < first_possible)
        say(diagnosis, "clock", HEALTH_BAD, "系统时间早于 2025 年，请校准");
    else if (newest_change(state) > now + AHEAD_S)
        say(diagnosis, "clock", HEALTH_BAD, "系统时间早于数据文件的修改时间，可能被调回，请校准");
    else if (adjtimex(&kernel) == TIME_ERROR)
        say(diagnosis, "clock", HEALTH_NOTE, "系统时间没有与时间服务器同步");
    else
        say(diagnosis, "clock", HEALTH_GOOD, "系统时间正常");
}

static void examine_limits(struct diagnosis *diagnosis)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < LEAST_FILES)
        say(diagnosis, "limits", HEALTH_NOTE, "一个进程最多打开 %llu 个文件，少于 %d 个",
            (unsigned long long)files.rlim_cur, LEAST_FILES);
}

/* --- The services --------------------------------------------------------------------------- */

static double number(const struct jv *object, const char *name)
{
    return jv_get_number(object, name, 0);
}

static void examine_version(struct diagnosis *diagnosis, const char *name, const struct jv *status)
{
    const char *version = jv_get_text(status, "version");
    if (version && strcmp(version, JINMU_VERSION) != 0)
        say(diagnosis, "version", HEALTH_NOTE, "运行中的 %s 是 %s 版，本程序是 %s 版：请重启该服务",
            name, version, JINMU_VERSION);
}

static void examine_queue(struct diagnosis *diagnosis, const struct jv *broker)
{
    static const char *const priorities[] = {"interactive", "bulk"};
    double oldest = 0;
    for (int i = 0; i < 2; i++) {
        double age = number(jv_get(jv_get(broker, "queue"), priorities[i]), "oldest_s");
        oldest = age > oldest ? age : oldest;
    }
    if (oldest > OLD_JOB_S)
        say(diagnosis, "queue", HEALTH_NOTE, "有任务已等待 %.0f 分钟", oldest / 60);
    const struct jv *spool = jv_get(broker, "spool");
    double jobs = number(spool, "unfinished") + number(spool, "dead");
    if (!jv_get_bool(spool, "writable", true))
        say(diagnosis, "spool", HEALTH_BAD, "任务库无法写入，新任务正被拒收：请检查磁盘");
    if (jobs * 100 > number(spool, "max_jobs") * NEARLY_FULL ||
        number(spool, "bytes") * 100 > number(spool, "max_bytes") * NEARLY_FULL)
        say(diagnosis, "spool", HEALTH_NOTE, "任务库将满：%.0f 个任务，%.1f MB", jobs,
            number(spool, "bytes") / 1e6);
    if (number(spool, "dead") > 0)
        say(diagnosis, "dead", HEALTH_NOTE, "有 %.0f 个任务被放弃：用 jinmu dead list 查看",
            number(spool, "dead"));
}

static void examine_broker(struct diagnosis *diagnosis, const struct running *running)
{
    struct fault fault;
    struct jv *broker = broker_status_ask(running->to_broker, running->broker, ANSWER_MS, &fault);
    int workers = broker_status_workers(broker, "classify");
    if (!broker)
        say(diagnosis, "broker", HEALTH_BAD, "任务代理（broker）没有应答：%s", fault.message);
    else if (workers == 0)
        say(diagnosis, "broker", HEALTH_BAD, "任务代理在运行，但没有处理程序（worker）");
    else
        say(diagnosis, "broker", HEALTH_GOOD, "任务代理在运行，处理程序 %d 个", workers);
    if (broker) {
        examine_version(diagnosis, "broker", broker);
        examine_queue(diagnosis, broker);
    }
    jv_destroy(&broker);
}

static void examine_deliveries(struct diagnosis *diagnosis, const struct jv *collector)
{
    const struct jv *deliveries = jv_get(collector, "deliveries");
    switch (deliveries_judge(collector)) {
    case DELIVERIES_POSTMAN_GONE:
        say(diagnosis, "webhooks", HEALTH_BAD,
            "有 %.0f 条推送在等，但推送服务（postman）没有运行：检查 webhooks/allow，再启动 "
            "jinmu serve 或 jinmu-postman",
            number(deliveries, "waiting"));
        break;
    case DELIVERIES_STUCK:
        say(diagnosis, "webhooks", HEALTH_NOTE,
            "有 %.0f 条推送屡送不到，最早的已等 %.1f 小时：用 jinmu webhooks list 和 log 查看",
            number(deliveries, "failing"), number(deliveries, "oldest_s") / 3600);
        break;
    case DELIVERIES_GIVEN_UP:
        say(diagnosis, "webhooks", HEALTH_NOTE,
            "有 %.0f 条推送送不到，已被放弃，待处理：用 jinmu webhooks log 查看，replay 重发",
            number(deliveries, "unresolved"));
        break;
    case DELIVERIES_DISABLED:
        say(diagnosis, "webhooks", HEALTH_NOTE,
            "有 %.0f 个推送已停用：用 jinmu webhooks list 查看，enable 启用",
            number(deliveries, "disabled"));
        break;
    case DELIVERIES_WELL:
        if (number(deliveries, "webhooks") > 0)
            say(diagnosis, "webhooks", HEALTH_GOOD, "推送 %.0f 个，正常，待送 %.0f 条",
                number(deliveries, "webhooks"), number(deliveries, "waiting"));
        break;
    }
}

/* Of an empty log, which whoever reads makes: never. */
static time_t changed_at(const char *state, const char *name)
{
    struct stat status;
    char *path = state_path(state, name);
    time_t at = stat(path, &status) == 0 && status.st_size > 0 ? status.st_mtime : 0;
    free(path);
    return at;
}

/* Whether the catalog of this machine is another than the one that all workers judge by. What was
 * judged before it changed tells nothing. */
static bool is_other_catalog(const char *state, const struct jv *use)
{
    time_t file = changed_at(state, "catalog.db"), log = changed_at(state, "catalog.db-wal");
    time_t changed = (file > log ? file : log) + JUDGED_BY_SETTLE_MS / 1000;
    const char *engine_used = jv_get_text(use, "engine"), *model = jv_get_text(use, "model");
    if (time(NULL) - (time_t)number(use, "last_s") < changed || !engine_used || !model ||
        strcmp(engine_used, engine_version()) != 0)
        return false;
    char *path = state_path(state, "catalog.db");
    struct engine *engine = engine_load(path, NULL);
    bool other = engine && strcmp(engine_model(engine), model) != 0;
    if (engine)
        engine_destroy(&engine);
    free(path);
    return other;
}

static void examine_judging(struct diagnosis *diagnosis, const char *state,
                            const struct jv *collector)
{
    static const char remedy[] =
        "在 collector 所在机器上执行 jinmu backup，再在其余各机器上用其中的 "
        "catalog.db 执行 jinmu catalog take";
    struct strbuf uses = {0};
    judged_by_write(collector, &uses);
    if (judged_by_count(collector) > 1)
        say(diagnosis, "judging", HEALTH_NOTE,
            "各处理程序（worker）所用的目录库或程序版本不一致，同一项目可能得出不同结果：%s。"
            "版本相同的，%s",
            uses.text, remedy);
    else if (judged_by_count(collector) == 1 &&
             is_other_catalog(state, jv_at(jv_get(collector, "judged_by"), 0)))
        say(diagnosis, "judging", HEALTH_NOTE,
            "本机的 catalog.db 与处理程序（worker）判断所用的不一致（%s）：%s", uses.text, remedy);
    strbuf_free(&uses);
}

static void examine_collector(struct diagnosis *diagnosis, const char *state,
                              const struct running *running)
{
    struct fault fault;
    struct inquiry *inquiry = inquiry_new_as(running->to_collector, running->collector, &fault);
    struct jv *collector = inquiry ? inquiry_status(inquiry, ANSWER_MS, &fault) : NULL;
    if (!collector)
        say(diagnosis, "collector", HEALTH_BAD, "结果库服务（collector）没有应答：%s",
            fault.message);
    else
        say(diagnosis, "collector", HEALTH_GOOD, "结果库服务在运行，已存结果 %.0f 条",
            number(collector, "results"));
    examine_version(diagnosis, "collector", collector);
    if (collector && !jv_get_bool(collector, "writable", true))
        say(diagnosis, "results", HEALTH_BAD,
            "结果库无法写入，结果正在处理程序处等待（不会丢失）：请检查 collector 所在机器的磁盘");
    if (collector) {
        deliveries_ask(inquiry, ANSWER_MS, collector);
        examine_deliveries(diagnosis, collector);
        examine_judging(diagnosis, state, collector);
    }
    jv_destroy(&collector);
    inquiry_destroy(&inquiry);
}

static void examine_services(struct diagnosis *diagnosis, const char *state)
{
    struct running running = {0};
    struct fault fault = {"", ""};
    if (running_find(&running, state, &fault)) {
        say(diagnosis, "services", HEALTH_BAD, "无法得知服务的地址：%s", fault.message);
    } else if (running_check(&running, &fault) && strcmp(fault.code, "keys.refused") == 0) {
        say(diagnosis, "services", HEALTH_BAD, "服务不认本机的密钥：%s", fault.message);
    } else if (*fault.code) {
        say(diagnosis, "services", HEALTH_NOTE, "服务没有运行（jinmu serve 启动）");
    } else {
        examine_broker(diagnosis, &running);
        examine_collector(diagnosis, state, &running);
    }
    running_clear(&running);
}

void doctor_examine(struct diagnosis *diagnosis, const char *state, bool thorough)
{
    struct fault fault;
    char *directory = state_find(state, &fault);
    if (!directory) {
        say(diagnosis, "state", HEALTH_BAD, "数据目录不可用：%s", fault.message);
        return;
    }
    examine_rights(diagnosis, directory);
    bool restoring = examine_restore(diagnosis, directory);
    examine_configuration(diagnosis, directory);
    examine_database(diagnosis, directory, "spool.db", spool_schema_version(), thorough);
    examine_database(diagnosis, directory, "results.db", results_schema_version(), thorough);
    examine_database(diagnosis, directory, "catalog.db", catalog_schema_version(), thorough);
    examine_disk(diagnosis, directory);
    examine_clock(diagnosis, directory);
    examine_limits(diagnosis);
    if (!restoring) /* else none runs */
        examine_services(diagnosis, directory);
    free(directory);
}
