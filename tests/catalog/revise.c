#include "tests/catalog/revise.h"

#include "catalog/import/csv_table.h"
#include "common/strbuf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const fate_names[FATES] = {
    "same",   "renamed", "recoded", "moved (parent)", "moved (department)", "split",
    "merged", "removed", "added",   "restriction",    "upper renamed"};

enum { HAN = 3 }; /* bytes of a Chinese character */

struct draft {
    struct revised_row row;
    size_t level;
    bool leaf, touched, gone;
};

struct revising {
    struct draft *all;
    size_t count, capacity;
    struct revised *out;
    unsigned state;
    size_t invented;
};

static unsigned chance(struct revising *r, unsigned below)
{
    r->state = r->state * 1664525u + 1013904223u;
    return (r->state >> 8) % below;
}

static bool name_is_taken(const struct revising *r, const char *name)
{
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->all[i].row.name, name) == 0)
            return true;
    return false;
}

static struct draft *append(struct revising *r, const struct revised_row *row)
{
    if (r->count == r->capacity) {
        r->capacity = r->capacity * 2 + 2048;
        r->all = xrealloc(r->all, r->capacity * sizeof *r->all);
    }
    struct draft *draft = &r->all[r->count++];
    *draft = (struct draft){.row = *row, .level = (strlen(row->code) + 1) / 2};
    draft->leaf = draft->level == 4;
    return draft;
}

static void note(struct revising *r, enum fate fate, const struct revised_row *old,
                 const struct revised_row *new)
{
    struct revised *out = r->out;
    out->deeds = xrealloc(out->deeds, (out->deed_count + 1) * sizeof *out->deeds);
    struct deed *deed = &out->deeds[out->deed_count++];
    *deed = (struct deed){.fate = fate};
    if (old)
        deed->old = *old;
    if (new)
        deed->new = *new;
}

/* --- names --- */

static bool replace(char *name, const char *word, const char *by)
{
    char *at = strstr(name, word);
    char result[256];
    if (!at)
        return false;
    int length =
        snprintf(result, sizeof result, "%.*s%s%s", (int)(at - name), name, by, at + strlen(word));
    if (length < 0 || length >= (int)sizeof result)
        return false;
    strcpy(name, result);
    return true;
}

/* Not the program's own list of synonyms. */
static bool use_synonym(struct revising *r, char *name)
{
    static const char *const words[][2] = {
        {"培训", "研修"},     {"宣传", "传播"},     {"评估", "测评"},     {"调查", "排查"},
        {"监测", "观测"},     {"检测", "抽检"},     {"维护", "维管"},     {"咨询", "答疑"},
        {"研究", "研判"},     {"管理", "治理"},     {"采集", "归集"},     {"活动", "系列活动"},
        {"审核", "把关"},     {"技术", "专业技术"}, {"信息", "资讯"},     {"康复", "复健"},
        {"护理", "照看"},     {"组织", "筹办"},     {"编制", "起草"},     {"规划", "计划"},
        {"运维", "运行维护"}, {"公益", "公共公益"}, {"数据", "数据资源"}, {"教育", "教学"},
        {"统计", "汇总统计"}, {"鉴定", "认定"},     {"检查", "核查"},     {"展览", "会展"}};
    enum { WORDS = sizeof words / sizeof *words };
    unsigned start = chance(r, WORDS);
    for (unsigned i = 0; i < WORDS; i++)
        if (replace(name, words[(start + i) % WORDS][0], words[(start + i) % WORDS][1]))
            return true;
    return false;
}

static bool add_word(struct revising *r, char *name)
{
    static const char *const before[] = {"辅助性服务", "工作服务", "相关服务", "保障服务",
                                         "等服务"};
    static const char *const prefixes[] = {"全省", "公共", "专项", "省级", "日常"};
    size_t length = strlen(name);
    if (length > 180)
        return false;
    switch (chance(r, 4)) {
    case 0:
        if (length > 2 * HAN && strcmp(name + length - 2 * HAN, "服务") == 0) {
            strcpy(name + length - 2 * HAN, before[chance(r, 5)]);
            return true;
        }
        strcat(name, "服务");
        return true;
    case 1:
        if (length > 6 * HAN && strcmp(name + length - 2 * HAN, "服务") == 0) {
            name[length - 2 * HAN] = '\0';
            return true;
        }
        /* fall through */
    default: {
        const char *prefix = prefixes[chance(r, 5)];
        memmove(name + strlen(prefix), name, length + 1);
        memcpy(name, prefix, strlen(prefix));
        return true;
    }
    }
}

