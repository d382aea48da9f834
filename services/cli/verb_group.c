#include "services/cli/verb_group.h"

#include "common/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_WIDTH = 10, NAME_BYTES = 64, MISUSED = 2 };

static void print_help(const struct verb_group *group, FILE *out)
{
    const struct group_verb *verb;
    fprintf(out, "Usage: jinmu %s VERB [OPTION…] [ARGUMENT…]\n\nVerbs:\n", group->noun);
    for (size_t i = 0; (verb = group->verb(i)); i++)
        fprintf(out, "  %-*s %s\n", NAME_WIDTH, verb->name, verb->form.summary);
    fprintf(out, "\n`jinmu %s VERB --help` tells the options of a verb.\n", group->noun);
}

/* `jinmu` without a verb that there is. */
static int explain(const struct verb_group *group, int argc, char **argv)
{
    bool help = argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-?") == 0);
    if (argc > 1 && !help)
        fprintf(stderr, "jinmu: no %s verb '%s'\n", group->noun, argv[1]);
    print_help(group, help ? stdout : stderr);
    return help ? 0 : MISUSED;
}

static bool are_utf8(char *const *arguments)
{
    for (; *arguments; arguments++)
        if (!text_is_utf8(*arguments, strlen(*arguments)))
            return false;
    return true;
}

static char **read_call(const struct verb_group *group, const struct group_verb *verb, int argc,
                        char **argv, void *call)
{
    char name[NAME_BYTES];
    snprintf(name, sizeof name, "jinmu %s %s", group->noun, verb->name);
    argv[0] = name; /* as the verb's own help calls itself */
    char **arguments = options_read(&verb->form, argc, argv, call);
    if (!are_utf8(arguments))
        options_refuse(name, "参数不是 UTF-8 文本");
    argv[0] = (char *)verb->name;
    return arguments;
}

int verb_group_read(const struct verb_group *group, int argc, char **argv, void *call,
                    char ***arguments, int *status)
{
    const struct group_verb *verb;
    for (size_t i = 0; argc > 1 && (verb = group->verb(i)); i++)
        if (strcmp(argv[1], verb->name) == 0) {
            *arguments = read_call(group, verb, argc - 1, argv + 1, call);
            return (int)i;
        }
    *status = explain(group, argc, argv);
    return NO_VERB;
}
