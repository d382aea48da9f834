#include "services/gateway/exchange.h"

#include <string.h>

/* The status that a code stands for; a code that is not here has that of its longest prefix. */
static const struct problem {
    const char *code;
    unsigned status;
} problems[] = {
    {"accounts.memory", 503},
    {"auth.csrf", 403},
    {"auth.forbidden", 403},
    {"auth.required", 401},
    {"batch.", 422},
    {"catalog.elsewhere", 422},
    {"catalog.no_revision", 404},
    {"catalog.unknown", 404},
    {"catalog.unknown_revision", 404},
    {"correspondence.", 422},
    {"correspondence.unknown", 404},
    {"dead.unknown", 404},
    {"document.", 422},
    {"document.too_large", 413},
    {"gateway.busy", 503},
    {"idempotency.in_flight", 409},
    {"idempotency.other_body", 422},
    {"inquiry.timeout", 503},
    {"input.", 400},
    {"input.media_type", 415},
    {"input.too_large", 413},
    {"mdp.", 503},
    {"mdp.too_large", 413},
    {"method.not_allowed", 405},
    {"no_worker", 503},
    {"not_found", 404},
    {"page.not_found", 404},
    {"precondition.required", 428},
    {"project.", 422},
    {"project.other_unit", 403},
    {"project.unknown", 404},
    {"query.", 422},
    {"question.", 422},
    {"question.too_slow", 503},
    {"queue.full", 503},
    {"receipt.unknown", 404},
    {"reconcile.batch", 413},
    {"request.bad", 400},
    {"result.unknown", 404},
    {"review.", 422},
    {"review.conflict", 412},
    {"service.", 502},
    {"service.silent", 503},
    {"session.refused", 401},
    {"spool.", 503},
    {"store.", 503},
    {"throttled", 429},
    {"token.", 422},
    {"token.unknown", 404},
    {"user.", 422},
    {"user.exists", 409},
    {"user.last_admin", 409},
    {"user.unknown", 404},
    {"webhook.", 422},
    {"webhook.unknown", 404},
};

static const struct {
    unsigned status;
    const char *title, *advice;
} titles[] = {
    {400, "Malformed request", "请求写得不对，请改正后再发。"},
    {401, "Not signed in", "请先登录，或换用有效的令牌。"},
    {403, "Not allowed", "此角色或单位无权这样做，页面请求缺少 CSRF 令牌时也是如此。"},
    {404, "Not found", "没有这一项，或者不归你查看。"},
    {405, "Method not allowed", "换用 Allow 中列出的方法。"},
    {409, "In the way of another", "与另一请求或现有数据冲突，请查看后再试。"},
    {412, "Changed in the meantime", "别人已经改过，请重新读取后再决定。"},
    {413, "Too large", "内容太大，请分成几次。"},
    {415, "Unsupported media type", "请换用接口说明中列出的内容类型。"},
    {422, "Cannot be done", "请求能读懂，但不能照办，请按 detail 修改。"},
    {428, "If-Match is missing", "请把读到的 ETag 放进 If-Match。"},
    {429, "Too often", "太频繁了，请按 Retry-After 等待。"},
    {500, "Internal fault", "服务内部出错，请把请求编号告诉管理员。"},
    {502, "A service gave no usable answer", "后台服务没有给出可用的应答，请告诉管理员。"},
    {503, "Not available now", "暂时不能办理，请按 Retry-After 稍后再试。"},
};

/* The entry of the longest known code that it is or begins with; NULL: none. */
static const struct problem *find(const char *code)
{
    const struct problem *found = NULL;
    size_t longest = 0;
    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++) {
        const char *known = problems[i].code;
        size_t length = strlen(known);
        bool is_prefix = known[length - 1] == '.' && strncmp(code, known, length) == 0;
        if (length > longest && (is_prefix || strcmp(code, known) == 0)) {
            longest = length;
            found = &problems[i];
        }
    }
    return found;
}

unsigned problem_status(const char *code)
{
    const struct problem *problem = find(code);
    return problem ? problem->status : 500;
}

bool problem_is_known(const char *code)
{
    return find(code) != NULL;
}

const char *problem_advice(unsigned status)
{
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        if (titles[i].status == status)
            return titles[i].advice;
    return "";
}

const char *problem_title(unsigned status)
{
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        if (titles[i].status == status)
            return titles[i].title;
    return "Problem";
}
