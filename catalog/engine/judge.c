#include "catalog/engine/engine.h"
#include "catalog/engine/result.h"
#include "common/strbuf.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HASH_BYTES = 32, HASH_HEX = HASH_BYTES * 2 + 1 };

struct judge {
    const struct engine *engine;
    struct project_limits limits;
    struct verdict verdict;
    struct strbuf project_text, result_text;
    struct jw *writer;
    struct checks_scratch *checks;
    struct findings findings;
    char hash[HASH_HEX];
    char id[PROJECT_ID_BYTES + 1];
    const struct revision *revision; /* of the last project, and how that one named it: */
    char revision_name[128];
    const char *catalog; /* by which the whole batch is judged; NULL: each by its own */
};

struct judge *judge_new(const struct engine *engine, const struct project_limits *limits)
{
    struct judge *judge = xcalloc(1, sizeof *judge);
    judge->engine = engine;
    judge->limits = limits ? *limits : project_limits_default;
    judge->writer = jw_new();
    judge->checks = checks_scratch_new(engine->checks);
    return judge;
}

void judge_destroy(struct judge **judge)
{
    if (!*judge)
        return;
    verdict_free(&(*judge)->verdict);
    strbuf_free(&(*judge)->project_text);
    strbuf_free(&(*judge)->result_text);
    jw_destroy(&(*judge)->writer);
    checks_scratch_destroy(&(*judge)->checks);
    findings_free(&(*judge)->findings);
    free(*judge);
    *judge = NULL;
}

/* Projects of a batch mostly name the same revision. */
static const struct revision *find_revision(struct judge *judge, const struct project *project,
                                            struct fault *fault)
{
    bool named = *project->catalog && strlen(project->catalog) < sizeof judge->revision_name;
    if (named && judge->revision && strcmp(judge->revision_name, project->catalog) == 0)
        return judge->revision;
    const struct revision *revision = verdict_revision(&judge->engine->mind, project, fault);
    if (named && revision) {
        judge->revision = revision;
        strcpy(judge->revision_name, project->catalog);
    }
    return revision;
}

/* A project without an id gets the one that the command line gives it too. */
static void make_id(struct judge *judge)
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    char hex[crypto_hash_sha256_BYTES * 2 + 1];
    crypto_hash_sha256(digest, (const unsigned char *)judge->project_text.text,
                       judge->project_text.length);
    sodium_bin2hex(hex, sizeof hex, digest, sizeof digest);
    snprintf(judge->id, sizeof judge->id, "sha-%.16s", hex);
}

static void take_identity(struct judge *judge, const struct jv *json)
{
    unsigned char digest[HASH_BYTES];
    strbuf_reset(&judge->project_text);
    jw_begin(judge->writer, &judge->project_text);
    jw_value(judge->writer, json);
    crypto_generichash(digest, sizeof digest, (const unsigned char *)judge->project_text.text,
                       judge->project_text.length, NULL, 0);
    sodium_bin2hex(judge->hash, sizeof judge->hash, digest, sizeof digest);
    const char *id = jv_get_text(json, "id");
    if (id && *id && strlen(id) <= PROJECT_ID_BYTES)
        strcpy(judge->id, id);
    else
        make_id(judge);
}

static int judge_texts(struct judge *judge, const struct project *project, struct judged *judged,
                       struct fault *fault)
{
    const struct revision *revision = find_revision(judge, project, fault);
    if (!revision)
        return -1;
    struct verdict *verdict = &judge->verdict;
    verdict_project(verdict, &judge->engine->mind, revision, project);
    judged->catalog = revision->number;
    judged->decision = decision_name(verdict->decision);
    judged->kind = kind_name(verdict->kind);
    judged->confidence = verdict->confidence;
    judged->unit = project->unit;
    if (verdict->ranking.top)
        judged->department = revision->leaves[verdict->ranking.all[0].leaf].department;
    else if (verdict->guesses.count)
        judged->department = verdict->guesses.all[0].name;
    checks_project(judge->checks, project, verdict, &judge->findings);
    judged->findings = findings_accept(&judge->findings, judge->engine->acceptances, judge->id);
    result_write(judge->writer, &judge->result_text, judge->engine, judge->id, verdict,
                 &judge->findings);
    return 0;
}

