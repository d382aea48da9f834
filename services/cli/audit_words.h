#ifndef JINMU_AUDIT_WORDS_H
#define JINMU_AUDIT_WORDS_H

#include "catalog/checks/severity.h"
#include "common/json.h"
#include "common/strbuf.h"

#include <stdbool.h>

/* The words of an audit's reports, the same in the terminal, on the page and in the sheet. */

/* Of a finding as JSON: its severity, and whether it was accepted. */
enum severity finding_severity(const struct jv *finding);
const char *severity_label(enum severity severity); /* 错误 */
bool finding_is_accepted(const struct jv *finding);
/* "description" → "项目概况", "indicators[3].value" → "绩效指标", "" → "" */
const char *field_label(const char *field);
/* The words that a finding rests on (free()), "" when it names none, with … for what is cut off. */
char *finding_quote(const struct jv *project, const struct jv *finding);
/* "自动通过", "待人工审核", "非购买服务" */
const char *decision_label(const struct jv *result);
/* "服务", "货物" … */
const char *kind_label(const struct jv *result);
/* "A160603 政务服务事项标准化服务" of the first candidate, "" when the result gives no code. */
void code_words(struct strbuf *out, const struct jv *result);
/* "80万元" of a member in yuan; "" when it is not there. */
void yuan_words(struct strbuf *out, const struct jv *object, const char *member);
/* How many findings of an entry are open. */
size_t open_findings(const struct jv *findings);

#endif
