/* jinmu-gateway: the HTTP API and the reviewer's page. */
#include "services/gateway/gateway.h"

#include "common/log.h"
#include "common/signals.h"
#include "common/state.h"
#include "common/strbuf.h"
#include "services/gateway/page.h"

#include <argp.h>
#include <czmq.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_CERTIFICATE = 1000, KEY_KEY, KEY_PROXY, KEY_HTTPS, KEY_PAGE, KEY_EACH };

static const struct argp_option option_list[] = {
    {"state", 's', "DIR", 0, "State directory (default: $JINMU_STATE, else the XDG one)", 0},
    {"listen", 'l', "ADDRESS:PORT", 0, "Where to listen (default: 127.0.0.1:8080)", 0},
    {"broker", 'b', "ENDPOINT", 0, "The broker (ipc://DIR/broker.sock)", 0},
    {"collector", 'c', "ENDPOINT", 0, "The collector (ipc://DIR/collector.sock)", 0},
    {"events", 'e', "ENDPOINT", 0, "The collector's events (ipc://DIR/events.sock)", 0},
    {"certificate", KEY_CERTIFICATE, "FILE", 0, "Speak TLS with this certificate chain (PEM)", 0},
    {"key", KEY_KEY, "FILE", 0, "and this private key (PEM)", 0},
    {"proxy", KEY_PROXY, "ADDRESS", 0, "Believe X-Forwarded-For of the proxy at this address", 0},
    {"https-outside", KEY_HTTPS, NULL, 0, "The proxy speaks TLS: mark cookies Secure", 0},
    {"page", KEY_PAGE, "DIR", 0, "The page's files (default: $JINMU_PAGE, else as installed)", 0},
    {"connections-each", KEY_EACH, "N", 0, "Connections from one address, at most (default: 512)",
     0},
    {0}};

static error_t parse_option(int key, char *value, struct argp_state *parser)
{
    struct gateway_options *options = parser->input;
    switch (key) {
    case 's':
        options->state = value;
        return 0;
    case 'l':
        options->listen = value;
        return 0;
    case 'b':
        options->broker = value;
        return 0;
    case 'c':
        options->collector = value;
        return 0;
    case 'e':
        options->events = value;
        return 0;
    case KEY_CERTIFICATE:
        options->certificate = value;
        return 0;
    case KEY_KEY:
        options->key = value;
        return 0;
    case KEY_PROXY:
        options->proxy = value;
        return 0;
    case KEY_HTTPS:
        options->https_outside = true;
        return 0;
    case KEY_PAGE:
        options->page = value;
        return 0;
    case KEY_EACH:
        options->connections_each = (int)strtol(value, NULL, 10);
        if (options->connections_each < 1)
            argp_error(parser, "--connections-each is a number from 1");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {
    option_list,
    parse_option,
    NULL,
    "Serves the HTTP API and the reviewer's page over the services of a state directory.\v"
    "What is not given comes from DIR/jinmu.zpl: http/listen, http/certificate, http/key, "
    "http/proxy, http/https_outside (1).",
    NULL,
    NULL,
    NULL};

/* Takes from the configuration what the command line does not say. */
static void read_configuration(struct gateway_options *options, zconfig_t *configuration)
{
    if (!configuration)
        return;
    const struct {
        const char **option;
        const char *path;
    } texts[] = {{&options->listen, "http/listen"},
                 {&options->certificate, "http/certificate"},
                 {&options->key, "http/key"},
                 {&options->proxy, "http/proxy"}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!*texts[i].option)
            *texts[i].option = zconfig_get(configuration, texts[i].path, NULL);
    options->https_outside |=
        strcmp(zconfig_get(configuration, "http/https_outside", "0"), "1") == 0;
}

static int complete(struct gateway_options *options, char *endpoints[3], struct fault *fault)
{
    const char **given[] = {&options->broker, &options->collector, &options->events};
    static const char *const sockets[] = {"broker.sock", "collector.sock", "events.sock"};
    for (size_t i = 0; i < 3; i++)
        if (!*given[i]) {
            if (!(endpoints[i] = state_endpoint(options->state, sockets[i], fault)))
                return -1;
            *given[i] = endpoints[i];
        }
    if (!options->listen)
        options->listen = "127.0.0.1:8080";
    if (!options->page)
        options->page = page_folder();
    return 0;
}

int main(int argc, char **argv)
{
    struct gateway_options options = gateway_defaults;
    struct fault fault = {"", ""};
    struct gateway *gateway = NULL;
    zconfig_t *configuration = NULL;
    char *endpoints[3] = {NULL}, *state = NULL, *path = NULL;
    int status = 1, ending = -1;
    log_start("gateway");
    argp_parse(&parser, argc, argv, 0, NULL, &options);
    umask(077);

    state = state_directory(options.state, &fault);
    if (!state || (ending = signals_open(&fault)) < 0)
        goto done;
    options.state = state;
    path = state_path(state, "jinmu.zpl");
    configuration = access(path, R_OK) == 0 ? zconfig_load(path) : NULL;
    read_configuration(&options, configuration);
    if (complete(&options, endpoints, &fault) || !(gateway = gateway_new(&options, &fault)))
        goto done;
    log_info("gateway_ready", "listen=%s port=%d tls=%d", options.listen, gateway->port,
             options.certificate != NULL);
    gateway_run(gateway, ending);
    status = 0;
    log_info("gateway_ends", "status=0");
done:
    if (*fault.code)
        log_error("gateway_failed", "code=%s reason=\"%s\"", fault.code, fault.message);
    gateway_destroy(&gateway);
    zconfig_destroy(&configuration);
    if (ending >= 0)
        close(ending);
    for (size_t i = 0; i < 3; i++)
        free(endpoints[i]);
    free(path);
    free(state);
    return status;
}
