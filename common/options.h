#ifndef JINMU_OPTIONS_H
#define JINMU_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

/* The options of a command as a table, which says in which member of the caller's structure each is
 * kept. argp(3) reads them, so that --help, --usage and the ways of writing options are its own. */

enum option_type {
    OPTION_TEXT,   /* const char *: UTF-8, else refused */
    OPTION_PATH,   /* const char *: a file, in whatever bytes */
    OPTION_NUMBER, /* int64_t: from `least` to `most` */
    OPTION_FLAG,   /* bool: becomes true */
    OPTION_CHOICE, /* int: becomes `least`; the last one given counts */
    OPTION_LIST,   /* struct option_list: UTF-8; may be given several times */
};
struct option_row {
    const char *name;
    int letter;           /* of the short form; 0: it has none */
    const char *argument; /* what --help calls it; NULL: it takes none */
    const char *help;
    enum option_type type;
    size_t offset; /* of the member */
    int64_t least, most;
};

enum { OPTION_LIST_MAX = 32 };
struct option_list {
    const char *all[OPTION_LIST_MAX];
    size_t count;
};

#define TEXT_OPTION(structure, member, name, letter, argument, help)                               \
    {                                                                                              \
        name, letter, argument, help, OPTION_TEXT, offsetof(structure, member), 0, 0               \
    }
#define PATH_OPTION(structure, member, name, letter, argument, help)                               \
    {                                                                                              \
        name, letter, argument, help, OPTION_PATH, offsetof(structure, member), 0, 0               \
    }
#define NUMBER_OPTION(structure, member, name, letter, least, most, help)                          \
    {                                                                                              \
        name, letter, "N", help, OPTION_NUMBER, offsetof(structure, member), least, most           \
    }
#define FLAG_OPTION(structure, member, name, letter, help)                                         \
    {                                                                                              \
        name, letter, NULL, help, OPTION_FLAG, offsetof(structure, member), 0, 0                   \
    }
#define CHOICE_OPTION(structure, member, value, name, letter, help)                                \
    {                                                                                              \
        name, letter, NULL, help, OPTION_CHOICE, offsetof(structure, member), value, 0             \
    }
#define LIST_OPTION(structure, member, name, letter, argument, help)                               \
    {                                                                                              \
        name, letter, argument, help, OPTION_LIST, offsetof(structure, member), 0, 0               \
    }
/* For a member `state`. */
#define STATE_OPTION(structure)                                                                    \
    PATH_OPTION(structure, state, "state", 's', "DIR",                                             \
                "State directory (default: $JINMU_STATE, else the XDG one)")

enum { OPTIONS_MAX = 24, ARGUMENTS_ANY = 1 << 20 };

/* How a command is called. */
struct command_form {
    const struct option_row *options; /* at most OPTIONS_MAX, ended by a row of zeros; or NULL */
    int least, most;                  /* arguments */
    const char *arguments;            /* "FILE|-" */
    const char *summary;              /* what --help says */
};

/* Reads what follows argv[0], the command as it is called, into `call`. Gives the arguments, ended by
 * NULL, in argv's own place; ends the process after help, or after saying what is wrong (with
 * argp_err_exit_status). */
char **options_read(const struct command_form *form, int argc, char **argv, void *call);
/* Says what is wrong with options that do not go together, and ends the process likewise. `name`: as
 * argv[0]. */
_Noreturn void options_refuse(const char *name, const char *complaint);

#endif
