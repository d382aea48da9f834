#include "services/postman/trust.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int trust_check_file(const char *path, struct fault *fault)
{
    static const char begins[] = "-----BEGIN CERTIFICATE-----";
    char *line = NULL;
    size_t size = 0;
    bool found = false;
    FILE *file = fopen(path, "re");
    if (!file)
        return fault_set(fault, "config.webhooks", "webhooks/ca: %s: %s", path, strerror(errno));
    while (!found && getline(&line, &size, file) > 0)
        found = strncmp(line, begins, sizeof begins - 1) == 0;
    free(line);
    fclose(file);
    return found ? 0
                 : fault_set(fault, "config.webhooks", "webhooks/ca: %s has no certificate (PEM)",
                             path);
}

void trust_set(CURL *transfer, const char *ca)
{
    if (!ca)
        return;
    curl_easy_setopt(transfer, CURLOPT_CAINFO, ca);
    curl_easy_setopt(transfer, CURLOPT_CAPATH, NULL); /* the system's, which would count as well */
}

/* What OpenSSL says of a certificate (X509_V_ERR_*). libcurl looks at the name before it asks, and leaves
 * its own 1 when that is wrong. */
static const struct {
    long verdict;
    const char *word, *text;
} verdicts[] = {
    {1, "certificate_of_another_name", "证书不是发给 %s 的"},
    {9, "certificate_not_yet_valid", "%s 的证书还没有生效"},
    {10, "certificate_expired", "%s 的证书已过期"},
    {18, "certificate_unknown", "%s 的证书是自签的，签发机构不受信任（配置 webhooks/ca）"},
    {19, "certificate_unknown", "%s 的证书签发机构不受信任（配置 webhooks/ca）"},
    {20, "certificate_unknown", "%s 的证书签发机构不受信任（配置 webhooks/ca）"},
    {21, "certificate_unknown", "%s 的证书签发机构不受信任（配置 webhooks/ca）"},
};

static const char *certificate_failure(long verdict, const char *host, const char *detail,
                                       char *text, size_t size)
{
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
        const char *mark = strstr(verdicts[i].text, "%s");
        if (verdicts[i].verdict != verdict)
            continue;
        snprintf(text, size, "%.*s%.100s%s，没有发送", (int)(mark - verdicts[i].text),
                 verdicts[i].text, host, mark + 2);
        return verdicts[i].word;
    }
    snprintf(text, size, "%.100s 的证书不可信，没有发送：%.200s", host, detail);
    return "certificate_bad";
}

const char *trust_failure(CURL *transfer, CURLcode code, const char *host, const char *detail,
                          char *text, size_t size)
{
    long verdict = -1;
    switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
        curl_easy_getinfo(transfer, CURLINFO_SSL_VERIFYRESULT, &verdict);
        return certificate_failure(verdict, host, detail, text, size);
    case CURLE_SSL_CACERT_BADFILE:
        snprintf(text, size, "读不出受信任的证书（配置 webhooks/ca），没有发送：%.200s", detail);
        return "ca_unreadable";
    case CURLE_SSL_CONNECT_ERROR:
        snprintf(text, size, "与 %.100s 没有建立加密连接，没有发送：%.200s", host, detail);
        return "tls_failed";
    default:
        return NULL;
    }
}
