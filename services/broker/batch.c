#include "services/broker/batch.h"

#include "common/json.h"
#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>

static const char dead_code[] = "job.dead";
static const char dead_message[] = "处理该项目的程序多次中断，已停止处理，请联系系统管理员";

struct batch_answers {
    struct jv *results;
    struct jv *refusal; /* the first answer that is an error as a whole, or NULL */
    bool summary;       /* the sender wants numbers */
    double stored, duplicates, errors, first_event, last_event;
};

bool batch_is_known(const char *service)
{
    return strcmp(service, "classify") == 0;
}

static struct jv *read_frame(zframe_t *frame)
{
    return frame ? jv_read((const char *)zframe_data(frame), zframe_size(frame), NULL) : NULL;
}

static void add_json(zmsg_t *body, const struct jv *value)
{
    char *text = jv_write(value);
    zmsg_addstr(body, text);
    free(text);
}

/* The batch with only the projects from `first` to before `end`, and all other members. */
struct cut {
    struct jv *half;
    size_t first, end;
};

static void copy_member(const char *name, struct jv *value, void *argument)
{
    const struct cut *cut = argument;
    if (strcmp(name, "projects") != 0) {
        jv_set(cut->half, name, jv_copy(value));
        return;
    }
    struct jv *projects = jv_array();
    for (size_t i = cut->first; i < cut->end; i++)
        jv_push(projects, jv_copy(jv_at(value, i)));
    jv_set(cut->half, name, projects);
}

static zmsg_t *cut_batch(const struct jv *batch, zmsg_t *body, size_t first, size_t end)
{
    struct cut cut = {.half = jv_object(), .first = first, .end = end};
    zmsg_t *half = zmsg_new();
    jv_each(batch, copy_member, &cut);
    add_json(half, cut.half);
    jv_destroy(&cut.half);
    zmsg_first(body);
    for (zframe_t *frame = zmsg_next(body); frame; frame = zmsg_next(body))
        zmsg_addmem(half, zframe_data(frame), zframe_size(frame));
    return half;
}

int64_t batch_halve(zmsg_t *body, zmsg_t *halves[2])
{
    struct jv *batch = read_frame(zmsg_first(body));
    const struct jv *projects = jv_get(batch, "projects");
    size_t count = jv_is_array(projects) ? jv_count(projects) : 0;
    size_t middle = count / 2;
    if (middle > 0) {
        halves[0] = cut_batch(batch, body, 0, middle);
        halves[1] = cut_batch(batch, body, middle, count);
    }
    jv_destroy(&batch);
    return (int64_t)middle;
}

struct batch_answers *batch_answers_new(void)
{
    struct batch_answers *answers = xcalloc(1, sizeof *answers);
    answers->results = jv_array();
    return answers;
}

void batch_answers_destroy(struct batch_answers **answers)
{
    if (!*answers)
        return;
    jv_destroy(&(*answers)->results);
    jv_destroy(&(*answers)->refusal);
    free(*answers);
    *answers = NULL;
}

static void add_results(struct batch_answers *answers, const struct jv *results)
{
    for (size_t i = 0; i < jv_count(results); i++)
        jv_push(answers->results, jv_copy(jv_at(results, i)));
}

static void add_summary(struct batch_answers *answers, const struct jv *summary)
{
    double first = jv_get_number(summary, "first_event", 0);
    double last = jv_get_number(summary, "last_event", 0);
    answers->summary = true;
    answers->stored += jv_get_number(summary, "stored", 0);
    answers->duplicates += jv_get_number(summary, "duplicates", 0);
    answers->errors += jv_get_number(summary, "errors", 0);
    if (first > 0 && (answers->first_event == 0 || first < answers->first_event))
        answers->first_event = first;
    if (last > answers->last_event)
        answers->last_event = last;
}

void batch_answers_add(struct batch_answers *answers, zmsg_t *reply)
{
    struct jv *answer = read_frame(zmsg_first(reply));
    const struct jv *results = jv_get(answer, "results");
    if (jv_is_array(results)) {
        add_results(answers, results);
    } else if (jv_is_number(jv_get(answer, "stored"))) {
        add_summary(answers, answer);
    } else if (!answers->refusal) {
        answers->refusal = answer;
        answer = NULL;
    }
    jv_destroy(&answer);
}

static void add_dead_project(struct batch_answers *answers, const struct jv *project)
{
    struct jv *result = jv_object(), *error = jv_object();
    const char *id = jv_get_text(project, "id");
    if (id)
        jv_set_text(result, "id", id);
    jv_set_text(error, "code", dead_code);
    jv_set_text(error, "message", dead_message);
    jv_set(result, "error", error);
    jv_push(answers->results, result);
    answers->errors++;
}

void batch_answers_add_dead(struct batch_answers *answers, zmsg_t *request)
{
    struct jv *batch = read_frame(zmsg_first(request));
    struct jv *options = read_frame(zmsg_next(request));
    const char *reply = jv_get_text(options, "reply");
    const struct jv *projects = jv_get(batch, "projects");
    for (size_t i = 0; i < jv_count(projects); i++)
        add_dead_project(answers, jv_at(projects, i));
    answers->summary = answers->summary || (reply && strcmp(reply, "summary") == 0);
    jv_destroy(&options);
    jv_destroy(&batch);
}

static struct jv *summary_of(const struct batch_answers *answers)
{
    struct jv *summary = jv_object();
    jv_set_number(summary, "stored", answers->stored);
    jv_set_number(summary, "duplicates", answers->duplicates);
    jv_set_number(summary, "errors", answers->errors);
    jv_set_number(summary, "first_event", answers->first_event);
    jv_set_number(summary, "last_event", answers->last_event);
    return summary;
}

zmsg_t *batch_answers_join(const struct batch_answers *answers)
{
    struct jv *answer;
    if (answers->refusal) {
        answer = jv_copy(answers->refusal);
    } else if (answers->summary) {
        answer = summary_of(answers);
    } else {
        answer = jv_object();
        jv_set(answer, "results", jv_copy(answers->results));
    }
    zmsg_t *body = zmsg_new();
    add_json(body, answer);
    jv_destroy(&answer);
    return body;
}
