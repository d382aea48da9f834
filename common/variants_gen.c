/* Build-time program: prints the table of traditional characters and their simplified forms that
 * common/text.c folds with, read from OpenCC's dictionaries (one character at a time). */
#include <opencc/opencc.h>
#include <stdio.h>
#include <string.h>

static int utf8_of(unsigned code, char out[4])
{
    out[0] = (char)(0xE0 | (code >> 12));
    out[1] = (char)(0x80 | ((code >> 6) & 0x3F));
    out[2] = (char)(0x80 | (code & 0x3F));
    out[3] = 0;
    return 3;
}

static unsigned code_of(const char *text)
{
    const unsigned char *b = (const unsigned char *)text;
    if (strlen(text) != 3 || b[0] < 0xE0 || b[0] > 0xEF)
        return 0;
    return ((b[0] & 0x0Fu) << 12) | ((b[1] & 0x3Fu) << 6) | (b[2] & 0x3Fu);
}

int main(void)
{
    opencc_t converter = opencc_open("t2s.json");
    if (converter == (opencc_t)-1) {
        fprintf(stderr, "variants_gen: opencc_open(t2s.json): %s\n", opencc_error());
        return 1;
    }
    puts("static const unsigned short variants[][2] = {");
    for (unsigned code = 0x4E00; code <= 0x9FFF; code++) {
        char text[4];
        utf8_of(code, text);
        char *simple = opencc_convert_utf8(converter, text, 3);
        unsigned to = simple ? code_of(simple) : 0;
        if (to && to != code)
            printf("    {0x%04X, 0x%04X},\n", code, to);
        opencc_convert_utf8_free(simple);
    }
    puts("};");
    opencc_close(converter);
    return 0;
}
