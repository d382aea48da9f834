#ifndef JINMU_CATALOG_CALL_H
#define JINMU_CATALOG_CALL_H

#include "common/fault.h"
#include "common/store.h"
#include "services/cli/verb_group.h"

#include <stdbool.h>
#include <stddef.h>

/* One call of a verb that works on the catalog's database (jinmu catalog, reviews, findings, rules):
 * its options and arguments as given. */
enum call_format { FORMAT_TEXT, FORMAT_HTML, FORMAT_CSV, FORMAT_JSON, FORMAT_TURTLE };
struct catalog_call {
    const char *db, *state, *data;
    const char *revision, *department;
    const char *title, *issued, *effective, *repeals;
    const char *code, *name, *kind, *field;
    const char *by, *reason, *sure, *relation, *only;
    int64_t line, least, listed;
    bool strict, dry_run, all;
    int format; /* enum call_format */
    char **arguments;
    int argument_count;
};

/* The options that several of them have; a verb lists those that it takes. */
#define CALL_TEXT(member, name, letter, argument, help)                                            \
    TEXT_OPTION(struct catalog_call, member, name, letter, argument, help)
#define CALL_FLAG(member, name, letter, help)                                                      \
    FLAG_OPTION(struct catalog_call, member, name, letter, help)
#define CALL_FORMAT(format_, name, letter, help)                                                   \
    CHOICE_OPTION(struct catalog_call, format, format_, name, letter, help)
#define OPTION_DB                                                                                  \
    PATH_OPTION(struct catalog_call, db, "db", 'b', "FILE",                                        \
                "catalog database (default: the state directory's)")
#define OPTION_STATE PATH_OPTION(struct catalog_call, state, "state", 's', "DIR", "state directory")
#define OPTION_DATA                                                                                \
    PATH_OPTION(struct catalog_call, data, "data", 'D', "DIR", "folder with the catalog's data")
#define OPTION_REVISION                                                                            \
    CALL_TEXT(revision, "revision", 'r', "NUMBER", "document number of a revision")
#define OPTION_DEPARTMENT CALL_TEXT(department, "department", 'd', "NAME", "only this department")
#define OPTION_KEEPER     CALL_TEXT(by, "by", 'w', "WHO", "who decides this (required)")

/* Exit status as in verbs.h. */
typedef int catalog_verb_fn(struct catalog_call *call);
struct catalog_verb {
    struct group_verb verb;
    catalog_verb_fn *run;
};
/* Runs what a command line calls of a group whose verbs stand each in a struct catalog_verb. */
int catalog_group_run(const struct verb_group *group, int argc, char **argv);
extern const struct catalog_verb catalog_verb_import, catalog_verb_csv, catalog_verb_build,
    catalog_verb_take, catalog_verb_list, catalog_verb_tree, catalog_verb_show, catalog_verb_search,
    catalog_verb_findings, catalog_verb_release, catalog_verb_assign, catalog_verb_labels,
    catalog_verb_diff, catalog_verb_map, catalog_verb_use, catalog_verb_propose, catalog_verb_skos;

/* The path (free()) of the database of a call, built when it is missing or stale. NULL with a
 * fault. */
char *call_database(const struct catalog_call *call, struct fault *fault);
/* Opens it to read. Prints what is wrong and returns NULL. */
struct store *call_open(const struct catalog_call *call);
/* The stored number (free()) of --revision; prints what is
 * wrong and returns NULL. */
char *call_revision(const struct catalog_call *call, struct store *store);
/* The database opened to write, with the lock that its writers share. */
struct call_writer {
    struct store *store;
    int lock;
};
/* 0, or -1 with a fault; close it in both cases. */
int call_writer_open(struct call_writer *writer, const struct catalog_call *call,
                     struct fault *fault);
void call_writer_close(struct call_writer *writer);
/* Prints a fault on stderr; returns the exit status 2. */
int call_failed(const struct fault *fault);

#endif
