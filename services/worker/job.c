#include "services/worker/job.h"

#include "common/json.h"

#include <stdlib.h>
#include <string.h>

enum { ID_HASH_DIGITS = 16 };

static bool wants_summary(zframe_t *frame)
{
    struct jv *options =
        frame ? jv_read((const char *)zframe_data(frame), zframe_size(frame), NULL) : NULL;
    const char *reply = jv_get_text(options, "reply");
    bool summary = reply && strcmp(reply, "summary") == 0;
    jv_destroy(&options);
    return summary;
}

struct job *job_new(zframe_t **client, zmsg_t **request)
{
    struct job *job = xcalloc(1, sizeof *job);
    job->client = *client;
    *client = NULL;
    job->body = zmsg_pop(*request);
    if (!job->body)
        job->body = zframe_new_empty();
    job->summary = wants_summary(zmsg_first(*request));
    /* The addresses of our broker tell the priority (mdp.h). */
    job->bulk = zframe_size(job->client) > 2 && memcmp(zframe_data(job->client), "b.", 2) == 0;
    zmsg_destroy(request);
    return job;
}

void job_destroy(struct job **job)
{
    if (!*job)
        return;
    zframe_destroy(&(*job)->client);
    zframe_destroy(&(*job)->body);
    strbuf_free(&(*job)->reply);
    free(*job);
    *job = NULL;
}

static size_t prefix(const char *text, size_t length, const char *wanted)
{
    size_t bytes = strlen(wanted);
    return length >= bytes && memcmp(text, wanted, bytes) == 0 ? bytes : 0;
}

/* Writes a result's JSON with an id: a project without one is named by its content. */
static void add_result(struct strbuf *out, const struct judged *judged, const char *id)
{
    const char *json = judged->json;
    size_t length = judged->json_bytes;
    if (!*judged->id && length > 1) {
        size_t skip = prefix(json, length, "{\"id\":\"\"");
        if (!skip)
            skip = prefix(json, length, "{\"id\":null");
        strbuf_printf(out, "{\"id\":\"%s\"", id);
        if (!skip && json[1] != '}')
            strbuf_puts(out, ",");
        if (!skip)
            skip = 1;
        json += skip;
        length -= skip;
    }
    strbuf_add(out, json, length);
}

static struct wire_text project_text(const struct judged *judged, size_t limit)
{
    if (!judged->project || judged->project_bytes > limit)
        return wire_text_of("null");
    return (struct wire_text){judged->project, judged->project_bytes};
}

void job_add(struct job *job, const struct judged *judged, struct strbuf *records,
             size_t project_bytes)
{
    char id[sizeof "sha-" + ID_HASH_DIGITS];
    snprintf(id, sizeof id, "sha-%.*s", ID_HASH_DIGITS, judged->content_hash);
    const char *name = *judged->id ? judged->id : id;
    job->in_batch = judged->in_batch;
    job->errors += judged->is_error;

    if (job->reply.length > 0)
        strbuf_puts(&job->reply, ",");
    size_t begin = job->reply.length;
    add_result(&job->reply, judged, name);
    if (!judged->is_error || judged->in_batch) {
        struct wire_record record = {
            .is_error = judged->is_error,
            .confidence = judged->confidence,
            .findings = (uint32_t)judged->findings,
            .id = wire_text_of(name),
            .content_hash = wire_text_of(judged->content_hash),
            .revision = wire_text_of(judged->catalog),
            .department = wire_text_of(judged->department),
            .decision = wire_text_of(judged->is_error ? "error" : judged->decision),
            .kind = wire_text_of(judged->kind),
            .unit = wire_text_of(judged->unit ? judged->unit : ""),
            .project = project_text(judged, project_bytes),
            .result = {job->reply.text + begin, job->reply.length - begin}};
        wire_write_record(records, &record);
    }
    if (job->summary)
        strbuf_reset(&job->reply);
}

void job_stored(struct job *job, const struct wire_tally *tally, const struct fault *fault)
{
    job->unstored--;
    if (fault) {
        job->refused = true;
        job->fault = *fault;
        return;
    }
    job->tally.stored += tally->stored;
    job->tally.duplicates += tally->duplicates;
    if (!job->tally.first_event || tally->first_event < job->tally.first_event)
        job->tally.first_event = tally->first_event;
    if (tally->last_event > job->tally.last_event)
        job->tally.last_event = tally->last_event;
}

static char *error_json(const struct fault *fault)
{
    struct jv *body = jv_object(), *error = jv_object();
    jv_set_text(error, "code", fault->code);
    jv_set_text(error, "message", fault->message);
    jv_set(body, "error", error);
    char *text = jv_write(body);
    jv_destroy(&body);
    return text;
}

static char *summary_json(const struct job *job)
{
    struct jv *summary = jv_object();
    jv_set_number(summary, "stored", job->tally.stored);
    jv_set_number(summary, "duplicates", job->tally.duplicates);
    jv_set_number(summary, "errors", (double)job->errors);
    jv_set_number(summary, "first_event", (double)job->tally.first_event);
    jv_set_number(summary, "last_event", (double)job->tally.last_event);
    char *text = jv_write(summary);
    jv_destroy(&summary);
    return text;
}

zmsg_t *job_answer(struct job *job)
{
    zmsg_t *answer = zmsg_new();
    if (job->refused || job->summary) {
        char *text = job->refused ? error_json(&job->fault) : summary_json(job);
        zmsg_addstr(answer, text);
        free(text);
    } else if (job->in_batch) {
        static const char begin[] = "{\"results\":[", end[] = "]}";
        size_t bytes = sizeof begin - 1 + job->reply.length + sizeof end - 1;
        zframe_t *frame = zframe_new(NULL, bytes);
        byte *at = zframe_data(frame);
        memcpy(at, begin, sizeof begin - 1);
        memcpy(at + sizeof begin - 1, job->reply.text, job->reply.length);
        memcpy(at + bytes - (sizeof end - 1), end, sizeof end - 1);
        zmsg_append(answer, &frame);
    } else {
        zmsg_addmem(answer, job->reply.text, job->reply.length);
    }
    return answer;
}
