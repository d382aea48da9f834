#include "services/cli/result_table.h"

#include "common/strbuf.h"
#include "common/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 6, NAME_CODE_POINTS = 18 };
static const char *const titles[COLUMNS] = {"项目", "代码", "路径", "置信度", "判定", "发现数"};

static void add_row(struct columns *table, const char *const cells[COLUMNS])
{
    for (int i = 0; i < COLUMNS; i++)
        columns_add(table, cells[i]);
}

void result_table_begin(struct columns *table)
{
    *table = (struct columns){.count = COLUMNS};
    add_row(table, titles);
}

/* A long name is cut, so that a row stays on a line. */
static char *short_name(const char *name)
{
    if (text_length(name) <= NAME_CODE_POINTS)
        return xstrdup(name);
    char *begin = text_cut(name, (struct span){0, NAME_CODE_POINTS - 1});
    struct strbuf cut = {0};
    strbuf_printf(&cut, "%s…", begin);
    free(begin);
    return strbuf_take(&cut);
}

static const char *decision_text(const char *decision)
{
    static const struct {
        const char *decision, *text;
    } names[] = {{"auto", "通过"}, {"review", "待审"}, {"none", "不属政府购买服务"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(decision, names[i].decision) == 0)
            return names[i].text;
    return decision;
}

static char *path_text(const struct jv *candidate)
{
    const struct jv *path = jv_get(candidate, "path");
    const char *department = jv_get_text(candidate, "department");
    struct strbuf text = {0};
    strbuf_puts(&text, department ? department : "");
    for (size_t i = 0; i < jv_count(path); i++) {
        const char *name = jv_text(jv_at(path, i));
        strbuf_printf(&text, "%s%s", text.length ? "/" : "", name ? name : "");
    }
    return strbuf_take(&text);
}

void result_table_add(struct columns *table, const char *name, const struct jv *result)
{
    const struct jv *error = jv_get(result, "error");
    const char *decision = jv_get_text(result, "decision");
    bool none = !decision || strcmp(decision, "none") == 0;
    const struct jv *candidate = none ? NULL : jv_at(jv_get(result, "candidates"), 0);
    const char *code = jv_get_text(candidate, "code");
    const char *message = jv_get_text(error, "message");
    char confidence[16], findings[24];
    snprintf(confidence, sizeof confidence, "%.2f", jv_get_number(result, "confidence", 0));
    snprintf(findings, sizeof findings, "%zu", jv_count(jv_get(result, "findings")));
    char *path = message ? xstrdup(message) : path_text(candidate);
    char *shown = short_name(name);
    const char *cells[COLUMNS] = {shown,
                                  code ? code : "—",
                                  *path ? path : "—",
                                  error ? "—" : confidence,
                                  decision ? decision_text(decision) : "出错",
                                  error ? "—" : findings};
    add_row(table, cells);
    free(shown);
    free(path);
}
