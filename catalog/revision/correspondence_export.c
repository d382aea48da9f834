/* Correspondences for other systems: CSV, and XKOS/SKOS in Turtle. */
#include "catalog/revision/correspondence.h"
#include "catalog/revision/csv_line.h"
#include "catalog/revision/turtle.h"

#include <stdio.h>
#include <string.h>

static int add_csv_row(const struct correspondence *row, void *argument)
{
    char id[24], similarity[16], confidence[16];
    snprintf(id, sizeof id, "%lld", (long long)row->id);
    snprintf(similarity, sizeof similarity, "%.3f", row->similarity);
    snprintf(confidence, sizeof confidence, "%.3f", row->confidence);
    const char *cells[] = {id,
                           row->old.revision,
                           row->old.department,
                           row->old.code,
                           row->old.name,
                           row->new.revision,
                           row->new.department,
                           row->new.code,
                           row->new.name,
                           row->relation,
                           similarity,
                           confidence,
                           row->state,
                           row->decided_by,
                           row->decided_at,
                           row->note};
    csv_line(argument, cells, sizeof cells / sizeof *cells);
    return 0;
}

int correspondence_write_csv(struct store *store, const struct correspondence_filter *filter,
                             struct strbuf *out, struct fault *fault)
{
    strbuf_puts(out, "id,old_catalog,old_department,old_code,old_name,new_catalog,new_department,"
                     "new_code,new_name,relation,similarity,confidence,state,decided_by,decided_at,"
                     "note\n");
    return correspondence_each(store, filter, add_csv_row, out, fault);
}

/* --- Turtle --- */

static void add_item(struct strbuf *out, const struct correspondence_side *side)
{
    strbuf_puts(out, "<");
    turtle_add_name(out, side->revision, side->department, side->code);
    strbuf_puts(out, ">");
}

static void add_scheme(struct strbuf *out, const char *revision)
{
    strbuf_puts(out, "<");
    turtle_add_name(out, revision, NULL, NULL);
    strbuf_puts(out, ">");
}

/* A concept with its code and name. */
static void describe_item(struct strbuf *out, const struct correspondence_side *side)
{
    add_item(out, side);
    strbuf_puts(out, " a skos:Concept ; skos:inScheme ");
    add_scheme(out, side->revision);
    strbuf_puts(out, " ; skos:notation ");
    turtle_add_literal(out, side->code);
    strbuf_puts(out, " ; skos:prefLabel ");
    turtle_add_literal(out, side->name);
    strbuf_puts(out, "@zh .\n");
}

static const char *mapping_of(const struct correspondence *row)
{
    switch (relation_of_name(row->relation)) {
    case RELATION_RENAMED:
        return strcmp(row->state, "confirmed") == 0 ? "skos:exactMatch" : "skos:closeMatch";
    case RELATION_SPLIT:
        return "skos:narrowMatch";
    case RELATION_MERGED:
        return "skos:broadMatch";
    default:
        return "skos:exactMatch";
    }
}

static int add_association(const struct correspondence *row, void *argument)
{
    struct strbuf *out = argument;
    bool has_old = *row->old.code, has_new = *row->new.code;
    if (has_old)
        describe_item(out, &row->old);
    if (has_new)
        describe_item(out, &row->new);
    if (has_old && has_new) {
        add_item(out, &row->old);
        strbuf_printf(out, " %s ", mapping_of(row));
        add_item(out, &row->new);
        strbuf_puts(out, " .\n");
    }
    strbuf_printf(out, "<urn:jinmu:association:%lld> a xkos:ConceptAssociation",
                  (long long)row->id);
    if (has_old) {
        strbuf_puts(out, " ; xkos:sourceConcept ");
        add_item(out, &row->old);
    }
    if (has_new) {
        strbuf_puts(out, " ; xkos:targetConcept ");
        add_item(out, &row->new);
    }
    strbuf_puts(out, " ; dcterms:type ");
    turtle_add_literal(out, row->relation);
    if (*row->decided_by) {
        strbuf_puts(out, " ; dcterms:creator ");
        turtle_add_literal(out, row->decided_by);
        strbuf_printf(out, " ; dcterms:date \"%s\"^^xsd:dateTime", row->decided_at);
    }
    strbuf_puts(out, " .\n<urn:jinmu:correspondence:");
    turtle_add_iri_part(out, row->old.revision);
    strbuf_puts(out, ":");
    turtle_add_iri_part(out, row->new.revision);
    strbuf_printf(out, "> xkos:madeOf <urn:jinmu:association:%lld> .\n\n", (long long)row->id);
    return 0;
}

int correspondence_write_turtle(struct store *store, const struct correspondence_filter *filter,
                                struct strbuf *out, struct fault *fault)
{
    strbuf_puts(out, "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"
                     "@prefix xkos: <http://rdf-vocabulary.ddialliance.org/xkos#> .\n"
                     "@prefix dcterms: <http://purl.org/dc/terms/> .\n"
                     "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n\n");
    strbuf_puts(out, "<urn:jinmu:correspondence:");
    turtle_add_iri_part(out, filter->old_revision);
    strbuf_puts(out, ":");
    turtle_add_iri_part(out, filter->new_revision);
    strbuf_puts(out, "> a xkos:Correspondence ; xkos:compares ");
    add_scheme(out, filter->old_revision);
    strbuf_puts(out, " , ");
    add_scheme(out, filter->new_revision);
    strbuf_puts(out, " .\n\n");
    return correspondence_each(store, filter, add_association, out, fault);
}
