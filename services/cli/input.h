#ifndef JINMU_CLI_INPUT_H
#define JINMU_CLI_INPUT_H

#include <stdbool.h>
#include <stdio.h>

/* What a verb reads: a file, or the standard input for "-" and NULL. */
bool input_is_standard(const char *path);
/* NULL, and said on stderr, when it cannot be opened. */
FILE *input_open(const char *path);
void input_close(FILE **input);

#endif
