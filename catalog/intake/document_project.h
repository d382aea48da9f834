#ifndef JINMU_DOCUMENT_PROJECT_H
#define JINMU_DOCUMENT_PROJECT_H

#include "catalog/intake/document_table.h"
#include "common/json.h"

#include <stdbool.h>
#include <stdint.h>

/* What one 绩效目标表 says. Texts are owned and never NULL; money in fen, -1 when not stated. */
struct document_project {
    char *name, *unit, *department, *attribute, *term;
    char *description, *basis, *necessity, *measures, *plan;
    char *goals, *term_goals; /* 年度目标, 实施期目标 */
    int64_t amount_fen, total_fen;
    bool unit_stated; /* the money's unit (元, 万元) stood in the table */
    bool amount_irregular;
    double term_years; /* 0: not stated */
    int year;          /* 0: not stated */
    size_t line;       /* of 项目名称, else of the table's beginning */
    struct jv *indicators, *funding;
    struct jv *findings; /* intake_findings */
};

/* Reads the rows of a table. Never fails: what could not be read is in the findings. */
void document_project_read(struct document_project *project, const struct labels *labels,
                           const struct lines *lines, const struct table *table);
void document_project_clear(struct document_project *project);

/* Adds {"code","severity","message","line"} to an array; the message is for clerks, in Chinese. */
void document_finding(struct jv *findings, const char *code, const char *severity, size_t line,
                      const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The years that 项目期 says: "99年" 99, "2026年1月至2027年6月" 1.5, "三年" 3, "6个月" 0.5; 0 when it
 * says none. */
double document_term_years(struct slice text);
/* The first year from 2000 to 2099 that stands before 年; 0 when there is none. */
int document_year(struct slice text);

#endif
