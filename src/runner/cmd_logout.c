/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "base/alloc.h"
#include "base/json_write.h"
#include "registry/credentials.h"
#include "registry/login.h"
#include "runner/terminal.h"
#include "runner/verbs.h"

#define DEFAULT_HOST "docker.io"

struct logout_options {
    char *auth_file;
};

static const struct cli_option options_table[] = {
    {"authfile", 0, "FILE", "Take the password out of this file (WRUN_AUTH_FILE)", cli_set_string,
     offsetof(struct logout_options, auth_file)},
};

static bool compose(const struct invocation *invocation, const char *host, bool found, char **ret,
                    struct error *err)
{
    if (!invocation->global.json) {
        *ret = str_format(found ? "Logged out of %s" : "Not logged in to %s", host);
        return true;
    }
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);
    JSON_OBJECT(&w, NULL) {
        json_string(&w, "host", host);
        json_bool(&w, "removed", found);
    }
    return json_writer_finish(&w, ret, err);
}

static bool run_logout(struct invocation *invocation, void *options, const struct strlist *args,
                       int *ret_code, struct error *err)
{
    const struct logout_options *logout = options;
    CLEANUP(str_free) char *host = NULL;
    CLEANUP(str_free) char *text = NULL;
    CLEANUP(credentials_close) struct credentials credentials = {0};
    CLEANUP(credential_change_clear) struct credential_change change = {0};
    (void)ret_code;
    if (!login_parse_host(args->count ? args->items[0] : DEFAULT_HOST, &host, err)
        || !credentials_open(logout->auth_file, &invocation->context, &credentials, err)
        || !credentials_erase(&credentials, host, &change, err)
        || !compose(invocation, host, change.found, &text, err))
        return false;
    if (invocation->global.quiet && !invocation->global.json)
        return true;
    CLEANUP(str_free) char *line = str_format("%s\n", text);
    return terminal_result(line, err);
}

static void clear_options(void *options)
{
    str_free(&((struct logout_options *)options)->auth_file);
}

const struct verb verb_logout = {
    .name = "logout",
    .synopsis = "[OPTIONS] [HOST]",
    .summary = "Forget the password for a registry",
    .help = "Asks no registry. Without HOST it is Docker Hub.\n\n"
            "As: docker logout\n",
    .options = options_table,
    .option_count = ARRAY_SIZE(options_table),
    .options_size = sizeof(struct logout_options),
    .clear_options = clear_options,
    .maximum_args = 1,
    .run = run_logout,
};
