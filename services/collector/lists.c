#include "services/collector/lists.h"

#include <string.h>

list_fn *lists_find(const char *ask)
{
    static const struct {
        const char *ask;
        list_fn *answer;
    } all[] = {{"results", lists_results},
               {"result", lists_result},
               {"project_view", lists_project},
               {"history", lists_history},
               {"feed", lists_feed},
               {"stats", lists_stats},
               {"usage", lists_usage},
               {"unfit", lists_unfit},
               {"deliveries", lists_deliveries},
               {"webhooks", lists_webhooks},
               {"webhook", lists_webhook},
               {"webhook_log", lists_webhook_log},
               {"webhook_due", lists_webhook_due}};
    for (size_t i = 0; ask && i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i].ask, ask) == 0)
            return all[i].answer;
    return NULL;
}

bool lists_is_short(const char *ask)
{
    static const char *const all[] = {"result", "project_view", "webhook", "webhook_due"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i], ask) == 0)
            return true;
    return false;
}
