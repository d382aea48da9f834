/* Runs a fuzz target over the files of a folder without a fuzzer, as part of make check. */
#include "common/strbuf.h"
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int replay_file(const char *path)
{
    enum { MOST = 1 << 20 };
    FILE *file = fopen(path, "rb");
    if (!file)
        return -1;
    uint8_t *bytes = xcalloc(MOST, 1);
    size_t size = fread(bytes, 1, MOST, file);
    /* exactly as long as the input, so that a sanitizer sees a read behind it */
    uint8_t *exact = size ? xrealloc(bytes, size) : bytes;
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    fclose(file);
    return 0;
}

int main(int argc, char **argv)
{
    size_t count = 0;
    struct dirent **names = NULL;
    int found = argc == 2 ? scandir(argv[1], &names, NULL, alphasort) : -1;
    if (found < 0) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    for (int i = 0; i < found; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", argv[1], names[i]->d_name);
        if (*names[i]->d_name != '.') {
            fprintf(stderr, "%s\n", path);
            count += replay_file(path) == 0;
        }
        free(names[i]);
    }
    free(names);
    if (!count)
        return 1;
    printf("[       OK ] %s: %zu inputs\n", argv[1], count);
    return 0;
}
