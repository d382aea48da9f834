#include "services/cli/metrics.h"

#include "services/collector/deliveries.h"
#include "services/collector/judged_by.h"

#include <stdio.h>

static const char *const priorities[] = {"interactive", "bulk"};

static double number(const struct jv *object, const char *name)
{
    return jv_get_number(object, name, 0);
}

static void head(struct strbuf *out, const char *name, const char *type, const char *help)
{
    strbuf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void one(struct strbuf *out, const char *name, const char *type, double value,
                const char *help)
{
    head(out, name, type, help);
    strbuf_printf(out, "%s %.15g\n", name, value);
}

/* One sample of a metric whose head is written. `labels` is as between braces. */
static void sample(struct strbuf *out, const char *name, const char *labels, double value)
{
    strbuf_printf(out, "%s{%s} %.15g\n", name, labels, value);
}

/* A histogram out of what meter_describe gave. `labels` may be empty. */
static void histogram(struct strbuf *out, const char *name, const char *labels,
                      const struct jv *durations)
{
    const struct jv *buckets = jv_get(durations, "buckets");
    const char *comma = *labels ? "," : "";
    for (size_t i = 0; i < jv_count(buckets); i++)
        strbuf_printf(out, "%s_bucket{%s%sle=\"%.15g\"} %.15g\n", name, labels, comma,
                      jv_number(jv_at(jv_at(buckets, i), 0), 0) / 1e6,
                      jv_number(jv_at(jv_at(buckets, i), 1), 0));
    strbuf_printf(out, "%s_bucket{%s%sle=\"+Inf\"} %.15g\n", name, labels, comma,
                  number(durations, "count"));
    const char *open = *labels ? "{" : "", *close = *labels ? "}" : "";
    strbuf_printf(out, "%s_sum%s%s%s %.15g\n%s_count%s%s%s %.15g\n", name, open, labels, close,
                  number(durations, "sum_us") / 1e6, name, open, labels, close,
                  number(durations, "count"));
}

static void write_up(struct strbuf *out, const struct jv *broker, const struct jv *collector)
{
    head(out, "jinmu_up", "gauge", "Whether the service answers.");
    sample(out, "jinmu_up", "service=\"broker\"", broker != NULL);
    sample(out, "jinmu_up", "service=\"collector\"", collector != NULL);
}

static void write_queue(struct strbuf *out, const struct jv *queue)
{
    static const char *const states[] = {"ready", "delayed", "leased"};
    char labels[64];
    head(out, "jinmu_queue_jobs", "gauge", "Jobs that are not done, by priority and state.");
    for (int p = 0; p < 2; p++)
        for (int s = 0; s < 3; s++) {
            snprintf(labels, sizeof labels, "priority=\"%s\",state=\"%s\"", priorities[p],
                     states[s]);
            sample(out, "jinmu_queue_jobs", labels,
                   number(jv_get(queue, priorities[p]), states[s]));
        }
    head(out, "jinmu_queue_oldest_seconds", "gauge", "Age of the oldest job that waits.");
    for (int p = 0; p < 2; p++) {
        snprintf(labels, sizeof labels, "priority=\"%s\"", priorities[p]);
        sample(out, "jinmu_queue_oldest_seconds", labels,
               number(jv_get(queue, priorities[p]), "oldest_s"));
    }
    head(out, "jinmu_job_seconds", "histogram", "From the acceptance of a job to its end.");
    for (int p = 0; p < 2; p++) {
        snprintf(labels, sizeof labels, "priority=\"%s\"", priorities[p]);
        histogram(out, "jinmu_job_seconds", labels,
                  jv_get(jv_get(queue, priorities[p]), "durations"));
    }
}

static void write_spool(struct strbuf *out, const struct jv *spool)
{
    static const char *const states[] = {"unfinished", "split", "done", "dead"};
    char labels[64];
    head(out, "jinmu_spool_jobs", "gauge", "Jobs in spool.db, by state.");
    for (int s = 0; s < 4; s++) {
        snprintf(labels, sizeof labels, "state=\"%s\"", states[s]);
        sample(out, "jinmu_spool_jobs", labels, number(spool, states[s]));
    }
    one(out, "jinmu_spool_max_jobs", "gauge", number(spool, "max_jobs"),
        "Jobs beyond which requests are refused.");
    one(out, "jinmu_spool_bytes", "gauge", number(spool, "bytes"), "Bodies in spool.db.");
    one(out, "jinmu_spool_max_bytes", "gauge", number(spool, "max_bytes"),
        "Bytes beyond which requests are refused.");
    one(out, "jinmu_spool_writable", "gauge", jv_get_bool(spool, "writable", false),
        "Whether the last commit was possible.");
}

static void write_totals(struct strbuf *out, const struct jv *totals)
{
    static const struct {
        const char *member, *name, *help;
    } all[] = {
        {"accepted", "jinmu_jobs_accepted_total", "Jobs taken into the spool."},
        {"duplicates", "jinmu_jobs_duplicate_total", "Jobs whose idempotency key was known."},
        {"direct", "jinmu_direct_requests_total", "Requests without the spool."},
        {"done", "jinmu_jobs_done_total", "Jobs and direct requests that were answered."},
        {"refused", "jinmu_requests_refused_total", "Requests refused for want of room."},
        {"retries", "jinmu_retries_total", "Leases that ended without a result."},
        {"lease_expiries", "jinmu_lease_expiries_total", "Leases that lasted too long."},
        {"workers_lost", "jinmu_workers_lost_total", "Workers that went without a word."},
        {"dead", "jinmu_jobs_dead_total", "Jobs that were given up."},
        {"splits", "jinmu_batches_split_total", "Batches cut in halves after lost workers."},
        {"bad_messages", "jinmu_bad_messages_total", "Messages against the protocol."},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        one(out, all[i].name, "counter", number(totals, all[i].member), all[i].help);
}

static void write_commits(struct strbuf *out, const struct jv *broker, const struct jv *collector)
{
    head(out, "jinmu_commit_seconds", "histogram", "How long a commit took.");
    if (broker)
        histogram(out, "jinmu_commit_seconds", "store=\"spool\"", jv_get(broker, "commits"));
    if (collector)
        histogram(out, "jinmu_commit_seconds", "store=\"results\"",
                  jv_get(collector, "commit_durations"));
    if (broker)
        one(out, "jinmu_commits_failed_total", "counter",
            number(jv_get(broker, "commits"), "failed"), "Commits of the spool that failed.");
}

static void add_decision(const char *decision, struct jv *count, void *argument)
{
    char labels[64];
    snprintf(labels, sizeof labels, "decision=\"%.40s\"", decision);
    sample(argument, "jinmu_results_total", labels, jv_number(count, 0));
}

static void write_results(struct strbuf *out, const struct jv *collector)
{
    head(out, "jinmu_results_total", "counter", "Stored results, by decision.");
    jv_each(jv_get(collector, "decisions"), add_decision, out);
    one(out, "jinmu_events_total", "counter", number(collector, "events"),
        "The number of the last event.");
    one(out, "jinmu_results_duplicate_total", "counter", number(collector, "duplicates"),
        "Results that were delivered again.");
    one(out, "jinmu_results_writable", "gauge", jv_get_bool(collector, "writable", true),
        "Whether results could be stored the last time.");
    one(out, "jinmu_store_failures_total", "counter", number(collector, "store_failures"),
        "How often results could not be stored and were sent again.");
    one(out, "jinmu_results_db_bytes", "gauge", number(collector, "db_bytes"),
        "Size of results.db.");
    head(out, "jinmu_classify_seconds", "histogram", "How long the judging of a project took.");
    histogram(out, "jinmu_classify_seconds", "", jv_get(collector, "judging_durations"));
}

void metrics_write(const struct jv *broker, const struct jv *collector, struct strbuf *out)
{
    write_up(out, broker, collector);
    if (broker) {
        write_queue(out, jv_get(broker, "queue"));
        write_spool(out, jv_get(broker, "spool"));
        one(out, "jinmu_workers", "gauge", (double)jv_count(jv_get(broker, "workers")),
            "Workers that are ready.");
        write_totals(out, jv_get(broker, "totals"));
    }
    if (broker || collector)
        write_commits(out, broker, collector);
    if (collector) {
        write_results(out, collector);
        deliveries_metrics(collector, out);
        judged_by_metrics(collector, out);
    }
}