static bool all_han(const char *name)
{
    for (; *name; name++)
        if ((unsigned char)*name < 0x80)
            return false;
    return strlen(name) % HAN == 0;
}

/* Two neighbouring words of two characters change places. */
static bool swap_words(struct revising *r, char *name)
{
    size_t characters = strlen(name) / HAN;
    char kept[2 * HAN];
    if (!all_han(name) || characters < 8)
        return false;
    char *at = name + 2 * HAN * chance(r, (unsigned)((characters - 4) / 2));
    memcpy(kept, at, sizeof kept);
    memmove(at, at + sizeof kept, sizeof kept);
    memcpy(at + sizeof kept, kept, sizeof kept);
    return true;
}

/* A scanner's slip or two. */
static bool misread(struct revising *r, char *name)
{
    static const char *const wrong[] = {"肓", "炼", "末", "己", "辨", "祥", "侯", "籍"};
    size_t characters = strlen(name) / HAN;
    if (!all_han(name) || characters < 6)
        return false;
    for (unsigned slips = characters > 11 ? 1 + chance(r, 2) : 1; slips > 0; slips--)
        memcpy(name + HAN * chance(r, (unsigned)characters - 2), wrong[chance(r, 8)], HAN);
    return true;
}

static bool drop_word(struct revising *r, char *name)
{
    size_t characters = strlen(name) / HAN;
    if (!all_han(name) || characters < 9)
        return false;
    char *at = name + 2 * HAN * chance(r, (unsigned)(characters - 4) / 2);
    memmove(at, at + 2 * HAN, strlen(at + 2 * HAN) + 1);
    return true;
}

static void new_name(struct revising *r, char *name)
{
    bool (*const ways[])(struct revising *, char *) = {use_synonym, use_synonym, add_word,
                                                       swap_words,  misread,     drop_word};
    char changed[256];
    strcpy(changed, name);
    unsigned changes = chance(r, 10) < 3 ? 2 : 1;
    while (changes > 0 || name_is_taken(r, changed))
        if (ways[chance(r, 6)](r, changed) && changes > 0)
            changes--;
    strcpy(name, changed);
}

static void invent(struct revising *r, char *name)
{
    static const char *const things[] = {"低空经济", "氢能产业", "林业碳汇", "海绵城市", "夜间经济",
                                         "冰雪运动", "宠物防疫", "数据要素", "直播电商", "中药材",
                                         "母婴设施", "窑洞民居", "煤层气",   "文创产品", "古树名木",
                                         "防震减灾", "城市更新", "婚俗改革", "普惠托育", "河湖健康",
                                         "适老化",   "退役军人", "方言语音", "家谱档案"};
    static const char *const works[] = {"咨询服务",     "监测服务", "宣传推广服务", "业务培训服务",
                                        "绩效评估服务", "调查服务", "数据采集服务", "设施维护服务"};
    do {
        size_t n = r->invented++;
        snprintf(name, 256, "%s%s", things[n % 24], works[(n / 24 + n) % 8]);
    } while (name_is_taken(r, name));
}

/* --- codes --- */

static bool code_is_taken(const struct revising *r, const char *department, const char *code)
{
    for (size_t i = 0; i < r->count; i++)
        if (!r->all[i].gone && strcmp(r->all[i].row.code, code) == 0 &&
            strcmp(r->all[i].row.department, department) == 0)
            return true;
    return false;
}

/* The next free code below a level-3 code; "" when all are taken. */
static void free_code(const struct revising *r, const char *department, const char *parent,
                      char code[16])
{
    char level3[6], tried[16];
    snprintf(level3, sizeof level3, "%.5s", parent);
    for (int n = 1; n < 100; n++) {
        snprintf(tried, sizeof tried, "%s%02d", level3, n % 100);
        if (!code_is_taken(r, department, tried)) {
            strcpy(code, tried);
            return;
        }
    }
    *code = '\0';
}

