/* jinmu catalog skos: a revision for other systems. */
#include "catalog/catalog.h"
#include "catalog/revision/skos.h"
#include "services/cli/catalog_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int run_skos(struct catalog_call *call)
{
    struct fault fault = {0};
    struct strbuf text = {0};
    enum skos_format format = SKOS_TURTLE;
    int status = 2;
    if (call->kind && skos_format_of_name(call->kind, &format)) {
        fprintf(stderr, "jinmu: --format is ttl or jsonld\n");
        return 2;
    }
    struct store *store = call_open(call);
    char *number = store ? catalog_find_revision(store, call->arguments[0], &fault) : NULL;
    if (number && skos_write(store, number, format, &text, &fault) == 0)
        status = fputs(text.text, stdout) < 0 ? 2 : 0;
    else if (store)
        call_failed(&fault);
    free(number);
    store_close(&store);
    strbuf_free(&text);
    return status;
}

static const struct option_row options[] = {
    CALL_TEXT(kind, "format", 'k', "FORMAT", "ttl (Turtle, the default) or jsonld (JSON-LD)"),
    OPTION_DB,
    OPTION_STATE,
    OPTION_DATA,
    {0}};

const struct catalog_verb catalog_verb_skos = {
    {"skos", {options, 1, 1, "REVISION", "Prints a revision in SKOS."}}, run_skos};
