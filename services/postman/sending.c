#include "services/postman/sending.h"

#include "common/log.h"
#include "common/strbuf.h"
#include "services/postman/schedule.h"
#include "services/postman/signature.h"
#include "services/postman/trust.h"

#include <czmq.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    CONNECT_MS = 5000,
    ANSWER_BYTES_MAX = 64 * 1024, /* of the receiver's answer, which nobody reads */
    REST_S = 1,                   /* for a receiver that gave no answer at all */
};

struct sending {
    CURLM *multi;
    CURL *transfer;
    CURLU *url;
    struct curl_slist *headers;
    char *webhook, *host, *body;
    char error[CURL_ERROR_SIZE];
    int64_t delivery, attempt, begun_ms;
    int tries;
    bool test;
    bool bad_address;
    size_t answered; /* bytes */
};

static void copy_due(struct sending *sending, const struct jv *due)
{
    const char *type = jv_get_text(due, "type"), *webhook = jv_get_text(due, "webhook");
    sending->webhook = xstrdup(webhook ? webhook : "");
    sending->delivery = (int64_t)jv_get_number(due, "delivery", 0);
    sending->attempt = (int64_t)jv_get_number(due, "attempt", 1);
    sending->tries = (int)jv_get_number(due, "tries", 0);
    sending->test = type && strcmp(type, "webhook.test") == 0;
}

static size_t drop_answer(char *bytes, size_t size, size_t count, void *argument)
{
    struct sending *sending = argument;
    (void)bytes;
    sending->answered += size * count;
    return sending->answered > ANSWER_BYTES_MAX ? 0 : size * count;
}

/* What a name was resolved to is looked at just before it is connected to: there is no moment in
 * between in which it could become another. */
