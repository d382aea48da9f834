/* Services that no item fits, stride by stride, so that no other question waits for long. */
#include "services/collector/lists.h"
#include "services/collector/unfit.h"

#include "common/json_writer.h"

#include <stdlib.h>

static void write_unfit(const struct unfit *unfit, void *argument)
{
    struct jw *writer = argument;
    jw_object(writer);
    jw_set_integer(writer, "number", unfit->result);
    jw_set_text(writer, "project", unfit->project);
    jw_set_text(writer, "department", unfit->department);
    jw_set_text(writer, "unit", unfit->unit);
    jw_set_text(writer, "competent", unfit->competent);
    jw_set_text(writer, "name", unfit->name);
    jw_set_text(writer, "nearest", unfit->nearest);
    jw_set_probability(writer, "confidence", unfit->confidence);
    jw_set_number(writer, "yuan", unfit->yuan);
    jw_end_object(writer);
}

int lists_unfit(struct store *store, const struct jv *question, struct strbuf *answer,
                struct fault *fault)
{
    const char *revision = jv_get_text(question, "catalog");
    const struct jv *units = jv_get(question, "units");
    char *list = jv_is_array(units) ? jv_write(units) : NULL;
    struct unfit_search search = {revision ? revision : "", jv_get_number(question, "below", 0),
                                  list};
    struct jw *writer = jw_new();
    size_t looked_at = 0;
    jw_begin(writer, answer);
    jw_object(writer);
    jw_key(writer, "unfit");
    jw_array(writer);
    int64_t next = unfit_each(store, &search, (int64_t)jv_get_number(question, "after", 0),
                              &looked_at, write_unfit, writer, fault);
    jw_end_array(writer);
    jw_set_integer(writer, "looked_at", (long long)looked_at);
    jw_set_integer(writer, "next", (long long)next);
    jw_end_object(writer);
    jw_destroy(&writer);
    free(list);
    return next < 0 ? -1 : 0;
}
