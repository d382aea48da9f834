#include "services/postman/postman.h"

#include "common/json.h"
#include "common/log.h"
#include "common/strbuf.h"
#include "services/collector/inquiry.h"
#include "services/postman/sending.h"
#include "services/postman/trust.h"

#include <czmq.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    SENDINGS_MAX = 64,
    SENDINGS_EACH = 8, /* of one webhook */
    OUTCOMES_MAX = 500,
    ASK_MS = 100,         /* between two questions when nothing was due */
    ASK_NOBODY_MS = 1000, /* and when there is no webhook */
    COLLECTOR_MS = 5000,
    COLLECTOR_REST_MS = 500, /* after it did not answer */
    END_MS = 5000,           /* for what is on its way at the end */
    TIMEOUT_MS = 15000,
};

struct postman {
    struct postman_options options;
    struct inquiry *inquiry;
    CURLM *multi;
    struct targets *targets;
    char *ca;
    int64_t timeout_ms;
    struct sending *sendings[SENDINGS_MAX];
    int count;
    struct jv *outcomes; /* not yet told to the collector */
    int64_t talk_at;     /* monotonic ms: not before */
    int64_t ask_at;
    bool silent; /* the collector was, when last asked */
    bool ending; /* nothing new is sent */
};

static int64_t now_s(const struct postman *postman)
{
    char text[32] = "";
    if (!postman->options.clock)
        return (int64_t)time(NULL);
    FILE *file = fopen(postman->options.clock, "re");
    if (file && !fgets(text, sizeof text, file))
        *text = 0;
    if (file)
        fclose(file);
    return strtoll(text, NULL, 10);
}

static double random_part(void)
{
    return randombytes_uniform(1u << 20) / (double)(1u << 20);
}

int postman_configure(struct postman *postman, const struct config *config, struct fault *fault)
{
    int64_t timeout_ms = TIMEOUT_MS;
    const char *ca = config_text(config, "webhooks/ca");
    struct targets *targets = targets_new(config_text(config, "webhooks/allow"), fault);
    if (!targets || (ca && trust_check_file(ca, fault)) ||
        config_number(config, "webhooks/timeout_ms", 100, 120000, &timeout_ms, fault)) {
        targets_destroy(&targets);
        return -1;
    }
    targets_destroy(&postman->targets);
    free(postman->ca);
    postman->targets = targets;
    postman->ca = ca ? xstrdup(ca) : NULL;
    postman->timeout_ms = timeout_ms;
    return 0;
}

struct postman *postman_new(const struct postman_options *options, struct fault *fault)
{
    struct postman *postman = xcalloc(1, sizeof *postman);
    postman->options = *options;
    postman->outcomes = jv_array();
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == 0 && (postman->multi = curl_multi_init()) &&
        postman_configure(postman, options->running->config, fault) == 0)
        return postman;
    if (!postman->multi)
        fault_set(fault, "postman.library", "libcurl does not start");
    postman_destroy(&postman);
    return NULL;
}

void postman_destroy(struct postman **postman)
{
    struct postman *old = *postman;
    if (!old)
        return;
    for (int i = 0; i < old->count; i++)
        sending_destroy(&old->sendings[i]);
    curl_multi_cleanup(old->multi);
    inquiry_destroy(&old->inquiry);
    targets_destroy(&old->targets);
    jv_destroy(&old->outcomes);
    free(old->ca);
    free(old);
    *postman = NULL;
}

/* --- talking to the collector --- */

static void note_silence(struct postman *postman, const struct fault *fault)
{
    if (!postman->silent)
        log_warning("collector_silent", "code=%s reason=\"%s\"", fault->code, fault->message);
    postman->silent = true;
    postman->talk_at = zclock_mono() + COLLECTOR_REST_MS;
    inquiry_destroy(&postman->inquiry); /* a late answer must not be taken for another's */
}

/* The answer, or NULL: it is asked again later. */
static struct jv *ask(struct postman *postman, const struct jv *question)
{
    const struct running *running = postman->options.running;
    struct fault fault = {"", ""};
    size_t length;
    if (!postman->inquiry)
        postman->inquiry = inquiry_new_as(running->to_collector, running->collector, &fault);
    char *json = postman->inquiry
                     ? inquiry_ask(postman->inquiry, question, COLLECTOR_MS, &length, &fault)
                     : NULL;
    struct jv *answer = json ? jv_read(json, length, &fault) : NULL;
    free(json);
    if (answer)
        postman->silent = false;
    else
        note_silence(postman, &fault);
    return answer;
}

