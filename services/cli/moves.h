#ifndef JINMU_MOVES_H
#define JINMU_MOVES_H

#include "services/cli/successors.h"
#include "services/collector/versions.h"

#include <stdbool.h>
#include <stddef.h>

/* What a reclassification moved: each project's old result beside its new one, counted by department
 * and by money, with lists for reviewers. Memory does not grow with the projects. */

enum move {
    MOVE_SAME,     /* the same item, or none before and after */
    MOVE_RENAMED,  /* the same item under another name */
    MOVE_RECODED,  /* its successor by the correspondence: recoded, moved, split or merged */
    MOVE_JUDGED,   /* another item, by judgement */
    MOVE_UNLISTED, /* had an item, has none now */
    MOVE_LISTED,   /* had none, has one now */
    MOVE_UNSEEN,   /* the new revision is an excerpt that lacks its department: not judged */
    MOVE_FAILED,   /* could not be judged */
    MOVES
};
extern const char *const move_words[MOVES];
/* A decision, and a department, as a report says it. */
const char *move_decision_word(const char *decision);
const char *move_department_word(const char *department);

/* One of two results, as far as it matters. Texts may be "". */
struct outcome {
    char *revision, *department, *code, *name, *decision;
    double confidence;
    bool listed; /* it has an item: a service, and a candidate for it */
};
struct moved {
    int64_t number;
    char *id, *name, *unit;
    int year;
    double yuan; /* 0: not stated */
    struct outcome old, new;
    enum move move;
    enum relation relation; /* by which the new item follows the old; RELATIONS: none */
    bool to_review;         /* a person has to decide now, and had not to before */
};
void moved_clear(struct moved *moved);

struct move_sum {
    size_t count;
    double yuan;
};
struct move_department {
    char *name, *folded; /* revisions differ in their brackets */
    struct move_sum moves[MOVES], to_review;
};
/* All of a department's, whatever became of them. */
struct move_sum move_department_sum(const struct move_department *department);
/* Projects that went from one item to another. */
struct move_flow {
    char *key, *old, *new;
    enum move move;
    struct move_sum sum;
};
enum { MOVE_LIST_ROWS = 200 };
struct move_list {
    struct moved *rows; /* the first MOVE_LIST_ROWS */
    size_t count;       /* all */
};

struct moves {
    struct successors *successors;
    struct folder *folder;
    void (*row)(const struct moved *moved, void *argument); /* each that is no MOVE_SAME, or NULL */
    void *row_argument;
    struct move_department *departments;
    size_t department_count;
    struct move_department all;
    struct move_flow *flows;
    size_t flow_count;
    struct move_list lists[MOVES], to_review;
    size_t decisions[3][MOVES]; /* by the old decision: auto, review, none */
};

void moves_start(struct moves *moves, struct successors *successors);
void moves_free(struct moves *moves);
/* Compares and counts; takes the outcomes over. `new` NULL: not judged, for the reason `otherwise`. */
void moves_add(struct moves *moves, const struct versioned *project, struct outcome *old,
               struct outcome *new, enum move otherwise);
/* Sorts departments by name and flows by count, once all are added. */
void moves_finish(struct moves *moves);
/* Projects that are something else than before. */
size_t moves_changed(const struct moves *moves);

/* Of a stored result, of the JSON of one. */
struct outcome outcome_of(const struct version *version);
struct outcome outcome_read(const char *json);
void outcome_clear(struct outcome *outcome);

#endif
