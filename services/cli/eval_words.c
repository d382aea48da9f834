#include "services/cli/eval_words.h"

#include <string.h>

const char *kind_word(enum kind kind)
{
    static const char *const words[KINDS + 1] = {"服务",     "货物",     "工程",    "人员经费",
                                                 "补助补贴", "内部支出", "未能判断"};
    return words[kind];
}

const char *decision_word(enum decision decision)
{
    static const char *const words[] = {"通过", "待审", "不属政府购买服务"};
    return words[decision];
}

const char *decision_word_of(const char *name)
{
    for (int d = DECISION_AUTO; name && d <= DECISION_NONE; d++)
        if (strcmp(name, decision_name((enum decision)d)) == 0)
            return decision_word((enum decision)d);
    return name ? name : "";
}

const char *difficulty_word(const char *name)
{
    static const char *const words[DIFFICULTIES] = {"容易", "中等", "困难", "真实"};
    for (int d = 0; d < DIFFICULTIES; d++)
        if (strcmp(name, difficulty_names[d]) == 0)
            return words[d];
    return name;
}

const char *department_word(const char *name)
{
    return strcmp(name, "B") == 0 ? "B类通用" : name;
}

const char *figure_word(enum figure figure)
{
    static const char *const words[FIGURES] = {
        "首位正确率",         "首位正确率（困难）", "前三正确率",     "非购买服务 F1",
        "非服务性质判断正确", "自动通过覆盖率",     "自动通过正确率", "校准误差（ECE）"};
    return words[figure];
}

static void words(struct strbuf *out, const char *kind, const char *department, const char *code,
                  const char *name)
{
    if (!code) {
        strbuf_puts(out, kind);
        return;
    }
    if (department && strcmp(department, "B") != 0)
        strbuf_printf(out, "%s ", department);
    strbuf_puts(out, code);
    if (name)
        strbuf_printf(out, " %s", name);
}

void meaning_words(struct strbuf *out, struct meaning meaning)
{
    words(out, kind_word(meaning.kind), meaning.department, meaning.code, meaning.name);
}

void meaning_words_before(struct strbuf *out, const struct jv *outcome)
{
    const char *kind = jv_get_text(outcome, "said_kind");
    enum kind said = kind ? kind_of_name(kind) : KINDS;
    bool item = said == KIND_SERVICE;
    words(out, kind_word(said), item ? jv_get_text(outcome, "said_department") : NULL,
          item ? jv_get_text(outcome, "said_code") : NULL, jv_get_text(outcome, "said_name"));
}
