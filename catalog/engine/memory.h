#ifndef JINMU_MEMORY_H
#define JINMU_MEMORY_H

#include "catalog/engine/directory.h"
#include "catalog/engine/kind.h"
#include "catalog/engine/reading.h"
#include "catalog/engine/reviews.h"
#include "catalog/engine/succession.h"
#include "catalog/engine/thesaurus.h"

/* The reviews of catalog.db that are in use, in memory, so that a project nearly the same as a decided
 * one (another year's, a re-submission) is decided as that was. */

/* How much two projects' names and descriptions must have in common (Jaccard over pairs of
 * characters; numbers and years are all alike there), and their names alone, to be the same project:
 * a unit's projects share whole paragraphs and differ in the name. */
extern const double memory_alike;
extern const double memory_names_alike;
/* Of two memories as close to a project as this, neither is the better guide. */
extern const double memory_as_close;
/* A text of fewer pairs ("运维项目") names the same project only within one unit. */
enum { MEMORY_TELLING_PAIRS = 8 };

/* One decided project. */
struct remembered {
    const char *review, *project, *name; /* ids, and the project's name */
    bool settled;                        /* else the answer was rejected and none given */
    enum kind kind;
    uint32_t concept; /* of a service: its item, NO_NUMBER when no catalog held has it */
    const char *code; /* of that item, when it was decided */
    const struct revision *revision; /* by which it was decided; NULL when that is not held */
    uint64_t unit, project_key;      /* hashes; project_key 0: the project had no id */
    uint64_t offset;                 /* of its packed sketches, the whole's, then the name's */
    uint32_t bytes, name_bytes, prints, name_prints;
    const char *when; /* it was decided */
};

enum recall {
    RECALL_NOTHING,
    RECALL_FOUND,   /* decide as `first` was decided */
    RECALL_DISPUTED /* `first` and `second` contradict each other, or `first` knows no answer */
};

struct recalled {
    enum recall outcome;
    const struct remembered *first, *second;
    double similarity; /* of the first, 0 to 1 */
    uint32_t concept;  /* as which the first's item is on offer in the revision; NO_NUMBER: none */
};

struct memory;

/* NULL with a fault. The directory is used during the call alone. */
struct memory *memory_load(struct store *store, const struct thesaurus *thesaurus,
                           const struct directory *directory, struct fault *fault);
void memory_destroy(struct memory **memory);
/* Takes up the reviews that came since, each at the cost of reading it; what part 'memory' of table
 * change counts must not have changed. Memories of the same reviews recall the same, however they came
 * to hold them. 0, or -1 with a fault; then what was read until there is held. */
int memory_update(struct memory *memory, struct store *store, const struct thesaurus *thesaurus,
                  const struct directory *directory, struct fault *fault);
size_t memory_count(const struct memory *memory);
/* The name (free()) of a model together with these memories: the model's own when there are none. */
char *memory_model(const struct memory *memory, const char *model);

/* What was decided about a project of these departments that reads nearly the same. A memory whose item
 * the revision does not offer, under its own name or as the successor that a keeper confirmed, has no
 * effect. Later reviews of one project replace earlier ones.
 * `unit` is looked at for short texts alone; `scratch` is memory that is used again. */
void memory_recall(const struct memory *memory, const struct thesaurus *thesaurus,
                   const struct revision *revision, const struct guesses *guesses,
                   const struct reading *reading, const char *unit, struct folded *scratch,
                   struct recalled *recalled);

#endif
