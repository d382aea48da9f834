#include "tests/catalog/trials.h"

#include "catalog/catalog.h"
#include "catalog/learn/trial.h"
#include "common/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[128];

static void path_of(const char *name, char path[192])
{
    snprintf(path, 192, "%s/%s", folder, name);
}

static void clean(void)
{
    static const char *const names[] = {"catalog.db", "catalog.db-wal", "catalog.db-shm",
                                        "catalog.db.lock"};
    char path[192];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        path_of(names[i], path);
        unlink(path);
    }
    rmdir(folder);
}

int trials_start(void **state)
{
    const char *temporary = getenv("TMPDIR");
    struct fault fault = {0};
    char path[192];
    snprintf(folder, sizeof folder, "%s/jinmu-trial-XXXXXX", temporary ? temporary : "/tmp");
    if (!mkdtemp(folder))
        return -1;
    path_of("catalog.db", path);
    if (catalog_build(catalog_data_directory(), path, &fault) == 0)
        *state = trial_new(path, &fault);
    if (!*state) {
        fprintf(stderr, "%s: %s\n", fault.code, fault.message);
        clean();
        return -1;
    }
    return 0;
}

int trials_end(void **state)
{
    struct trial *trial = *state;
    trial_destroy(&trial);
    clean();
    return 0;
}

void trials_run_family(struct trial *trial, const char *family, const char *prefixes)
{
    enum { LEAST = 40 };
    char path[128], *line = NULL;
    size_t capacity = 0, lines = 0, silent = 0, wrong = 0;
    struct strbuf complaints = {0};
    snprintf(path, sizeof path, "tests/fixtures/rules/%s.jsonl", family);
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("cannot open %s", path);
    for (ssize_t length; (length = getline(&line, &capacity, file)) > 0;) {
        struct fault fault = {0};
        struct jv *json = jv_read(line, (size_t)length, &fault);
        lines++;
        strbuf_reset(&complaints);
        int right = json ? trial_line(trial, json, prefixes, &complaints, &fault) : -1;
        if (right < 0)
            fail_msg("%s:%zu: %s", path, lines, fault.message);
        silent += jv_count(jv_get(json, "fires")) == 0;
        if (!right) {
            const char *note = jv_get_text(json, "note");
            print_error("%s:%zu: %s:%s\n", path, lines, note ? note : "", complaints.text);
            wrong++;
        }
        jv_destroy(&json);
    }
    free(line);
    fclose(file);
    strbuf_free(&complaints);
    assert_int_equal(wrong, 0);
    assert_true(lines >= LEAST);
    assert_true(silent * 2 >= lines);
}
