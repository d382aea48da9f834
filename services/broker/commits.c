/* What the broker notes for its spool, and what follows when that is committed. */
#include "services/broker/broker.h"

#include "common/log.h"

enum {
    LAZY_COMMIT_MS = 20, /* a finished job that nobody asks for waits for others so long */
    LAZY_COMMIT_CHANGES = 256,
    TROUBLE_MS = 1000, /* after a failed commit, until the next try */
    TROUBLE_LOG_MS = 60000,
};

void broker_change(struct broker *broker, struct change *change)
{
    if (zlist_size(broker->changes) == 0)
        broker->lazy_commit_at = zclock_mono() + LAZY_COMMIT_MS;
    if (change->answer)
        broker->urgent = true;
    if (change->kind == CHANGE_ACCEPT) {
        broker->pending_jobs++;
        broker->pending_bytes += change->record.bytes;
    }
    zlist_append(broker->changes, change);
}

static void begin(struct broker *broker, zlist_t *changes)
{
    broker->commit_size = zlist_size(changes);
    committer_begin(broker->committer, changes);
}

void broker_begin_commit(struct broker *broker)
{
    if (committer_is_busy(broker->committer))
        return;
    broker->urgent = false;
    if (zlist_size(broker->changes) == 0)
        return;
    zlist_t *changes = broker->changes;
    broker->changes = zlist_new();
    begin(broker, changes);
}

bool broker_commit_is_due(const struct broker *broker, int64_t now)
{
    size_t changes = zlist_size(broker->changes);
    return broker->urgent || (changes > 0 && now >= broker->lazy_commit_at) ||
           (changes >= LAZY_COMMIT_CHANGES && !broker->trouble_until);
}

/* A full disk stays full for a while: one line a minute says so. */
static void tell_failure(struct broker *broker, const struct fault *fault)
{
    int64_t now = zclock_mono();
    if (now < broker->trouble_log_at)
        return;
    broker->trouble_log_at = now + TROUBLE_LOG_MS;
    log_error("commit_failed", "changes=%zu code=%s reason=\"%s\" failures=%llu",
              broker->commit_size, fault->code, fault->message,
              (unsigned long long)broker->tally.commit_failures);
}

static void note_outcome(struct broker *broker, const struct outcome *outcome)
{
    broker->unwritable = outcome->status != 0;
    if (outcome->status) {
        broker->tally.commit_failures++;
        broker->trouble_until = zclock_mono() + TROUBLE_MS;
        tell_failure(broker, &outcome->fault);
    } else {
        if (broker->trouble_log_at)
            log_info("spool_works_again", "failures=%llu",
                     (unsigned long long)broker->tally.commit_failures);
        broker->trouble_log_at = 0;
        broker->tally.changes += broker->commit_size;
        meter_add(&broker->tally.commits, outcome->took_us);
        broker->trouble_until = 0;
    }
}

static void no_longer_pending(struct broker *broker, const struct change *change)
{
    if (change->kind != CHANGE_ACCEPT)
        return;
    broker->pending_jobs--;
    broker->pending_bytes -=
        (int64_t)zmsg_content_size(change->body); /* the record may be another's */
}

/* Tells everybody. When it failed, those that somebody waits for are refused and the others, whose
 * effect may come later, are left in the list. */
static void settle_list(struct broker *broker, zlist_t *changes, const struct outcome *outcome)
{
    for (size_t left = zlist_size(changes); left > 0; left--) {
        struct change *change = zlist_pop(changes);
        if (outcome->status && !change->answer) {
            zlist_append(changes, change);
            continue;
        }
        no_longer_pending(broker, change);
        titanic_settle(broker, change, outcome->status ? &outcome->fault : NULL);
        change_destroy(&change);
    }
}

/* Notes again what is left of a list: before what was noted since, for that came later. */
static void put_back(struct broker *broker, zlist_t *changes)
{
    struct change *change;
    while ((change = zlist_pop(broker->changes)))
        zlist_append(changes, change);
    zlist_destroy(&broker->changes);
    broker->changes = changes;
    broker->lazy_commit_at = broker->trouble_until;
}

void broker_settle(struct broker *broker, bool wait)
{
    struct outcome outcome;
    zlist_t *changes = committer_end(broker->committer, wait, &outcome);
    if (!changes)
        return;
    note_outcome(broker, &outcome);
    settle_list(broker, changes, &outcome);
    size_t kept = zlist_size(changes);
    if (kept == 0) {
        zlist_destroy(&changes);
    } else if (kept < broker->commit_size) {
        begin(broker, changes); /* without those that were refused it may go */
    } else {
        put_back(broker, changes);
    }
}

void broker_commit(struct broker *broker)
{
    while (committer_is_busy(broker->committer))
        broker_settle(broker, true);
    broker_begin_commit(broker);
    while (committer_is_busy(broker->committer))
        broker_settle(broker, true);
}
