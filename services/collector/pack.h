#ifndef JINMU_COLLECTOR_PACK_H
#define JINMU_COLLECTOR_PACK_H

#include "common/store.h"
#include "services/collector/wire.h"

#include <stdbool.h>

/* The JSON texts of results.db, packed by zstd: a text that is shorter packed is stored as a blob,
 * another as text. Results say the same things again and again, so a dictionary is made of the first
 * projects and their results, kept in the table `dictionary`, and used from then on; every packed
 * text names the one that it needs. SQL reads a text with unpacked(json). */
struct packer;

/* Reads the dictionary and gives the store's connection unpacked(). NULL with a fault. */
struct packer *packer_new(struct store *store, struct fault *fault);
void packer_destroy(struct packer **packer);
/* Whether it can read what was packed with one. */
bool packer_has_dictionary(const struct packer *packer);

/* Binds a text, packed, to a parameter. Valid until the next call. */
void packer_bind(struct packer *packer, sqlite3_stmt *statement, int place, struct wire_text text);

/* Shows a project and its result, of which some become the dictionary. */
void packer_sample(struct packer *packer, struct wire_text project, struct wire_text result);
/* Makes the dictionary when enough was shown: between transactions. What fails is tried again. */
void packer_learn(struct packer *packer);

#endif