/* --- deeds --- */

static struct draft *pick(struct revising *r)
{
    for (int tries = 0; tries < 4000; tries++) {
        struct draft *draft = &r->all[chance(r, (unsigned)r->count)];
        if (draft->leaf && !draft->touched && !draft->gone && *draft->row.name)
            return draft;
    }
    return NULL;
}

static void rename_some(struct revising *r, size_t number)
{
    for (struct draft *draft; number-- > 0 && (draft = pick(r));) {
        struct revised_row old = draft->row;
        char code[16];
        draft->touched = true;
        new_name(r, draft->row.name);
        free_code(r, old.department, old.code, code);
        if (chance(r, 4) == 0 && *code)
            strcpy(draft->row.code, code);
        note(r, FATE_RENAMED, &old, &draft->row);
    }
}

static struct draft *sibling(struct revising *r, const struct draft *one)
{
    for (size_t i = 0; i < r->count; i++) {
        struct draft *other = &r->all[i];
        if (other != one && other->leaf && !other->touched && !other->gone && *other->row.name &&
            strcmp(other->row.department, one->row.department) == 0 &&
            strncmp(other->row.code, one->row.code, 5) == 0)
            return other;
    }
    return NULL;
}

/* Half of them by exchanging the codes of two items. */
static void recode_some(struct revising *r, size_t number)
{
    for (struct draft *draft; number-- > 0 && (draft = pick(r));) {
        struct revised_row old = draft->row;
        struct draft *other = chance(r, 2) ? sibling(r, draft) : NULL;
        draft->touched = true;
        if (other) {
            struct revised_row other_old = other->row;
            strcpy(draft->row.code, other->row.code);
            strcpy(other->row.code, old.code);
            other->touched = true;
            note(r, FATE_RECODED, &other_old, &other->row);
        } else {
            free_code(r, old.department, old.code, draft->row.code);
        }
        note(r, FATE_RECODED, &old, &draft->row);
    }
}

/* A level-3 item of the department (or of another) that is not the leaf's own parent. */
static const struct draft *other_parent(struct revising *r, const struct draft *leaf,
                                        bool same_department)
{
    for (int tries = 0; tries < 20000; tries++) {
        const struct draft *upper = &r->all[chance(r, (unsigned)r->count)];
        bool here = strcmp(upper->row.department, leaf->row.department) == 0;
        if (upper->level == 3 && here == same_department && *upper->row.name &&
            (!here || strncmp(upper->row.code, leaf->row.code, 5) != 0))
            return upper;
    }
    return NULL;
}

static void move_some(struct revising *r, size_t number, bool same_department)
{
    for (struct draft *draft; number-- > 0 && (draft = pick(r));) {
        const struct draft *parent = other_parent(r, draft, same_department);
        struct revised_row old = draft->row;
        draft->touched = true;
        if (!parent)
            continue;
        char code[16];
        free_code(r, parent->row.department, parent->row.code, code);
        strcpy(draft->row.department, parent->row.department);
        strcpy(draft->row.code, code);
        if (chance(r, 5) == 0)
            add_word(r, draft->row.name);
        note(r, same_department ? FATE_MOVED_PARENT : FATE_MOVED_DEPARTMENT, &old, &draft->row);
    }
}

/* "甲和乙服务" gives "甲服务" and "乙服务"; what has no such joint is divided by stages of the work. */
static void split_name(struct revising *r, const char *name, char one[256], char other[256])
{
    static const char *const joints[] = {"和", "与", "及", "、"};
    static const char *const stages[][2] = {{"方案设计服务", "组织实施服务"},
                                            {"前期服务", "后期服务"},
                                            {"人员服务", "设备服务"},
                                            {"线上服务", "线下服务"}};
    size_t length = strlen(name);
    bool served = length > 2 * HAN && strcmp(name + length - 2 * HAN, "服务") == 0;
    for (size_t i = 0; i < 4; i++) {
        const char *at = strstr(name, joints[i]);
        if (!at || at - name < 4 * HAN || strlen(at) < 7 * HAN)
            continue;
        snprintf(one, 256, "%.*s服务", (int)(at - name), name);
        snprintf(other, 256, "%s%s", at + strlen(joints[i]), served ? "" : "服务");
        return;
    }
    size_t way = chance(r, 4);
    int bare = (int)(served ? length - 2 * HAN : length);
    snprintf(one, 256, "%.*s%s", bare, name, stages[way][0]);
    snprintf(other, 256, "%.*s%s", bare, name, stages[way][1]);
}

