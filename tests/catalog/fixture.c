#include "tests/catalog/fixture.h"

#include "catalog/catalog.h"
#include "common/strbuf.h"
#include "tests/catalog/catalog_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char revisions[] =
    "number,title,issued,effective,ended,repeals,complete,file\n"
    "测综〔2021〕1号,旧目录,2021-11-01,2022-01-01,2025-07-15,,1,revisions/old.csv\n"
    "测综〔2023〕3号,B类,2023,2023,,,0,b-items.csv\n"
    "测综〔2025〕2号,新目录,2025-07-15,2025-07-15,,测综〔2021〕1号,1,revisions/new.csv\n";

static const char old_items[] = "department,code,name,line,page\n"
                                "民政,,,1,1\n"
                                "民政,A,公共服务,2,1\n"
                                "民政,A04,社会治理服务,3,1\n"
                                "民政,A0401,养老服务,4,1\n"
                                "民政,A040101,居家老年人照护服务,5,1\n"
                                "民政,A040102,未成年人关爱保护服务,6,1\n"
                                "民政,A0402,社区服务,7,1\n"
                                "民政,A040201,社区社会组织培育服务,8,1\n"
                                "交通运输,,,9,2\n"
                                "交通运输,A,公共服务,10,2\n"
                                "交通运输,A17,交通运输服务,11,2\n"
                                "交通运输,A1701,公路养护服务,12,2\n"
                                "交通运输,A170101,农村公路日常养护服务,13,2\n"
                                "交通运输,A170102,桥梁定期检测服务,14,2\n"
                                "信访,,,15,3\n"
                                "信访,A,公共服务,16,3\n"
                                "信访,A04,社会治理服务,17,3\n"
                                "信访,A0401,信访法律服务,18,3\n"
                                "信访,A040101,信访人法律政策咨询服务,19,3\n";

static const char new_items[] = "department,code,name,line,page\n"
                                "民政,,,1,1\n"
                                "民政,A,公共服务,2,1\n"
                                "民政,A04,社会治理服务,3,1\n"
                                "民政,A0401,养老服务,4,1\n"
                                "民政,A040103,居家老年人照护服务,5,1\n"
                                "民政,A040104,养老机构等级评定服务,6,1\n";

static const char b_items[] = "code,name,restriction,source\n"
                              "B0302,审计服务,not:审计,测试\n"
                              "B0703,绩效评价服务,any,测试\n"
                              "B1010,公务用车租赁服务,only:机关事务管理,测试\n";

static const char labels[] =
    "department,code,name,alt,hidden,not\n"
    "民政,A040101,居家老年人照护服务,居家养老;上门助浴;老年餐;65岁以上老人,居家养佬,养老院\n"
    "民政,A040102,未成年人关爱保护服务,留守儿童;困境儿童,,\n"
    "民政,A040201,社区社会组织培育服务,社会组织孵化;社工站,,\n"
    "交通运输,A170101,农村公路日常养护服务,公路养护;路面保洁;边沟清理,,\n"
    "交通运输,A170102,桥梁定期检测服务,桥梁检测;危桥排查,,\n"
    "信访,A040101,信访人法律政策咨询服务,律师接访;值班律师,,\n"
    "B,B0302,审计服务,专项审计;决算审计,,绩效评价\n"
    "B,B0703,绩效评价服务,绩效评价;第三方评价,,\n"
    "B,B1010,公务用车租赁服务,租车;车辆租赁,,\n";

static const char parents[] = "code,name,alt\n"
                              "A0401,养老服务,养老;老人\n"
                              "A1701,公路养护服务,公路;道路\n";

static const char aliases[] = "alias,department,weight\n"
                              "民政局,民政,1.0\n"
                              "老龄办,民政,0.5\n"
                              "交通局,交通运输,1.0\n"
                              "审计局,审计,1.0\n"
                              "机关事务管理局,机关事务管理,1.0\n"
                              "交通信访局,交通运输,1.0\n"
                              "交通信访局,信访,1.0\n"
                              "民政局党校,,1.0\n";

static const char kinds[] = "phrase,kind,weight,place,note\n"
                            "设备购置,goods,4,any,\n"
                            "设备,goods,1.5,any,\n"
                            "设备维护,service,3,any,\n"
                            "新建工程,works,4,any,\n"
                            "工资,personnel,4,any,\n"
                            "补贴,subsidy,4,any,\n"
                            "办公费,internal,4,any,\n"
                            "服务,service,2,any,\n"
                            "委托,service,2,body,\n";

