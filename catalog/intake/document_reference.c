#include "catalog/intake/document_reference.h"

#include "catalog/intake/document_lines.h"

#include <stdio.h>
#include <string.h>

enum { REFERENCES_MAX = 50 };

static bool is_open(uint32_t code)
{
    return code == '(' || code == '[' || code == 0x3014 || code == 0x3010 || code == 0x3008 ||
           code == '{';
}

static bool is_close(uint32_t code)
{
    return code == ')' || code == ']' || code == 0x3015 || code == 0x3011 || code == 0x3009 ||
           code == '}';
}

static bool is_hanzi(uint32_t code)
{
    return code >= 0x4E00 && code <= 0x9FFF;
}

static int read_digits(struct slice text, size_t *at)
{
    int number = 0, digits = 0;
    while (*at < text.length && digits < 5) {
        size_t next = *at;
        uint32_t code = slice_next(text, &next);
        if (slice_is_space(code) && code != '\n') {
            *at = next;
            continue;
        }
        if (code < '0' || code > '9')
            break;
        number = number * 10 + (int)(code - '0');
        digits++;
        *at = next;
    }
    return digits ? number : -1;
}

/* The issuer's short name out of the characters before the bracket: the text may run into it
 * (根据晋财综), so it begins at the last 晋, 财, 国 … that can begin one. */
static struct slice issuer_of(struct slice run)
{
    static const char *const firsts[] = {"晋", "国", "中", "并", "财"};
    for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++)
        for (size_t at = run.length; at >= 3; at -= 3) {
            struct slice tail = {run.text + at - 3, run.length - at + 3};
            if (slice_starts(tail, firsts[i]) && tail.length >= 6)
                return tail;
        }
    return run;
}

/* "晋财综〔2024〕37号同时废止": named as gone, not cited. */
static bool is_repealed(struct slice rest)
{
    static const char *const words[] = {"号同时废止", "号废止",     "号已废止",
                                        "号停止执行", "号相应废止", "号不再执行"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (slice_starts(rest, words[i]))
            return true;
    return slice_starts(rest, "号）同时废止") || slice_starts(rest, "号)同时废止");
}

static void put_reference(struct jv *references, struct slice issuer, int year, int number)
{
    char text[128];
    snprintf(text, sizeof text, "%.*s〔%d〕%d号", (int)issuer.length, issuer.text, year, number);
    for (size_t i = 0; i < jv_count(references); i++)
        if (strcmp(jv_text(jv_at(references, i)), text) == 0)
            return;
    if (jv_count(references) < REFERENCES_MAX)
        jv_push(references, jv_of_text(text));
}

void references_read(const char *said, struct jv *references)
{
    enum { ISSUER_CHARS = 8 };
    struct slice text = slice_of(said);
    size_t run = 0, run_chars = 0; /* the Chinese characters right before where we are */
    for (size_t at = 0; at < text.length;) {
        size_t here = at;
        uint32_t code = slice_next(text, &at);
        if (is_hanzi(code)) {
            run = run_chars ? run : here;
            run_chars++;
            if (run_chars > ISSUER_CHARS) {
                run += 3;
                run_chars--;
            }
            continue;
        }
        if (is_open(code) && run_chars >= 2) {
            size_t end = at;
            int year = read_digits(text, &end);
            size_t bracket = end;
            if (year >= 1990 && year <= 2099 && is_close(slice_next(text, &bracket))) {
                int number = read_digits(text, &bracket);
                struct slice rest = {text.text + bracket, text.length - bracket};
                rest = slice_trim(rest);
                if (number > 0 && slice_starts(rest, "号") && !is_repealed(rest))
                    put_reference(references,
                                  issuer_of((struct slice){text.text + run, here - run}), year,
                                  number);
            }
        }
        if (!slice_is_space(code))
            run_chars = 0;
    }
}
