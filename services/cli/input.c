#include "services/cli/input.h"

#include <errno.h>
#include <string.h>

bool input_is_standard(const char *path)
{
    return !path || strcmp(path, "-") == 0;
}

FILE *input_open(const char *path)
{
    FILE *input = input_is_standard(path) ? stdin : fopen(path, "re");
    if (!input)
        fprintf(stderr, "jinmu: %s: %s\n", path, strerror(errno));
    return input;
}

void input_close(FILE **input)
{
    if (*input && *input != stdin)
        fclose(*input);
    *input = NULL;
}
