#ifndef JINMU_CASES_H
#define JINMU_CASES_H

#include "catalog/engine/model.h"
#include "catalog/engine/thesaurus.h"
#include "catalog/project.h"

/* Labelled projects: what training learns from and evaluation measures on. One JSON object a line, a
 * project with `kind`, `difficulty` and `label` {department_label, code, also}. */

enum { CASE_CODES = 12 };

struct labelled {
    struct jv *json; /* owns the texts */
    struct project project;
    enum kind kind;
    const char *difficulty;        /* easy, medium, hard, real, or "" */
    const char *department;        /* of the label; "B"; "" when no item fits */
    const char *codes[CASE_CODES]; /* the label's code, then those that are right too */
    size_t code_count;
};

struct cases {
    struct labelled *all;
    size_t count;
};

/* Adds the cases of a file. 0, or -1 with a fault that names the line; then nothing was added. */
int cases_read(struct cases *cases, const char *path, struct fault *fault);
/* Adds one, which takes the JSON over. 0, or -1 with a fault. */
int cases_add(struct cases *cases, struct jv *json, struct fault *fault);
/* Adds those of DIRECTORY/cases/NAME.jsonl, the project's own training cases. 0, or -1 with a fault. */
int cases_read_all(struct cases *cases, const char *data_directory, struct fault *fault);
void cases_free(struct cases *cases);

/* Whether (department as printed, code) is a right answer to the case: one of its codes and, for a
 * class A code, in the label's department. */
bool case_accepts(const struct labelled *labelled, const struct thesaurus *thesaurus,
                  const char *department, const char *code);
/* The leaf that the label names, or NULL when the revision does not offer it. */
const struct leaf *case_leaf(const struct labelled *labelled, const struct thesaurus *thesaurus,
                             const struct revision *revision);

#endif