/* Tells what became of deliveries. Whether nothing is left to tell. */
static bool report(struct postman *postman)
{
    if (jv_count(postman->outcomes) == 0)
        return true;
    struct jv *question = jv_object();
    jv_set_text(question, "ask", "webhook_report");
    jv_set(question, "outcomes", jv_copy(postman->outcomes));
    struct jv *answer = ask(postman, question);
    bool told = answer != NULL;
    if (told) {
        jv_destroy(&postman->outcomes);
        postman->outcomes = jv_array();
    }
    jv_destroy(&question);
    jv_destroy(&answer);
    return told;
}

/* --- sending --- */

static int on_their_way(const struct postman *postman, const char *webhook)
{
    int count = 0;
    for (int i = 0; i < postman->count; i++)
        count += strcmp(sending_webhook(postman->sendings[i]), webhook) == 0;
    return count;
}

static void begin(struct postman *postman, const struct jv *due)
{
    struct fault fault;
    const struct sending_options options = {postman->targets, postman->ca, postman->timeout_ms};
    const char *webhook = jv_get_text(due, "webhook");
    if (postman->count == SENDINGS_MAX || !webhook ||
        on_their_way(postman, webhook) >= SENDINGS_EACH)
        return;
    struct sending *sending = sending_begin(postman->multi, due, &options, now_s(postman), &fault);
    if (sending)
        postman->sendings[postman->count++] = sending;
    else
        jv_push(postman->outcomes, sending_refused(due, &fault, now_s(postman), random_part()));
}

static void ask_what_is_due(struct postman *postman)
{
    struct jv *question = jv_object(), *busy = jv_array();
    for (int i = 0; i < postman->count; i++)
        jv_push(busy, jv_of_number((double)sending_delivery(postman->sendings[i])));
    jv_set_text(question, "ask", "webhook_due");
    jv_set_number(question, "now", (double)now_s(postman));
    jv_set(question, "busy", busy);
    struct jv *answer = ask(postman, question);
    const struct jv *due = jv_get(answer, "due");
    bool nobody = jv_get_number(answer, "webhooks", 0) < 1;
    for (size_t i = 0; i < jv_count(due); i++)
        begin(postman, jv_at(due, i));
    postman->ask_at = zclock_mono() + (nobody ? ASK_NOBODY_MS : jv_count(due) > 0 ? 0 : ASK_MS);
    jv_destroy(&question);
    jv_destroy(&answer);
}

static void take_off(struct postman *postman, const struct sending *sending)
{
    for (int i = 0; i < postman->count; i++)
        if (postman->sendings[i] == sending) {
            postman->sendings[i] = postman->sendings[--postman->count];
            return;
        }
}

/* Moves the transfers on. Whether one ended. */
static bool transfer(struct postman *postman)
{
    int running, left;
    bool ended = false;
    CURLMsg *message;
    curl_multi_perform(postman->multi, &running);
    while ((message = curl_multi_info_read(postman->multi, &left))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        struct sending *sending = sending_of(message->easy_handle);
        take_off(postman, sending);
        jv_push(postman->outcomes,
                sending_end(&sending, message->data.result, now_s(postman), random_part()));
        ended = true;
    }
    return ended;
}

/* Sends what is due and tells what was sent. */
static void work(struct postman *postman)
{
    if (transfer(postman))
        postman->ask_at = 0; /* the project's next one may go */
    int64_t now = zclock_mono();
    if (now < postman->talk_at)
        return;
    if (report(postman) && !postman->ending && now >= postman->ask_at &&
        postman->count < SENDINGS_MAX)
        ask_what_is_due(postman);
}

static int wait_ms(const struct postman *postman)
{
    int64_t now = zclock_mono();
    int64_t until = postman->talk_at > postman->ask_at ? postman->talk_at : postman->ask_at;
    return until <= now ? 0 : until - now > ASK_NOBODY_MS ? ASK_NOBODY_MS : (int)(until - now);
}

/* Sleeps until something moves, or may be asked. */
static void wait_for_more(struct postman *postman, int ending, const struct reload *reload)
{
    struct curl_waitfd items[] = {{ending, CURL_WAIT_POLLIN, 0},
                                  {reload->descriptor, CURL_WAIT_POLLIN, 0}};
    curl_multi_poll(postman->multi, items, 2, wait_ms(postman), NULL);
    if (items[1].revents)
        reload->run(reload->argument);
    postman->ending = items[0].revents != 0;
}

/* What is on its way at the end is waited for; else it would come twice. */
static void finish(struct postman *postman)
{
    int64_t end_at = zclock_mono() + END_MS;
    while (zclock_mono() < end_at && (postman->count > 0 || jv_count(postman->outcomes) > 0)) {
        curl_multi_poll(postman->multi, NULL, 0, ASK_MS, NULL);
        work(postman);
    }
}

void postman_run(struct postman *postman, int ending, const struct reload *reload)
{
    while (!postman->ending) {
        wait_for_more(postman, ending, reload);
        work(postman);
    }
    finish(postman);
}
