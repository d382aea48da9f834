#ifndef JINMU_TEXT_H
#define JINMU_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A stretch of a text, in Unicode code points, half open: [start, end). */
struct span {
    size_t start;
    size_t end;
};

/* Whether the bytes are well-formed UTF-8 (RFC 3629) without NUL. */
bool text_is_utf8(const char *bytes, size_t length);
/* Code points in a well-formed UTF-8 text. */
size_t text_length(const char *utf8);
/* The byte offset of code point `index`, or of the end when there are fewer. */
size_t text_offset(const char *utf8, size_t index);
/* A copy (free()) of the span of `utf8`; what lies beyond the end is left out. */
char *text_cut(const char *utf8, struct span span);

/* A text made ready for matching: NFKC, lower case, simplified characters, half width, white space
 * left out. Each unit is a BMP code point (others become U+FFFD) and knows the code point of the
 * original that it came from, so that a match can be shown in the original text. */
struct folded {
    uint16_t *units;
    uint32_t *origin; /* origin[i]: index of the code point that gave units[i] */
    size_t length;    /* units */
    size_t capacity;
    size_t code_points; /* of the original */
};

/* The tables that folding uses; made once, then only read, so that threads may share it. */
struct folder;
struct folder *folder_new(void);
void folder_destroy(struct folder **folder);

/* Folds a well-formed UTF-8 text into `out`, whose memory is used again ({0} at first). */
void folder_fold(const struct folder *folder, const char *utf8, size_t bytes, struct folded *out);
/* The span of the original that units [from, to) came from; from < to. */
struct span folded_span(const struct folded *folded, size_t from, size_t to);
/* Units [from, to) as a text of their own, whose origins are still those in the whole original. */
void folded_slice(const struct folded *folded, size_t from, size_t to, struct folded *out);
void folded_free(struct folded *folded);

/* The folded form as UTF-8 (free()): what two spellings of one name have in common. Brackets and
 * quotation marks are folded to one form each. */
char *folder_fold_utf8(const struct folder *folder, const char *utf8);

#endif
