/* jinmu reviews: what people decided, which projects nearly the same follow. */
#include "catalog/catalog.h"
#include "catalog/engine/reviews.h"
#include "common/strbuf.h"
#include "common/text.h"
#include "services/cli/catalog_call.h"
#include "services/cli/columns.h"
#include "services/cli/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME_WIDTH = 10, NAME_COLUMNS = 40 };

struct call {
    struct catalog_call catalog; /* --db, --state, --department, --all and the argument */
    const char *by, *reason;
};

/* --- add --- */

struct tally {
    size_t added, known, refused;
};

static void add_line(struct store *store, const char *line, size_t length, const char *file,
                     size_t number, struct tally *tally)
{
    struct fault fault = {0};
    struct jv *review = jv_read(line, length, &fault);
    enum review_outcome outcome = review ? reviews_add(store, review, &fault) : REVIEW_REFUSED;
    if (outcome == REVIEW_REFUSED)
        fprintf(stderr, "%s 第 %zu 行：%s\n", file, number, fault.message);
    tally->added += outcome == REVIEW_ADDED;
    tally->known += outcome == REVIEW_KNOWN;
    tally->refused += outcome == REVIEW_REFUSED;
    jv_destroy(&review);
}

static void add_lines(struct store *store, FILE *input, const char *file, struct tally *tally)
{
    char *line = NULL;
    size_t capacity = 0, number = 0;
    for (ssize_t length; (length = getline(&line, &capacity, input)) > 0;) {
        number++;
        while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
            length--;
        if (length > 0)
            add_line(store, line, (size_t)length, file, number, tally);
    }
    free(line);
}

static int add(struct call *call)
{
    struct fault fault = {0};
    struct call_writer writer;
    struct tally tally = {0};
    const char *file = call->catalog.arguments[0];
    bool from_stdin = strcmp(file, "-") == 0;
    FILE *input = from_stdin ? stdin : fopen(file, "re");
    if (!input) {
        fprintf(stderr, "jinmu: %s: %s\n", file, strerror(errno));
        return 2;
    }
    int failed =
        call_writer_open(&writer, &call->catalog, &fault) || store_begin(writer.store, &fault);
    if (!failed) {
        add_lines(writer.store, input, from_stdin ? "stdin" : file, &tally);
        failed = store_commit(writer.store, &fault);
    }
    call_writer_close(&writer);
    if (!from_stdin)
        fclose(input);
    if (failed)
        return call_failed(&fault);
    printf("新增 %zu 条审核记录，%zu 条已在库中，%zu 条有误未收\n", tally.added, tally.known,
           tally.refused);
    return tally.refused ? 1 : 0;
}

/* --- list --- */

struct listing {
    struct columns columns;
    const char *department; /* folded; NULL for all */
    struct folder *folder;
    size_t count;
};

static bool is_wanted(const struct listing *listing, const struct review *review)
{
    if (!listing->department)
        return true;
    char *folded = folder_fold_utf8(listing->folder, review->department);
    bool wanted = strcmp(folded, listing->department) == 0;
    free(folded);
    return wanted;
}

static void add_answer(struct columns *columns, const struct review *review)
{
    struct strbuf answer = {0};
    if (*review->code)
        strbuf_printf(&answer, "%s %s %s", review->department, review->code, review->item);
    else
        strbuf_puts(&answer, *review->kind ? review->kind : "（未给出）");
    columns_add(columns, answer.text);
    strbuf_free(&answer);
}

static int list_review(const struct review *review, void *argument)
{
    struct listing *listing = argument;
    if (!is_wanted(listing, review))
        return 0;
    char *name = text_cut(review->name, (struct span){0, NAME_COLUMNS / 2});
    struct strbuf withdrawn = {0};
    strbuf_puts(&withdrawn, "");
    if (*review->withdrawn_at)
        strbuf_printf(&withdrawn, "已撤回 %s %s %s", review->withdrawn_at, review->withdrawn_by,
                      review->withdrawn_reason);
    columns_add(&listing->columns, review->id);
    columns_add(&listing->columns, review->reviewed_at);
    columns_add(&listing->columns, review->reviewer);
    columns_add(&listing->columns, review->project);
    columns_add(&listing->columns, name);
    columns_add(&listing->columns, review->decision);
    add_answer(&listing->columns, review);
    columns_add(&listing->columns, withdrawn.text);
    listing->count++;
    strbuf_free(&withdrawn);
    free(name);
    return 0;
}

static int list(struct call *call)
{
    struct fault fault = {0};
    struct listing listing = {.columns = {.count = 8}};
    struct store *store = call_open(&call->catalog);
    if (!store)
        return 2;
    listing.folder = folder_new();
    char *wanted = call->catalog.department
                       ? folder_fold_utf8(listing.folder, call->catalog.department)
                       : NULL;
    listing.department = wanted;
    int failed = reviews_each(store, true, list_review, &listing, &fault);
    columns_print(&listing.columns);
    if (!failed && !listing.count)
        puts("没有审核记录");
    free(wanted);
    folder_destroy(&listing.folder);
    store_close(&store);
    return failed ? call_failed(&fault) : 0;
}

