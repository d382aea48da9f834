#ifndef JINMU_GATEWAY_ACCOUNTS_H
#define JINMU_GATEWAY_ACCOUNTS_H

#include "common/fault.h"
#include "common/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* gateway.db: users, sessions, API tokens, submissions and the audit log. Functions may be called by
 * any thread. The gateway and the command line may have it open at once: every write is made under
 * gateway.db.lock. What is wrong with a caller's wish comes as a fault with a Chinese message. */
struct accounts;

/* Opens or makes the file. NULL with a fault. */
struct accounts *accounts_open(const char *path, struct fault *fault);
void accounts_close(struct accounts **accounts);
/* Whether it can be read now. */
bool accounts_work(struct accounts *accounts);

/* Roles are bits, so that a set of them can be one number. */
enum role { ROLE_SUBMITTER = 1, ROLE_REVIEWER = 2, ROLE_KEEPER = 4, ROLE_ADMIN = 8 };
const char *role_name(enum role role);
/* 0 when there is none of that name. */
enum role role_of_name(const char *name);

/* Who makes a request. */
enum { WHO_BYTES = 80, SECRET_HASH_BYTES = 32, SECRET_TEXT_BYTES = 48 };
struct principal {
    enum role role;      /* 0: nobody */
    bool is_token;       /* else a session */
    char who[WHO_BYTES]; /* user name, or "token:ID" */
    char csrf[SECRET_TEXT_BYTES];
    unsigned char session[SECRET_HASH_BYTES];
    int64_t expires;
    struct jv *units; /* array of texts; meant for submitters */
};
void principal_clear(struct principal *principal);
/* Whether it may see and send projects of that unit. */
bool principal_has_unit(const struct principal *principal, const char *unit);

/* --- users: as JSON of openapi.json (User) ---------------------------------------------------- */

/* `wish` is a UserNew. 0, or -1 with a fault: user.bad_name, user.bad_role, user.bad_units,
 * user.bad_password, user.exists. */
int accounts_add_user(struct accounts *accounts, const struct jv *wish, struct fault *fault);
/* `wish` is a UserChange. 0, or -1 with a fault: user.unknown, user.last_admin, or as above. Ends the
 * user's sessions unless only the display name changes. */
int accounts_change_user(struct accounts *accounts, const char *name, const struct jv *wish,
                         struct fault *fault);
struct jv *accounts_user(struct accounts *accounts, const char *name); /* NULL: unknown */
struct jv *accounts_users(struct accounts *accounts);

/* --- sessions --------------------------------------------------------------------------------- */

/* Checks the password and opens a session; `cookie` gets its secret. 0, or -1 with a fault
 * session.refused, the same whatever was wrong. Takes as long for an unknown name. */
int accounts_sign_in(struct accounts *accounts, const char *name, const char *password,
                     const char *address, char cookie[SECRET_TEXT_BYTES],
                     struct principal *principal, struct fault *fault);
/* Who a cookie belongs to. false: nobody. */
bool accounts_session(struct accounts *accounts, const char *cookie, struct principal *principal);
int accounts_sign_out(struct accounts *accounts, const struct principal *principal,
                      struct fault *fault);
/* Ends the user's other sessions. 0, or -1 with session.refused or user.bad_password. */
int accounts_change_password(struct accounts *accounts, const struct principal *principal,
                             const char *old, const char *new, struct fault *fault);

/* --- tokens: as JSON of openapi.json (Token) -------------------------------------------------- */

/* `wish` is a TokenNew. The TokenMade (jv_destroy), or NULL with a fault. */
struct jv *accounts_add_token(struct accounts *accounts, const struct jv *wish, const char *by,
                              struct fault *fault);
bool accounts_token(struct accounts *accounts, const char *token, struct principal *principal);
struct jv *accounts_tokens(struct accounts *accounts);
/* 0, or -1 with a fault token.unknown. */
int accounts_revoke_token(struct accounts *accounts, const char *id, struct fault *fault);

/* --- the audit log: as JSON of openapi.json (Audit) ------------------------------------------- */

struct audit_entry {
    const char *who, *role, *address, *action, *object, *detail, *request;
};
/* 0, or -1 with a fault. */
int accounts_note(struct accounts *accounts, const struct audit_entry *entry, struct fault *fault);
struct audit_filter {
    const char *who, *action, *object; /* NULL: any; an action that ends in '.' is a prefix */
    int64_t before;                    /* 0: from the newest on */
    int64_t limit;
};
struct jv *accounts_audit(struct accounts *accounts, const struct audit_filter *filter);

/* --- submissions ------------------------------------------------------------------------------ */

struct submission_row {
    int64_t number;
    char receipt[40]; /* "" while not accepted */
    int64_t accepted_at;
    int64_t count;
    struct jv *ids;
    char who[WHO_BYTES];
};
void submission_row_clear(struct submission_row *row);

enum submission_begin {
    SUBMISSION_NEW,       /* hand it to the broker, then accounts_submission_end */
    SUBMISSION_KNOWN,     /* the row holds its receipt */
    SUBMISSION_IN_FLIGHT, /* of another request, now */
    SUBMISSION_OTHER,     /* the key was used for another body */
    SUBMISSION_FAILED     /* a fault */
};
/* Notes a submission before it is made; `key` may be NULL. `broker_key` gets an idempotency key for
 * the broker, the same for the same submission. */
enum submission_begin accounts_submission_begin(struct accounts *accounts, const char *who,
                                                const char *key, const char *body, size_t bytes,
                                                const struct jv *ids, struct submission_row *row,
                                                char broker_key[SECRET_TEXT_BYTES],
                                                struct fault *fault);
/* Notes its receipt, or forgets it when `receipt` is NULL (it was refused). */
int accounts_submission_end(struct accounts *accounts, int64_t number, const char *receipt,
                            struct fault *fault);
/* The submission of a receipt. false: none. */
bool accounts_submission(struct accounts *accounts, const char *receipt,
                         struct submission_row *row);

/* Removes what is too old: sessions, submissions. Now and then. */
void accounts_tidy(struct accounts *accounts);

#endif
