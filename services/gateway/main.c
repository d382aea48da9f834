/* jinmu-gateway: the HTTP API and the reviewer's page. */
#include "services/gateway/gateway.h"

#include "common/daemon.h"
#include "common/log.h"
#include "services/cli/running.h"
#include "services/gateway/page.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_CERTIFICATE = 1000, KEY_PRIVATE, KEY_PROXY, KEY_HTTPS, KEY_PAGE };

struct options {
    struct daemon daemon;
    struct gateway_options gateway;
};

static const struct argp_option option_list[] = {
    {"listen", 'l', "ADDRESS:PORT", 0, "Where to listen (default: 127.0.0.1:8080)", 0},
    {"certificate", KEY_CERTIFICATE, "FILE", 0, "Speak TLS with this certificate chain (PEM)", 0},
    {"key", KEY_PRIVATE, "FILE", 0, "and this private key (PEM)", 0},
    {"proxy", KEY_PROXY, "ADDRESS", 0, "Believe X-Forwarded-For of the proxy at this address", 0},
    {"https-outside", KEY_HTTPS, NULL, 0, "The proxy speaks TLS: cookies are marked Secure", 0},
    {"page", KEY_PAGE, "DIR", 0, "The page's files (default: $JINMU_PAGE, else as installed)", 0},
    {0}};

static error_t parse_option(int key, char *value, struct argp_state *parser)
{
    struct options *options = parser->input;
    struct gateway_options *gateway = &options->gateway;
    switch (key) {
    case ARGP_KEY_INIT:
        parser->child_inputs[0] = &options->daemon;
        return 0;
    case 'l':
        gateway->listen = value;
        return 0;
    case KEY_CERTIFICATE:
        gateway->certificate = value;
        return 0;
    case KEY_PRIVATE:
        gateway->key = value;
        return 0;
    case KEY_PROXY:
        gateway->proxy = value;
        return 0;
    case KEY_HTTPS:
        gateway->https_outside = true;
        return 0;
    case KEY_PAGE:
        gateway->page = value;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&daemon_argp, 0, NULL, 0}, {0}};
static const struct argp parser = {
    option_list,
    parse_option,
    NULL,
    "Serves the HTTP API and the reviewer's page over the services of a state directory.",
    children,
    NULL,
    NULL};

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

int main(int argc, char **argv)
{
    struct options options = {.gateway = gateway_defaults};
    struct daemon *daemon = &options.daemon;
    struct fault fault = {"", ""};
    struct running running = {0};
    struct gateway *gateway = NULL;
    int status = 1;
    log_start("gateway");
    argp_parse(&parser, argc, argv, 0, NULL, &options);
    if (daemon_open(daemon, &fault) ||
        read_configuration(&options.gateway, daemon->config, &fault) ||
        running_find(&running, daemon->state, &fault))
        goto done;
    options.gateway.running = &running;
    if (!(gateway = gateway_new(&options.gateway, &fault)))
        goto done;
    log_info("gateway_ready", "listen=%s port=%d tls=%s page=%s", options.gateway.listen,
             gateway->port, options.gateway.certificate ? "yes" : "no", options.gateway.page);
    gateway_run(gateway, daemon->ending);
    status = 0;
    log_info("gateway_ends", "status=0");
done:
    if (*fault.code)
        log_error("gateway_failed", "code=%s reason=\"%s\"", fault.code, fault.message);
    gateway_destroy(&gateway);
    running_clear(&running);
    daemon_close(daemon);
    return status;
}
