#include "common/options.h"

#include "common/text.h"

#include <argp.h>
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_FIRST = 1000 }; /* of options without a letter: beyond all letters */

struct reading {
    const struct command_form *form;
    char *call;
};

static int key_of(const struct command_form *form, size_t number)
{
    return form->options[number].letter ? form->options[number].letter : KEY_FIRST + (int)number;
}

static int64_t read_number(const struct option_row *option, const char *text,
                           struct argp_state *state)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno || end == text || *end || number < option->least || number > option->most) {
        if (option->most == INT64_MAX)
            argp_error(state, "--%s is a number from %lld", option->name, (long long)option->least);
        else
            argp_error(state, "--%s is a number from %lld to %lld", option->name,
                       (long long)option->least, (long long)option->most);
    }
    return number;
}

static void add_to_list(struct option_list *list, const char *value, struct argp_state *state)
{
    if (list->count == OPTION_LIST_MAX)
        argp_error(state, "at most %d of them", OPTION_LIST_MAX);
    list->all[list->count++] = value;
}

static void keep(const struct option_row *option, char *member, const char *value,
                 struct argp_state *state)
{
    bool is_text = option->type == OPTION_TEXT || option->type == OPTION_LIST;
    if (is_text && !text_is_utf8(value, strlen(value)))
        argp_error(state, "--%s：参数不是 UTF-8 文本", option->name);
    switch (option->type) {
    case OPTION_TEXT:
    case OPTION_PATH:
        *(const char **)(void *)member = value;
        break;
    case OPTION_NUMBER:
        *(int64_t *)(void *)member = read_number(option, value, state);
        break;
    case OPTION_FLAG:
        *(bool *)member = true;
        break;
    case OPTION_CHOICE:
        *(int *)(void *)member = (int)option->least;
        break;
    case OPTION_LIST:
        add_to_list((struct option_list *)(void *)member, value, state);
        break;
    }
}

static error_t read_option(int key, char *value, struct argp_state *state)
{
    const struct reading *reading = state->input;
    const struct option_row *options = reading->form->options;
    for (size_t i = 0; options && options[i].name; i++)
        if (key == key_of(reading->form, i)) {
            keep(&options[i], reading->call + options[i].offset, value, state);
            return 0;
        }
    return ARGP_ERR_UNKNOWN;
}

/* Prints how it is called, and ends the process. */
static _Noreturn void end(const char *name)
{
    fprintf(stderr, "Try `%s --help' or `%s --usage' for more information.\n", name, name);
    exit(argp_err_exit_status);
}

_Noreturn void options_refuse(const char *name, const char *complaint)
{
    fprintf(stderr, "%s: %s\n", name, complaint);
    end(name);
}

char **options_read(const struct command_form *form, int argc, char **argv, void *call)
{
    struct argp_option shown[OPTIONS_MAX + 1] = {0};
    struct reading reading = {form, call};
    int first = argc;
    for (size_t i = 0; form->options && form->options[i].name; i++) {
        assert(i < OPTIONS_MAX);
        const struct option_row *row = &form->options[i];
        shown[i] = (struct argp_option){row->name, key_of(form, i), row->argument, 0, row->help, 0};
    }
    const struct argp argp = {.options = shown,
                              .parser = read_option,
                              .args_doc = *form->arguments ? form->arguments : NULL,
                              .doc = form->summary};
    argp_parse(&argp, argc, argv, 0, &first, &reading);
    if (argc - first >= form->least && argc - first <= form->most)
        return argv + first;
    fprintf(stderr, "Usage: %s [OPTION…]%s%s\n", argv[0], *form->arguments ? " " : "",
            form->arguments);
    end(argv[0]);
}
