#ifndef JINMU_TEST_MEMORIES_H
#define JINMU_TEST_MEMORIES_H

#include "common/json.h"
#include "common/store.h"
#include "tests/catalog/fixture.h"

/* A catalog in which people decide. The decisions are ones that the engine would not come to by
 * itself. Projects and answers are JSON members without braces. */

#define OLD   ",\"catalog\":\"" REVISION_OLD "\""
#define NEW   ",\"catalog\":\"" REVISION_NEW "\""
#define CIVIL ",\"unit\":\"某县民政局\""
#define ROADS ",\"unit\":\"某县交通局\""
#define BOTH  ",\"unit\":\"某县交通信访局\""
#define NAME  "\"name\":\"2022年老年餐配送服务\""
#define TEXT                                                                                                         \
    ",\"description\":\"委托餐饮企业为全县七十周岁以上独居老人每日配送午餐，共1200人，" \
    "由社区志愿者送餐上门并登记签收，每季度开展满意度回访。\""
#define NEXT_NAME "\"name\":\"2023年老年餐配送服务\""
#define NEXT_TEXT                                                                                                    \
    ",\"description\":\"委托餐饮企业为全县七十周岁以上独居老人每日配送午餐，共1500人，" \
    "由社区志愿者送餐上门并登记签收，每季度开展满意度回访。\""
#define ANOTHER_TEXT                                                                               \
    ",\"description\":"                                                                            \
    "\"组织律师每周在信访大厅接待来访群众，解答法律政策问题，形成接访记录台账。\""

/* The usual decision: an item that the text does not speak of. */
#define ANSWER       "\"decision\":\"correct\",\"department\":\"民政\",\"code\":\"A040201\""
#define OTHER_ANSWER "\"decision\":\"correct\",\"department\":\"民政\",\"code\":\"A040102\""

extern const char usual[], next_year[];

/* Takes a review in, and loads the engine anew. */
void remember(struct fixture *fixture, const char *id, const char *day, const char *project,
              const char *answer);
void withdraw(struct fixture *fixture, const char *id);
struct jv *judge(struct fixture *fixture, const char *project);
/* The review that the project was decided by, "" for none (free()). */
char *follows(struct fixture *fixture, const char *project);
void assert_follows(struct fixture *fixture, const char *project, const char *review);

/* Set-up and tear-down of a test: with no memory, or with that of `usual`, r-1. */
int start(void **state);
int start_with_usual(void **state);
int finish(void **state);
#define WITH_USUAL(test) cmocka_unit_test_setup_teardown(test, start_with_usual, finish)

#endif
