#include "catalog/revision/proposal_parts.h"

#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>

/* A name (free()) without the year and number by which projects of one kind differ. */
char *proposal_bare_name(const char *name)
{
    struct strbuf bare = {0};
    strbuf_puts(&bare, "");
    while (*name) {
        static const char *const units[] = {"年度", "年", "月份", "月", "号", "期", "批"};
        size_t digits = strspn(name, "0123456789");
        if (!digits) {
            strbuf_add(&bare, name++, 1);
            continue;
        }
        name += digits;
        for (size_t i = 0; i < sizeof units / sizeof *units; i++)
            if (strncmp(name, units[i], strlen(units[i])) == 0) {
                name += strlen(units[i]);
                break;
            }
    }
    return strbuf_take(&bare);
}

static bool ends_in(const char *name, size_t length, const char *end)
{
    size_t bytes = strlen(end);
    return length > bytes && memcmp(name + length - bytes, end, bytes) == 0;
}

/* How much of a name is left without what a budget line puts behind a service: 项目, 经费 … */
static size_t without_budget_words(const char *name, size_t length)
{
    static const char *const words[] = {"项目", "经费", "费用", "费"};
    static const char *const others[] = {"收费", "缴费", "免费", "计费", "消费"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (ends_in(name, length, others[i]))
            return length;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (ends_in(name, length, words[i]))
            return without_budget_words(name, length - strlen(words[i])); /* 项目经费 has two */
    return length;
}

char *proposal_item_name(const char *name)
{
    struct strbuf item = {0};
    size_t length = without_budget_words(name, strlen(name));
    strbuf_add(&item, name, length);
    if (!ends_in(name, length, "服务"))
        strbuf_puts(&item, "服务");
    return strbuf_take(&item);
}
