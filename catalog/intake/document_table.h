#ifndef JINMU_DOCUMENT_TABLE_H
#define JINMU_DOCUMENT_TABLE_H

#include "catalog/intake/document_label.h"
#include "catalog/intake/document_lines.h"

#include <stdbool.h>
#include <stddef.h>

/* A cell that is not empty, with the label that it begins with, if any. */
struct token {
    struct slice cell;
    size_t column;
    struct label_match match; /* label LABEL_NONE when there is none */
};
/* The tokens of a row; the memory is used again ({0} at first). */
struct tokens {
    struct token *all;
    size_t count, capacity;
};
void tokens_read(struct tokens *tokens, const struct labels *labels, const struct row *row);
void tokens_free(struct tokens *tokens);
/* What follows a label in its own cell. */
struct slice token_rest(const struct token *token);

/* Whether a row is the last of its table: 负责人, 经办人, 填报日期 side by side. */
bool tokens_sign_off(const struct tokens *tokens);

/* The rows [first, end) of one 绩效目标表. */
struct table {
    size_t first, end;
    size_t name_row; /* SIZE_MAX when its 项目名称 was not found */
    bool signed_off; /* its last row, with 负责人 and 填报日期, was found */
};
/* The 绩效目标表 of a document in their order, page breaks and repeated headings within them
 * bridged. free(). */
struct table *tables_find(const struct labels *labels, const struct lines *lines, size_t *count);

/* Whether a row is a title such as 晋城市市级预算部门（单位）项目支出绩效目标表, and not a line of the
 * table of contents. */
bool table_is_title(const struct labels *labels, const struct row *row);
/* Whether a row is a heading of the document that no 绩效目标表 can go beyond. */
bool table_is_section(const struct labels *labels, const struct row *row);

#endif
