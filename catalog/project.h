#ifndef JINMU_PROJECT_H
#define JINMU_PROJECT_H

#include "common/fault.h"
#include "common/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The texts of a project, in the order of their weight as places of evidence. The names are those
 * of the JSON members (design.md section 4), so evidence and findings can point back. */
enum field {
    FIELD_NAME,
    FIELD_DESCRIPTION,
    FIELD_PLAN,
    FIELD_GOALS,
    FIELD_NECESSITY,
    FIELD_BASIS,
    FIELDS
};
const char *field_name(enum field field);

/* An item that the submitting unit itself declared. Texts are borrowed from the JSON. */
struct declaration {
    const char *code; /* "" when only a name was given */
    const char *name;
    int64_t amount_fen; /* -1: not stated */
};

/* A project as submitted. All texts are borrowed from the JSON value and never NULL ("" when
 * missing). */
struct project {
    const char *id;
    const char *catalog; /* document number of a revision, "" for the one in force in `year` */
    int year;            /* 0: not stated */
    const char *unit;
    const char *department;
    const char *fields[FIELDS];
    const char *attribute;
    int64_t amount_fen; /* amount_yuan in fen; -1: not stated */
    int64_t total_fen;  /* total_yuan in fen; -1: not stated */
    double term_years;  /* 0: not stated */
    struct declaration *declared;
    size_t declared_count;
    const struct jv *json; /* the whole, unknown members too */
};

enum { PROJECT_ID_BYTES = 200 };

/* Limits on what is let in. */
struct project_limits {
    size_t project_bytes; /* of JSON without white space, about: default 256 KiB */
    size_t message_bytes; /* default 8 MiB */
    size_t batch;         /* default 1,024 projects */
};
extern const struct project_limits project_limits_default;

/* Reads a project out of a JSON value that must outlive it. 0, or -1 with a fault: "project.not_an_
 * object", "project.name_missing", "project.bad_type" (names the member), "project.id_too_long", "project.too_large". */
int project_read(struct project *project, const struct jv *json,
                 const struct project_limits *limits, struct fault *fault);
void project_clear(struct project *project);

/* The text of a project's JSON that a finding's field names: "description", "declared[0].code",
 * "indicators[3].value". Borrowed; NULL when there is none. */
const char *project_member_text(const struct jv *project, const char *field);

#endif
