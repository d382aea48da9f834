/* jinmu keygen, jinmu keys: who may connect over tcp, and as what. */
#include "services/cli/verbs.h"

#include "common/config.h"
#include "common/keys.h"
#include "common/state.h"
#include "common/strbuf.h"
#include "services/cli/verb_group.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    const char *state;
};

static const struct option_row option_rows[] = {STATE_OPTION(struct options), {0}};

static const struct command_form keygen_form = {
    option_rows, 2, 2, "ROLE NAME",
    "Makes this machine's key pair of a role (client, worker, admin, broker or collector) under a "
    "name that others will know it by. The secret stays in DIR/keys/own; prints the path of the "
    "public key, a file to hand to those who run the services (or, of a broker or collector, to "
    "those who connect), for `jinmu keys add`."};

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
    char **words = options_read(&keygen_form, argc, argv, &options);
    struct keys *keys = open_keys(&options, &folder, &fault);
    enum key_role role = key_role_of(words[0]);
    if (!keys)
        status = -1;
    else if (role == KEY_ROLES)
        status = fault_set(&fault, "keys.role",
                           "'%s' is no role: client, worker, admin, broker or collector", words[0]);
    else
        status = keys_make_own(keys, role, words[1], &fault);
    if (status == 0)
        printf("%s/%s.pub\n", folder, words[1]);
    keys_close(&keys);
    free(folder);
    return status ? report("keygen", &fault) : 0;
}

/* --- keys --- */

static void print_key(const struct key *key, void *argument)
{
    (void)argument;
    printf("%-20s %-9s %-20s %-20s %s\n", key->name, key_role_names[key->role], key->created,
           *key->revoked ? key->revoked : "-", key->public_key);
}

static int list(struct keys *keys, char **words, struct fault *fault)
{
    (void)words;
    (void)fault;
    printf("%-20s %-9s %-20s %-20s %s\n", "NAME", "ROLE", "CREATED", "REVOKED", "PUBLIC KEY");
    keys_each(keys, print_key, NULL);
    return 0;
}

/* The file says what its maker wants to be; what it becomes, who lets it in says. */
static int add(struct keys *keys, char **words, struct fault *fault)
{
    const char *role = words[0], *path = words[1];
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

static int revoke(struct keys *keys, char **words, struct fault *fault)
{
    return keys_revoke(keys, words[0], fault);
}

static const struct keys_verb {
    struct group_verb verb;
    int (*run)(struct keys *keys, char **words, struct fault *fault);
} verbs[] = {
    {{"list", {option_rows, 0, 0, "", "Lists the keys that are let in, with their roles."}}, list},
    {{"add",
      {option_rows, 2, 2, "ROLE FILE",
       "Lets the public key of a file in, if its role is the one named; of a broker or collector, "
       "makes it the one to connect to. Running services follow at once."}},
     add},
    {{"revoke",
      {option_rows, 1, 1, "NAME",
       "Lets a key in no more, for good. Running services follow at "
       "once."}},
     revoke},
};

static const struct group_verb *verb_at(size_t number)
{
    return number < sizeof verbs / sizeof *verbs ? &verbs[number].verb : NULL;
}

int verb_keys(int argc, char **argv)
{
    struct options options = {0};
    struct fault fault = {"", ""};
    char **words;
    int status;
    argp_err_exit_status = 2;
    int number = verb_group_read(&(struct verb_group){"keys", verb_at}, argc, argv, &options,
                                 &words, &status);
    if (number == NO_VERB)
        return status;
    struct keys *keys = open_keys(&options, NULL, &fault);
    status = keys ? verbs[number].run(keys, words, &fault) : -1;
    keys_close(&keys);
    return status ? report("keys", &fault) : 0;
}
