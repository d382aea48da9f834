/* jinmu status: what waits, who works, how fast. */
#include "common/options.h"
#include "services/cli/verbs.h"

#include "common/json.h"
#include "services/cli/broker_status.h"
#include "services/cli/metrics.h"
#include "services/cli/running.h"
#include "services/collector/deliveries.h"
#include "services/collector/inquiry.h"
#include "services/collector/judged_by.h"

#include <czmq.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MS = 3000 };

struct options {
    const char *state;
    bool json;
    bool metrics;
};

static const struct option_row option_rows[] = {
    STATE_OPTION(struct options),
    FLAG_OPTION(struct options, json, "json", 0, "All numbers, as JSON"),
    FLAG_OPTION(struct options, metrics, "metrics", 0,
                "All numbers, in the text format of Prometheus"),
    {0}};
static const struct command_form form = {option_rows, 0, 0, "",
                                         "Says how the running services are."};

static double number(const struct jv *object, const char *name)
{
    return jv_get_number(object, name, 0);
}

static void print_queue(const struct jv *broker)
{
    static const char *const priorities[] = {"interactive", "bulk"};
    const struct jv *queue = jv_get(broker, "queue");
    for (size_t i = 0; i < 2; i++) {
        const struct jv *one = jv_get(queue, priorities[i]);
        printf("queue      %-11s  ready %.0f, delayed %.0f, with workers %.0f\n", priorities[i],
               number(one, "ready"), number(one, "delayed"), number(one, "leased"));
    }
}

static void print_broker(const struct jv *broker)
{
    const struct jv *spool = jv_get(broker, "spool"), *rates = jv_get(broker, "rates");
    const struct jv *totals = jv_get(broker, "totals");
    printf("broker     pid %.0f, since %s\n", number(broker, "pid"),
           jv_get_text(broker, "since") ? jv_get_text(broker, "since") : "?");
    print_queue(broker);
    printf("spool      unfinished %.0f, answered %.0f, dead %.0f, %.1f MB\n",
           number(spool, "unfinished"), number(spool, "done"), number(spool, "dead"),
           number(spool, "bytes") / 1e6);
    if (!jv_get_bool(spool, "writable", true))
        puts("SPOOL CANNOT BE WRITTEN: requests are refused; look at the disk and the log");
    printf("requests   accepted %.0f (%.1f/s), done %.0f (%.1f/s), retries %.0f, refused %.0f\n",
           number(totals, "accepted"), number(rates, "accepted_per_s"), number(totals, "done"),
           number(rates, "done_per_s"), number(totals, "retries"), number(totals, "refused"));
    const struct jv *workers = jv_get(broker, "workers");
    printf("workers    %zu\n", jv_count(workers));
    for (size_t i = 0; i < jv_count(workers); i++) {
        const struct jv *worker = jv_at(workers, i);
        printf("  %-10s done %.0f, has %.0f, silent %.0f ms\n", jv_get_text(worker, "identity"),
               number(worker, "done"), number(worker, "outstanding"), number(worker, "silent_ms"));
    }
}

static void print_decision(const char *name, struct jv *count, void *argument)
{
    (void)argument;
    printf(", %s %.0f", name, jv_number(count, 0));
}

/* One line, when there is any webhook. */
static void print_deliveries(const struct jv *deliveries)
{
    double silent_s = jv_get_number(deliveries, "postman_silent_s", -1);
    if (number(deliveries, "webhooks") < 1)
        return;
    printf("webhooks   %.0f (%.0f disabled), waiting %.0f (%.0f failed before), oldest %.0f s,"
           " delivered %.0f, given up %.0f (%.0f unresolved); ",
           number(deliveries, "webhooks"), number(deliveries, "disabled"),
           number(deliveries, "waiting"), number(deliveries, "failing"),
           number(deliveries, "oldest_s"), number(deliveries, "delivered"),
           number(deliveries, "failed"), number(deliveries, "unresolved"));
    if (silent_s < 0)
        puts("no postman");
    else
        printf("postman silent %.1f s\n", silent_s);
}

