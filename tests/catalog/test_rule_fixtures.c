/* Labelled projects and documents, a file a family of rules: which must fire, and which must not. */
#include "tests/catalog/trials.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define FAMILY(name, prefixes)                                                                     \
    static void test_the_family_##name##_fires_where_it_must_and_nowhere_else(void **state)        \
    {                                                                                              \
        trials_run_family(*state, #name, prefixes);                                                \
    }
FAMILY(code, "code.")
FAMILY(reference, "reference.")
FAMILY(scope, "scope.")
FAMILY(term, "term.")
FAMILY(amount, "amount.")
FAMILY(declaration, "declaration. table. procurement.")
FAMILY(basis, "basis. indicators.")
FAMILY(duplicate, "duplicate.")

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_family_code_fires_where_it_must_and_nowhere_else),
        cmocka_unit_test(test_the_family_reference_fires_where_it_must_and_nowhere_else),
        cmocka_unit_test(test_the_family_scope_fires_where_it_must_and_nowhere_else),
        cmocka_unit_test(test_the_family_term_fires_where_it_must_and_nowhere_else),
        cmocka_unit_test(test_the_family_amount_fires_where_it_must_and_nowhere_else),
        cmocka_unit_test(test_the_family_declaration_fires_where_it_must_and_nowhere_else),
        cmocka_unit_test(test_the_family_basis_fires_where_it_must_and_nowhere_else),
        cmocka_unit_test(test_the_family_duplicate_fires_where_it_must_and_nowhere_else),
    };
    return cmocka_run_group_tests(tests, trials_start, trials_end);
}
