#include "services/cli/event_line.h"

#include <string.h>

void event_line_print(int64_t event, const char *topic, const char *json, FILE *out)
{
    size_t length = strlen(json);
    while (length > 0 && json[length - 1] != '}')
        length--;
    if (length < 2) /* no object: as it is */
        fprintf(out, "{\"result\":%s", *json ? json : "null");
    else
        fprintf(out, "%.*s", (int)length - 1, json);
    if (length == 2)
        fprintf(out, "\"event\":%lld", (long long)event);
    else
        fprintf(out, ",\"event\":%lld", (long long)event);
    if (topic)
        fprintf(out, ",\"topic\":\"%s\"", topic);
    fputs("}\n", out);
}
