/* jinmu audit: whole budget documents through intake, classification and all rules. */
#include "catalog/audit/audit.h"
#include "common/options.h"
#include "common/state.h"
#include "common/strbuf.h"
#include "services/cli/audit_page.h"
#include "services/cli/audit_sheet.h"
#include "services/cli/audit_text.h"
#include "services/cli/document_file.h"
#include "services/cli/local_engine.h"
#include "services/cli/page.h"
#include "services/cli/verbs.h"
#include "services/collector/results.h"

#include <argp.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct options {
    const char *db, *state, *page, *sheet;
    bool json, stored; /* --stored: compare with what was submitted */
    char **paths;      /* as given, ended by NULL */
};

/* ---- which files ---- */

struct files {
    char **all;
    size_t count;
};

static void add_file(struct files *files, char *path)
{
    files->all = xrealloc(files->all, (files->count + 1) * sizeof *files->all);
    files->all[files->count++] = path;
}

static void free_files(struct files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->all[i]);
    free(files->all);
}

/* What a folder may hold beside documents is passed over. */
static int is_document(const struct dirent *entry)
{
    static const char *const endings[] = {".txt", ".md", ".pdf", ".html", ".htm"};
    const char *dot = strrchr(entry->d_name, '.');
    for (size_t i = 0; dot && *entry->d_name != '.' && i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(dot, endings[i]) == 0)
            return 1;
    return 0;
}

static bool add_path(struct files *files, const char *path)
{
    struct stat status;
    struct dirent **names = NULL;
    if (strcmp(path, "-") == 0 || stat(path, &status) != 0 || !S_ISDIR(status.st_mode)) {
        add_file(files, xstrdup(path));
        return true;
    }
    int count = scandir(path, &names, is_document, alphasort);
    for (int i = 0; i < count; i++) {
        struct strbuf file = {0};
        strbuf_printf(&file, "%s/%s", path, names[i]->d_name);
        add_file(files, strbuf_take(&file));
        free(names[i]);
    }
    free(names);
    if (count < 0)
        fprintf(stderr, "jinmu audit: %s: %s\n", path, strerror(errno));
    else if (count == 0)
        fprintf(stderr, "jinmu audit: %s：文件夹中没有可读取的文件（txt、md、html、pdf）\n", path);
    return count > 0;
}

/* ---- reports ---- */

static int write_page(const struct options *options, const struct engine *engine,
                      const struct jv *documents, struct fault *fault)
{
    char made[PAGE_TIME];
    struct strbuf page = {0};
    page_time(made);
    audit_page_write(&page,
                     &(struct audit_page){documents, engine_version(), engine_model(engine), made});
    int status = page_save(&page, options->page, fault);
    strbuf_free(&page);
    return status;
}

static int write_reports(const struct options *options, const struct engine *engine,
                         const struct jv *documents)
{
    struct fault fault = {0};
    int status = 0;
    if (options->page && write_page(options, engine, documents, &fault)) {
        fprintf(stderr, "jinmu audit: %s\n", fault.message);
        status = -1;
    }
    if (options->sheet && audit_sheet_write(documents, options->sheet, &fault)) {
        fprintf(stderr, "jinmu audit: %s: %s\n", options->sheet, fault.message);
        status = -1;
    }
    if (fflush(stdout) || ferror(stdout)) {
        fprintf(stderr, "jinmu audit: standard output: %s\n", strerror(errno));
        status = -1;
    }
    return status;
}

static void print_document(const struct options *options, const struct jv *audited, size_t number)
{
    if (options->json) {
        jv_print(audited);
        return;
    }
    if (number)
        putchar('\n');
    audit_text_print(audited, stdout);
}

/* ---- what was submitted ---- */

enum { REMEMBERED = 50000 };

static void remember(const char *json, void *argument)
{
    struct jv *project = jv_read(json, strlen(json), NULL);
    if (project)
        audit_remember(argument, project);
    jv_destroy(&project);
}

static int remember_stored(const struct options *options, struct audit *audit)
{
    struct fault fault = {0};
    char *directory = state_directory(options->state, &fault);
    char *path = directory ? state_path(directory, "results.db") : NULL;
    int status = -1;
    if (path)
        status = results_each_project(path, REMEMBERED, remember, audit, &fault);
    if (status)
        fprintf(stderr, "jinmu audit: %s\n", fault.message);
    free(path);
    free(directory);
    return status;
}

/* ---- the run ---- */

/* Audits every file; a file that cannot be read is said and passed over. Gives the exit status. */
static int run(const struct options *options, const struct files *files, struct engine *engine)
{
    struct audit *audit = audit_new(engine);
    struct jv *documents = jv_array();
    double errors = 0;
    int status = options->stored && remember_stored(options, audit) ? 2 : 0;
    for (size_t i = 0; i < files->count; i++) {
        struct fault fault = {0};
        struct jv *document = document_file_read(files->all[i], &fault);
        if (!document) {
            fprintf(stderr, "jinmu audit: %s：%s\n", files->all[i], fault.message);
            status = 2;
            continue;
        }
        struct jv *audited = audit_document(audit, document);
        print_document(options, audited, jv_count(documents));
        errors += jv_get_number(jv_get(audited, "summary"), "errors", 0);
        jv_push(documents, audited);
    }
    if (write_reports(options, engine, documents))
        status = 2;
    jv_destroy(&documents);
    audit_destroy(&audit);
    return status ? status : errors > 0;
}

static const struct option_row option_rows[] = {
    PATH_OPTION(struct options, page, "html", 'h', "FILE", "write a self-contained page"),
    PATH_OPTION(struct options, sheet, "xlsx", 'x', "FILE", "write a workbook"),
    FLAG_OPTION(struct options, json, "json", 'j',
                "print JSON, one line a document, instead of text"),
    FLAG_OPTION(struct options, stored, "stored", 'r',
                "compare with the projects that the services have stored, too"),
    PATH_OPTION(struct options, db, "db", 'b', "FILE",
                "catalog database (default: the state directory's)"),
    PATH_OPTION(struct options, state, "state", 's', "DIR", "state directory"),
    {0}};
static const struct command_form form = {
    option_rows, 1, ARGUMENTS_ANY, "FILE|FOLDER…",
    "Checks budget disclosures (预算公开; text or PDF): every project by all rules, the "
    "declaration and the tables of each document against each other, projects nearly the same "
    "across them.\v"
    "Exit status: 0 no finding of severity error, 1 there are some, 2 a file could not be read."};

int verb_audit(int argc, char **argv)
{
    struct options options = {0};
    struct files files = {0};
    bool found = true;
    argp_err_exit_status = 2;
    options.paths = options_read(&form, argc, argv, &options);
    for (char **path = options.paths; *path; path++)
        found = add_path(&files, *path) && found;
    int status = 2;
    struct engine *engine = files.count ? local_engine_open(options.db, options.state) : NULL;
    if (engine)
        status = run(&options, &files, engine);
    engine_destroy(&engine);
    free_files(&files);
    return found ? status : 2;
}
