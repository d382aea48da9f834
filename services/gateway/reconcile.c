#include "services/gateway/reconcile.h"

#include "catalog/catalog.h"
#include "services/gateway/concept.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT = 10, LIMIT_MAX = 50, CLASSIFY_MS = 10000 };
static const double sure = 100, behind_sure = 99, found_only = 5;

const struct reconcile_property reconcile_properties[] = {
    {"department", "主管部门"}, {"unit", "单位"},     {"description", "项目概况"},
    {"basis", "立项依据"},      {"plan", "实施方案"}, {NULL, NULL}};

/* --- one query --- */

struct query {
    struct store *store;
    const char *revision;
    const char *text;
    const struct jv *types; /* a text, an array of texts, or NULL */
    size_t limit;
    struct jv *result; /* array being made */
    bool is_sure;      /* it begins with an item that is meant for certain */
};

static bool wants_type(const struct query *query, const char *department)
{
    if (!query->types || (jv_is_array(query->types) && jv_count(query->types) == 0))
        return true;
    const char *one = jv_text(query->types);
    if (one)
        return !*one || strcmp(one, department) == 0;
    for (size_t i = 0; i < jv_count(query->types); i++) {
        const struct jv *type = jv_at(query->types, i);
        const char *id = jv_text(type) ? jv_text(type) : jv_get_text(type, "id");
        if (id && strcmp(id, department) == 0)
            return true;
    }
    return false;
}

static bool has(const struct query *query, const char *id)
{
    for (size_t i = 0; i < jv_count(query->result); i++)
        if (strcmp(jv_get_text(jv_at(query->result, i), "id"), id) == 0)
            return true;
    return false;
}

/* Adds a candidate unless it is there or of another type. */
static void add(struct query *query, const struct jv *concept, double score, bool match)
{
    const char *id = jv_get_text(concept, "id"), *department = jv_get_text(concept, "department");
    if (jv_count(query->result) == query->limit || !wants_type(query, department) || has(query, id))
        return;
    struct jv *candidate = jv_object(), *types = jv_array();
    char *place = concept_place(concept);
    jv_set_text(candidate, "id", id);
    jv_set_text(candidate, "name", jv_get_text(concept, "name"));
    jv_set_text(candidate, "description", place);
    jv_push(types, concept_type(department));
    jv_set(candidate, "type", types);
    jv_set_number(candidate, "score", score);
    jv_set(candidate, "match", jv_of_bool(match));
    jv_push(query->result, candidate);
    free(place);
}

/* The code that a text begins with, and what stands behind it. false: none. */
static bool split_code(const char *text, char code[16], const char **rest)
{
    size_t length = 0;
    while (length < 15 && isalnum((unsigned char)text[length])) {
        code[length] = (char)toupper((unsigned char)text[length]);
        length++;
    }
    code[length] = 0;
    *rest = text + length + strspn(text + length, " \t:-");
    return catalog_code_level(code) > 1;
}

/* Those of a search that have that rank and the wanted type. */
static size_t count_rank(const struct query *query, const struct jv *found, int rank)
{
    size_t count = 0;
    for (size_t i = 0; i < jv_count(found); i++)
        count += (int)jv_get_number(jv_at(found, i), "rank", 9) == rank &&
                 wants_type(query, jv_get_text(jv_at(found, i), "department"));
    return count;
}

static void add_rank(struct query *query, const struct jv *found, int rank, const char *name,
                     double score, bool match)
{
    for (size_t i = 0; i < jv_count(found); i++) {
        const struct jv *concept = jv_at(found, i);
        if ((int)jv_get_number(concept, "rank", 9) == rank &&
            (!name || strcmp(jv_get_text(concept, "name"), name) == 0))
            add(query, concept, score, match);
    }
}

/* The items of the code that the text begins with: before all others. */
static void add_of_code(struct query *query)
{
    char code[16];
    const char *rest;
    if (!split_code(query->text, code, &rest))
        return;
    struct jv *found = concept_search(query->store, query->revision, NULL, code, LIMIT_MAX, 0);
    size_t same_code = count_rank(query, found, 0);
    if (*rest) /* the name beside it says which is meant */
        add_rank(query, found, 0, rest, sure, true);
    bool named = jv_count(query->result) == 1;
    add_rank(query, found, 0, NULL, same_code == 1 && !named ? sure : behind_sure,
             same_code == 1 && !*rest);
    query->is_sure = jv_count(query->result) > 0;
    jv_destroy(&found);
}

/* The item whose official name the text is, when only one has it. */
static void add_of_name(struct query *query, const struct jv *found)
{
    if (count_rank(query, found, 1) != 1)
        return;
    add_rank(query, found, 1, NULL, sure, true);
    query->is_sure = true;
}

static void add_judged(struct query *query, const struct jv *judgement)
{
    const struct jv *candidates = jv_get(judgement, "candidates");
    const char *decision = jv_get_text(judgement, "decision");
    bool passes = decision && strcmp(decision, "auto") == 0 && !query->is_sure;
    for (size_t i = 0; i < jv_count(candidates); i++) {
        const struct jv *candidate = jv_at(candidates, i);
        const char *department = jv_get_text(candidate, "department");
        double score = 100 * jv_get_number(candidate, "score", 0);
        struct strbuf id = {0};
        strbuf_printf(&id, "%s:%s", department ? department : "", jv_get_text(candidate, "code"));
        struct jv *concept = concept_find(query->store, query->revision, id.text);
        if (concept)
            add(query, concept, query->is_sure && score > behind_sure ? behind_sure : score,
                passes && i == 0);
        jv_destroy(&concept);
        strbuf_free(&id);
    }
}

