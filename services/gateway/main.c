/* jinmu-gateway: the HTTP API and the reviewer's page. */
#include "services/gateway/gateway.h"

#include "common/daemon.h"
#include "common/log.h"
#include "services/cli/running.h"
#include "services/gateway/page.h"

#include <stdlib.h>
#include <string.h>

struct options {
    struct daemon daemon;
    struct gateway_options gateway;
};

static const struct option_row option_rows[] = {
    TEXT_OPTION(struct options, gateway.listen, "listen", 'l', "ADDRESS:PORT",
                "Where to listen (default: 127.0.0.1:8080)"),
    PATH_OPTION(struct options, gateway.certificate, "certificate", 0, "FILE",
                "Speak TLS with this certificate chain (PEM)"),
    PATH_OPTION(struct options, gateway.key, "key", 0, "FILE", "and this private key (PEM)"),
    TEXT_OPTION(struct options, gateway.proxy, "proxy", 0, "ADDRESS",
                "Believe X-Forwarded-For of the proxy at this address"),
    FLAG_OPTION(struct options, gateway.https_outside, "https-outside", 0,
                "The proxy speaks TLS: cookies are marked Secure"),
    PATH_OPTION(struct options, gateway.page, "page", 0, "DIR",
                "The page's files (default: $JINMU_PAGE, else as installed)"),
    DAEMON_OPTIONS(struct options),
    {0}};
static const struct command_form form = {
    option_rows, 0, 0, "",
    "Serves the HTTP API and the reviewer's page over the services of a state directory."};

/* Takes from the configuration what the command line does not say. */
static int read_configuration(struct gateway_options *options, const struct config *config,
                              struct fault *fault)
{
    const struct {
        const char **option;
        const char *name;
    } texts[] = {{&options->listen, "http/listen"},
                 {&options->certificate, "http/certificate"},
                 {&options->key, "http/key"},
                 {&options->proxy, "http/proxy"},
                 {&options->page, "http/page"}};
    int64_t open_catalog = options->open_catalog, https = options->https_outside,
            hands = options->hands;
    int64_t connections = options->connections, each = options->connections_each;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!*texts[i].option)
            *texts[i].option = config_text(config, texts[i].name);
    if (config_number(config, "http/https_outside", 0, 1, &https, fault) ||
        config_number(config, "http/open_catalog", 0, 1, &open_catalog, fault) ||
        config_number(config, "http/threads", 1, 256, &hands, fault) ||
        config_number(config, "http/connections", 16, 100000, &connections, fault) ||
        config_number(config, "http/connections_of_one", 1, 100000, &each, fault) ||
        config_number(config, "limits/message_bytes", 1024, INT32_MAX, &options->body_bytes, fault))
        return -1;
    options->https_outside |= https != 0;
    options->open_catalog = open_catalog != 0;
    options->hands = (int)hands;
    options->connections = (int)connections;
    options->connections_each = (int)each;
    if (!options->listen)
        options->listen = "127.0.0.1:8080";
    if (!options->page)
        options->page = page_folder();
    return 0;
}

static int run(struct daemon *daemon, struct fault *fault)
{
    struct gateway_options *options = &((struct options *)(void *)daemon)->gateway;
    struct running running = {0};
    struct gateway *gateway = NULL;
    int status = -1;
    if (read_configuration(options, daemon->config, fault) ||
        running_find(&running, daemon->state, fault))
        goto done;
    options->running = &running;
    if (!(gateway = gateway_new(options, fault)))
        goto done;
    log_info("gateway_ready", "listen=%s port=%d tls=%s page=%s", options->listen, gateway->port,
             options->certificate ? "yes" : "no", options->page);
    gateway_run(gateway, daemon->ending);
    status = 0;
    log_info("gateway_ends", "status=0");
done:
    gateway_destroy(&gateway);
    running_clear(&running);
    return status;
}

int main(int argc, char **argv)
{
    struct options options = {.gateway = gateway_defaults};
    return daemon_main(&(struct daemon_program){"gateway", &form, run}, argc, argv,
                       &options.daemon);
}
