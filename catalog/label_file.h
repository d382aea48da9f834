#ifndef JINMU_LABEL_FILE_H
#define JINMU_LABEL_FILE_H

#include "common/fault.h"

#include <stdbool.h>
#include <stddef.h>

/* Edits the thesaurus in the data folder (labels/NAME.csv), files that a keeper may as well edit by
 * hand. */
struct label_edit {
    const char *department; /* "" for the level-3 rows of parents.csv */
    const char *code;
    const char *name; /* NULL: the only row of that code */
    const char *kind; /* alt, hidden, not */
    const char *const *phrases;
    size_t phrase_count;
    bool remove;
};

/* Adds or removes phrases and counts those that made a difference. The file is replaced as a whole
 * or left as it was. 0, or -1 with a fault: "labels.no_row", "labels.bad_phrase", or what reading
 * the file gives. */
int label_file_edit(const char *data_directory, const struct label_edit *edit, size_t *changed,
                    struct fault *fault);

#endif
