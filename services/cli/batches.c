#include "services/cli/batches.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    BATCH_PROJECTS = 256,
    BATCH_BYTES = 4 << 20, /* a request stays well under the broker's limit on messages */
};
static const char body_begin[] = "{\"projects\":[", body_end[] = "]}";

/* The batch that is being filled. */
struct filling {
    struct batches *batches;
    const struct project_limits *limits;
    struct strbuf body;
    char *ids[BATCH_PROJECTS];
    size_t projects;
};

static void close_batch(struct filling *filling)
{
    if (filling->projects == 0)
        return;
    struct batches *batches = filling->batches;
    strbuf_puts(&filling->body, body_end);
    if ((batches->count & (batches->count - 1)) == 0) /* full at every power of two */
        batches->all = xrealloc(batches->all,
                                (batches->count ? 2 * batches->count : 1) * sizeof *batches->all);
    struct batch *batch = &batches->all[batches->count++];
    *batch = (struct batch){.bytes = filling->body.length, .projects = filling->projects};
    batch->body = strbuf_take(&filling->body);
    batch->ids = xcalloc(filling->projects, sizeof *batch->ids);
    memcpy(batch->ids, filling->ids, filling->projects * sizeof *batch->ids);
    batches->projects += filling->projects;
    filling->projects = 0;
}

/* The id that the engine will use (catalog/engine/engine.h): its own, or one made from its content. */
static char *id_of(const struct jv *project)
{
    const char *id = jv_get_text(project, "id");
    if (id && *id && strlen(id) <= PROJECT_ID_BYTES)
        return xstrdup(id);
    unsigned char digest[crypto_hash_sha256_BYTES];
    char hex[2 * sizeof digest + 1];
    char *text = jv_write(project);
    crypto_hash_sha256(digest, (const unsigned char *)text, strlen(text));
    free(text);
    sodium_bin2hex(hex, sizeof hex, digest, sizeof digest);
    struct strbuf made = {0};
    strbuf_printf(&made, "sha-%.16s", hex);
    return strbuf_take(&made);
}

/* Adds a project whose text is `json`. */
static int add_project(struct filling *filling, const struct jv *project, const char *json,
                       size_t bytes, struct fault *fault)
{
    if (!jv_is_object(project))
        return fault_set(fault, "project.not_an_object", "项目应当是一个 JSON 对象");
    if (bytes > filling->limits->project_bytes)
        return fault_set(fault, "project.too_large", "项目共 %zu 字节，超过上限 %zu 字节", bytes,
                         filling->limits->project_bytes);
    if (filling->projects == BATCH_PROJECTS ||
        (filling->projects > 0 && filling->body.length + bytes > BATCH_BYTES))
        close_batch(filling);
    strbuf_puts(&filling->body, filling->projects ? "," : body_begin);
    strbuf_add(&filling->body, json, bytes);
    filling->ids[filling->projects++] = id_of(project);
    return 0;
}

static int add_list(struct filling *filling, const struct jv *list, struct fault *fault)
{
    size_t count = jv_count(list);
    if (!jv_is_array(list))
        return fault_set(fault, "batch.not_an_array", "“projects”应当是数组");
    if (count == 0)
        return fault_set(fault, "batch.empty", "批次中没有项目");
    if (count > filling->limits->batch)
        return fault_set(
            fault, "batch.too_large",
            "一批最多 %zu 个项目，收到 %zu 个：请分批，或改用每行一个项目的 JSON Lines",
            filling->limits->batch, count);
    for (size_t i = 0; i < count; i++) {
        char *text = jv_write(jv_at(list, i));
        int status = add_project(filling, jv_at(list, i), text, strlen(text), fault);
        free(text);
        if (status)
            return -1;
    }
    return 0;
}

