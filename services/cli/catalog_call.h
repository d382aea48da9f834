#ifndef JINMU_CATALOG_CALL_H
#define JINMU_CATALOG_CALL_H

#include "common/fault.h"
#include "common/store.h"

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

/* One call of `jinmu catalog VERB …`: its options and arguments as given. */
enum { CALL_ARGUMENTS_MAX = 16 };
enum call_format { FORMAT_TEXT, FORMAT_HTML, FORMAT_CSV, FORMAT_JSON, FORMAT_TURTLE };
struct catalog_call {
    const char *db, *state, *data;
    const char *revision, *department;
    const char *title, *issued, *effective, *repeals;
    const char *code, *name, *kind;
    size_t line;
    bool strict, dry_run, all;
    enum call_format format;
    const char *by, *note, *sure, *relation;
    const char *arguments[CALL_ARGUMENTS_MAX];
    int argument_count;
};

/* The options as catalog verbs know them; a verb lists those that it takes. */
#define OPTION_DB                                                                                  \
    {                                                                                              \
        "db", 'b', "FILE", 0, "catalog database (default: the state directory's)", 0               \
    }
#define OPTION_STATE                                                                               \
    {                                                                                              \
        "state", 's', "DIR", 0, "state directory", 0                                               \
    }
#define OPTION_DATA                                                                                \
    {                                                                                              \
        "data", 'D', "DIR", 0, "folder with the catalog's data", 0                                 \
    }
#define OPTION_REVISION                                                                            \
    {                                                                                              \
        "revision", 'r', "NUMBER", 0, "document number of a revision", 0                           \
    }
#define OPTION_DEPARTMENT                                                                          \
    {                                                                                              \
        "department", 'd', "NAME", 0, "only this department", 0                                    \
    }
#define OPTION_KEEPER                                                                              \
    {                                                                                              \
        "by", 'w', "WHO", 0, "who decides this (required)", 0                                      \
    }
#define OPTION_LINE                                                                                \
    {                                                                                              \
        "line", 'l', "N", 0, "line of the row in its document", 0                                  \
    }

/* A verb of the catalog: exit status as in verbs.h. */
typedef int catalog_verb_fn(struct catalog_call *call);
struct catalog_verb {
    const char *name;
    catalog_verb_fn *run;
    const struct argp_option *options;
    int least, most; /* arguments */
    const char *arguments;
    const char *summary;
};
extern const struct catalog_verb catalog_verb_import, catalog_verb_csv, catalog_verb_build,
    catalog_verb_list, catalog_verb_tree, catalog_verb_show, catalog_verb_search,
    catalog_verb_findings, catalog_verb_release, catalog_verb_assign, catalog_verb_labels,
    catalog_verb_diff, catalog_verb_map, catalog_verb_use, catalog_verb_propose;

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
