#include "catalog/project.h"

#include "common/strbuf.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct project_limits project_limits_default = {
    .project_bytes = 256 * 1024, .message_bytes = 8 * 1024 * 1024, .batch = 1024};

static const char *const field_names[FIELDS] = {"name",  "description", "plan",
                                                "goals", "necessity",   "basis"};

const char *field_name(enum field field)
{
    return field_names[field];
}

static int read_text(const struct jv *json, const char *member, const char **text,
                     struct fault *fault)
{
    const struct jv *value = jv_get(json, member);
    *text = "";
    if (jv_is_null(value))
        return 0;
    if (!jv_is_text(value))
        return fault_set(fault, "project.bad_type", "“%s”应当是文字", member);
    *text = jv_text(value);
    return 0;
}

static int read_number(const struct jv *json, const char *member, double otherwise, double *number,
                       struct fault *fault)
{
    const struct jv *value = jv_get(json, member);
    *number = otherwise;
    if (jv_is_null(value))
        return 0;
    if (!jv_is_number(value) || !isfinite(jv_number(value, 0)) || fabs(jv_number(value, 0)) > 9e13)
        return fault_set(fault, "project.bad_type", "“%s”应当是数字", member);
    *number = jv_number(value, otherwise);
    return 0;
}

static int read_money(const struct jv *json, const char *member, int64_t *fen, struct fault *fault)
{
    double yuan;
    if (read_number(json, member, -1, &yuan, fault))
        return -1;
    *fen = yuan < 0 ? -1 : (int64_t)llround(yuan * 100);
    return 0;
}

static int read_declarations(struct project *project, const struct jv *json, struct fault *fault)
{
    const struct jv *list = jv_get(json, "declared");
    if (jv_is_null(list))
        return 0;
    if (!jv_is_array(list))
        return fault_set(fault, "project.bad_type", "“declared”应当是数组");
    project->declared = xcalloc(jv_count(list), sizeof *project->declared);
    for (size_t i = 0; i < jv_count(list); i++) {
        struct declaration *declaration = &project->declared[project->declared_count++];
        const struct jv *one = jv_at(list, i);
        if (!jv_is_object(one))
            return fault_set(fault, "project.bad_type", "“declared”的每一项应当是对象");
        if (read_text(one, "code", &declaration->code, fault) ||
            read_text(one, "name", &declaration->name, fault) ||
            read_money(one, "amount_yuan", &declaration->amount_fen, fault))
            return -1;
    }
    return 0;
}

static bool is_blank(const char *text)
{
    static const char wide_space[] = "\u3000";
    text += strspn(text, " \t\r\n");
    while (strncmp(text, wide_space, sizeof wide_space - 1) == 0) {
        text += sizeof wide_space - 1;
        text += strspn(text, " \t\r\n");
    }
    return *text == 0;
}

static void add_member_bytes(const char *name, struct jv *value, void *bytes);

/* What the value takes at least when it is written, unknown members too, for those are kept. */
static size_t value_bytes(const struct jv *value)
{
    size_t bytes = 2; /* brackets, or a digit and a comma */
    if (jv_is_text(value))
        return bytes + strlen(jv_text(value));
    if (jv_is_object(value))
        jv_each(value, add_member_bytes, &bytes);
    for (size_t i = 0; jv_is_array(value) && i < jv_count(value); i++)
        bytes += value_bytes(jv_at(value, i));
    return bytes;
}

static void add_member_bytes(const char *name, struct jv *value, void *bytes)
{
    *(size_t *)bytes += strlen(name) + 3 + value_bytes(value);
}

static int read_id(struct project *project, const struct jv *json, struct fault *fault)
{
    if (read_text(json, "id", &project->id, fault))
        return -1;
    if (strlen(project->id) > PROJECT_ID_BYTES)
        return fault_set(fault, "project.id_too_long", "“id”超过 %d 字节", PROJECT_ID_BYTES);
    return 0;
}

static int read_members(struct project *project, const struct jv *json, struct fault *fault)
{
    double year, term;
    for (int f = 0; f < FIELDS; f++)
        if (read_text(json, field_names[f], &project->fields[f], fault))
            return -1;
    if (read_text(json, "catalog", &project->catalog, fault) ||
        read_text(json, "unit", &project->unit, fault) ||
        read_text(json, "department", &project->department, fault) ||
        read_text(json, "attribute", &project->attribute, fault) ||
        read_number(json, "year", 0, &year, fault) ||
        read_number(json, "term_years", 0, &term, fault) ||
        read_money(json, "amount_yuan", &project->amount_fen, fault) ||
        read_money(json, "total_yuan", &project->total_fen, fault))
        return -1;
    project->year = (int)fmax(0, fmin(year, 9999));
    project->term_years = term;
    return read_declarations(project, json, fault);
}

int project_read(struct project *project, const struct jv *json,
                 const struct project_limits *limits, struct fault *fault)
{
    *project = (struct project){.json = json, .id = ""};
    if (!jv_is_object(json))
        return fault_set(fault, "project.not_an_object", "项目应当是一个 JSON 对象");
    if (read_id(project, json, fault) || read_members(project, json, fault)) {
        project_clear(project);
        return -1;
    }
    if (is_blank(project->fields[FIELD_NAME])) {
        project_clear(project);
        return fault_set(fault, "project.name_missing", "缺少项目名称（name）");
    }
    size_t bytes = value_bytes(json);
    if (bytes > limits->project_bytes) {
        project_clear(project);
        return fault_set(fault, "project.too_large",
                         "项目共 %zu 字节，超过上限 %zu 字节：请删减或拆分", bytes,
                         limits->project_bytes);
    }
    return 0;
}

void project_clear(struct project *project)
{
    free(project->declared);
    project->declared = NULL;
    project->declared_count = 0;
}

const char *project_member_text(const struct jv *project, const char *field)
{
    char list[24], member[24];
    size_t index;
    if (!field)
        return NULL;
    if (!strchr(field, '['))
        return jv_get_text(project, field);
    if (sscanf(field, "%23[a-z_][%zu].%23[a-z_]", list, &index, member) != 3)
        return NULL;
    return jv_get_text(jv_at(jv_get(project, list), index), member);
}
