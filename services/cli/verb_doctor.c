/* jinmu doctor: whether all is well, and what to do when it is not. */
#include "common/options.h"
#include "services/cli/verbs.h"

#include "common/json.h"
#include "services/cli/doctor.h"

#include <czmq.h>
#include <stdio.h>
#include <stdlib.h>

struct options {
    const char *state;
    bool json;
    bool thorough;
};

static const struct option_row option_rows[] = {
    STATE_OPTION(struct options),
    FLAG_OPTION(struct options, json, "json", 0, "As JSON"),
    FLAG_OPTION(struct options, thorough, "thorough", 0,
                "Compare every index with its table, which takes longer"),
    {0}};
static const struct command_form form = {
    option_rows, 0, 0, "",
    "Looks over the state directory, its databases and their versions, the disk, the clock and the "
    "services. The exit status is 1 when something is wrong, 0 when there are at most notes."};

static void print_text(const struct diagnosis *diagnosis)
{
    static const char *const marks[HEALTHS] = {"正常", "注意", "错误"};
    for (size_t i = 0; i < diagnosis->count; i++)
        printf("[%s] %s\n", marks[diagnosis->checks[i].health], diagnosis->checks[i].text);
    printf("检查完毕：错误 %zu 项，注意 %zu 项。\n", diagnosis->of[HEALTH_BAD],
           diagnosis->of[HEALTH_NOTE]);
}

/* {"checks":[{"name","health","text"}],"bad":n,"notes":n} */
static void print_json(const struct diagnosis *diagnosis)
{
    struct jv *root = jv_object(), *checks = jv_array();
    for (size_t i = 0; i < diagnosis->count; i++) {
        struct jv *check = jv_object();
        jv_set_text(check, "name", diagnosis->checks[i].name);
        jv_set_text(check, "health", health_names[diagnosis->checks[i].health]);
        jv_set_text(check, "text", diagnosis->checks[i].text);
        jv_push(checks, check);
    }
    jv_set(root, "checks", checks);
    jv_set_number(root, "bad", (double)diagnosis->of[HEALTH_BAD]);
    jv_set_number(root, "notes", (double)diagnosis->of[HEALTH_NOTE]);
    jv_print(root);
    jv_destroy(&root);
}

int verb_doctor(int argc, char **argv)
{
    struct options options = {0};
    struct diagnosis diagnosis = {0};
    options_read(&form, argc, argv, &options);
    zsys_handler_set(NULL);
    doctor_examine(&diagnosis, options.state, options.thorough);
    if (options.json)
        print_json(&diagnosis);
    else
        print_text(&diagnosis);
    int status = diagnosis.of[HEALTH_BAD] > 0;
    diagnosis_clear(&diagnosis);
    return status;
}