void fixture_write_data(const char *directory, const char *model)
{
    assert_int_equal(mkdir(directory, 0700), 0);
    file_write(directory, "revisions.csv", revisions);
    file_write(directory, "revisions/old.csv", old_items);
    file_write(directory, "revisions/new.csv", new_items);
    file_write(directory, "b-items.csv", b_items);
    file_write(directory, "labels/all.csv", labels);
    file_write(directory, "labels/parents.csv", parents);
    file_write(directory, "aliases.csv", aliases);
    file_write(directory, "kinds.csv", kinds);
    file_write(directory, "regulations.csv", "number,title,issued,in_force_from,status,note\n");
    if (model)
        file_write(directory, "model.txt", model);
}

static char *new_directory(void)
{
    const char *base = getenv("TMPDIR");
    struct strbuf name = {0};
    strbuf_printf(&name, "%s/jinmu-engine-XXXXXX", base && *base ? base : "/tmp");
    assert_non_null(mkdtemp(name.text));
    return strbuf_take(&name);
}

char *fixture_build(const char *data_directory, const char *directory)
{
    struct strbuf path = {0};
    struct fault fault = {0};
    strbuf_printf(&path, "%s/catalog.db", directory);
    if (catalog_build(data_directory, path.text, &fault))
        fail_msg("%s: %s", fault.code, fault.message);
    return strbuf_take(&path);
}

void fixture_load(struct fixture *fixture)
{
    struct fault fault = {0};
    judge_destroy(&fixture->judge);
    engine_destroy(&fixture->engine);
    fixture->engine = engine_load(fixture->path, &fault);
    if (!fixture->engine)
        fail_msg("%s: %s", fault.code, fault.message);
    fixture->judge = judge_new(fixture->engine, NULL);
}

struct store *fixture_store(const struct fixture *fixture)
{
    struct fault fault = {0};
    struct store *store = catalog_open(fixture->path, STORE_WRITE, &fault);
    if (!store)
        fail_msg("%s", fault.message);
    return store;
}

static struct fixture *open_fixture(char *directory, const char *data_directory)
{
    struct fixture *fixture = xcalloc(1, sizeof *fixture);
    fixture->directory = directory;
    fixture->path = fixture_build(data_directory, directory);
    fixture_load(fixture);
    return fixture;
}

struct fixture *fixture_new(void)
{
    char *directory = new_directory();
    struct strbuf data = {0};
    strbuf_printf(&data, "%s/data", directory);
    fixture_write_data(data.text, NULL);
    struct fixture *fixture = open_fixture(directory, data.text);
    strbuf_free(&data);
    return fixture;
}

struct fixture *fixture_of(const char *data_directory)
{
    return open_fixture(new_directory(), data_directory);
}

void fixture_destroy(struct fixture **fixture)
{
    judge_destroy(&(*fixture)->judge);
    engine_destroy(&(*fixture)->engine);
    directory_remove((*fixture)->directory);
    free((*fixture)->directory);
    free((*fixture)->path);
    free(*fixture);
    *fixture = NULL;
}

const struct mind *fixture_mind(const struct fixture *fixture)
{
    return engine_mind(fixture->engine);
}

struct collecting {
    struct answers *answers;
    struct strbuf text;
};

static void collect(const struct judged *judged, void *argument)
{
    struct collecting *collecting = argument;
    struct answers *answers = collecting->answers;
    struct fault fault = {0};
    struct jv *result = jv_read(judged->json, judged->json_bytes, &fault);
    if (!result)
        fail_msg("a result is no JSON: %s", fault.message);
    answers->all = xrealloc(answers->all, (answers->count + 1) * sizeof *answers->all);
    answers->all[answers->count++] = result;
    answers->errors += judged->is_error;
    strbuf_add(&collecting->text, judged->json, judged->json_bytes);
    strbuf_puts(&collecting->text, "\n");
}

struct answers answers_of(struct fixture *fixture, const char *body, size_t bytes)
{
    struct answers answers = {0};
    struct collecting collecting = {.answers = &answers};
    answers.status = judge_body(fixture->judge, body, bytes, collect, &collecting, &answers.fault);
    answers.text = strbuf_take(&collecting.text);
    return answers;
}

void answers_free(struct answers *answers)
{
    for (size_t i = 0; i < answers->count; i++)
        jv_destroy(&answers->all[i]);
    free(answers->all);
    free(answers->text);
    *answers = (struct answers){0};
}

struct jv *answer_of(struct fixture *fixture, const char *project)
{
    struct answers answers = answers_of(fixture, project, strlen(project));
    if (answers.status || answers.count != 1)
        fail_msg("%s: %s", answers.fault.code, answers.fault.message);
    struct jv *result = jv_copy(answers.all[0]);
    answers_free(&answers);
    return result;
}

const char *error_code(const struct jv *result)
{
    const char *code = jv_get_text(jv_get(result, "error"), "code");
    return code ? code : "";
}

const char *first_code(const struct jv *result)
{
    const char *code = jv_get_text(jv_at(jv_get(result, "candidates"), 0), "code");
    return code ? code : "";
}