/* A JSON text that is the whole input. */
static int add_text(struct filling *filling, const struct jv *json, struct fault *fault)
{
    if (jv_is_array(json))
        return add_list(filling, json, fault);
    if (jv_get(json, "projects"))
        return add_list(filling, jv_get(json, "projects"), fault);
    struct project project;
    if (project_read(&project, json, filling->limits, fault))
        return -1;
    project_clear(&project);
    char *text = jv_write(json);
    int status = add_project(filling, json, text, strlen(text), fault);
    free(text);
    return status;
}

static int add_line(struct filling *filling, const char *line, size_t bytes, size_t number,
                    struct fault *fault)
{
    struct fault why;
    struct jv *json = jv_read(line, bytes, &why);
    int status = json ? add_project(filling, json, line, bytes, &why) : -1;
    jv_destroy(&json);
    if (status)
        fault_set(fault, why.code, "第 %zu 行：%s", number, why.message);
    return status;
}

/* The line without white space at its ends, JSON's own. */
static size_t trim(const char **line, size_t bytes)
{
    static const char white[] = " \t\r\n";
    while (bytes > 0 && strchr(white, **line) && **line)
        (*line)++, bytes--;
    while (bytes > 0 && (*line)[bytes - 1] && strchr(white, (*line)[bytes - 1]))
        bytes--;
    return bytes;
}

static int add_lines(struct filling *filling, const struct strbuf *input, struct fault *fault)
{
    const char *end = input->text + input->length;
    size_t number = 0;
    for (const char *line = input->text; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        const char *next = stop ? stop + 1 : end;
        size_t bytes = trim(&line, (size_t)((stop ? stop : end) - line));
        number++;
        if (bytes > 0 && add_line(filling, line, bytes, number, fault))
            return -1;
        line = next;
    }
    return 0;
}

static int read_all(struct strbuf *input, FILE *file, struct fault *fault)
{
    char part[1 << 16];
    size_t length;
    while ((length = fread(part, 1, sizeof part, file)) > 0)
        strbuf_add(input, part, length);
    if (ferror(file))
        return fault_set(fault, "input.unreadable", "读取失败：%m");
    if (input->length >= 3 && memcmp(input->text, "\xEF\xBB\xBF", 3) == 0)
        memset(input->text, ' ', 3); /* the mark that editors on Windows put before UTF-8 */
    return 0;
}

/* Whether the text has but one line that is not empty. */
static bool is_one_line(const char *text, size_t bytes)
{
    return !memchr(text, '\n', bytes);
}

static int fill(struct filling *filling, const struct strbuf *input, struct fault *fault)
{
    const char *text = input->text ? input->text : "";
    size_t bytes = trim(&text, input->length);
    if (bytes == 0)
        return fault_set(fault, "input.empty", "输入中没有项目");
    const char *stop = memchr(text, '\n', bytes);
    struct jv *first = jv_read(text, stop ? (size_t)(stop - text) : bytes, NULL);
    bool lines = first && !is_one_line(text, bytes);
    jv_destroy(&first);
    if (lines)
        return add_lines(filling, input, fault);
    struct jv *whole = jv_read(text, bytes, fault);
    int status = whole ? add_text(filling, whole, fault) : -1;
    jv_destroy(&whole);
    return status;
}

int batches_read(struct batches *batches, FILE *file, const struct project_limits *limits,
                 struct fault *fault)
{
    *batches = (struct batches){0};
    struct filling filling = {.batches = batches, .limits = limits};
    struct strbuf input = {0};
    int status = read_all(&input, file, fault) || fill(&filling, &input, fault) ? -1 : 0;
    close_batch(&filling);
    strbuf_free(&filling.body);
    strbuf_free(&input);
    return status;
}

void batches_clear(struct batches *batches)
{
    for (size_t i = 0; i < batches->count; i++) {
        struct batch *batch = &batches->all[i];
        for (size_t j = 0; j < batch->projects; j++)
            free(batch->ids[j]);
        free(batch->ids);
        free(batch->body);
    }
    free(batches->all);
    *batches = (struct batches){0};
}
