#include "services/cli/moves.h"

#include "common/json.h"
#include "common/strbuf.h"
#include "common/text.h"

#include <stdlib.h>
#include <string.h>

const char *const move_words[MOVES] = {"未变",     "仅更名", "按对应关系换码", "判断改变",
                                       "不再列入", "新列入", "目录未收录",     "未能判断"};
enum { FLOWS_MAX = 20000 };

const char *move_decision_word(const char *decision)
{
    return strcmp(decision, "auto") == 0     ? "自动通过"
           : strcmp(decision, "review") == 0 ? "需复核"
           : strcmp(decision, "none") == 0   ? "不列入"
                                             : "";
}

const char *move_department_word(const char *department)
{
    return strcmp(department, "B") == 0 ? "各部门通用（B）" : department;
}

struct move_sum move_department_sum(const struct move_department *department)
{
    struct move_sum sum = {0};
    for (int m = 0; m < MOVES; m++) {
        sum.count += department->moves[m].count;
        sum.yuan += department->moves[m].yuan;
    }
    return sum;
}

struct outcome outcome_of(const struct version *version)
{
    bool listed = *version->item_code && (strcmp(version->decision, "auto") == 0 ||
                                          strcmp(version->decision, "review") == 0);
    return (struct outcome){.revision = xstrdup(version->revision),
                            .decision = xstrdup(version->decision),
                            .confidence = version->confidence,
                            .listed = listed,
                            .department = xstrdup(listed ? version->item_department : ""),
                            .code = xstrdup(listed ? version->item_code : ""),
                            .name = xstrdup(listed ? version->item_name : "")};
}

static const char *text_of(const struct jv *object, const char *member)
{
    const char *text = jv_get_text(object, member);
    return text ? text : "";
}

struct outcome outcome_read(const char *json)
{
    struct jv *result = jv_read(json, strlen(json), NULL);
    const struct jv *first = jv_at(jv_get(result, "candidates"), 0);
    struct version version = {.revision = text_of(result, "catalog"),
                              .decision = text_of(result, "decision"),
                              .confidence = jv_get_number(result, "confidence", 0),
                              .item_department = text_of(first, "department"),
                              .item_code = text_of(first, "code"),
                              .item_name = text_of(first, "name")};
    struct outcome outcome = outcome_of(&version);
    jv_destroy(&result);
    return outcome;
}

void outcome_clear(struct outcome *outcome)
{
    free(outcome->revision);
    free(outcome->department);
    free(outcome->code);
    free(outcome->name);
    free(outcome->decision);
    *outcome = (struct outcome){0};
}

void moved_clear(struct moved *moved)
{
    outcome_clear(&moved->old);
    outcome_clear(&moved->new);
    free(moved->id);
    free(moved->name);
    free(moved->unit);
    *moved = (struct moved){0};
}

/* --- one project --- */

static bool same_item(const struct outcome *a, const struct outcome *b)
{
    return strcmp(a->code, b->code) == 0 && strcmp(a->name, b->name) == 0;
}

static enum move move_of(struct moves *moves, struct moved *moved)
{
    const struct outcome *old = &moved->old, *new = &moved->new;
    const struct item_name before = {old->department, old->code, old->name},
                           after = {new->department, new->code, new->name};
    moved->relation = RELATIONS;
    if (!old->listed && !new->listed)
        return MOVE_SAME;
    if (!new->listed)
        return MOVE_UNLISTED;
    if (!old->listed)
        return MOVE_LISTED;
    if (strcmp(old->department, new->department) == 0 && same_item(old, new))
        return MOVE_SAME;
    moved->relation = successors_relation(moves->successors, old->revision, &before, &after);
    if (moved->relation == RELATION_EXACT)
        return MOVE_SAME;
    if (moved->relation == RELATION_RENAMED && strcmp(old->code, new->code) == 0)
        return MOVE_RENAMED;
    return moved->relation == RELATIONS ? MOVE_JUDGED : MOVE_RECODED;
}

static void read_project(struct moved *moved, const struct versioned *project)
{
    moved->number = project->number;
    moved->id = xstrdup(project->id);
    moved->unit = xstrdup(project->unit);
    moved->name = xstrdup(project->name);
    moved->year = project->year;
    moved->yuan = project->amount_yuan;
}

/* --- sums --- */

static void count_in(struct move_sum *sum, const struct moved *moved)
{
    sum->count++;
    sum->yuan += moved->yuan;
}

static struct move_department *department_of(struct moves *moves, const char *name)
{
    const char *known = *name ? name : "（未归部门）";
    char *folded = folder_fold_utf8(moves->folder, known);
    for (size_t i = 0; i < moves->department_count; i++)
        if (strcmp(moves->departments[i].folded, folded) == 0) {
            free(folded);
            return &moves->departments[i];
        }
    moves->departments =
        xrealloc(moves->departments, (moves->department_count + 1) * sizeof *moves->departments);
    struct move_department *new = &moves->departments[moves->department_count++];
    *new = (struct move_department){.name = xstrdup(known), .folded = folded};
    return new;
}

static char *item_text(const struct outcome *outcome)
{
    struct strbuf text = {0};
    if (outcome->listed)
        strbuf_printf(&text, "%s %s %s", outcome->department, outcome->code, outcome->name);
    else
        strbuf_puts(&text, "（无条目）");
    return strbuf_take(&text);
}