static curl_socket_t open_socket(void *argument, curlsocktype purpose,
                                 struct curl_sockaddr *address)
{
    struct sending *sending = argument;
    (void)purpose;
    if (!targets_address_fits(sending->host, &address->addr)) {
        sending->bad_address = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void add_header(struct sending *sending, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void add_header(struct sending *sending, const char *format, ...)
{
    char *text = NULL;
    va_list values;
    va_start(values, format);
    if (vasprintf(&text, format, values) < 0)
        abort();
    va_end(values);
    struct curl_slist *longer = curl_slist_append(sending->headers, text);
    if (longer)
        sending->headers = longer;
    free(text);
}

static int sign(struct sending *sending, const struct jv *due, int64_t now, struct fault *fault)
{
    struct strbuf signature = {0};
    const char *id = jv_get_text(due, "message");
    int failed = !id || signature_make(jv_get(due, "secrets"), id, now, sending->body,
                                       strlen(sending->body), &signature);
    if (!failed) {
        add_header(sending, "Content-Type: application/json");
        add_header(sending, "Expect:");
        add_header(sending, "webhook-id: %s", id);
        add_header(sending, "webhook-timestamp: %lld", (long long)now);
        add_header(sending, "webhook-signature: %s", signature.text);
    }
    strbuf_free(&signature);
    return failed ? fault_set(fault, "webhook.secret", "推送没有可用的密钥") : 0;
}

static int set_target(struct sending *sending, const char *url, const struct targets *targets,
                      struct fault *fault)
{
    if (targets_check(targets, url, fault))
        return -1;
    char *host = NULL;
    sending->url = curl_url();
    if (!sending->url || curl_url_set(sending->url, CURLUPART_URL, url, 0) ||
        curl_url_get(sending->url, CURLUPART_HOST, &host, 0))
        return fault_set(fault, "webhook.bad_url", "地址不能用");
    sending->host = xstrdup(host);
    curl_free(host);
    return 0;
}

/* No redirect, no proxy, no other protocol, no credentials of a file: the request goes to the target
 * that was allowed, or nowhere. */
static void set_options(struct sending *sending, const struct sending_options *options)
{
    CURL *transfer = sending->transfer;
    curl_easy_setopt(transfer, CURLOPT_PRIVATE, sending);
    curl_easy_setopt(transfer, CURLOPT_ERRORBUFFER, sending->error);
    curl_easy_setopt(transfer, CURLOPT_CURLU, sending->url);
    curl_easy_setopt(transfer, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(transfer, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(transfer, CURLOPT_PROXY, "");
    curl_easy_setopt(transfer, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(transfer, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(transfer, CURLOPT_TIMEOUT_MS, (long)options->timeout_ms);
    curl_easy_setopt(transfer, CURLOPT_USERAGENT, "jinmu/" JINMU_VERSION);
    curl_easy_setopt(transfer, CURLOPT_HTTPHEADER, sending->headers);
    curl_easy_setopt(transfer, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(sending->body));
    curl_easy_setopt(transfer, CURLOPT_POSTFIELDS, sending->body);
    curl_easy_setopt(transfer, CURLOPT_WRITEFUNCTION, drop_answer);
    curl_easy_setopt(transfer, CURLOPT_WRITEDATA, sending);
    curl_easy_setopt(transfer, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(transfer, CURLOPT_OPENSOCKETDATA, sending);
    trust_set(transfer, options->ca);
}

struct sending *sending_begin(CURLM *multi, const struct jv *due,
                              const struct sending_options *options, int64_t now,
                              struct fault *fault)
{
    const char *url = jv_get_text(due, "url"), *body = jv_get_text(due, "body");
    struct sending *sending = xcalloc(1, sizeof *sending);
    copy_due(sending, due);
    sending->body = xstrdup(body ? body : "");
    sending->begun_ms = zclock_mono();
    if (set_target(sending, url ? url : "", options->targets, fault) ||
        sign(sending, due, now, fault))
        goto failed;
    if (!(sending->transfer = curl_easy_init())) {
        fault_set(fault, "webhook.library", "out of memory");
        goto failed;
    }
    set_options(sending, options);
    if (curl_multi_add_handle(multi, sending->transfer) == CURLM_OK) {
        sending->multi = multi;
        return sending;
    }
    fault_set(fault, "webhook.library", "curl_multi_add_handle");
failed:
    sending_destroy(&sending);
    return NULL;
}

void sending_destroy(struct sending **sending)
{
    struct sending *old = *sending;
    if (!old)
        return;
    if (old->multi)
        curl_multi_remove_handle(old->multi, old->transfer);
    curl_easy_cleanup(old->transfer);
    curl_url_cleanup(old->url);
    curl_slist_free_all(old->headers);
    free(old->webhook);
    free(old->host);
    free(old->body);
    free(old);
    *sending = NULL;
}

struct sending *sending_of(CURL *transfer)
{
    char *private = NULL;
    curl_easy_getinfo(transfer, CURLINFO_PRIVATE, &private);
    return (struct sending *)(void *)private;
}

int64_t sending_delivery(const struct sending *sending)
{
    return sending->delivery;
}

const char *sending_webhook(const struct sending *sending)
{
    return sending->webhook;
}

/* --- what became of it --- */

/* In Chinese; the word for the log is returned. */
static const char *say_what_failed(const struct sending *sending, long status, CURLcode code,
                                   char *text, size_t size)
{
    const char *detail = *sending->error ? sending->error : curl_easy_strerror(code), *word;
    if (sending->bad_address) {
        snprintf(text, size, "%.100s 指向本机或不可用的地址，没有发送", sending->host);
        return "bad_address";
    }
    if (status) {
        snprintf(text, size, "应答 %ld%s", status, status / 100 == 3 ? "：不跟随重定向" : "");
        return "status";
    }
    word = trust_failure(sending->transfer, code, sending->host, detail, text, size);
    if (!word)
        snprintf(text, size, "没有应答：%.300s", detail);
    return word ? word : "no_answer";
}

/* The outcome of a try that failed: when the next one is. A test has one try. */
static void add_next(struct jv *outcome, int tries, bool test, int64_t retry_after_s, int64_t now,
                     double random)
{
    int64_t wait = test ? -1 : schedule_wait_s(tries + 1, random, retry_after_s);
    jv_set_text(outcome, "state", wait < 0 ? "failed" : "pending");
    jv_set_number(outcome, "due_at", wait < 0 ? 0 : (double)(now + wait));
    if (retry_after_s > 0)
        jv_set_number(outcome, "not_before", (double)(now + (wait < 0 ? retry_after_s : wait)));
}

static struct jv *outcome_new(int64_t delivery, int64_t attempt, int64_t now, int64_t took_ms)
{
    struct jv *outcome = jv_object();
    jv_set_number(outcome, "delivery", (double)delivery);
    jv_set_number(outcome, "attempt", (double)attempt);
    jv_set_number(outcome, "at", (double)now);
    jv_set_number(outcome, "took_ms", (double)took_ms);
    return outcome;
}

struct jv *sending_end(struct sending **sending, CURLcode code, int64_t now, double random)
{
    struct sending *one = *sending;
    char text[400] = "";
    const char *reason = "";
    long status = 0;
    curl_off_t retry_after = 0;
    curl_easy_getinfo(one->transfer, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(one->transfer, CURLINFO_RETRY_AFTER, &retry_after);
    /* A status counts only when the whole answer came, or as much of it as we take. */
    if (code != CURLE_OK && one->answered <= ANSWER_BYTES_MAX)
        status = 0;
    bool delivered = status >= 200 && status < 300;
    struct jv *outcome =
        outcome_new(one->delivery, one->attempt, now, zclock_mono() - one->begun_ms);
    if (!delivered)
        reason = say_what_failed(one, status, code, text, sizeof text);
    jv_set_text(outcome, "error", text);
    if (status)
        jv_set_number(outcome, "status", (double)status);
    if (delivered)
        jv_set_text(outcome, "state", "delivered");
    else
        add_next(outcome, one->tries, one->test, retry_after, now, random);
    if (status == 410 && !one->test)
        jv_set(outcome, "gone", jv_of_bool(true));
    if (!status && !one->test)
        jv_set_number(outcome, "not_before", (double)(now + REST_S));
    log_info(delivered ? "delivered" : "not_delivered",
             "webhook=%s delivery=%lld attempt=%lld status=%ld ms=%lld%s%s", one->webhook,
             (long long)one->delivery, (long long)one->attempt, status,
             (long long)(zclock_mono() - one->begun_ms), *reason ? " reason=" : "", reason);
    sending_destroy(sending);
    return outcome;
}

struct jv *sending_refused(const struct jv *due, const struct fault *fault, int64_t now,
                           double random)
{
    struct sending one = {0};
    copy_due(&one, due);
    struct jv *outcome = outcome_new(one.delivery, one.attempt, now, 0);
    jv_set_text(outcome, "error", fault->message);
    add_next(outcome, one.tries, one.test, 0, now, random);
    log_warning("not_sent", "webhook=%s delivery=%lld code=%s", one.webhook,
                (long long)one.delivery, fault->code);
    free(one.webhook);
    return outcome;
}