static double lowest(const struct query *query)
{
    size_t count = jv_count(query->result);
    double score = count ? jv_get_number(jv_at(query->result, count - 1), "score", 0) : found_only;
    return score < found_only ? score : found_only;
}

static struct jv *answer_query(struct query *query, const struct jv *judgement)
{
    struct jv *answer = jv_object();
    query->result = jv_array();
    jv_set(answer, "result", query->result);
    if (!*query->text)
        return answer;
    struct jv *found =
        concept_search(query->store, query->revision, NULL, query->text, LIMIT_MAX, 0);
    add_of_code(query);
    if (!query->is_sure)
        add_of_name(query, found);
    add_judged(query, judgement);
    double score = lowest(query);
    for (size_t i = 0; i < jv_count(found); i++)
        add(query, jv_at(found, i), score /= 2, false);
    jv_destroy(&found);
    return answer;
}

/* --- the batch --- */

struct batch {
    struct store *store;
    const char *revision;
    struct jv *projects; /* what the engine is asked */
    const struct jv *judgements;
    struct jv *answers;
    size_t place;
};

/* The first type that is a text, to help the engine. */
static const char *type_text(const struct jv *types)
{
    const char *text = jv_text(types) ? jv_text(types) : jv_text(jv_at(types, 0));
    return text && *text && strcmp(text, "B") != 0 ? text : NULL;
}

static const char *property_value(const struct jv *property)
{
    const struct jv *value = jv_get(property, "v");
    if (jv_is_array(value))
        value = jv_at(value, 0);
    return jv_text(value) ? jv_text(value) : jv_get_text(value, "name");
}

static void add_project(const char *key, struct jv *query, void *argument)
{
    struct batch *batch = argument;
    const char *text = jv_get_text(query, "query"), *type = type_text(jv_get(query, "type"));
    const struct jv *properties = jv_get(query, "properties");
    struct jv *project = jv_object();
    (void)key;
    jv_set_text(project, "name", text && *text ? text : "-");
    jv_set_text(project, "catalog", batch->revision);
    if (type)
        jv_set_text(project, "department", type);
    for (size_t i = 0; i < jv_count(properties); i++) {
        const char *id = jv_get_text(jv_at(properties, i), "pid");
        const char *value = property_value(jv_at(properties, i));
        for (const struct reconcile_property *known = reconcile_properties; known->id; known++)
            if (id && value && strcmp(known->id, id) == 0)
                jv_set_text(project, id, value);
    }
    jv_push(batch->projects, project);
}

static void add_answer(const char *key, struct jv *wish, void *argument)
{
    struct batch *batch = argument;
    const char *text = jv_get_text(wish, "query");
    double limit = jv_get_number(wish, "limit", LIMIT);
    struct query query = {.store = batch->store,
                          .revision = batch->revision,
                          .text = text ? text : "",
                          .types = jv_get(wish, "type"),
                          .limit = limit >= 1 && limit <= LIMIT_MAX ? (size_t)limit : LIMIT};
    query.text += strspn(query.text, " \t\r\n");
    jv_set(batch->answers, key, answer_query(&query, jv_at(batch->judgements, batch->place++)));
}

/* What the engine says of all of them: {"results":[…]}, or NULL with a fault. */
static struct jv *judge(struct backend *backend, const struct jv *projects, struct fault *fault)
{
    struct jv *request = jv_object();
    jv_set(request, "projects", jv_copy(projects));
    char *json = jv_write(request);
    zmsg_t *body = zmsg_new();
    zmsg_addstr(body, json);
    zmsg_addstr(body, "{\"store\":false}");
    zmsg_t *answer = backend_call(backend, "classify", &body, CLASSIFY_MS, fault);
    zframe_t *frame = answer ? zmsg_first(answer) : NULL;
    struct jv *judged =
        frame ? jv_read((const char *)zframe_data(frame), zframe_size(frame), fault) : NULL;
    if (judged && !jv_get(judged, "results")) {
        const char *message = jv_get_text(jv_get(judged, "error"), "message");
        fault_set(fault, "service.silent", "%.300s", message ? message : "没有应答");
        jv_destroy(&judged);
    }
    zmsg_destroy(&answer);
    jv_destroy(&request);
    free(json);
    return judged;
}

struct jv *reconcile_batch(struct backend *backend, struct store *store, const char *revision,
                           const struct jv *queries, struct fault *fault)
{
    struct batch batch = {
        .store = store, .revision = revision, .projects = jv_array(), .answers = jv_object()};
    if (jv_count(queries) == 0) {
        jv_destroy(&batch.projects);
        return batch.answers;
    }
    jv_each(queries, add_project, &batch);
    struct jv *judged = judge(backend, batch.projects, fault);
    batch.judgements = jv_get(judged, "results");
    if (judged)
        jv_each(queries, add_answer, &batch);
    else
        jv_destroy(&batch.answers);
    jv_destroy(&judged);
    jv_destroy(&batch.projects);
    return batch.answers;
}
