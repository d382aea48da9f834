/* The reader of amounts, dates and lists: any text, spans inside it, in order. */
#include "catalog/checks/dates.h"
#include "catalog/checks/listing.h"
#include "catalog/checks/money.h"
#include "common/text.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

enum { AMOUNTS = 256 };

static void read_amounts(const struct plain *plain, struct money *amounts)
{
    size_t at = 0, last = 0, count = money_find(plain, amounts, AMOUNTS);
    struct money money;
    while (money_next(plain, &at, &money)) {
        char text[MONEY_TEXT];
        PROMISE(money.span.start < money.span.end && money.span.end <= plain->length);
        PROMISE(money.span.start >= last && at >= money.span.end);
        PROMISE(money.fen >= 0 && money.high_fen >= money.fen);
        PROMISE(*money_text(money.fen, text));
        money_agrees(&money, money.fen);
        last = money.span.end;
    }
    for (size_t t = 0; t + 1 < count; t++) {
        struct listing listing;
        size_t own;
        if (!listing_find(plain, amounts, count, t, &listing) &&
            !listing_find_before(plain, amounts, t, &listing))
            continue;
        PROMISE(listing.count <= LISTED && listing.end <= plain->length);
        listing_adds_up(&listing);
        listing_sum(&listing, &own);
        PROMISE(own <= listing.count);
    }
}

static void read_dates(const struct plain *plain)
{
    struct dates dates;
    size_t at = 0, last = 0;
    while (dates_next(plain, &at, &dates)) {
        PROMISE(dates.span.start < dates.span.end && dates.span.end <= plain->length);
        PROMISE(dates.span.start >= last && at >= dates.span.end);
        last = dates.span.end;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct money amounts[AMOUNTS];
    struct plain plain = {0};
    if (!text_is_utf8((const char *)data, size))
        return 0;
    plain_take(&plain, (const char *)data, size);
    read_amounts(&plain, amounts);
    read_dates(&plain);
    plain_free(&plain);
    return 0;
}
