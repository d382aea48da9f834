/* jinmu backup, jinmu restore: the databases of a state, copied while it works, and put back. */
#include "services/cli/verbs.h"

#include "common/state.h"
#include "services/cli/backup.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

enum { KEY_REPLACE = 1000, KEY_JSON = 1001 };

struct options {
    const char *state;
    const char *directory;
    bool replace;
    bool json;
};

static const struct argp_option backup_options[] = {
    {"state", 's', "DIR", 0, "State directory (default: $JINMU_STATE, else the XDG one)", 0},
    {"json", KEY_JSON, NULL, 0, "The list of files, as JSON", 0},
    {0}};
static const struct argp_option restore_options[] = {
    {"state", 's', "DIR", 0, "State directory (default: $JINMU_STATE, else the XDG one)", 0},
    {"json", KEY_JSON, NULL, 0, "The list of files, as JSON", 0},
    {"replace", KEY_REPLACE, NULL, 0, "Move databases that are there into STATE/replaced-TIME", 0},
    {0}};

static error_t parse_option(int key, char *value, struct argp_state *parser)
{
    struct options *options = parser->input;
    switch (key) {
    case 's':
        options->state = value;
        return 0;
    case KEY_JSON:
        options->json = true;
        return 0;
    case KEY_REPLACE:
        options->replace = true;
        return 0;
    case ARGP_KEY_ARG:
        if (options->directory)
            argp_error(parser, "one folder");
        options->directory = value;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(parser, "say the backup's folder");
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp backup_parser = {
    backup_options,
    parse_option,
    "FOLDER",
    "Copies spool.db, results.db and all other databases, while services may work, into a folder "
    "that "
    "is new or empty, checks the copies and lists them in manifest.json. Keys are not copied: keep "
    "DIR/keys elsewhere.",
    NULL,
    NULL,
    NULL};
static const struct argp restore_parser = {
    restore_options,
    parse_option,
    "FOLDER",
    "Puts the databases of a backup into the state directory while no services run there. What had "
    "been accepted and not done when the backup was made is done again, and stored once.",
    NULL,
    NULL,
    NULL};

static void print_manifest(const struct jv *manifest, bool as_json)
{
    if (as_json) {
        char *text = jv_write(manifest);
        puts(text);
        free(text);
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

static int run(int argc, char **argv, const struct argp *parser, bool restores)
{
    struct options options = {0};
    struct fault fault = {"", ""};
    argp_parse(parser, argc, argv, 0, NULL, &options);
    char *state = state_directory(options.state, &fault);
    struct jv *manifest = NULL;
    if (state)
        manifest = restores ? backup_restore(options.directory, state, options.replace, &fault)
                            : backup_make(state, options.directory, &fault);
    if (manifest)
        print_manifest(manifest, options.json);
    else
        fprintf(stderr, "jinmu %s: %s\n", argv[0], fault.message);
    int status = manifest ? 0 : 2;
    jv_destroy(&manifest);
    free(state);
    return status;
}

int verb_backup(int argc, char **argv)
{
    return run(argc, argv, &backup_parser, false);
}

int verb_restore(int argc, char **argv)
{
    return run(argc, argv, &restore_parser, true);
}
