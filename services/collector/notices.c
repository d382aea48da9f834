#include "services/collector/notices.h"

#include "services/collector/lists.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

bool notices_is_one(const char *ask)
{
    return ask && strcmp(ask, "notice") == 0;
}

/* Subscribers tell events apart by how the topic begins. */
static int read_topic(const struct jv *question, char topic[NOTICE_TOPIC_BYTES],
                      struct fault *fault)
{
    const char *about = jv_get_text(question, "about"), *of = jv_get_text(question, "of");
    if (!about || strcmp(about, "reclassify") != 0)
        return fault_set(fault, "question.bad", "a notice is about: reclassify");
    if (!of || !*of ||
        snprintf(topic, NOTICE_TOPIC_BYTES, "%s.%s", about, of) >= NOTICE_TOPIC_BYTES)
        return fault_set(fault, "question.bad", "a notice says of what, in less than %d bytes",
                         NOTICE_TOPIC_BYTES - 20);
    return 0;
}

static char *write_notice(const struct jv *notice)
{
    char now[LIST_TIME_BYTES];
    struct jv *timed = jv_copy(notice);
    lists_time((int64_t)time(NULL), now);
    jv_set_text(timed, "time", now);
    char *json = jv_write(timed);
    jv_destroy(&timed);
    return json;
}

int64_t notices_store(struct results *results, const struct jv *question,
                      char topic[NOTICE_TOPIC_BYTES], char **json, struct fault *fault)
{
    const struct jv *notice = jv_get(question, "notice");
    *json = NULL;
    if (read_topic(question, topic, fault))
        return -1;
    if (!jv_is_object(notice))
        return fault_set(fault, "question.bad", "a notice is an object");
    *json = write_notice(notice);
    int64_t event = -1;
    if (strlen(*json) > NOTICE_BYTES)
        fault_set(fault, "question.bad", "a notice has at most %d bytes", NOTICE_BYTES);
    else
        event = results_add_notice_event(results, topic, *json, fault);
    if (event >= 0)
        return event;
    free(*json);
    *json = NULL;
    return -1;
}
