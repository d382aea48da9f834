#ifndef TESTS_TRIALS_H
#define TESTS_TRIALS_H

/* A catalog.db built from catalog/data in a folder of its own, and the rules tried on it, as the group
 * set-up of tests: the state is a struct trial. */
int trials_start(void **state);
int trials_end(void **state);

/* Runs tests/fixtures/rules/FAMILY.jsonl: each line a project and what must fire of the rules whose id
 * begins with one of the prefixes (between spaces). Fails with the lines that did not do so. */
struct trial;
void trials_run_family(struct trial *trial, const char *family, const char *prefixes);

#endif
