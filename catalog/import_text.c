#include "catalog/sheet.h"

struct sheet *sheet_from_text(const char *bytes, size_t length, const struct known_names *known,
                              const struct folder *folder, struct fault *fault)
{
    (void)bytes, (void)length, (void)known, (void)folder;
    fault_set(fault, "import.not_catalog", "尚不能读取");
    return NULL;
}
