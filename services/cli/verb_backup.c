/* jinmu backup, jinmu restore: the databases of a state, copied while it works, and put back. */
#include "common/options.h"
#include "services/cli/verbs.h"

#include "common/state.h"
#include "services/cli/backup.h"

#include <stdio.h>
#include <stdlib.h>

struct options {
    const char *state;
    const char *directory;
    bool replace;
    bool json;
};

#define OPTION_JSON FLAG_OPTION(struct options, json, "json", 0, "The list of files, as JSON")

static const struct option_row backup_options[] = {STATE_OPTION(struct options), OPTION_JSON, {0}};
static const struct option_row restore_options[] = {
    STATE_OPTION(struct options),
    OPTION_JSON,
    FLAG_OPTION(struct options, replace, "replace", 0,
                "Move databases that are there into STATE/replaced-TIME"),
    {0}};
static const struct command_form backup_form = {
    backup_options, 1, 1, "FOLDER",
    "Copies spool.db, results.db and all other databases, while services may work, into a folder "
    "that is new or empty, checks the copies and lists them in manifest.json. Keys are not copied: "
    "keep DIR/keys elsewhere."};
static const struct command_form restore_form = {
    restore_options, 1, 1, "FOLDER",
    "Puts the databases of a backup into the state directory while no services run there. What had "
    "been accepted and not done when the backup was made is done again, and stored once."};

static void print_manifest(const struct jv *manifest, bool as_json)
{
    if (as_json) {
        jv_print(manifest);
        return;
    }
    const struct jv *list = jv_get(manifest, "files");
    for (size_t i = 0; i < jv_count(list); i++) {
        const struct jv *file = jv_at(list, i);
        printf("%-12s schema %.0f, %.1f MB, sha256 %.16s…\n", jv_get_text(file, "name"),
               jv_get_number(file, "schema", 0), jv_get_number(file, "bytes", 0) / 1e6,
               jv_get_text(file, "sha256"));
    }
    printf("made at %s\n", jv_get_text(manifest, "made_at"));
}

static int run(int argc, char **argv, const struct command_form *form, bool restores)
{
    struct options options = {0};
    struct fault fault = {"", ""};
    options.directory = options_read(form, argc, argv, &options)[0];
    char *state =
        restores ? state_find(options.state, &fault) : state_directory(options.state, &fault);
    struct jv *manifest = NULL;
    if (state)
        manifest = restores ? backup_restore(options.directory, state, options.replace, &fault)
                            : backup_make(state, options.directory, &fault);
    if (manifest)
        print_manifest(manifest, options.json);
    else
        fprintf(stderr, "%s: %s\n", argv[0], fault.message);
    if (state && restores && !manifest && state_check_restored(state, &fault))
        fprintf(stderr, "%s: %s\n", argv[0], fault.message);
    int status = manifest ? 0 : 2;
    jv_destroy(&manifest);
    free(state);
    return status;
}

int verb_backup(int argc, char **argv)
{
    return run(argc, argv, &backup_form, false);
}

int verb_restore(int argc, char **argv)
{
    return run(argc, argv, &restore_form, true);
}
