#include "catalog/catalog.h"

#include "catalog/changes.sql.h"
#include "catalog/checks/acceptance.sql.h"
#include "catalog/engine/memory.sql.h"
#include "catalog/revision/links.sql.h"
#include "catalog/revision/revision.sql.h"
#include "catalog/schema.sql.h"
#include "common/places.h"
#include "common/strbuf.h"
#include "common/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const migrations[] = {schema_sql,   memory_sql,  acceptance_sql,
                                         revision_sql, changes_sql, links_sql};
static const struct store_schema schema = {"catalog", migrations, 6};

int catalog_schema_version(void)
{
    return schema.version;
}

struct store *catalog_open(const char *path, enum store_mode mode, struct fault *fault)
{
    return store_open(path, mode, &schema, fault);
}

const char *catalog_data_directory(void)
{
    const char *given = getenv("JINMU_DATA");
    return given && *given ? given : places_data;
}

int catalog_code_level(const char *code)
{
    size_t length = strlen(code);
    if ((code[0] != 'A' && code[0] != 'B') || length > 7 || length % 2 == 0)
        return 0;
    return strspn(code + 1, "0123456789") == length - 1 ? (int)(length + 1) / 2 : 0;
}

int catalog_leaf_level(const char *code)
{
    return code[0] == 'B' ? 3 : 4;
}

char *catalog_revision_of_year(struct store *store, int year, struct fault *fault)
{
    char *number = NULL;
    char last_day[16];
    snprintf(last_day, sizeof last_day, "%04d-12-31", year < 0 || year > 9999 ? 9999 : year);
    sqlite3_stmt *statement = store_prepare(
        store,
        "SELECT number FROM revision r WHERE effective <= ?1 AND effective <= coalesce((SELECT"
        " u.effective FROM in_use JOIN revision u ON u.number = in_use.number), '9999')"
        " AND EXISTS (SELECT 1 FROM item"
        " WHERE revision = r.number AND state = 'offered' AND code LIKE 'A%')"
        " ORDER BY effective DESC, issued DESC LIMIT 1",
        fault);
    if (!statement)
        return NULL;
    int found = store_next(store, store_bind(statement, "t", last_day), fault);
    if (found == 1)
        number = xstrdup(store_text(statement, 0));
    else if (found == 0)
        fault_set(fault, "catalog.no_revision", "%d 年没有可适用的目录", year);
    sqlite3_finalize(statement);
    return number;
}

char *catalog_find_revision(struct store *store, const char *number, struct fault *fault)
{
    struct folder *folder = folder_new();
    char *wanted = folder_fold_utf8(folder, number), *found = NULL;
    size_t partial = 0;
    sqlite3_stmt *statement =
        store_prepare(store, "SELECT number FROM revision ORDER BY number", fault);
    while (statement && store_next(store, statement, fault) == 1) {
        char *folded = folder_fold_utf8(folder, store_text(statement, 0));
        bool exact = strcmp(folded, wanted) == 0;
        bool part = *wanted && strstr(folded, wanted) != NULL;
        free(folded);
        if (!part)
            continue;
        partial += !exact;
        free(found);
        found = xstrdup(store_text(statement, 0));
        if (exact) {
            partial = 1;
            break;
        }
    }
    sqlite3_finalize(statement);
    if (partial != 1) {
        free(found);
        found = NULL;
        fault_set(fault, "catalog.unknown_revision",
                  partial ? "“%s”对应多个目录，请写全文号" : "没有文号为“%s”的目录", number);
    }
    free(wanted);
    folder_destroy(&folder);
    return found;
}

int catalog_check_department(struct store *store, const char *department, struct fault *fault)
{
    struct folder *folder = folder_new();
    char *wanted = folder_fold_utf8(folder, department);
    bool found = false;
    int got = -1;
    sqlite3_stmt *statement = store_prepare(store, "SELECT DISTINCT department FROM item", fault);
    while (statement && !found && (got = store_next(store, statement, fault)) == 1) {
        char *folded = folder_fold_utf8(folder, store_text(statement, 0));
        found = strcmp(folded, wanted) == 0;
        free(folded);
    }
    sqlite3_finalize(statement);
    free(wanted);
    folder_destroy(&folder);
    if (!found && got == 0)
        fault_set(fault, "catalog.no_department",
                  "目录中没有部门“%.60s”，请按目录中的名称填写（jinmu catalog tree 可查）",
                  department);
    return found ? 0 : -1;
}
