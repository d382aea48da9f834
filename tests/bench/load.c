#include "tests/bench/load.h"

#include "catalog/catalog.h"
#include "common/json.h"
#include "common/strbuf.h"
#include "common/text.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

/* The cases as they were read. */
struct sources {
    struct jv **all;
    size_t count;
};

static void read_file(struct sources *sources, const char *path)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    while (file && (length = getline(&line, &capacity, file)) > 0) {
        struct jv *item = jv_read(line, (size_t)length, NULL);
        if (jv_get_text(item, "name") && jv_get_text(item, "description")) {
            sources->all = xrealloc(sources->all, (sources->count + 1) * sizeof *sources->all);
            sources->all[sources->count++] = item;
        } else {
            jv_destroy(&item);
        }
    }
    free(line);
    if (file)
        fclose(file);
}

static struct sources read_sources(void)
{
    struct sources sources = {0};
    struct strbuf pattern = {0};
    glob_t found = {0};
    strbuf_printf(&pattern, "%s/cases/*.jsonl", catalog_data_directory());
    if (glob(pattern.text, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            read_file(&sources, found.gl_pathv[i]);
    globfree(&found);
    strbuf_free(&pattern);
    if (sources.count == 0) {
        fprintf(stderr, "bench: no cases in %s\n", catalog_data_directory());
        exit(2);
    }
    return sources;
}

static char *description_of(const struct sources *sources, size_t place, size_t code_points)
{
    struct strbuf text = {0};
    strbuf_puts(&text, jv_get_text(sources->all[place], "description"));
    for (size_t length = text_length(text.text); length < code_points;
         length = text_length(text.text)) {
        const struct jv *next = sources->all[++place % sources->count];
        strbuf_puts(&text, jv_get_text(next, "name"));
        strbuf_puts(&text, jv_get_text(next, "description"));
    }
    if (code_points == 0)
        return strbuf_take(&text);
    char *cut = text_cut(text.text, (struct span){0, code_points});
    strbuf_free(&text);
    return cut;
}

static char *make_project(const char *unit, const char *name, const char *description)
{
    struct jv *project = jv_object();
    jv_set_number(project, "year", 2026);
    jv_set_text(project, "unit", unit ? unit : "");
    jv_set_text(project, "name", name);
    jv_set_text(project, "description", description);
    char *json = jv_write(project);
    jv_destroy(&project);
    return json;
}

static void free_sources(struct sources *sources)
{
    for (size_t i = 0; i < sources->count; i++)
        jv_destroy(&sources->all[i]);
    free(sources->all);
}

struct load load_read(size_t code_points)
{
    struct sources sources = read_sources();
    struct load load = {xcalloc(sources.count, sizeof *load.projects), sources.count};
    for (size_t i = 0; i < sources.count; i++) {
        char *description = description_of(&sources, i, code_points);
        load.projects[i] = make_project(jv_get_text(sources.all[i], "unit"),
                                        jv_get_text(sources.all[i], "name"), description);
        free(description);
    }
    free_sources(&sources);
    return load;
}

/* The first half of a text, or its second. */
static char *half_of(const char *text, bool second)
{
    size_t length = text_length(text), middle = (length + 1) / 2;
    return text_cut(text, second ? (struct span){middle, length} : (struct span){0, middle});
}

struct load load_mix(size_t projects)
{
    struct sources sources = read_sources();
    struct load load = {xcalloc(projects, sizeof *load.projects), projects};
    for (size_t i = 0; i < projects; i++) {
        const struct jv *one = sources.all[i % sources.count],
                        *other = sources.all[(i / sources.count * 31 + i * 7 + 1) % sources.count];
        char *begin = half_of(jv_get_text(one, "name"), false),
             *end = half_of(jv_get_text(other, "name"), true);
        struct strbuf name = {0};
        strbuf_printf(&name, "%s%s", begin, end);
        load.projects[i] =
            make_project(jv_get_text(one, "unit"), name.text, jv_get_text(other, "name"));
        strbuf_free(&name);
        free(begin);
        free(end);
    }
    free_sources(&sources);
    return load;
}

void load_free(struct load *load)
{
    for (size_t i = 0; i < load->count; i++)
        free(load->projects[i]);
    free(load->projects);
    *load = (struct load){0};
}

static void add_project(struct strbuf *out, const struct load *load, const char *series,
                        size_t number)
{
    strbuf_printf(out, "{\"id\":\"%s-%zu\",%s", series, number,
                  load->projects[number % load->count] + 1);
}

char *load_project(const struct load *load, const char *series, size_t number)
{
    struct strbuf text = {0};
    add_project(&text, load, series, number);
    return strbuf_take(&text);
}

struct batches load_batches(const struct load *load, const char *series, size_t first,
                            size_t projects, size_t size)
{
    struct batches batches = {.count = projects / size, .projects = projects};
    batches.all = xcalloc(batches.count, sizeof *batches.all);
    for (size_t i = 0; i < batches.count; i++) {
        struct strbuf body = {0};
        strbuf_puts(&body, "{\"projects\":[");
        for (size_t j = 0; j < size; j++) {
            strbuf_puts(&body, j ? "," : "");
            add_project(&body, load, series, first + i * size + j);
        }
        strbuf_puts(&body, "]}");
        batches.all[i] = (struct batch){.bytes = body.length};
        batches.all[i].body = strbuf_take(&body);
    }
    return batches;
}
