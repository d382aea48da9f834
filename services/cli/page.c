#include "services/cli/page.h"

#include "services/cli/html.h"
#include "services/cli/page.css.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void page_open(struct strbuf *out, const char *title, const char *css)
{
    strbuf_puts(out, "<!DOCTYPE html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                     "<meta name=\"color-scheme\" content=\"light dark\">\n"
                     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                     "style-src 'unsafe-inline'\">\n<title>");
    html_text(out, title);
    strbuf_puts(out, "</title>\n<style>\n");
    strbuf_puts(out, css);
    strbuf_puts(out, "</style>\n</head>\n<body>\n<header>\n<h1>");
    html_text(out, title);
    strbuf_puts(out, "</h1>\n");
}

void page_begin(struct strbuf *out, const char *title, const char *below_title)
{
    page_open(out, title, page_css);
    strbuf_puts(out, "<p>");
    html_text(out, below_title);
    strbuf_puts(out, "</p>\n</header>\n<main>\n");
}

void page_end(struct strbuf *out)
{
    strbuf_puts(out, "</main>\n</body>\n</html>\n");
}

void page_cell(struct strbuf *out, const char *kind, const char *text)
{
    strbuf_printf(out, "<%s>", kind);
    html_text(out, text);
    strbuf_printf(out, "</%.*s>", (int)strcspn(kind, " "), kind);
}

/* With commas between thousands. */
static void add_figure(struct strbuf *out, double number, int decimals)
{
    char digits[48];
    int length = snprintf(digits, sizeof digits, "%.*f", decimals, fabs(number));
    int whole = length - (decimals ? decimals + 1 : 0);
    strbuf_puts(out, number < 0 ? "-" : "");
    for (int i = 0; i < length; i++)
        strbuf_printf(out, "%s%c", i && i < whole && (whole - i) % 3 == 0 ? "," : "", digits[i]);
}

void page_figure(struct strbuf *out, double number, int decimals, const char *style)
{
    strbuf_printf(out, "<td class=\"number%s\"%s>", number == 0 ? " faint" : "", style);
    if (number == 0)
        strbuf_puts(out, "0");
    else
        add_figure(out, number, decimals);
    strbuf_puts(out, "</td>");
}

void page_time(char made[PAGE_TIME])
{
    time_t now = time(NULL);
    struct tm parts;
    strftime(made, PAGE_TIME, "%Y-%m-%d %H:%M", localtime_r(&now, &parts));
}

int page_save(const struct strbuf *page, const char *path, struct fault *fault)
{
    FILE *file = fopen(path, "we");
    bool written = file && fwrite(page->text, 1, page->length, file) == page->length;
    if (file && fclose(file) != 0)
        written = false;
    return written ? 0 : fault_set(fault, "report.unwritable", "%s: %s", path, strerror(errno));
}
