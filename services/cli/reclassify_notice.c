#include "services/cli/reclassify_notice.h"

#include "services/collector/inquiry.h"

#include <stdlib.h>

enum { ANSWER_MS = 10000 };

static const char *const states[] = {"begun", "stopped", "finished"};
static const char *const names[MOVES] = {"same",     "renamed", "recoded", "judged",
                                         "unlisted", "listed",  "unseen",  "failed"};

static struct jv *sum_json(const struct move_sum *sum)
{
    struct jv *json = jv_object();
    jv_set_number(json, "count", (double)sum->count);
    jv_set_number(json, "yuan", sum->yuan);
    return json;
}

static void set_moves(struct jv *notice, const struct moves *moves)
{
    struct jv *sums = jv_object();
    for (int m = 0; m < MOVES; m++)
        jv_set(sums, names[m], sum_json(&moves->all.moves[m]));
    jv_set_number(notice, "changed", (double)moves_changed(moves));
    jv_set(notice, "to_review", sum_json(&moves->all.to_review));
    jv_set(notice, "moves", sums);
}

static struct jv *notice_of(const struct reclassify *reclassify, enum run_state state,
                            const struct moves *moves)
{
    const struct reclassify_options *options = reclassify->options;
    struct jv *notice = jv_object();
    jv_set_text(notice, "reclassify", states[state]);
    if (options->to)
        jv_set_text(notice, "revision", options->to);
    jv_set_text(notice, "engine", reclassify->target.engine);
    jv_set_text(notice, "model", reclassify->target.model);
    if (options->from)
        jv_set_text(notice, "from", options->from);
    if (options->department)
        jv_set_text(notice, "department", options->department);
    jv_set_number(notice, "projects", (double)versions_count(reclassify->versions));
    if (state != RUN_BEGUN)
        jv_set_number(notice, "judged", (double)reclassify->judged);
    if (state == RUN_FINISHED)
        jv_set_number(notice, "skipped", (double)reclassify->skipped);
    if (moves)
        set_moves(notice, moves);
    return notice;
}

int reclassify_tell(const struct reclassify *reclassify, const struct running *running,
                    enum run_state state, const struct moves *moves, struct fault *fault)
{
    const char *to = reclassify->options->to;
    size_t length;
    struct inquiry *inquiry = inquiry_new_as(running->to_collector, running->collector, fault);
    if (!inquiry)
        return -1;
    struct jv *question = jv_object();
    jv_set_text(question, "ask", "notice");
    jv_set_text(question, "about", "reclassify");
    jv_set_text(question, "of", to ? to : "engine");
    jv_set(question, "notice", notice_of(reclassify, state, moves));
    char *answer = inquiry_ask(inquiry, question, ANSWER_MS, &length, fault);
    int status = answer ? 0 : -1;
    free(answer);
    jv_destroy(&question);
    inquiry_destroy(&inquiry);
    return status;
}
