/* /catalog/{revision}/changes: what became of another revision's items in this one. */
#include "services/gateway/catalog_json.h"
#include "services/gateway/route.h"

#include "catalog/revision/diff.h"
#include "catalog/revision/diff_table.h"
#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>

static void add_new(struct jv *change, const struct outline *outline, int number)
{
    const struct outline_item *item = &outline->items[number];
    jv_set_text(change, "department", outline->departments[item->department].name);
    jv_set_text(change, "code", item->code);
    jv_set_text(change, "name", item->name);
}

static void add_old(struct jv *change, const struct outline *outline, int number)
{
    const struct outline_item *item = &outline->items[number];
    jv_set_text(change, "old_department", outline->departments[item->department].name);
    jv_set_text(change, "old_code", item->code);
    jv_set_text(change, "old_name", item->name);
}

/* Both items; of a removed one, the old item stands for both, for clients that show one alone. */
static struct jv *change_json(const struct diff *diff, const struct link *link)
{
    struct jv *change = jv_object();
    char *words = link_words(link);
    jv_set_text(change, "kind",
                link->relation == RELATION_EXACT ? "restricted" : relation_name(link->relation));
    jv_set_text(change, "words", words);
    if (link->new == NOWHERE)
        add_new(change, diff->old, link->old);
    else
        add_new(change, diff->new, link->new);
    if (link->old != NOWHERE)
        add_old(change, diff->old, link->old);
    jv_set_number(change, "confidence", link->confidence);
    free(words);
    return change;
}

static struct jv *changes_json(const struct diff *diff, const char *department)
{
    struct jv *body = jv_object(), *changes = jv_array();
    for (size_t i = 0; i < diff->count; i++) {
        const struct link *link = &diff->links[i];
        if (link_is_change(link) && link->relation != RELATION_UNSEEN &&
            link_in_department(diff, link, department))
            jv_push(changes, change_json(diff, link));
    }
    jv_set_text(body, "from", diff->old->number);
    jv_set_text(body, "to", diff->new->number);
    jv_set(body, "complete", jv_of_bool(diff->old->complete && diff->new->complete));
    jv_set(body, "changes", changes);
    return body;
}

static void get_changes(struct exchange *exchange, struct backend *backend)
{
    struct fault fault;
    char stamp[CATALOG_STAMP_BYTES], *to = NULL, *from = NULL;
    struct strbuf both = {0};
    const char *wanted = exchange_query(exchange, "from");
    struct store *store = catalog_json_store(exchange, backend);
    if (!store)
        return;
    if (!wanted) {
        reply_problem(exchange, "query.missing", "请给出要比较的目录（from）");
        return;
    }
    if (!(to = catalog_json_revision(exchange, store, exchange->captures[0])) ||
        !(from = catalog_json_revision(exchange, store, wanted)))
        goto done;
    strbuf_printf(&both, "%s %s", from, to);
    catalog_json_stamp(store, both.text, false, stamp);
    if (catalog_json_is_known(exchange, stamp))
        goto done;
    struct diff *diff = diff_revisions(store, from, to, &fault);
    if (diff) {
        reply_json(exchange, MHD_HTTP_OK,
                   changes_json(diff, exchange_query(exchange, "department")));
        reply_etag(exchange, stamp);
    } else {
        reply_fault(exchange, &fault);
    }
    diff_destroy(&diff);
done:
    strbuf_free(&both);
    free(to);
    free(from);
}

const struct route change_routes[] = {{"GET", "/catalog/{}/changes", get_changes, ANYBODY, 0}, {0}};
