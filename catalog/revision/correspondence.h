#ifndef JINMU_CORRESPONDENCE_H
#define JINMU_CORRESPONDENCE_H

#include "catalog/revision/diff.h"
#include "common/strbuf.h"

/* The links between items of two revisions that keepers confirm or correct: table correspondence.
 * Changing them needs the store opened to write, under catalog_lock; each change is written down with
 * who did it and when (table keeping). */

/* One item of a link; texts are "" where there is none. */
struct correspondence_side {
    const char *revision, *department, *code, *name;
};
/* A row; texts are valid during the call that gets it. */
struct correspondence {
    int64_t id;
    struct correspondence_side old, new;
    const char *relation; /* relation_name */
    double similarity, confidence;
    const char *state; /* proposed, confirmed, rejected */
    const char *decided_by, *decided_at, *note;
};

/* Writes the links of all leaves as proposals, in one transaction. Earlier proposals of the same two
 * revisions are replaced; items about which a keeper has decided are left alone. Links that an excerpt
 * says nothing about are left out. 0, or -1 with a fault. */
int correspondence_propose(struct store *store, const struct diff *diff, size_t *proposed,
                           struct fault *fault);

struct correspondence_filter {
    const char *old_revision, *new_revision; /* NULL: any */
    const char *department;                  /* of either item; NULL: all */
    const char *state;                       /* NULL: any */
    bool changes_only;                       /* without relation exact */
};
typedef int correspondence_fn(const struct correspondence *row, void *argument);
/* Visits rows in the order of the items; `visit` ends it with other than 0. 0, -1 with a fault, or
 * what `visit` gave. */
int correspondence_each(struct store *store, const struct correspondence_filter *filter,
                        correspondence_fn *visit, void *argument, struct fault *fault);

/* Confirms or rejects rows, all or none; "correspondence.unknown" when there is none of an id. What a
 * confirmed row says otherwise of its items is rejected with it: an old item has one successor, but for the
 * parts of a split, and what has an old one was not added. */
int correspondence_decide(struct store *store, const int64_t *ids, size_t count, bool confirm,
                          const char *who, const char *note, struct fault *fault);
/* Confirms all proposals of two revisions of at least that confidence. */
int correspondence_confirm_sure(struct store *store, const struct correspondence_filter *filter,
                                double confidence, const char *who, size_t *confirmed,
                                struct fault *fault);
/* Says that the old item of a row goes on as another one: the row is rejected, and a confirmed one
 * with that item takes its place. An empty code says that it has no successor, an empty relation that
 * the two items show which it is. Faults: "correspondence.unknown", "correspondence.no_item" (the new
 * revision does not have it), "correspondence.no_old" (the row is of an added item). */
int correspondence_correct(struct store *store, int64_t id, const char *department,
                           const char *code, const char *relation, const char *who,
                           const char *note, struct fault *fault);

/* As CSV, with who decided and when. */
int correspondence_write_csv(struct store *store, const struct correspondence_filter *filter,
                             struct strbuf *out, struct fault *fault);
/* As RDF (Turtle): an xkos:Correspondence of xkos:ConceptAssociations, and beside them the SKOS
 * mapping properties, since XKOS has none for the kind of a mapping: exactMatch for the same item,
 * closeMatch for one renamed that nobody has confirmed yet, narrowMatch to the parts of a split,
 * broadMatch to what items were merged into. */
int correspondence_write_turtle(struct store *store, const struct correspondence_filter *filter,
                                struct strbuf *out, struct fault *fault);

#endif