/* One line, when workers differ: normally all judge by the same. */
static void print_judged_by(const struct jv *collector)
{
    struct strbuf uses = {0};
    if (judged_by_count(collector) < 2)
        return;
    judged_by_write(collector, &uses);
    printf("WORKERS DIFFER: they judge by different catalogs or programs: %s\n", uses.text);
    strbuf_free(&uses);
}

static void print_collector(const struct jv *collector)
{
    printf("collector  pid %.0f, up %.0f s\n", number(collector, "pid"),
           number(collector, "uptime_ms") / 1000);
    printf("results    %.0f (%.1f/s)", number(collector, "results"),
           number(collector, "results_per_second"));
    jv_each(jv_get(collector, "decisions"), print_decision, NULL);
    printf("\nevents     %.0f\n", number(collector, "events"));
    if (!jv_get_bool(collector, "writable", true))
        puts("RESULTS CANNOT BE WRITTEN: they wait with the workers; look at the disk and the log");
    printf(
        "commits    %.0f, p50 %.2f ms, p99 %.2f ms; batches %.0f, delivered twice %.0f, %.1f MB\n",
        number(collector, "commits"), number(collector, "commit_us_p50") / 1000,
        number(collector, "commit_us_p99") / 1000, number(collector, "batches"),
        number(collector, "duplicates"), number(collector, "db_bytes") / 1e6);
    print_deliveries(jv_get(collector, "deliveries"));
    print_judged_by(collector);
}

static void print_json(struct jv **broker, struct jv **collector)
{
    struct jv *all = jv_object();
    jv_set(all, "broker", *broker ? *broker : jv_of_text(NULL));
    jv_set(all, "collector", *collector ? *collector : jv_of_text(NULL));
    *broker = *collector = NULL;
    jv_print(all);
    jv_destroy(&all);
}

static void print_metrics(const struct jv *broker, const struct jv *collector)
{
    struct strbuf text = {0};
    metrics_write(broker, collector, &text);
    fputs(text.text, stdout);
    strbuf_free(&text);
}

static int print_status(const struct running *running, const struct options *options)
{
    struct fault fault;
    int status = 0;
    struct inquiry *inquiry = inquiry_new_as(running->to_collector, running->collector, NULL);
    struct jv *broker = broker_status_ask(running->to_broker, running->broker, ANSWER_MS, &fault);
    if (!broker) {
        fprintf(stderr, "jinmu status: broker: %s\n", fault.message);
        status = 1;
    }
    struct jv *collector = inquiry ? inquiry_status(inquiry, ANSWER_MS, &fault) : NULL;
    if (!collector) {
        fprintf(stderr, "jinmu status: collector: %s\n", fault.message);
        status = 1;
    }
    if (collector)
        deliveries_ask(inquiry, ANSWER_MS, collector);
    if (options->metrics) {
        print_metrics(broker, collector);
    } else if (options->json) {
        print_json(&broker, &collector);
    } else {
        printf("state      %s\n", running->state);
        if (broker)
            print_broker(broker);
        if (collector)
            print_collector(collector);
    }
    jv_destroy(&broker);
    jv_destroy(&collector);
    inquiry_destroy(&inquiry);
    return status;
}

int verb_status(int argc, char **argv)
{
    struct options options = {0};
    struct fault fault = {"", ""};
    struct running running = {0};
    int status = 2;
    options_read(&form, argc, argv, &options);
    zsys_handler_set(NULL);
    if (running_find(&running, options.state, &fault) == 0 && running_check(&running, &fault) == 0)
        status = print_status(&running, &options);
    if (*fault.code)
        fprintf(stderr, "jinmu status: %s\n", fault.message);
    running_clear(&running);
    return status;
}