/* Flows are found by a sorted table: there are as many as pairs of items, at most some thousands. */
static void count_flow(struct moves *moves, const struct moved *moved)
{
    char *old = item_text(&moved->old), *new = item_text(&moved->new);
    struct strbuf key = {0};
    strbuf_printf(&key, "%s\t%s", old, new);
    size_t low = 0, high = moves->flow_count;
    int order = 1;
    while (low < high && order != 0) {
        size_t middle = (low + high) / 2;
        order = strcmp(moves->flows[middle].key, key.text);
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (order == 0) {
        count_in(&moves->flows[high].sum, moved);
    } else if (moves->flow_count < FLOWS_MAX) {
        moves->flows = xrealloc(moves->flows, (moves->flow_count + 1) * sizeof *moves->flows);
        memmove(moves->flows + low + 1, moves->flows + low,
                (moves->flow_count - low) * sizeof *moves->flows);
        moves->flows[low] = (struct move_flow){
            .key = strbuf_take(&key), .old = old, .new = new, .move = moved->move};
        count_in(&moves->flows[low].sum, moved);
        moves->flow_count++;
        old = new = NULL;
    }
    free(old);
    free(new);
    strbuf_free(&key);
}

static size_t decision_index(const char *decision)
{
    return strcmp(decision, "auto") == 0 ? 0 : strcmp(decision, "review") == 0 ? 1 : 2;
}

static struct moved copy_of(const struct moved *moved)
{
    struct moved copy = *moved;
    const struct outcome *from[] = {&moved->old, &moved->new};
    struct outcome *to[] = {&copy.old, &copy.new};
    for (int i = 0; i < 2; i++) {
        to[i]->revision = xstrdup(from[i]->revision);
        to[i]->department = xstrdup(from[i]->department);
        to[i]->code = xstrdup(from[i]->code);
        to[i]->name = xstrdup(from[i]->name);
        to[i]->decision = xstrdup(from[i]->decision);
    }
    copy.id = xstrdup(moved->id);
    copy.name = xstrdup(moved->name);
    copy.unit = xstrdup(moved->unit);
    return copy;
}

static void add_to_list(struct move_list *list, const struct moved *moved)
{
    if (list->count++ >= MOVE_LIST_ROWS)
        return;
    if (!list->rows)
        list->rows = xcalloc(MOVE_LIST_ROWS, sizeof *list->rows);
    list->rows[list->count - 1] = copy_of(moved);
}

static void count_moved(struct moves *moves, const struct moved *moved, const char *department)
{
    struct move_department *sums[] = {department_of(moves, department), &moves->all};
    for (int i = 0; i < 2; i++) {
        count_in(&sums[i]->moves[moved->move], moved);
        if (moved->to_review)
            count_in(&sums[i]->to_review, moved);
    }
    moves->decisions[decision_index(moved->old.decision)][moved->move]++;
    if (moved->to_review)
        add_to_list(&moves->to_review, moved);
    if (moved->move == MOVE_SAME && !moved->to_review)
        return;
    if (moved->move != MOVE_SAME && moved->move < MOVE_UNSEEN)
        count_flow(moves, moved);
    if (moved->move != MOVE_SAME && moved->move != MOVE_UNSEEN)
        add_to_list(&moves->lists[moved->move], moved);
    if (moves->row && moved->move != MOVE_UNSEEN)
        moves->row(moved, moves->row_argument);
}

void moves_start(struct moves *moves, struct successors *successors)
{
    *moves = (struct moves){.successors = successors, .folder = folder_new()};
}

void moves_add(struct moves *moves, const struct versioned *project, struct outcome *old,
               struct outcome *new, enum move otherwise)
{
    struct moved moved = {.old = *old};
    read_project(&moved, project);
    moved.new = new ? *new : outcome_read("null");
    moved.relation = RELATIONS;
    moved.move = !new || !*moved.new.decision ? otherwise : move_of(moves, &moved);
    moved.to_review = new &&strcmp(moved.new.decision, "review") == 0 &&
                      strcmp(moved.old.decision, "review") != 0;
    const char *department = *moved.old.department   ? moved.old.department
                             : *moved.new.department ? moved.new.department
                             : project->old.event    ? project->old.department
                                                     : project->new.department;
    count_moved(moves, &moved, department);
    moved_clear(&moved);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct move_department *)a)->name,
                  ((const struct move_department *)b)->name);
}

static int by_count(const void *a, const void *b)
{
    const struct move_flow *x = a, *y = b;
    if (x->sum.count != y->sum.count)
        return x->sum.count > y->sum.count ? -1 : 1;
    return strcmp(x->key, y->key);
}

void moves_finish(struct moves *moves)
{
    if (moves->department_count)
        qsort(moves->departments, moves->department_count, sizeof *moves->departments, by_name);
    if (moves->flow_count)
        qsort(moves->flows, moves->flow_count, sizeof *moves->flows, by_count);
}

size_t moves_changed(const struct moves *moves)
{
    size_t changed = 0;
    for (int m = MOVE_RENAMED; m <= MOVE_LISTED; m++)
        changed += moves->all.moves[m].count;
    return changed;
}

static void free_list(struct move_list *list)
{
    for (size_t i = 0; list->rows && i < list->count && i < MOVE_LIST_ROWS; i++)
        moved_clear(&list->rows[i]);
    free(list->rows);
}

void moves_free(struct moves *moves)
{
    for (size_t i = 0; i < moves->department_count; i++) {
        free(moves->departments[i].name);
        free(moves->departments[i].folded);
    }
    for (size_t i = 0; i < moves->flow_count; i++) {
        free(moves->flows[i].key);
        free(moves->flows[i].old);
        free(moves->flows[i].new);
    }
    for (int m = 0; m < MOVES; m++)
        free_list(&moves->lists[m]);
    free_list(&moves->to_review);
    folder_destroy(&moves->folder);
    free(moves->departments);
    free(moves->flows);
    *moves = (struct moves){0};
}