static void split_some(struct revising *r, size_t number)
{
    for (struct draft *draft; number-- > 0 && (draft = pick(r));) {
        struct revised_row old = draft->row, second = draft->row;
        draft->touched = true;
        char one[256], other[256];
        split_name(r, old.name, one, other);
        free_code(r, old.department, old.code, second.code);
        if (name_is_taken(r, one) || name_is_taken(r, other) || !*second.code)
            continue;
        strcpy(draft->row.name, one);
        strcpy(second.name, other);
        note(r, FATE_SPLIT, &old, &draft->row);
        note(r, FATE_SPLIT, &old, &second);
        append(r, &second)->touched = true;
    }
}

/* Two of a parent become one that names both. */
static void merge_some(struct revising *r, size_t number)
{
    for (struct draft *draft; number-- > 0 && (draft = pick(r));) {
        struct draft *other = sibling(r, draft);
        draft->touched = true;
        if (!other || strlen(draft->row.name) + strlen(other->row.name) > 200)
            continue;
        struct revised_row old = draft->row, other_old = other->row;
        size_t length = strlen(old.name);
        bool served = length > 2 * HAN && strcmp(old.name + length - 2 * HAN, "服务") == 0;
        snprintf(draft->row.name, sizeof draft->row.name, "%.*s%s%.129s",
                 (int)(served ? length - 2 * HAN : length), old.name, chance(r, 2) ? "和" : "、",
                 other_old.name);
        other->touched = other->gone = true;
        note(r, FATE_MERGED, &old, &draft->row);
        note(r, FATE_MERGED, &other_old, &draft->row);
    }
}

/* Some codes of removed items are given to others at once. */
static void remove_and_add_some(struct revising *r, size_t number)
{
    for (struct draft *draft; number-- > 0 && (draft = pick(r));) {
        struct revised_row added = draft->row;
        draft->touched = draft->gone = true;
        note(r, FATE_REMOVED, &draft->row, NULL);
        if (chance(r, 2))
            free_code(r, added.department, added.code, added.code);
        if (chance(r, 3) == 0 || !*added.code)
            continue;
        invent(r, added.name);
        note(r, FATE_ADDED, NULL, &added);
        append(r, &added)->touched = true;
    }
}

static void restrict_some(struct revising *r, size_t number)
{
    for (struct draft *draft; number-- > 0 && (draft = pick(r));) {
        struct revised_row old = draft->row;
        draft->touched = true;
        if (strlen(old.name) > 200 || strstr(old.name, "（") || strstr(old.name, "("))
            continue;
        strcat(draft->row.name, chance(r, 2) ? "（仅限省级部门）" : "（不含涉密事项）");
        note(r, FATE_RESTRICTED, &old, &draft->row);
    }
}

static void rename_uppers(struct revising *r, size_t number)
{
    for (size_t tries = 0; tries < 20000 && number > 0; tries++) {
        struct draft *upper = &r->all[chance(r, (unsigned)r->count)];
        if (upper->level != 3 || upper->touched || !*upper->row.name)
            continue;
        struct revised_row old = upper->row;
        upper->touched = true;
        new_name(r, upper->row.name);
        note(r, FATE_UPPER_RENAMED, &old, &upper->row);
        number--;
    }
}

