/* GET /projects/{id}/similar: decided projects that read like one. */
#include "services/gateway/catalog_json.h"
#include "services/gateway/question.h"
#include "services/gateway/route.h"

#include "catalog/engine/reviews.h"
#include "common/text.h"

#include <stdlib.h>
#include <string.h>

enum { PRINTS = 1 << 14, SHOWN_MAX = 50, LOOKED_AT_MAX = 20000 };
static const double least_alike = 0.15;

/* The pairs of characters of a text, as a set of hashes. */
struct prints {
    uint64_t bits[PRINTS / 64];
    int count;
};

static void take(struct prints *prints, const struct folder *folder, const char *text,
                 struct folded *scratch)
{
    folder_fold(folder, text, strlen(text), scratch);
    for (size_t i = 0; i + 1 < scratch->length; i++) {
        uint32_t pair = (uint32_t)scratch->units[i] << 16 | scratch->units[i + 1];
        uint32_t print = pair * 2654435761u >> 18;
        uint64_t bit = (uint64_t)1 << (print % 64);
        prints->count += !(prints->bits[print / 64] & bit);
        prints->bits[print / 64] |= bit;
    }
}

/* Jaccard's similarity. */
static double alike(const struct prints *one, const struct prints *other)
{
    int shared = 0;
    for (size_t i = 0; i < PRINTS / 64; i++)
        shared += __builtin_popcountll(one->bits[i] & other->bits[i]);
    int either = one->count + other->count - shared;
    return either ? (double)shared / either : 0;
}

struct similar {
    double similarity;
    struct jv *json;
};

struct search {
    const struct folder *folder;
    struct folded scratch;
    struct prints wanted, other;
    struct similar found[SHOWN_MAX]; /* most alike first */
    size_t count, limit, looked_at;
};

static struct jv *decided_json(const struct review *review, double similarity)
{
    const struct {
        const char *name, *value;
    } texts[] = {{"review", review->id},         {"project", review->project},
                 {"name", review->name},         {"unit", review->unit},
                 {"decision", review->decision}, {"department", review->department},
                 {"code", review->code},         {"item", review->item},
                 {"kind", review->kind},         {"reviewer", review->reviewer},
                 {"reason", review->reason},     {"reviewed_at", review->reviewed_at}};
    struct jv *json = jv_object();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        jv_set_text(json, texts[i].name, texts[i].value);
    jv_set_number(json, "similarity", (double)(int)(similarity * 10000) / 10000);
    return json;
}

static void keep(struct search *search, const struct review *review, double similarity)
{
    size_t place = search->count;
    while (place > 0 && search->found[place - 1].similarity < similarity)
        place--;
    if (place == search->limit)
        return;
    if (search->count == search->limit)
        jv_destroy(&search->found[--search->count].json);
    memmove(&search->found[place + 1], &search->found[place],
            (search->count - place) * sizeof *search->found);
    search->found[place] = (struct similar){similarity, decided_json(review, similarity)};
    search->count++;
}

static int compare(const struct review *review, void *argument)
{
    struct search *search = argument;
    memset(&search->other, 0, sizeof search->other);
    take(&search->other, search->folder, review->name, &search->scratch);
    take(&search->other, search->folder, review->description, &search->scratch);
    double similarity = alike(&search->wanted, &search->other);
    if (similarity >= least_alike)
        keep(search, review, similarity);
    return ++search->looked_at >= LOOKED_AT_MAX;
}

static void answer_similar(struct exchange *exchange, struct search *search)
{
    struct jv *body = jv_object(), *projects = jv_array();
    for (size_t i = 0; i < search->count; i++)
        jv_push(projects, search->found[i].json);
    jv_set(body, "projects", projects);
    reply_json(exchange, MHD_HTTP_OK, body);
}

static const char *text_of(const struct jv *project, const char *member)
{
    const char *text = jv_get_text(project, member);
    return text ? text : "";
}

static void find_similar(struct exchange *exchange, struct store *catalog, const struct jv *project,
                         size_t limit)
{
    struct fault fault;
    struct folder *folder = folder_new();
    struct search *search = xcalloc(1, sizeof *search);
    search->folder = folder;
    search->limit = limit;
    take(&search->wanted, folder, text_of(project, "name"), &search->scratch);
    take(&search->wanted, folder, text_of(project, "description"), &search->scratch);
    if (reviews_each(catalog, false, compare, search, &fault) < 0)
        reply_fault(exchange, &fault);
    else
        answer_similar(exchange, search);
    folded_free(&search->scratch);
    free(search);
    folder_destroy(&folder);
}

static void get_similar(struct exchange *exchange, struct backend *backend)
{
    struct fault fault;
    int64_t limit;
    if (!exchange_query_number(exchange, "limit", 1, SHOWN_MAX, 10, &limit))
        return;
    struct store *catalog = catalog_json_store(exchange, backend);
    if (!catalog)
        return;
    struct jv *question = question_new(exchange, "project_view");
    jv_set_text(question, "id", exchange->captures[0]);
    struct jv *view = backend_ask_json(backend, question, &fault);
    if (view)
        find_similar(exchange, catalog, jv_get(view, "project"), (size_t)limit);
    else
        reply_fault(exchange, &fault);
    jv_destroy(&question);
    jv_destroy(&view);
}

const struct route similar_routes[] = {{"GET", "/projects/{}/similar", get_similar, REVIEWERS, 0},
                                       {0}};
