/* /catalog/{old}/map/{new}: which old item is which new one, and what keepers decide about it. */
#include "catalog/catalog.h"
#include "catalog/revision/correspondence.h"
#include "common/state.h"
#include "services/cli/running.h"
#include "services/gateway/catalog_json.h"
#include "services/gateway/route.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The two revisions of the path, in a store that is read, or written under the lock. */
struct map {
    struct store *store;
    char *old, *new;
    int lock; /* -1: read only */
};

static bool find_revisions(struct map *map, struct exchange *exchange)
{
    map->old = catalog_json_revision(exchange, map->store, exchange->captures[0]);
    map->new = map->old ? catalog_json_revision(exchange, map->store, exchange->captures[1]) : NULL;
    return map->new != NULL;
}

/* Whether catalog.db here is the one that reviews are brought into: that of the collector's state. What a
 * keeper decided in another would be seen by nobody. 0, or -1 with a fault. */
static int check_place(const struct gateway *gateway, struct fault *fault)
{
    char *results = state_path(gateway->options.running->state, "results.db");
    bool is_here = access(results, F_OK) == 0;
    free(results);
    return is_here ? 0
                   : fault_set(fault, "catalog.elsewhere",
                               "对应关系要在结果服务（collector）所在的主机上核对：请用那台主机的"
                               "网页或 jinmu catalog map，再用 jinmu catalog take 把目录库取来");
}

/* false with an answer; close it either way. */
static bool open_to_write(struct map *map, struct exchange *exchange, struct backend *backend)
{
    struct fault fault;
    const char *path = exchange->gateway->catalog;
    *map = (struct map){.lock = -1};
    if (check_place(exchange->gateway, &fault) == 0 && backend_catalog(backend, &fault))
        map->lock = catalog_lock(path, &fault);
    if (map->lock >= 0 && (map->store = catalog_open(path, STORE_WRITE, &fault)))
        return find_revisions(map, exchange);
    reply_fault(exchange, &fault);
    return false;
}

static void close_written(struct map *map)
{
    store_close(&map->store);
    if (map->lock >= 0)
        close(map->lock);
    free(map->old);
    free(map->new);
}

/* --- reading --- */

static struct jv *side_json(const struct correspondence_side *side)
{
    if (!*side->code)
        return jv_of_text(NULL);
    struct jv *json = jv_object();
    jv_set_text(json, "department", side->department);
    jv_set_text(json, "code", side->code);
    jv_set_text(json, "name", side->name);
    return json;
}

static int add_link(const struct correspondence *row, void *links)
{
    struct jv *link = jv_object();
    jv_set_number(link, "id", (double)row->id);
    jv_set_text(link, "relation", row->relation);
    jv_set(link, "old", side_json(&row->old));
    jv_set(link, "new", side_json(&row->new));
    jv_set_number(link, "similarity", row->similarity);
    jv_set_number(link, "confidence", row->confidence);
    jv_set_text(link, "state", row->state);
    jv_set_text(link, "decided_by", row->decided_by);
    jv_set_text(link, "decided_at", row->decided_at);
    jv_set_text(link, "note", row->note);
    jv_push(links, link);
    return 0;
}

static bool is_state(const char *state)
{
    return strcmp(state, "proposed") == 0 || strcmp(state, "confirmed") == 0 ||
           strcmp(state, "rejected") == 0;
}

static void list_links(struct exchange *exchange, struct backend *backend)
{
    struct fault fault;
    struct map map = {.store = catalog_json_store(exchange, backend), .lock = -1};
    const char *state = exchange_query(exchange, "state"), *all = exchange_query(exchange, "all");
    struct jv *body = jv_object(), *links = jv_array();
    jv_set(body, "links", links);
    if (state && !is_state(state)) {
        reply_problem(exchange, "query.state", "state 应为 proposed、confirmed 或 rejected");
    } else if (map.store && find_revisions(&map, exchange)) {
        struct correspondence_filter filter = {.old_revision = map.old,
                                               .new_revision = map.new,
                                               .department = exchange_query(exchange, "department"),
                                               .state = state,
                                               .changes_only = !all || strcmp(all, "true") != 0};
        jv_set_text(body, "old", map.old);
        jv_set_text(body, "new", map.new);
        if (correspondence_each(map.store, &filter, add_link, links, &fault)) {
            reply_fault(exchange, &fault);
        } else {
            reply_json(exchange, MHD_HTTP_OK, body);
            body = NULL;
        }
    }
    jv_destroy(&body);
    free(map.old);
    free(map.new);
}

/* --- deciding --- */

