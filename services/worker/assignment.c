#include "services/worker/assignment.h"

#include "common/json.h"

#include <stdlib.h>
#include <string.h>

enum {
    BATCH_PROJECTS = 64,   /* of one message to the collector: its commits stay short */
    BATCH_BYTES = 1 << 20, /* the same, for large projects */
};

static void read_options(struct assignment *assignment, zframe_t *frame)
{
    struct jv *options =
        frame ? jv_read((const char *)zframe_data(frame), zframe_size(frame), NULL) : NULL;
    const char *reply = jv_get_text(options, "reply");
    assignment->summary = reply && strcmp(reply, "summary") == 0;
    assignment->forgotten = !jv_get_bool(options, "store", true);
    assignment->again = jv_get_bool(options, "again", false);
    jv_destroy(&options);
}

/* What stands behind the third dot of an address of our broker (mdp.h); 0 in any other. */
static int64_t submitted_of(zframe_t *client)
{
    char *address = zframe_strdup(client), *at = address, *end;
    for (int dots = 0; at && dots < 3; dots++)
        if ((at = strchr(at, '.')))
            at++;
    int64_t submitted = at ? strtoll(at, &end, 10) : 0;
    bool fits = at && end > at && !*end && submitted > 0;
    free(address);
    return fits ? submitted : 0;
}

struct assignment *assignment_new(zframe_t **client, zmsg_t **request)
{
    struct assignment *assignment = xcalloc(1, sizeof *assignment);
    assignment->client = *client;
    *client = NULL;
    assignment->body = zmsg_pop(*request);
    if (!assignment->body)
        assignment->body = zframe_new_empty();
    read_options(assignment, zmsg_first(*request));
    /* The addresses of our broker tell the priority (mdp.h). */
    assignment->bulk = zframe_size(assignment->client) > 2 &&
                       memcmp(zframe_data(assignment->client), "b.", 2) == 0;
    assignment->submitted = submitted_of(assignment->client);
    zmsg_destroy(request);
    return assignment;
}

void assignment_destroy(struct assignment **assignment)
{
    if (!*assignment)
        return;
    zframe_destroy(&(*assignment)->client);
    zframe_destroy(&(*assignment)->body);
    strbuf_free(&(*assignment)->reply);
    free(*assignment);
    *assignment = NULL;
}

static struct wire_text project_text(const struct judged *judged, size_t limit)
{
    if (judged->project_bytes > limit)
        return wire_text_of("null");
    return (struct wire_text){judged->project, judged->project_bytes};
}

void assignment_add(struct assignment *assignment, const struct judged *judged,
                    int64_t microseconds, struct strbuf *records, size_t project_bytes)
{
    assignment->in_batch = judged->in_batch;
    assignment->errors += judged->is_error;

    if (!assignment->summary) {
        if (assignment->reply.length > 0)
            strbuf_puts(&assignment->reply, ",");
        strbuf_add(&assignment->reply, judged->json, judged->json_bytes);
    }
    if (!assignment->forgotten && (!judged->is_error || judged->in_batch)) {
        struct wire_record record = {
            .is_error = judged->is_error,
            .again = assignment->again,
            .confidence = judged->confidence,
            .findings = (uint32_t)judged->findings,
            .microseconds = (uint32_t)(microseconds < UINT32_MAX ? microseconds : UINT32_MAX),
            .id = wire_text_of(judged->id),
            .content_hash = wire_text_of(judged->content_hash),
            .revision = wire_text_of(judged->catalog),
            .department = wire_text_of(judged->department),
            .decision = wire_text_of(judged->is_error ? "error" : judged->decision),
            .kind = wire_text_of(judged->kind),
            .unit = wire_text_of(judged->unit),
            .project = project_text(judged, project_bytes),
            .result = {judged->json, judged->json_bytes}};
        wire_write_record(records, &record);
    }
}

/* The judging of one assignment. */
struct judging {
    struct assignment *assignment;
    const struct judging_calls *calls;
    size_t project_bytes;
    struct strbuf records;
    size_t batched; /* projects in them */
    int64_t since;  /* when the judging of the next one began, µs */
};

static void hand_out(struct judging *judging)
{
    if (judging->records.length > 0)
        judging->calls->records(&judging->records, judging->calls->records_argument);
    judging->batched = 0;
}

static void on_judged(const struct judged *judged, void *argument)
{
    struct judging *judging = argument;
    assignment_add(judging->assignment, judged, zclock_usecs() - judging->since, &judging->records,
                   judging->project_bytes);
    if (++judging->batched >= BATCH_PROJECTS || judging->records.length >= BATCH_BYTES)
        hand_out(judging);
    if (judging->calls->project)
        judging->calls->project(judging->calls->project_argument);
    judging->since = zclock_usecs();
}

void assignment_judge(struct assignment *assignment, struct judge *judge, size_t project_bytes,
                      const struct judging_calls *calls)
{
    struct judging judging = {.assignment = assignment,
                              .calls = calls,
                              .project_bytes = project_bytes,
                              .since = zclock_usecs()};
    if (judge_body(judge, (const char *)zframe_data(assignment->body),
                   zframe_size(assignment->body), on_judged, &judging, &assignment->fault))
        assignment->refused = true;
    hand_out(&judging);
    strbuf_free(&judging.records);
}

void assignment_stored(struct assignment *assignment, const struct wire_tally *tally,
                       const struct fault *fault)
{
    assignment->unstored--;
    if (fault) {
        assignment->refused = true;
        assignment->fault = *fault;
        return;
    }
    assignment->tally.stored += tally->stored;
    assignment->tally.duplicates += tally->duplicates;
    bool has_event = tally->first_event > 0; /* none when all of it was outdated */
    if (has_event &&
        (!assignment->tally.first_event || tally->first_event < assignment->tally.first_event))
        assignment->tally.first_event = tally->first_event;
    if (tally->last_event > assignment->tally.last_event)
        assignment->tally.last_event = tally->last_event;
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

static char *summary_json(const struct assignment *assignment)
{
    struct jv *summary = jv_object();
    jv_set_number(summary, "stored", assignment->tally.stored);
    jv_set_number(summary, "duplicates", assignment->tally.duplicates);
    jv_set_number(summary, "errors", (double)assignment->errors);
    jv_set_number(summary, "first_event", (double)assignment->tally.first_event);
    jv_set_number(summary, "last_event", (double)assignment->tally.last_event);
    char *text = jv_write(summary);
    jv_destroy(&summary);
    return text;
}

zmsg_t *assignment_answer(struct assignment *assignment)
{
    zmsg_t *answer = zmsg_new();
    if (assignment->refused || assignment->summary) {
        char *text =
            assignment->refused ? error_json(&assignment->fault) : summary_json(assignment);
        zmsg_addstr(answer, text);
        free(text);
    } else if (assignment->in_batch) {
        static const char begin[] = "{\"results\":[", end[] = "]}";
        size_t bytes = sizeof begin - 1 + assignment->reply.length + sizeof end - 1;
        zframe_t *frame = zframe_new(NULL, bytes);
        byte *at = zframe_data(frame);
        memcpy(at, begin, sizeof begin - 1);
        memcpy(at + sizeof begin - 1, assignment->reply.text, assignment->reply.length);
        memcpy(at + bytes - (sizeof end - 1), end, sizeof end - 1);
        zmsg_append(answer, &frame);
    } else {
        zmsg_addmem(answer, assignment->reply.text, assignment->reply.length);
    }
    return answer;
}
