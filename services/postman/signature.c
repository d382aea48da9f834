#include "services/postman/signature.h"

#include <sodium.h>
#include <string.h>

enum { SECRET_BYTES_MAX = 256 };
static const char prefix[] = "whsec_";

static int sign(const char *secret, const struct strbuf *signed_text, struct strbuf *value)
{
    unsigned char key[SECRET_BYTES_MAX], mac[crypto_auth_hmacsha256_BYTES];
    char text[sodium_base64_ENCODED_LEN(sizeof mac, sodium_base64_VARIANT_ORIGINAL)];
    crypto_auth_hmacsha256_state state;
    size_t length;
    if (!secret || strncmp(secret, prefix, sizeof prefix - 1) != 0 ||
        sodium_base642bin(key, sizeof key, secret + sizeof prefix - 1,
                          strlen(secret) - (sizeof prefix - 1), NULL, &length, NULL,
                          sodium_base64_VARIANT_ORIGINAL))
        return -1;
    crypto_auth_hmacsha256_init(&state, key, length);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)signed_text->text,
                                  signed_text->length);
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_memzero(key, sizeof key);
    sodium_memzero(&state, sizeof state);
    sodium_bin2base64(text, sizeof text, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
    strbuf_printf(value, "%sv1,%s", value->length ? " " : "", text);
    return 0;
}

int signature_make(const struct jv *secrets, const char *id, int64_t timestamp, const char *body,
                   size_t bytes, struct strbuf *value)
{
    struct strbuf signed_text = {0};
    int failed = jv_count(secrets) > 0 ? 0 : -1;
    strbuf_printf(&signed_text, "%s.%lld.", id, (long long)timestamp);
    strbuf_add(&signed_text, body, bytes);
    for (size_t i = 0; i < jv_count(secrets) && !failed; i++)
        failed = sign(jv_text(jv_at(secrets, i)), &signed_text, value);
    strbuf_free(&signed_text);
    return failed;
}
