#include "catalog/learn/cases.h"

#include "common/strbuf.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int read_label(struct labelled *labelled, struct fault *fault)
{
    const struct jv *label = jv_get(labelled->json, "label"), *also = jv_get(label, "also");
    const char *kind = jv_get_text(labelled->json, "kind");
    const char *code = jv_get_text(label, "code"),
               *department = jv_get_text(label, "department_label");
    labelled->kind = kind ? kind_of_name(kind) : code ? KIND_SERVICE : KINDS;
    if (!jv_is_object(label) || labelled->kind == KINDS)
        return fault_set(fault, "case.no_label", "a case needs 'label' and a known 'kind'");
    labelled->department = department ? department : "";
    labelled->difficulty = jv_get_text(labelled->json, "difficulty");
    if (!labelled->difficulty)
        labelled->difficulty = "";
    if (code)
        labelled->codes[labelled->code_count++] = code;
    for (size_t i = 0; i < jv_count(also) && labelled->code_count < CASE_CODES; i++)
        if (jv_text(jv_at(also, i)))
            labelled->codes[labelled->code_count++] = jv_text(jv_at(also, i));
    return 0;
}

static int read_case(struct labelled *labelled, struct jv *json, struct fault *fault)
{
    *labelled = (struct labelled){.json = json};
    if (json &&
        project_read(&labelled->project, labelled->json, &project_limits_default, fault) == 0 &&
        read_label(labelled, fault) == 0)
        return 0;
    project_clear(&labelled->project);
    jv_destroy(&labelled->json);
    return -1;
}

int cases_add(struct cases *cases, struct jv *json, struct fault *fault)
{
    cases->all = xrealloc(cases->all, (cases->count + 1) * sizeof *cases->all);
    if (read_case(&cases->all[cases->count], json, fault))
        return -1;
    cases->count++;
    return 0;
}

static void drop_from(struct cases *cases, size_t kept)
{
    for (size_t i = kept; i < cases->count; i++) {
        project_clear(&cases->all[i].project);
        jv_destroy(&cases->all[i].json);
    }
    cases->count = kept;
}

int cases_read(struct cases *cases, const char *path, struct fault *fault)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return fault_set(fault, "case.open", "%s: %s", path, strerror(errno));
    char *line = NULL;
    size_t capacity = 0, before = cases->count;
    int status = 0, number = 0;
    struct fault why = {0};
    for (ssize_t length; status == 0 && (length = getline(&line, &capacity, file)) > 0;) {
        number++;
        while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
            length--;
        if (length == 0)
            continue;
        status = cases_add(cases, jv_read(line, (size_t)length, &why), &why);
    }
    if (status) {
        drop_from(cases, before);
        fault_set(fault, why.code, "%s:%d: %s", path, number, why.message);
    }
    free(line);
    fclose(file);
    return status;
}

int cases_read_all(struct cases *cases, const char *data_directory, struct fault *fault)
{
    struct strbuf pattern = {0};
    strbuf_printf(&pattern, "%s/cases/*.jsonl", data_directory);
    glob_t found = {0};
    int status = 0;
    if (glob(pattern.text, 0, NULL, &found))
        status = fault_set(fault, "case.open", "no cases match %s", pattern.text);
    for (size_t i = 0; status == 0 && i < found.gl_pathc; i++)
        status = cases_read(cases, found.gl_pathv[i], fault);
    globfree(&found);
    strbuf_free(&pattern);
    return status;
}

void cases_free(struct cases *cases)
{
    drop_from(cases, 0);
    free(cases->all);
    *cases = (struct cases){0};
}

bool case_accepts(const struct labelled *labelled, const struct thesaurus *thesaurus,
                  const char *department, const char *code)
{
    for (size_t i = 0; i < labelled->code_count; i++)
        if (strcmp(labelled->codes[i], code) == 0)
            return code[0] == 'B' || thesaurus_department(thesaurus, department) ==
                                         thesaurus_department(thesaurus, labelled->department);
    return false;
}

const struct leaf *case_leaf(const struct labelled *labelled, const struct thesaurus *thesaurus,
                             const struct revision *revision)
{
    for (size_t i = 0; labelled->code_count && i < revision->leaf_count; i++) {
        const struct leaf *leaf = &revision->leaves[i];
        if (strcmp(leaf->code, labelled->codes[0]) == 0 &&
            case_accepts(labelled, thesaurus, leaf->department, leaf->code))
            return leaf;
    }
    return NULL;
}
