#include "services/cli/audit_marks.h"

#include "common/text.h"
#include "services/cli/audit_words.h"
#include "services/cli/html.h"

#include <stdlib.h>
#include <string.h>

enum { MARKS = 64, EVIDENCE = -1 };

struct mark {
    struct span span;
    int severity;  /* EVIDENCE: of a candidate */
    size_t number; /* of the finding, from 1 */
};
struct marks {
    struct mark all[MARKS];
    size_t count;
    size_t borders[2 * MARKS + 2];
    size_t border_count;
};

static void add_mark(struct marks *marks, const struct jv *json, const char *field, int severity,
                     size_t number, size_t length)
{
    const char *own = jv_get_text(json, "field");
    double start = jv_get_number(json, "start", -1), end = jv_get_number(json, "end", -1);
    if (!own || strcmp(own, field) != 0 || start < 0 || end <= start || end > (double)length ||
        marks->count == MARKS)
        return;
    marks->all[marks->count++] = (struct mark){{(size_t)start, (size_t)end}, severity, number};
    marks->borders[marks->border_count++] = (size_t)start;
    marks->borders[marks->border_count++] = (size_t)end;
}

static void collect(struct marks *marks, const char *field, const struct jv *result, size_t length)
{
    const struct jv *findings = jv_get(result, "findings");
    const char *decision = jv_get_text(result, "decision");
    const struct jv *evidence = jv_get(jv_at(jv_get(result, "candidates"), 0), "evidence");
    for (size_t i = 0; i < jv_count(findings); i++)
        add_mark(marks, jv_at(findings, i), field, (int)finding_severity(jv_at(findings, i)), i + 1,
                 length);
    if (!decision || strcmp(decision, "none") == 0)
        return;
    for (size_t i = 0; i < jv_count(evidence); i++)
        add_mark(marks, jv_at(evidence, i), field, EVIDENCE, 0, length);
}

static int by_place(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return x < y ? -1 : x > y;
}

/* A stretch in which no mark begins or ends. */
static void write_stretch(struct strbuf *out, const struct marks *marks, const char *text,
                          struct span span)
{
    int gravest = SEVERITY_INFO + 1;
    bool evidence = false;
    for (size_t i = 0; i < marks->count; i++) {
        const struct mark *mark = &marks->all[i];
        if (mark->span.start > span.start || mark->span.end < span.end)
            continue;
        if (mark->severity == EVIDENCE)
            evidence = true;
        else if (mark->severity < gravest)
            gravest = mark->severity;
    }
    bool marked = gravest <= SEVERITY_INFO;
    char *words = text_cut(text, span);
    if (marked)
        strbuf_printf(out, "<mark class=\"%s\">", severity_word((enum severity)gravest));
    strbuf_puts(out, evidence ? "<u>" : "");
    html_text(out, words);
    strbuf_puts(out, evidence ? "</u>" : "");
    for (size_t i = 0; marked && i < marks->count; i++)
        if (marks->all[i].number && marks->all[i].span.end == span.end)
            strbuf_printf(out, "<sup>%zu</sup>", marks->all[i].number);
    strbuf_puts(out, marked ? "</mark>" : "");
    free(words);
}

size_t audit_marks_write(struct strbuf *out, const char *field, const char *text,
                         const struct jv *result)
{
    struct marks marks = {0};
    size_t length = text_length(text), findings = 0;
    strbuf_puts(out, "");
    collect(&marks, field, result, length);
    marks.borders[marks.border_count++] = 0;
    marks.borders[marks.border_count++] = length;
    qsort(marks.borders, marks.border_count, sizeof *marks.borders, by_place);
    for (size_t i = 1; i < marks.border_count; i++)
        if (marks.borders[i] > marks.borders[i - 1])
            write_stretch(out, &marks, text, (struct span){marks.borders[i - 1], marks.borders[i]});
    for (size_t i = 0; i < marks.count; i++)
        findings += marks.all[i].number != 0;
    return findings;
}