static void propose_links(struct exchange *exchange, struct backend *backend)
{
    struct fault fault;
    struct map map;
    struct diff *diff = NULL;
    size_t proposed = 0;
    if (!open_to_write(&map, exchange, backend))
        goto done;
    if (!(diff = diff_revisions(map.store, map.old, map.new, &fault)) ||
        correspondence_propose(map.store, diff, &proposed, &fault)) {
        reply_fault(exchange, &fault);
        goto done;
    }
    struct jv *body = jv_object();
    jv_set_number(body, "proposed", (double)proposed);
    access_note(exchange, "map.propose", map.old, map.new);
    reply_json(exchange, MHD_HTTP_OK, body);
done:
    diff_destroy(&diff);
    close_written(&map);
}

/* Whether the link is one of the two revisions of the path. */
static bool has_link(const struct map *map, int64_t id)
{
    sqlite3_stmt *select = store_prepare(map->store,
                                         "SELECT 1 FROM correspondence WHERE id = ? AND"
                                         " old_revision = ? AND new_revision = ?",
                                         NULL);
    bool found = select && store_next(map->store, store_bind(select, "itt", id, map->old, map->new),
                                      NULL) == 1;
    sqlite3_finalize(select);
    return found;
}

static const char *text_of(const struct jv *wish, const char *member)
{
    const char *text = jv_get_text(wish, member);
    return text ? text : "";
}

/* 0, or -1 with a fault. */
static int decide(const struct map *map, int64_t id, const struct jv *wish, const char *who,
                  struct fault *fault)
{
    const char *decision = text_of(wish, "decision"), *note = text_of(wish, "note"),
               *code = text_of(wish, "code"), *relation = text_of(wish, "relation");
    if (!has_link(map, id))
        return fault_set(fault, "correspondence.unknown", "没有这条对应关系");
    if (strcmp(decision, "confirm") == 0 || strcmp(decision, "reject") == 0)
        return correspondence_decide(map->store, &id, 1, *decision == 'c', who, note, fault);
    if (strcmp(decision, "correct") != 0)
        return fault_set(fault, "correspondence.bad_decision",
                         "decision 应为 confirm、correct 或 reject");
    if (*code && *relation && relation_of_name(relation) >= RELATION_REMOVED)
        return fault_set(fault, "correspondence.bad_relation",
                         "relation 应为 exact、renamed、recoded、moved、split 或 merged");
    return correspondence_correct(map->store, id, *code ? text_of(wish, "department") : "", code,
                                  relation, who, note, fault);
}

static void decide_link(struct exchange *exchange, struct backend *backend)
{
    struct fault fault;
    struct map map = {.lock = -1};
    char *end;
    errno = 0;
    int64_t id = strtoll(exchange->captures[2], &end, 10);
    struct jv *wish = exchange_json(exchange);
    if (!wish)
        return;
    if (errno || *end) {
        reply_problem(exchange, "correspondence.unknown", "没有这条对应关系");
    } else if (open_to_write(&map, exchange, backend)) {
        if (decide(&map, id, wish, exchange->principal.who, &fault)) {
            reply_fault(exchange, &fault);
        } else {
            char action[32];
            snprintf(action, sizeof action, "map.%s", text_of(wish, "decision"));
            access_note(exchange, action, exchange->captures[2], text_of(wish, "code"));
            reply_nothing(exchange);
        }
    }
    close_written(&map);
    jv_destroy(&wish);
}

/* {"confidence":0.95,"department":"民政"}: all proposals of at least that, unchanged items too. */
static void confirm_links(struct exchange *exchange, struct backend *backend)
{
    struct fault fault;
    struct map map = {.lock = -1};
    size_t confirmed = 0;
    struct jv *wish = exchange_json(exchange);
    if (!wish)
        return;
    double confidence = jv_get_number(wish, "confidence", -1);
    const char *department = text_of(wish, "department");
    if (!(confidence >= 0 && confidence <= 1)) {
        reply_problem(exchange, "correspondence.bad_confidence", "confidence 应为 0 到 1 之间的数");
    } else if (open_to_write(&map, exchange, backend)) {
        struct correspondence_filter filter = {.old_revision = map.old,
                                               .new_revision = map.new,
                                               .department = *department ? department : NULL};
        if (correspondence_confirm_sure(map.store, &filter, confidence, exchange->principal.who,
                                        &confirmed, &fault)) {
            reply_fault(exchange, &fault);
        } else {
            char note[64];
            snprintf(note, sizeof note, "%zu >= %.3f", confirmed, confidence);
            access_note(exchange, "map.confirm", map.new, note);
            struct jv *body = jv_object();
            jv_set_number(body, "confirmed", (double)confirmed);
            reply_json(exchange, MHD_HTTP_OK, body);
        }
    }
    close_written(&map);
    jv_destroy(&wish);
}

const struct route map_routes[] = {
    {"GET", "/catalog/{}/map/{}", list_links, ANYBODY, 0},
    {"POST", "/catalog/{}/map/{}", propose_links, KEEPERS, 0},
    {"POST", "/catalog/{}/map/{}/confirm", confirm_links, KEEPERS, ROUTE_BODY},
    {"POST", "/catalog/{}/map/{}/{}", decide_link, KEEPERS, ROUTE_BODY},
    {0}};
