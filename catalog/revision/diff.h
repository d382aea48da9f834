#ifndef JINMU_DIFF_H
#define JINMU_DIFF_H

#include "catalog/revision/outline.h"

/* What became of the items of one revision in another. Items are told apart by their names, paths and
 * labels and not by their codes alone: a revision gives the code of an old item to another one. */

enum relation {
    RELATION_EXACT,   /* the same department, code, name, place and restriction */
    RELATION_RENAMED, /* another name; the code may differ too */
    RELATION_RECODED, /* the same name with another code */
    RELATION_MOVED,   /* under another parent or department; name and code may differ too */
    RELATION_SPLIT,   /* one of several items that an old one was divided into */
    RELATION_MERGED,  /* one of several old items that became one */
    RELATION_REMOVED, /* the old item has no successor */
    RELATION_ADDED,   /* the new item has no predecessor */
    RELATION_UNSEEN,  /* the new revision is an excerpt that lacks the place where it would stand */
    RELATIONS
};
const char *relation_name(enum relation relation); /* "exact" */
const char *relation_word(enum relation relation); /* 未变 */
/* RELATIONS when there is none of that name. */
enum relation relation_of_name(const char *name);

enum change {
    CHANGE_NAME = 1,
    CHANGE_CODE = 2,
    CHANGE_PARENT = 4, /* another item above it, not the same one renamed or recoded */
    CHANGE_DEPARTMENT = 8,
    CHANGE_RESTRICTION = 16 /* who may use it */
};

struct link {
    int old, new; /* items of the outlines; NOWHERE when removed or added */
    enum relation relation;
    unsigned changes;
    double similarity; /* of the names, 0 to 1 */
    double confidence; /* that the link is right, 0 to 1 */
};

/* A department in both; NOWHERE on one side when there is no other. Then `heir` is the department of the
 * other revision that has half of its leaves or more: a lost one went into it, a new one came out of it. */
struct department_link {
    int old, new;
    bool renamed;
    int heir; /* NOWHERE: none */
};

struct diff {
    struct outline *old, *new;
    struct department_link *departments;
    size_t department_count;
    struct link *links; /* of all levels, in the order of the old revision, then what was added */
    size_t count;
};

/* Compares two revisions of catalog.db. NULL with a fault. */
struct diff *diff_revisions(struct store *store, const char *old_number, const char *new_number,
                            struct fault *fault);
void diff_destroy(struct diff **diff);

/* Links of that relation among the leaves (or among the levels above them). */
size_t diff_count(const struct diff *diff, enum relation relation, bool leaves);
/* Either item of a link: the old one, else the new one. */
const struct outline_item *link_item(const struct diff *diff, const struct link *link);
/* The name of the department that a link stands in: the old one's, else the new one's. */
const char *link_department(const struct diff *diff, const struct link *link);

#endif
