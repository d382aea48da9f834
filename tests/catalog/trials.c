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

static bool in_family(const char *rule, const char *prefixes)
{
    char *copy = xstrdup(prefixes), *rest = copy, *prefix;
    bool found = false;
    while ((prefix = strsep(&rest, " ")) != NULL)
        found |= *prefix && strncmp(rule, prefix, strlen(prefix)) == 0;
    free(copy);
    return found;
}

static bool is_wanted(const struct jv *must, const char *rule)
{
    for (size_t i = 0; i < jv_count(must); i++)
        if (strcmp(jv_text(jv_at(must, i)), rule) == 0)
            return true;
    return false;
}

/* What a line did that it should not, or did not do. */
static bool compare(const struct findings *findings, const struct jv *must, const char *prefixes,
                    struct strbuf *complaints)
{
    bool right = true;
    for (size_t i = 0; i < findings->count; i++)
        if (in_family(findings->all[i].rule, prefixes) && !is_wanted(must, findings->all[i].rule)) {
            strbuf_printf(complaints, " fired %s (%s)", findings->all[i].rule,
                          findings->all[i].message);
            right = false;
        }
    for (size_t i = 0; i < jv_count(must); i++)
        if (!findings_have(findings, jv_text(jv_at(must, i)))) {
            strbuf_printf(complaints, " missed %s", jv_text(jv_at(must, i)));
            right = false;
        }
    return right;
}

/* A line is {"project":…} or, for rules about several, {"projects":[…]} of which the last counts. */
static const struct findings *run_line(struct trial *trial, const struct jv *line,
                                       struct fault *fault)
{
    const struct jv *projects = jv_get(line, "projects");
    const struct findings *findings = NULL;
    trial_begin(trial);
    if (!projects)
        return trial_run_json(trial, jv_get(line, "project"), fault);
    for (size_t i = 0; i < jv_count(projects); i++)
        findings = trial_run_json(trial, jv_at(projects, i), fault);
    return findings;
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
        const struct findings *findings = json ? run_line(trial, json, &fault) : NULL;
        lines++;
        if (!findings)
            fail_msg("%s:%zu: %s", path, lines, fault.message);
        silent += jv_count(jv_get(json, "must")) == 0;
        strbuf_reset(&complaints);
        strbuf_puts(&complaints, "");
        if (!compare(findings, jv_get(json, "must"), prefixes, &complaints)) {
            print_error("%s:%zu:%s\n", path, lines, complaints.text);
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
