#include "services/collector/question.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_AT_MOST = 1000 };

static void add_json(zmsg_t *answer, const struct jv *value)
{
    char *text = jv_write(value);
    zmsg_addstr(answer, text);
    free(text);
}

static zmsg_t *refusal(const struct fault *fault)
{
    struct jv *body = jv_object(), *error = jv_object();
    jv_set_text(error, "code", fault->code);
    jv_set_text(error, "message", fault->message);
    jv_set(body, "error", error);
    zmsg_t *answer = zmsg_new();
    add_json(answer, body);
    jv_destroy(&body);
    return answer;
}

static void add_row(const struct results_row *row, void *argument)
{
    zmsg_t *answer = argument;
    zmsg_addstrf(answer, "%lld", (long long)row->event);
    zmsg_addstr(answer, row->topic);
    zmsg_addstr(answer, row->json);
}

/* Who has seen more than there is does not know that he has to begin again. */
static int refuse_ahead(double since, int64_t last, struct fault *fault)
{
    return fault_set(fault, "events.ahead",
                     "event %.0f was not given yet, the last one is %lld: was a backup restored? "
                     "Then what came after it is numbered anew; begin again at an event of before",
                     since, (long long)last);
}

static int add_rows(zmsg_t *answer, struct results *results, const struct jv *question,
                    struct fault *fault)
{
    struct jv *head = jv_object();
    jv_set_number(head, "last", (double)results_last_event(results));
    add_json(answer, head);
    jv_destroy(&head);

    const char *id = jv_get_text(question, "id");
    if (id)
        return results_of_project(results, id, add_row, answer, fault);
    double since = jv_get_number(question, "since", 0);
    double limit = jv_get_number(question, "limit", ROWS_AT_MOST);
    if (!(since >= 0 && since < 9e15) || !(limit >= 0))
        return fault_set(fault, "question.bad", "since and limit are numbers from 0");
    if ((int64_t)since > results_last_event(results))
        return refuse_ahead(since, results_last_event(results), fault);
    return results_since(results, (int64_t)since,
                         limit < ROWS_AT_MOST ? (int64_t)limit : ROWS_AT_MOST, add_row, answer,
                         fault);
}

static int answer_to(zmsg_t *answer, struct results *results, const struct jv *own_status,
                     const struct jv *question, struct fault *fault)
{
    const char *ask = jv_get_text(question, "ask");
    if (ask && strcmp(ask, "status") == 0) {
        struct jv *status = jv_copy(own_status);
        results_describe(results, status);
        add_json(answer, status);
        jv_destroy(&status);
        return 0;
    }
    if (ask && (strcmp(ask, "events") == 0 ||
                (strcmp(ask, "project") == 0 && jv_get_text(question, "id"))))
        return add_rows(answer, results, question, fault);
    return fault_set(fault, "question.unknown", "no such question: ask status, events or project");
}

zmsg_t *question_answer(struct results *results, const struct jv *own_status, zframe_t *frame)
{
    struct fault fault;
    zmsg_t *answer = zmsg_new();
    struct jv *question = jv_read((const char *)zframe_data(frame), zframe_size(frame), &fault);
    if (!question || answer_to(answer, results, own_status, question, &fault)) {
        zmsg_destroy(&answer);
        answer = refusal(&fault);
    }
    jv_destroy(&question);
    return answer;
}
