#ifndef JINMU_VERB_GROUP_H
#define JINMU_VERB_GROUP_H

#include "common/options.h"

/* Verbs of one noun: jinmu NOUN VERB [OPTION…] [ARGUMENT…]. */
struct group_verb {
    const char *name;
    struct command_form form;
};
struct verb_group {
    const char *noun;
    const struct group_verb *(*verb)(size_t number); /* NULL behind the last one */
};

enum { NO_VERB = -1 };

/* The number of the verb that is called, with its options read into `call` and its arguments (UTF-8,
 * as many as it takes, ended by NULL) in *arguments. NO_VERB, and *status the exit status, when help
 * or what is wrong was printed instead. */
int verb_group_read(const struct verb_group *group, int argc, char **argv, void *call,
                    char ***arguments, int *status);

#endif
