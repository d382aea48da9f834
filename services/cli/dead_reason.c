#include "services/cli/dead_reason.h"

#include <stddef.h>
#include <string.h>

const char *dead_reason_words(const char *reason)
{
    static const struct {
        const char *begin, *words;
    } reasons[] = {
        {"its worker was lost in every attempt", "每次处理时，处理程序都中断"},
        {"not done by its deadline", "到截止时间仍未处理"},
        {"its body cannot be read", "任务内容无法读取"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (strncmp(reason, reasons[i].begin, strlen(reasons[i].begin)) == 0)
            return reasons[i].words;
    return reason;
}
