#include "catalog/revision/proposal_table.h"

#include "catalog/revision/csv_line.h"
#include "common/json_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const proposal_heads[PROPOSAL_COLUMNS] = {
    "部门",   "代码",       "一级目录",     "二级目录", "三级目录", "四级目录",
    "项目数", "金额（元）", "典型项目名称", "备注",     "项目编号"};

size_t proposal_table_columns(const struct proposal_table *table)
{
    return table->lists ? PROPOSAL_COLUMNS : PROPOSAL_COLUMNS - 1;
}

struct proposal_table proposal_table_make(struct proposals *proposals, const char *revision,
                                          size_t looked_at, size_t least)
{
    struct proposal_table table = {.revision = revision,
                                   .complete = proposals_are_complete(proposals),
                                   .looked_at = looked_at,
                                   .unfit = proposals_added(proposals),
                                   .lists = proposals_do_list(proposals)};
    table.all = proposals_finish(proposals, least, &table.count);
    return table;
}

const char *proposal_remark(const struct proposal *proposal)
{
    static const char *const remarks[][2] = {
        [PLACE_NONE] = {"没有上级", "没有上级"},
        [PLACE_OWN] = {"上级待定", ""},
        [PLACE_EARLIER] = {"上级待定，取自此前的目录", "上级取自此前的目录"},
        [PLACE_OTHER] = {"上级待定，取自其他部门", "上级取自其他部门"}};
    return remarks[proposal->place][proposal->sure];
}

void proposal_row_make(struct proposal_row *row, const struct proposal *proposal)
{
    struct strbuf names = {0}, ids = {0};
    for (size_t i = 0; i < PROPOSAL_NAMES && proposal->names[i]; i++)
        strbuf_printf(&names, "%s%s", i ? "；" : "", proposal->names[i]);
    strbuf_puts(&ids, "");
    for (size_t i = 0; i < proposal->listed; i++)
        strbuf_printf(&ids, "%s%s", i ? "；" : "", proposal->projects[i].id);
    row->names = strbuf_take(&names);
    row->ids = strbuf_take(&ids);
    snprintf(row->count, sizeof row->count, "%zu", proposal->count);
    snprintf(row->yuan, sizeof row->yuan, "%.2f", proposal->yuan);
    const char *cells[PROPOSAL_COLUMNS] = {proposal->department,
                                           proposal->code,
                                           proposal->upper[0],
                                           proposal->upper[1],
                                           proposal->upper[2],
                                           proposal->item,
                                           row->count,
                                           row->yuan,
                                           row->names,
                                           proposal_remark(proposal),
                                           row->ids};
    memcpy(row->cells, cells, sizeof cells);
}

void proposal_row_free(struct proposal_row *row)
{
    free(row->names);
    free(row->ids);
    row->names = row->ids = NULL;
}

/* The names of projects are foreign text. */
static char *harmless(const char *text)
{
    struct strbuf out = {0};
    strbuf_printf(&out, "%s%s", csv_is_formula(text) ? "'" : "", text);
    return strbuf_take(&out);
}

void proposal_table_csv(const struct proposal_table *table, struct strbuf *out)
{
    size_t columns = proposal_table_columns(table);
    csv_line(out, proposal_heads, columns);
    for (size_t i = 0; i < table->count; i++) {
        struct proposal_row row;
        char *cells[PROPOSAL_COLUMNS];
        proposal_row_make(&row, &table->all[i]);
        for (size_t c = 0; c < columns; c++)
            cells[c] = harmless(row.cells[c]);
        csv_line(out, (const char *const *)cells, columns);
        for (size_t c = 0; c < columns; c++)
            free(cells[c]);
        proposal_row_free(&row);
    }
}

static void write_projects(struct jw *writer, const struct proposal *proposal)
{
    jw_key(writer, "results");
    jw_array(writer);
    for (size_t i = 0; i < proposal->listed; i++) {
        jw_object(writer);
        jw_set_integer(writer, "number", proposal->projects[i].result);
        jw_set_text(writer, "project", proposal->projects[i].id);
        jw_end_object(writer);
    }
    jw_end_array(writer);
}

static void write_proposal(struct jw *writer, const struct proposal *proposal, bool lists)
{
    static const char *const places[] = {[PLACE_NONE] = "none",
                                         [PLACE_OWN] = "own",
                                         [PLACE_EARLIER] = "earlier",
                                         [PLACE_OTHER] = "other"};
    jw_object(writer);
    jw_set_text(writer, "department", proposal->department);
    jw_set_text(writer, "code", proposal->code);
    jw_key(writer, "path");
    jw_array(writer);
    for (size_t level = 0; level < 3 && *proposal->upper[level]; level++)
        jw_text(writer, proposal->upper[level]);
    jw_end_array(writer);
    jw_set_text(writer, "item", proposal->item);
    jw_set_text(writer, "place", places[proposal->place]);
    jw_key(writer, "sure");
    jw_bool(writer, proposal->sure);
    jw_set_integer(writer, "projects", (long long)proposal->count);
    jw_set_number(writer, "amount_yuan", proposal->yuan);
    jw_key(writer, "names");
    jw_array(writer);
    for (size_t i = 0; i < PROPOSAL_NAMES && proposal->names[i]; i++)
        jw_text(writer, proposal->names[i]);
    jw_end_array(writer);
    if (lists)
        write_projects(writer, proposal);
    jw_end_object(writer);
}

void proposal_table_json(const struct proposal_table *table, struct strbuf *out)
{
    struct jw *writer = jw_new();
    jw_begin(writer, out);
    jw_object(writer);
    jw_set_text(writer, "revision", table->revision);
    jw_key(writer, "complete");
    jw_bool(writer, table->complete);
    jw_set_integer(writer, "projects", (long long)table->looked_at);
    jw_set_integer(writer, "unfit", (long long)table->unfit);
    jw_key(writer, "proposals");
    jw_array(writer);
    for (size_t i = 0; i < table->count; i++)
        write_proposal(writer, &table->all[i], table->lists);
    jw_end_array(writer);
    jw_end_object(writer);
    jw_destroy(&writer);
}
