/* The heap of jobs. */
#include "services/broker/queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { JOBS = 500 };

static void test_jobs_come_by_due_time_then_by_arrival(void **state)
{
    (void)state;
    struct job jobs[JOBS] = {0};
    struct queue queue = {0};
    unsigned random = 1;
    for (int i = 0; i < JOBS; i++) {
        random = random * 1103515245 + 12345;
        jobs[i].due = (random >> 16) % 20;
        jobs[i].order = (uint64_t)i;
        queue_push(&queue, &jobs[i]);
    }
    /* Every third is taken out of the middle. */
    for (int i = 0; i < JOBS; i += 3)
        queue_remove(&queue, &jobs[i]);
    const struct job *last = NULL;
    size_t count = 0;
    for (struct job *job; (job = queue_first(&queue)); last = job, count++) {
        assert_true((job - jobs) % 3 != 0);
        if (last)
            assert_true(last->due < job->due ||
                        (last->due == job->due && last->order < job->order));
        queue_remove(&queue, job);
    }
    assert_int_equal(count, JOBS - (JOBS + 2) / 3);
    queue_free(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jobs_come_by_due_time_then_by_arrival),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
