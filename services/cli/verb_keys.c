/* jinmu keygen, jinmu keys: who may connect over tcp, and as what. */
#include "services/cli/verbs.h"

#include "common/config.h"
#include "common/keys.h"
#include "common/state.h"
#include "common/strbuf.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    const char *state;
    const char *words[3];
    size_t count;
};

static const struct argp_option option_list[] = {
    {"state", 's', "DIR", 0, "State directory (default: $JINMU_STATE, else the XDG one)", 0}, {0}};

static error_t parse_option(int key, char *value, struct argp_state *parser)
{
    struct options *options = parser->input;
    switch (key) {
    case 's':
        options->state = value;
        return 0;
    case ARGP_KEY_ARG:
        if (options->count == sizeof options->words / sizeof *options->words)
            argp_usage(parser);
        options->words[options->count++] = value;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp keygen_parser = {
    option_list,
    parse_option,
    "ROLE NAME",
    "Makes this machine's key pair of a role (client, worker, admin, broker or collector) under a "
    "name "
    "that others will know it by. The secret stays in DIR/keys/own; prints the path of the public "
    "key, a file to hand to those who run the services (or, of a broker or collector, to those who "
    "connect), for `jinmu keys add`.",
    NULL,
    NULL,
    NULL};

static const struct argp keys_parser = {
    option_list,
    parse_option,
    "list\nadd ROLE FILE\nrevoke NAME",
    "list: the keys that are let in, with their roles. add: lets the public key of a file in, if "
    "its "
    "role is the one named; of a broker or collector, makes it the one to connect to. revoke: for "
    "good. Running services follow at once.",
    NULL,
    NULL,
    NULL};

/* The keys of the state (keys_close) and, when `folder` is not NULL, where they are (free()). */
static struct keys *open_keys(const struct options *options, char **folder, struct fault *fault)
{
    struct keys *keys = NULL;
    char *state = state_directory(options->state, fault);
    struct config *config = state ? config_open(state, NULL, fault) : NULL;
    char *path = config ? config_keys_folder(config, state) : NULL;
    if (path)
        keys = keys_open(path, fault);
    if (folder)
        *folder = path;
    else
        free(path);
    if (config)
        config_destroy(&config);
    free(state);
    return keys;
}

static int report(const char *verb, const struct fault *fault)
{
    fprintf(stderr, "jinmu %s: %s\n", verb, fault->message);
    return 2;
}

int verb_keygen(int argc, char **argv)
{
    struct options options = {0};
    struct fault fault = {"", ""};
    char *folder = NULL;
    int status = 0;
    argp_parse(&keygen_parser, argc, argv, 0, NULL, &options);
    if (options.count != 2) {
        argp_help(&keygen_parser, stderr, ARGP_HELP_STD_USAGE, "jinmu keygen");
        return 2;
    }
    struct keys *keys = open_keys(&options, &folder, &fault);
    enum key_role role = key_role_of(options.words[0]);
    if (!keys)
        status = -1;
    else if (role == KEY_ROLES)
        status = fault_set(&fault, "keys.role",
                           "'%s' is no role: client, worker, admin, broker or collector",
                           options.words[0]);
    else
        status = keys_make_own(keys, role, options.words[1], &fault);
    if (status == 0)
        printf("%s/%s.pub\n", folder, options.words[1]);
    keys_close(&keys);
    free(folder);
    return status ? report("keygen", &fault) : 0;
}

static void print_key(const struct key *key, void *argument)
{
    (void)argument;
    printf("%-20s %-9s %-20s %-20s %s\n", key->name, key_role_names[key->role], key->created,
           *key->revoked ? key->revoked : "-", key->public_key);
}

/* The file says what its maker wants to be; what it becomes, who lets it in says. */
static int add(struct keys *keys, const char *role, const char *path, struct fault *fault)
{
    struct key key;
    if (key_file_read_foreign(path, &key, fault))
        return -1;
    if (key_role_of(role) != key.role)
        return fault_set(fault, "keys.role", "%s is the key of a %s, not of a '%s'", path,
                         key_role_names[key.role], role);
    if (*key.revoked)
        return fault_set(fault, "keys.exists", "%s was revoked: make a new key", path);
    return keys_add(keys, &key, fault);
}

static int run(struct keys *keys, const struct options *options, struct fault *fault)
{
    if (strcmp(options->words[0], "list") == 0) {
        printf("%-20s %-9s %-20s %-20s %s\n", "NAME", "ROLE", "CREATED", "REVOKED", "PUBLIC KEY");
        keys_each(keys, print_key, NULL);
        return 0;
    }
    if (strcmp(options->words[0], "add") == 0)
        return add(keys, options->words[1], options->words[2], fault);
    return keys_revoke(keys, options->words[1], fault);
}

static bool are_words_right(const struct options *options)
{
    static const struct {
        const char *word;
        size_t count;
    } commands[] = {{"list", 1}, {"add", 3}, {"revoke", 2}};
    for (size_t i = 0; options->count && i < sizeof commands / sizeof *commands; i++)
        if (strcmp(options->words[0], commands[i].word) == 0)
            return options->count == commands[i].count;
    return false;
}

int verb_keys(int argc, char **argv)
{
    struct options options = {0};
    struct fault fault = {"", ""};
    argp_parse(&keys_parser, argc, argv, 0, NULL, &options);
    if (!are_words_right(&options)) {
        argp_help(&keys_parser, stderr, ARGP_HELP_STD_USAGE, "jinmu keys");
        return 2;
    }
    struct keys *keys = open_keys(&options, NULL, &fault);
    int status = keys ? run(keys, &options, &fault) : -1;
    keys_close(&keys);
    return status ? report("keys", &fault) : 0;
}
