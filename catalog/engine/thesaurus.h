#ifndef JINMU_THESAURUS_H
#define JINMU_THESAURUS_H

#include "catalog/engine/map.h"
#include "catalog/engine/trie.h"
#include "common/arena.h"
#include "common/fault.h"
#include "common/store.h"
#include "common/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The words of the catalog, read once from catalog.db: departments, concepts and their labels.
 *
 * A concept is what an item means, apart from the revision that lists it: (department, name). The
 * same item in two revisions is one concept, so that labels and learned weights serve both. */

enum { NO_NUMBER = UINT32_MAX };

enum label_kind { LABEL_PREF, LABEL_ALT, LABEL_HIDDEN, LABEL_NOT, LABEL_PARENT };

struct label {
    enum label_kind kind;
    uint32_t phrase; /* in thesaurus.phrases */
};

struct concept {
    uint32_t department; /* number in thesaurus.departments */
    const char *name;
    uint32_t first_label, label_count; /* in thesaurus.labels */
};

/* An item of one revision that can be bought (a leaf in state offered). */
struct leaf {
    uint32_t concept;
    bool class_b, restricted; /* beside the number, so that ranking reads no texts */
    const char *department;   /* as printed in the document */
    const char *code;
    const char *name;
    const char *members; /* as results name it, in JSON: department, code, name, and its path */
    size_t members_bytes;
    const char *restriction;
    bool provisional; /* of an earlier revision: this one is held without the department's pages */
};

struct revision {
    const char *number;
    const char *effective; /* ISO date, "" unknown */
    const char *ended;
    bool complete;
    const char *stand_in; /* the revision that its provisional leaves are of; NULL: it has none */
    struct leaf *leaves;  /* its own, then the provisional ones */
    size_t leaf_count;
    uint32_t *leaf_of_concept; /* concept → leaf number, or NO_NUMBER */
};

struct thesaurus {
    struct folder *folder;
    struct trie *phrases;   /* every label */
    char **phrase_text;     /* by phrase: as the keeper wrote it */
    uint16_t *phrase_units; /* by phrase: its length in folded units */
    size_t phrase_capacity;

    char **departments; /* canonical names: folded; "b" is the B items' */
    size_t department_count;
    uint32_t department_b;

    struct concept *concepts; /* those of a department side by side */
    size_t concept_count;
    uint32_t *first_concept; /* by department: its first; one more ends the last */
    struct label *labels;
    size_t label_count;

    struct revision *revisions; /* oldest first; those with class A items */
    size_t revision_count;
    struct heirs *heirs;
    size_t revision_in_use; /* none newer is in force (catalog/revision/in_use.h) */
    struct map department_numbers, concept_numbers; /* by hash of the folded name */
    struct arena arena;                             /* owns the texts and tables */
};

struct thesaurus *thesaurus_load(struct store *store, struct fault *fault);
void thesaurus_destroy(struct thesaurus **thesaurus);

/* The number of a department by any spelling of its name, or NO_NUMBER. */
uint32_t thesaurus_department(const struct thesaurus *thesaurus, const char *name);
/* The number of the phrase, added when new. */
uint32_t thesaurus_phrase(struct thesaurus *thesaurus, const char *text);
/* The concept of a department and an official name, or NO_NUMBER. */
uint32_t thesaurus_concept(const struct thesaurus *thesaurus, uint32_t department,
                           const char *name);
/* The revision of that document number (brackets of any style), or NULL. */
const struct revision *thesaurus_revision(const struct thesaurus *thesaurus, const char *number);
/* The newest revision in force at some time of the year (0: today) and not newer than the one in use,
 * or the oldest one known. */
const struct revision *thesaurus_in_force(const struct thesaurus *thesaurus, int year);

#endif