/* --- withdraw, export --- */

static int withdraw(struct call *call)
{
    struct fault fault = {0};
    struct call_writer writer;
    const char *id = call->catalog.arguments[0];
    if (!call->by || !*call->by) {
        fprintf(stderr, "jinmu: 请写明由谁撤回（--by）\n");
        return 2;
    }
    int failed =
        call_writer_open(&writer, &call->catalog, &fault) ||
        reviews_withdraw(writer.store, id, call->by, call->reason ? call->reason : "", &fault);
    call_writer_close(&writer);
    if (failed) {
        call_failed(&fault);
        return strcmp(fault.code, "review.unknown") == 0 ? 1 : 2;
    }
    printf("已撤回审核记录 %s\n", id);
    return 0;
}

static int export_review(const struct review *review, void *argument)
{
    (void)argument;
    struct jv *labelled = review_case(review);
    if (!labelled)
        return 0;
    char *text = jv_write(labelled);
    puts(text);
    free(text);
    jv_destroy(&labelled);
    return 0;
}

static int export(struct call *call)
{
    struct fault fault = {0};
    struct store *store = call_open(&call->catalog);
    if (!store)
        return 2;
    int failed = reviews_each(store, false, export_review, NULL, &fault);
    store_close(&store);
    return failed ? call_failed(&fault) : 0;
}

/* --- the verbs --- */

static const struct argp_option plain_options[] = {OPTION_DB, OPTION_STATE, OPTION_DATA, {0}};
static const struct argp_option list_options[] = {
    OPTION_DEPARTMENT, OPTION_DB, OPTION_STATE, OPTION_DATA, {0}};
static const struct argp_option withdraw_options[] = {
    {"by", 'w', "WHO", 0, "who withdraws it (required)", 0},
    {"reason", 'm', "TEXT", 0, "why", 0},
    OPTION_DB,
    OPTION_STATE,
    OPTION_DATA,
    {0}};

static const struct review_verb {
    const char *name;
    int (*run)(struct call *call);
    const struct argp_option *options;
    int arguments;
    const char *argument, *summary;
} verbs[] = {
    {"add", add, plain_options, 1, "FILE|-", "Takes in reviews as JSON Lines."},
    {"list", list, list_options, 0, "", "Lists reviews, the newest first, withdrawn ones too."},
    {"withdraw", withdraw, withdraw_options, 1, "ID",
     "Takes a wrong review out of use; it stays on record."},
    {"export", export, plain_options, 0, "", "Prints the reviews in use as labelled cases."},
};
enum { VERBS = sizeof verbs / sizeof *verbs };

static error_t read_option(int key, char *argument, struct argp_state *state)
{
    struct call *call = state->input;
    const char **texts[] = {['b'] = &call->catalog.db,   ['s'] = &call->catalog.state,
                            ['D'] = &call->catalog.data, ['d'] = &call->catalog.department,
                            ['w'] = &call->by,           ['m'] = &call->reason};
    if (key == ARGP_KEY_ARG && call->catalog.argument_count < CALL_ARGUMENTS_MAX) {
        call->catalog.arguments[call->catalog.argument_count++] = argument;
        return 0;
    }
    if (key <= 0 || (size_t)key >= sizeof texts / sizeof *texts || !texts[key])
        return ARGP_ERR_UNKNOWN;
    if (!text_is_utf8(argument, strlen(argument)))
        argp_error(state, "参数不是 UTF-8 文本");
    *texts[key] = argument;
    return 0;
}

static int run(const struct review_verb *verb, int argc, char **argv)
{
    struct call call = {0};
    char name[32];
    const struct argp argp = {verb->options, read_option, verb->argument, verb->summary, NULL,
                              NULL,          NULL};
    snprintf(name, sizeof name, "jinmu reviews %s", verb->name);
    argv[0] = name;
    if (argp_parse(&argp, argc, argv, 0, NULL, &call))
        return 2;
    if (call.catalog.argument_count != verb->arguments) {
        fprintf(stderr, "Usage: %s [OPTION…] %s\n", name, verb->argument);
        return 2;
    }
    return verb->run(&call);
}

static int print_help(FILE *out, int status)
{
    fputs("Usage: jinmu reviews VERB [OPTION…] [ARGUMENT]\n\nVerbs:\n", out);
    for (size_t i = 0; i < VERBS; i++)
        fprintf(out, "  %-*s %s\n", NAME_WIDTH, verbs[i].name, verbs[i].summary);
    fputs("\n`jinmu reviews VERB --help` tells the options of a verb.\n", out);
    return status;
}

int verb_reviews(int argc, char **argv)
{
    argp_err_exit_status = 2;
    if (argc < 2)
        return print_help(stderr, 2);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-?") == 0)
        return print_help(stdout, 0);
    for (size_t i = 0; i < VERBS; i++)
        if (strcmp(argv[1], verbs[i].name) == 0)
            return run(&verbs[i], argc - 1, argv + 1);
    fprintf(stderr, "jinmu: no reviews verb '%s'\n", argv[1]);
    return print_help(stderr, 2);
}
