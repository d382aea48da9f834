/* The rules' data: every file loads, and every rule does with its examples as they say. */
#include "catalog/catalog.h"
#include "catalog/learn/trial.h"
#include "tests/catalog/trials.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void say(const struct rule *rule, const struct rule_example *example, void *argument)
{
    (void)argument;
    print_error("%s %s: %s\n", rule->id, example->must ? "must fire" : "must not fire",
                example->text);
}

static void test_every_rule_does_with_its_examples_as_they_say(void **state)
{
    struct trial *trial = *state;
    struct fault fault = {0};
    int failed = 0;
    for (size_t i = 0; i < trial_rules(trial)->count; i++) {
        int count = trial_rule(trial, &trial_rules(trial)->all[i], say, NULL, &fault);
        if (count < 0)
            fail_msg("%s: %s", trial_rules(trial)->all[i].id, fault.message);
        failed += count;
    }
    assert_int_equal(failed, 0);
}

static void test_every_rule_of_the_interface_is_there(void **state)
{
    static const char *const ids[] = {"code.unknown",          "code.not_in_force",
                                      "code.wrong_department", "code.not_leaf",
                                      "code.name_mismatch",    "code.restricted",
                                      "code.disagrees",        "reference.superseded",
                                      "scope.goods",           "scope.works",
                                      "scope.bundled",         "scope.personnel",
                                      "scope.financing",       "scope.duty",
                                      "scope.unlisted",        "term.over_one_year",
                                      "term.over_three_years", "amount.items_mismatch",
                                      "amount.total_mismatch", "amount.cap_mismatch",
                                      "amount.unit_suspect",   "amount.years_mismatch",
                                      "declaration.missing",   "declaration.amount_mismatch",
                                      "basis.missing",         "indicators.missing",
                                      "duplicate.near"};
    struct trial *trial = *state;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        const struct rule *rule = rules_find(trial_rules(trial), ids[i]);
        if (!rule)
            fail_msg("no rule %s", ids[i]);
        else
            assert_true(*rule->basis);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_rule_does_with_its_examples_as_they_say),
        cmocka_unit_test(test_every_rule_of_the_interface_is_there),
    };
    return cmocka_run_group_tests(tests, trials_start, trials_end);
}
