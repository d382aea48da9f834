#include "catalog/revision/diff_table.h"

#include "catalog/revision/csv_line.h"
#include "common/json_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    enum change change;
    const char *name, *word;
} changes[] = {{CHANGE_NAME, "name", "更名"},
               {CHANGE_CODE, "code", "换码"},
               {CHANGE_PARENT, "parent", "改上级"},
               {CHANGE_DEPARTMENT, "department", "改部门"},
               {CHANGE_RESTRICTION, "restriction", "改使用限制"}};
enum { CHANGES = sizeof changes / sizeof *changes };

static void add_word(struct strbuf *words, const char *between, const char *word)
{
    strbuf_printf(words, "%s%s", words->length ? between : "", word);
}

char *link_words(const struct link *link)
{
    struct strbuf words = {0};
    bool alone =
        link->relation == RELATION_SPLIT || link->relation == RELATION_MERGED || !link->changes;
    if (alone)
        add_word(&words, "、", relation_word(link->relation));
    for (size_t i = 0; i < CHANGES; i++)
        if (link->changes & changes[i].change &&
            !(alone && (changes[i].change & (CHANGE_NAME | CHANGE_CODE))))
            add_word(&words, "、", changes[i].word);
    return strbuf_take(&words);
}

bool link_is_change(const struct link *link)
{
    return link->relation != RELATION_EXACT || link->changes;
}

bool link_in_department(const struct diff *diff, const struct link *link, const char *department)
{
    const struct outline_item *old = link->old == NOWHERE ? NULL : &diff->old->items[link->old],
                              *new = link->new == NOWHERE ? NULL : &diff->new->items[link->new];
    return !department ||
           (old && strcmp(diff->old->departments[old->department].name, department) == 0) ||
           (new &&strcmp(diff->new->departments[new->department].name, department) == 0);
}

static char *names_of_changes(const struct link *link)
{
    struct strbuf text = {0};
    for (size_t i = 0; i < CHANGES; i++)
        if (link->changes & changes[i].change)
            add_word(&text, ";", changes[i].name);
    return strbuf_take(&text);
}

/* One item of a link as cells: department, code, name, path (free()). */
static void cells_of(const struct outline *outline, int item, const char *cells[4], char **path)
{
    *path = item == NOWHERE ? xstrdup("") : outline_path(outline, item);
    cells[0] = item == NOWHERE ? "" : outline->departments[outline->items[item].department].name;
    cells[1] = item == NOWHERE ? "" : outline->items[item].code;
    cells[2] = item == NOWHERE ? "" : outline->items[item].name;
    cells[3] = *path;
}

static void write_csv_row(const struct diff *diff, const struct link *link, struct strbuf *out)
{
    const char *cells[13];
    char *old_path, *new_path, *changed = names_of_changes(link);
    char level[8], similarity[16], confidence[16];
    snprintf(level, sizeof level, "%d", link_item(diff, link)->level);
    snprintf(similarity, sizeof similarity, "%.3f", link->similarity);
    snprintf(confidence, sizeof confidence, "%.3f", link->confidence);
    cells[0] = relation_name(link->relation);
    cells[1] = changed;
    cells[2] = level;
    cells_of(diff->old, link->old, cells + 3, &old_path);
    cells_of(diff->new, link->new, cells + 7, &new_path);
    cells[11] = similarity;
    cells[12] = confidence;
    csv_line(out, cells, 13);
    free(old_path);
    free(new_path);
    free(changed);
}

void diff_write_csv(const struct diff *diff, const char *department, struct strbuf *out)
{
    strbuf_puts(out, "relation,changes,level,old_department,old_code,old_name,old_path,"
                     "new_department,new_code,new_name,new_path,similarity,confidence\n");
    for (size_t i = 0; i < diff->count; i++)
        if (link_in_department(diff, &diff->links[i], department))
            write_csv_row(diff, &diff->links[i], out);
}

static void write_item(struct jw *writer, const char *key, const struct outline *outline, int item)
{
    if (item == NOWHERE)
        return;
    char *path = outline_path(outline, item);
    jw_key(writer, key);
    jw_object(writer);
    jw_set_text(writer, "department", outline->departments[outline->items[item].department].name);
    jw_set_text(writer, "code", outline->items[item].code);
    jw_set_text(writer, "name", outline->items[item].name);
    jw_set_text(writer, "path", path);
    jw_end_object(writer);
    free(path);
}

static void write_link(struct jw *writer, const struct diff *diff, const struct link *link)
{
    jw_object(writer);
    jw_set_text(writer, "relation", relation_name(link->relation));
    jw_key(writer, "changes");
    jw_array(writer);
    for (size_t i = 0; i < CHANGES; i++)
        if (link->changes & changes[i].change)
            jw_text(writer, changes[i].name);
    jw_end_array(writer);
    jw_set_integer(writer, "level", link_item(diff, link)->level);
    write_item(writer, "old", diff->old, link->old);
    write_item(writer, "new", diff->new, link->new);
    jw_set_probability(writer, "similarity", link->similarity);
    jw_set_probability(writer, "confidence", link->confidence);
    jw_end_object(writer);
}

static void write_departments(struct jw *writer, const struct diff *diff)
{
    jw_key(writer, "departments");
    jw_array(writer);
    for (size_t i = 0; i < diff->department_count; i++) {
        const struct department_link *link = &diff->departments[i];
        bool lost = link->new == NOWHERE;
        jw_object(writer);
        if (link->old != NOWHERE)
            jw_set_text(writer, "old", diff->old->departments[link->old].name);
        if (!lost)
            jw_set_text(writer, "new", diff->new->departments[link->new].name);
        if (link->heir != NOWHERE)
            jw_set_text(writer, lost ? "into" : "from",
                        (lost ? diff->new : diff->old)->departments[link->heir].name);
        jw_set_text(writer, "state",
                    link->old == NOWHERE           ? "added"
                    : lost && !diff->new->complete ? "unseen"
                    : lost                         ? "removed"
                    : link->renamed                ? "renamed"
                                                   : "kept");
        jw_end_object(writer);
    }
    jw_end_array(writer);
}

void diff_write_json(const struct diff *diff, const char *department, struct strbuf *out)
{
    struct jw *writer = jw_new();
    jw_begin(writer, out);
    jw_object(writer);
    jw_set_text(writer, "old", diff->old->number);
    jw_set_text(writer, "new", diff->new->number);
    jw_key(writer, "complete");
    jw_bool(writer, diff->new->complete);
    jw_key(writer, "counts");
    jw_object(writer);
    for (int r = 0; r < RELATIONS; r++)
        jw_set_integer(writer, relation_name((enum relation)r),
                       (long long)diff_count(diff, (enum relation)r, true));
    jw_end_object(writer);
    write_departments(writer, diff);
    jw_key(writer, "links");
    jw_array(writer);
    for (size_t i = 0; i < diff->count; i++)
        if (link_in_department(diff, &diff->links[i], department))
            write_link(writer, diff, &diff->links[i]);
    jw_end_array(writer);
    jw_end_object(writer);
    strbuf_puts(out, "\n");
    jw_destroy(&writer);
}
