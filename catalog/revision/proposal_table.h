#ifndef JINMU_PROPOSAL_TABLE_H
#define JINMU_PROPOSAL_TABLE_H

#include "catalog/revision/proposal.h"
#include "common/strbuf.h"

/* Proposals as rows for people and programs, in the form of the catalog. */
struct proposal_table {
    const char *revision;
    bool complete;           /* proposals_are_complete */
    size_t looked_at, unfit; /* projects, and those that no item fits */
    const struct proposal *all;
    size_t count;
    bool lists; /* projects */
};

/* The table of what was added, as proposals_finish gives it; `looked_at` projects were read for it. */
struct proposal_table proposal_table_make(struct proposals *proposals, const char *revision,
                                          size_t looked_at, size_t least);

/* 部门, 代码, the four levels, 项目数, 金额（元）, 典型项目名称, 备注; 项目编号 when projects are listed. */
enum {
    PROPOSAL_COLUMNS = 11,
    PROPOSAL_COUNT_COLUMN = 6,
    PROPOSAL_YUAN_COLUMN = 7,
};
extern const char *const proposal_heads[PROPOSAL_COLUMNS];
size_t proposal_table_columns(const struct proposal_table *table);

/* A proposal's cells; valid until proposal_row_free and as long as the proposal. */
struct proposal_row {
    const char *cells[PROPOSAL_COLUMNS];
    char count[24], yuan[32];
    char *names; /* typical ones in one text */
    char *ids;
};
void proposal_row_make(struct proposal_row *row, const struct proposal *proposal);
void proposal_row_free(struct proposal_row *row);

/* What a person has to know of its place, "" nothing. */
const char *proposal_remark(const struct proposal *proposal);

/* Rows of CSV with a header. A text that a spreadsheet would take for a formula gets an apostrophe. */
void proposal_table_csv(const struct proposal_table *table, struct strbuf *out);
/* Proposals of the HTTP API. */
void proposal_table_json(const struct proposal_table *table, struct strbuf *out);

#endif