static void judge_one(struct judge *judge, const struct jv *json, bool in_batch, judged_fn *each,
                      void *argument)
{
    struct fault fault = {0};
    struct project project = {0};
    struct judged judged = {.in_batch = in_batch,
                            .catalog = "",
                            .department = "",
                            .decision = "error",
                            .kind = "",
                            .unit = ""};
    take_identity(judge, json);
    strbuf_reset(&judge->result_text);
    judged.is_error = project_read(&project, json, &judge->limits, &fault) != 0;
    if (!judged.is_error && !*project.id)
        project.id = judge->id; /* so that another project can be told of this one */
    if (!judged.is_error && judge->catalog)
        project.catalog = judge->catalog;
    judged.is_error = judged.is_error || judge_texts(judge, &project, &judged, &fault) != 0;
    if (judged.is_error)
        result_write_error(judge->writer, &judge->result_text, judge->id, &fault);
    judged.id = judge->id;
    judged.content_hash = judge->hash;
    judged.project = judge->project_text.text;
    judged.project_bytes = judge->project_text.length;
    judged.json = judge->result_text.text;
    judged.json_bytes = judge->result_text.length;
    each(&judged, argument);
    project_clear(&project);
}

void judge_remember(struct judge *judge, const struct jv *json)
{
    struct fault fault = {0};
    struct project project = {0};
    const struct thesaurus *thesaurus = judge->engine->mind.thesaurus;
    if (project_read(&project, json, &judge->limits, &fault) == 0) {
        reading_take(&judge->verdict.reading, thesaurus->folder, thesaurus->phrases,
                     project.fields);
        checks_remember(judge->checks, &project, &judge->verdict.reading);
    }
    project_clear(&project);
}

void judge_begin(struct judge *judge)
{
    checks_begin(judge->checks);
}

void judge_project(struct judge *judge, const struct jv *project, judged_fn *each, void *argument)
{
    judge_one(judge, project, false, each, argument);
}

static int judge_batch(struct judge *judge, const struct jv *body, judged_fn *each, void *argument,
                       struct fault *fault)
{
    const struct jv *projects = jv_get(body, "projects");
    if (!jv_is_array(projects))
        return fault_set(fault, "batch.not_an_array", "“projects”应当是数组");
    size_t count = jv_count(projects);
    if (count == 0)
        return fault_set(fault, "batch.empty", "批次中没有项目");
    if (count > judge->limits.batch)
        return fault_set(fault, "batch.too_large", "一批最多 %zu 个项目，收到 %zu 个：请分批提交",
                         judge->limits.batch, count);
    judge->catalog = jv_get_text(body, "catalog");
    for (size_t i = 0; i < count; i++)
        judge_one(judge, jv_at(projects, i), true, each, argument);
    judge->catalog = NULL;
    return 0;
}

int judge_body(struct judge *judge, const char *body, size_t bytes, judged_fn *each, void *argument,
               struct fault *fault)
{
    if (bytes > judge->limits.message_bytes)
        return fault_set(fault, "input.too_large", "消息共 %zu 字节，超过上限 %zu 字节", bytes,
                         judge->limits.message_bytes);
    struct jv *json = jv_read(body, bytes, fault);
    if (!json)
        return -1;
    int status = 0;
    judge_begin(judge);
    if (jv_get(json, "projects"))
        status = judge_batch(judge, json, each, argument, fault);
    else if (jv_is_object(json))
        judge_one(judge, json, false, each, argument);
    else
        status =
            fault_set(fault, "input.not_an_object", "应当是一个项目对象，或 {\"projects\":[…]}");
    jv_destroy(&json);
    return status;
}
