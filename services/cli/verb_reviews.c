/* jinmu reviews: what people decided, which projects nearly the same follow. */
#include "catalog/catalog.h"
#include "catalog/engine/reviews.h"
#include "common/strbuf.h"
#include "common/text.h"
#include "services/cli/catalog_call.h"
#include "services/cli/columns.h"
#include "services/cli/input.h"
#include "services/cli/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME_COLUMNS = 40 };

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

static int add(struct catalog_call *call)
{
    struct fault fault = {0};
    struct call_writer writer;
    struct tally tally = {0};
    const char *file = call->arguments[0];
    FILE *input = input_open(file);
    if (!input)
        return 2;
    int failed = call_writer_open(&writer, call, &fault) || store_begin(writer.store, &fault);
    if (!failed) {
        add_lines(writer.store, input, input_is_standard(file) ? "stdin" : file, &tally);
        failed = store_commit(writer.store, &fault);
    }
    call_writer_close(&writer);
    input_close(&input);
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

static int list(struct catalog_call *call)
{
    struct fault fault = {0};
    struct listing listing = {.columns = {.count = 8}};
    struct store *store = call_open(call);
    if (!store)
        return 2;
    listing.folder = folder_new();
    char *wanted = call->department ? folder_fold_utf8(listing.folder, call->department) : NULL;
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

static int withdraw(struct catalog_call *call)
{
    struct fault fault = {0};
    struct call_writer writer;
    const char *id = call->arguments[0];
    if (!call->by || !*call->by) {
        fprintf(stderr, "jinmu: 请写明由谁撤回（--by）\n");
        return 2;
    }
    int failed =
        call_writer_open(&writer, call, &fault) ||
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
    jv_print(labelled);
    jv_destroy(&labelled);
    return 0;
}

static int export(struct catalog_call *call)
{
    struct fault fault = {0};
    struct store *store = call_open(call);
    if (!store)
        return 2;
    int failed = reviews_each(store, false, export_review, NULL, &fault);
    store_close(&store);
    return failed ? call_failed(&fault) : 0;
}

/* --- the verbs --- */

static const struct option_row plain_options[] = {OPTION_DB, OPTION_STATE, OPTION_DATA, {0}};
static const struct option_row list_options[] = {
    OPTION_DEPARTMENT, OPTION_DB, OPTION_STATE, OPTION_DATA, {0}};
static const struct option_row withdraw_options[] = {
    CALL_TEXT(by, "by", 'w', "WHO", "who withdraws it (required)"),
    CALL_TEXT(reason, "reason", 'm', "TEXT", "why"),
    OPTION_DB,
    OPTION_STATE,
    OPTION_DATA,
    {0}};

static const struct catalog_verb verbs[] = {
    {{"add", {plain_options, 1, 1, "FILE|-", "Takes in reviews as JSON Lines."}}, add},
    {{"list", {list_options, 0, 0, "", "Lists reviews, the newest first, withdrawn ones too."}},
     list},
    {{"withdraw",
      {withdraw_options, 1, 1, "ID", "Takes a wrong review out of use; it stays on record."}},
     withdraw},
    {{"export", {plain_options, 0, 0, "", "Prints the reviews in use as labelled cases."}}, export},
};

static const struct group_verb *verb_at(size_t number)
{
    return number < sizeof verbs / sizeof *verbs ? &verbs[number].verb : NULL;
}

int verb_reviews(int argc, char **argv)
{
    return catalog_group_run(&(struct verb_group){"reviews", verb_at}, argc, argv);
}
