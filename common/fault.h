#ifndef JINMU_FAULT_H
#define JINMU_FAULT_H

/* What went wrong, for the caller to show or send on. `code` is a stable word that programs may
 * compare ("input.not_utf8"); `message` says what, where and what to do, in the language of the
 * interface it reaches (Chinese for users' input, English for operators). Both always end in NUL, and
 * `message` is always well-formed UTF-8: what a cut would leave of a character is left out. */
struct fault {
    char code[48];
    char message[464];
};

/* Fills `fault` (which may be NULL) and returns -1, so that `return fault_set(...)` reads well. */
int fault_set(struct fault *fault, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
