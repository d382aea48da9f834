#include "services/gateway/exchange.h"

#include <string.h>

/* The status that a code stands for; a code that is not here has that of its longest prefix. */
static const struct {
    const char *code;
    unsigned status;
} problems[] = {
    {"accounts.memory", 503},
    {"auth.csrf", 403},
    {"auth.forbidden", 403},
    {"auth.required", 401},
    {"batch.", 422},
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
    const char *title;
} titles[] = {
    {400, "Malformed request"},
    {401, "Not signed in"},
    {403, "Not allowed"},
    {404, "Not found"},
    {405, "Method not allowed"},
    {409, "In the way of another"},
    {412, "Changed in the meantime"},
    {413, "Too large"},
    {415, "Unsupported media type"},
    {422, "Cannot be done"},
    {428, "If-Match is missing"},
    {429, "Too often"},
    {500, "Internal fault"},
    {502, "A service gave no usable answer"},
    {503, "Not available now"},
};

unsigned problem_status(const char *code)
{
    size_t longest = 0;
    unsigned status = 500;
    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++) {
        const char *known = problems[i].code;
        size_t length = strlen(known);
        bool is_prefix = known[length - 1] == '.' && strncmp(code, known, length) == 0;
        if (length > longest && (is_prefix || strcmp(code, known) == 0)) {
            longest = length;
            status = problems[i].status;
        }
    }
    return status;
}

const char *problem_title(unsigned status)
{
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        if (titles[i].status == status)
            return titles[i].title;
    return "Problem";
}
