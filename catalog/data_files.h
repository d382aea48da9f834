#ifndef JINMU_DATA_FILES_H
#define JINMU_DATA_FILES_H

#include "common/fault.h"

#include <stddef.h>

/* The files of a data folder that catalog.db is built from, in a fixed order: those of the folder
 * itself, then labels/, revisions/ and rules/, each by name. */
struct data_file {
    char *name; /* relative to the folder: "labels/民政.csv" */
    char *bytes;
    size_t length;
};
struct data_files {
    struct data_file *files;
    size_t count;
};

/* Reads them all. NULL with a fault: "catalog.no_data" when the folder is none of ours. */
struct data_files *data_files_load(const char *directory, struct fault *fault);
void data_files_destroy(struct data_files **files);

/* The file of that name, or NULL. */
const struct data_file *data_files_find(const struct data_files *files, const char *name);

enum { DATA_HASH_BYTES = 65 };
/* SHA-256 in hex over everything that the database depends on. */
void data_files_hash(const struct data_files *files, char hex[DATA_HASH_BYTES]);
/* The same over what decides a result: model, labels, synonyms, aliases, kinds, rules. */
void data_files_model_hash(const struct data_files *files, char hex[DATA_HASH_BYTES]);

#endif