static void found_department(struct revising *r, const char *department)
{
    static const char *const uppers[][2] = {
        {"A", "公共服务"}, {"A15", "公共信息与宣传服务"}, {"A1502", "公共公益宣传服务"}};
    for (size_t i = 0; i < 3; i++) {
        struct revised_row row = {{0}, {0}, {0}};
        snprintf(row.department, sizeof row.department, "%s", department);
        snprintf(row.code, sizeof row.code, "%s", uppers[i][0]);
        snprintf(row.name, sizeof row.name, "%s", uppers[i][1]);
        append(r, &row)->touched = true;
    }
    for (int n = 1; n <= 8; n++) {
        struct revised_row row = {{0}, {0}, {0}};
        snprintf(row.department, sizeof row.department, "%s", department);
        snprintf(row.code, sizeof row.code, "A1502%02d", n % 100);
        invent(r, row.name);
        append(r, &row)->touched = true;
        note(r, FATE_ADDED, NULL, &row);
    }
}

/* --- all of it --- */

static void load(struct revising *r, const char *csv_path)
{
    struct csv_table *table = csv_table_load(csv_path, NULL);
    if (!table)
        abort();
    int columns[] = {csv_table_column(table, "department", NULL),
                     csv_table_column(table, "code", NULL), csv_table_column(table, "name", NULL)};
    for (size_t i = 0; i < table->count; i++) {
        struct revised_row row;
        snprintf(row.department, sizeof row.department, "%s", csv_table_cell(table, i, columns[0]));
        snprintf(row.code, sizeof row.code, "%s", csv_table_cell(table, i, columns[1]));
        snprintf(row.name, sizeof row.name, "%s", csv_table_cell(table, i, columns[2]));
        if (*row.code && *row.name)
            append(r, &row);
    }
    csv_table_destroy(&table);
}

static int in_document_order(const void *a, const void *b)
{
    const struct revised_row *x = a, *y = b;
    int order = strcmp(x->department, y->department);
    return order ? order : strcmp(x->code, y->code);
}

static void finish(struct revising *r)
{
    struct revised *out = r->out;
    out->rows = xcalloc(r->count, sizeof *out->rows);
    for (size_t i = 0; i < r->count; i++) {
        if (!r->all[i].gone)
            out->rows[out->count++] = r->all[i].row;
        if (r->all[i].leaf && !r->all[i].touched)
            note(r, FATE_SAME, &r->all[i].row, &r->all[i].row);
    }
    qsort(out->rows, out->count, sizeof *out->rows, in_document_order);
}

struct revised *revise(const char *csv_path, unsigned seed)
{
    struct revising r = {.out = xcalloc(1, sizeof(struct revised)), .state = seed * 2654435761u};
    load(&r, csv_path);
    size_t leaves = 0;
    for (size_t i = 0; i < r.count; i++)
        leaves += r.all[i].leaf;
    size_t some = leaves / 14 + 1;
    r.capacity = r.count * 2 + 1024; /* drafts stay where they are while they are pointed to */
    r.all = xrealloc(r.all, r.capacity * sizeof *r.all);
    split_some(&r, some / 2);
    merge_some(&r, some / 2);
    rename_some(&r, 2 * some);
    recode_some(&r, some / 2);
    move_some(&r, some / 2, true);
    move_some(&r, some / 2, false);
    remove_and_add_some(&r, some);
    restrict_some(&r, some / 2);
    rename_uppers(&r, some);
    found_department(&r, "数据管理");
    finish(&r);
    free(r.all);
    return r.out;
}

void revised_destroy(struct revised **revised)
{
    if (!*revised)
        return;
    free((*revised)->rows);
    free((*revised)->deeds);
    free(*revised);
    *revised = NULL;
}

char *revised_csv(const struct revised *revised, bool (*held)(const char *department))
{
    struct strbuf csv = {0};
    const char *last = "";
    strbuf_puts(&csv, "department,code,name\n");
    for (size_t i = 0; i < revised->count; i++) {
        const struct revised_row *row = &revised->rows[i];
        if (held && !held(row->department))
            continue;
        if (strcmp(last, row->department) != 0)
            strbuf_printf(&csv, "%s,,\n", row->department);
        last = row->department;
        strbuf_printf(&csv, "%s,%s,\"%s\"\n", row->department, row->code, row->name);
    }
    return strbuf_take(&csv);
}
