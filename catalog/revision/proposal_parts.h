#ifndef JINMU_PROPOSAL_PARTS_H
#define JINMU_PROPOSAL_PARTS_H

#include "catalog/engine/directory.h"
#include "catalog/engine/map.h"
#include "catalog/revision/alike.h"
#include "catalog/revision/proposal.h"
#include "common/arena.h"
#include "common/text.h"

/* What the files of proposals share. */

enum { PARENTS = 6, VARIANTS = 8, PARENT_BYTES = 5 };

/* A name that several projects have. */
struct variant {
    char *name;
    size_t count;
};

struct group {
    struct proposal proposal;
    struct profile profile; /* of the first name */
    struct {
        char code[PARENT_BYTES + 1];
        size_t votes;
        double confidence; /* the sum */
    } parents[PARENTS];
    struct variant variants[VARIANTS];
    struct proposal_project *projects; /* as proposal.projects */
    uint32_t before;                   /* the department's group made before it, or NO_NUMBER */
};

/* A department with groups. */
struct section {
    const char *name;
    char *folded;
    bool wanted;
    struct map common; /* character plus 1 → of how many of its leaves it is */
    size_t leaves;
    struct alike *names; /* the first of each group */
    uint32_t *groups;    /* by their numbers there */
    size_t count;
};

struct proposals {
    struct folder *folder;
    struct vocabulary *vocabulary;
    struct outline *outline;
    struct outline *earlier;     /* what its missing pages are taken from; NULL: none */
    struct thesaurus *thesaurus; /* to tell the department of a unit */
    struct directory *directory;
    struct folded scratch;
    char *department; /* folded; NULL: all */
    size_t at_most;   /* projects that a group lists */
    struct section *sections;
    size_t section_count, added;
    struct group *groups;
    size_t count;
    struct map known; /* names that came before, by department: the group */
    struct arena texts;
    struct parents *parents;
    struct proposal *finished;
};

/* proposal_group.c: the department that proposes a service; its group of a bare name, NULL when there
 * are too many. */
struct section *proposal_section(struct proposals *proposals, const struct unfit *unfit);
struct group *proposal_group(struct proposals *proposals, struct section *section,
                             const char *bare);

/* Where a department's items stand. */
struct ground {
    enum proposal_place place;
    const struct outline *outline;
    int department; /* NOWHERE: of all departments */
};
/* proposal_place.c: the section of a department's name. */
struct ground proposal_ground(const struct proposals *proposals, const char *name);

/* proposal_parent.c: NULL with a fault. The level-3 item on that ground below which the group's services
 * belong, and how sure that is, from 0 to 1; NOWHERE when nothing speaks
 * for any. */
struct parents *proposal_parents_new(const struct proposals *proposals, struct store *store,
                                     struct fault *fault);
void proposal_parents_destroy(struct parents **parents);
int proposal_best_parent(const struct proposals *proposals, const struct group *group,
                         const struct ground *ground, double *sure);

/* The last codes of a department, by parent. `{0}` is valid; free(all). */
struct codes {
    const char *department;
    struct code_counter {
        char parent[PARENT_BYTES + 1];
        int last;
    } * all;
    size_t count;
};
/* proposal_place.c: sets the group's place, parents and code. Department by department. */
void proposal_find_place(const struct proposals *proposals, struct group *group,
                         struct codes *codes);

/* proposal_name.c: a name (free()) without the year and number by which projects of one kind differ;
 * what an item for projects of that name is called (free()). */
char *proposal_bare_name(const char *name);
char *proposal_item_name(const char *bare);

#endif
