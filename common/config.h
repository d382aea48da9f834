#ifndef JINMU_CONFIG_H
#define JINMU_CONFIG_H

#include "common/fault.h"

#include <stddef.h>
#include <stdint.h>

/* The configuration: a file in ZPL (RFC 4), STATE/jinmu.zpl or the one named with --config, that the
 * environment overrides: JINMU_SECTION_NAME for section/name, as JINMU_BROKER_ENDPOINT. What the
 * command line says comes before both. deploy/jinmu.zpl.example tells all settings. */
struct config;

/* Reads the file; `path` may be NULL for that of the state directory, which need not be there. NULL
 * with a fault "config.file", "config.unsafe" (others can write it) or "config.unknown" for a setting
 * that does not exist. */
struct config *config_open(const char *state, const char *path, struct fault *fault);
void config_destroy(struct config **config);

/* The names of all settings: NULL behind the last. */
const char *config_setting(size_t index);
/* A setting, or NULL when it is not set. Borrowed. */
const char *config_text(const struct config *config, const char *name);
/* Sets *number when it is set. 0, or -1 with a fault "config.number" when it is no number from
 * `least` to `most`. */
int config_number(const struct config *config, const char *name, int64_t least, int64_t most,
                  int64_t *number, struct fault *fault);
/* Where a service is (free()): `given` when it is not NULL, else as set, else the local socket of that
 * name in the state directory. NULL with a fault. */
char *config_endpoint(const struct config *config, const char *given, const char *name,
                      const char *state, const char *socket_name, struct fault *fault);
/* The folder of the keys (free()): as set, else STATE/keys. */
char *config_keys_folder(const struct config *config, const char *state);

#endif
