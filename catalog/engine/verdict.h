#ifndef JINMU_VERDICT_H
#define JINMU_VERDICT_H

#include "catalog/engine/directory.h"
#include "catalog/engine/index.h"
#include "catalog/engine/kind.h"
#include "catalog/engine/lines.h"
#include "catalog/engine/memory.h"
#include "catalog/engine/model.h"
#include "catalog/engine/rank.h"
#include "catalog/engine/reading.h"
#include "catalog/project.h"

/* What the engine concludes about one project, before it is written as a result. */

enum decision { DECISION_AUTO, DECISION_REVIEW, DECISION_NONE };
const char *decision_name(enum decision decision);

/* Everything that decides, read-only. */
struct mind {
    struct thesaurus *thesaurus;
    struct directory *directory;
    struct kind_table *kinds;
    struct model *model;
    struct index *index;
    struct memory *memory;
};

enum { ITEM_CANDIDATES = 3 };

/* One of the several things that a project lists. */
struct item_verdict {
    struct line_item line;
    const char *text; /* of the line, in the description: so many bytes */
    size_t text_bytes;
    enum kind kind;
    double kind_share; /* probability of that kind */
    struct scored candidates[ITEM_CANDIDATES];
    size_t candidate_count;
    double confidence;
};

struct verdict {
    const struct revision *revision;
    struct guesses guesses;
    struct ranking ranking; /* the first ranking.top candidates, best first */
    double kinds[KINDS];    /* probabilities */
    enum kind kind;
    enum decision decision;
    double confidence; /* that the decision, and for a service its first candidate, is right */
    bool sure;         /* of a service: enough to pass, were its item not provisional */
    struct reading reading;
    double mass; /* of the text judged */
    struct kind_view view;
    struct item_verdict items[LINE_ITEMS];
    size_t item_count;
    struct recalled recalled; /* what people decided about a project like this one */
    struct folded scratch;
    struct plain plain;   /* of the description */
    const char *plain_of; /* that text itself; NULL when verdict_project has not been called */
    struct reading item_reading; /* scratch */
};

/* The revision that applies: the project's own, else that in force in its year. NULL with a fault
 * "project.unknown_catalog". */
const struct revision *verdict_revision(const struct mind *mind, const struct project *project,
                                        struct fault *fault);

/* Judges a project by a revision: its texts as a whole, then each line item of its description; when
 * these are for other things than the whole seems to be, a person has to decide. */
void verdict_project(struct verdict *verdict, const struct mind *mind,
                     const struct revision *revision, const struct project *project);

/* A service whose first candidate has this confidence: when sure it passes by itself, unless the
 * candidate is provisional. */
void verdict_pass(struct verdict *verdict, double confidence, bool sure);

/* Lets a verdict on a project as a whole follow what people decided about one nearly the same. */
void verdict_recall(struct verdict *verdict, const struct mind *mind, const char *unit);

/* Judges texts (indexed by enum field) of a unit as one thing, without line items. */
void verdict_reach(struct verdict *verdict, const struct mind *mind,
                   const struct revision *revision, const char *unit, const char *department,
                   const char *const texts[FIELDS]);
/* The same by the revision and for the unit that the verdict already has, of what reading_find or
 * reading_slice left. */
void verdict_of_reading(struct verdict *verdict, const struct mind *mind, struct reading *reading);
void verdict_free(struct verdict *verdict);

/* Kind, confidence and decision from the kinds' probabilities and the ranking. */
void verdict_decide(struct verdict *verdict, const struct model *model);

/* The terms of the confidence curve for a service, and its logistic function. */
void verdict_terms(const struct verdict *verdict, double terms[CONFIDENCE_TERMS]);
double logistic(double x);
double logit(double probability);

#endif
