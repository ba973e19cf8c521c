/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json_write.h"
#include "base/secret.h"
#include "registry/credentials.h"
#include "registry/login.h"
#include "runner/prompt.h"
#include "runner/stream.h"
#include "runner/terminal.h"
#include "runner/verbs.h"

#define PASSWORD_MAXIMUM ((size_t)64 << 10)
#define DEFAULT_HOST "docker.io"

struct login_options {
    char *user;
    char *auth_file;
    char *ca_file;
    bool password_stdin;
    bool plain_http;
};

static const struct cli_option options_table[] = {
    {"username", 'u', "USER", "Log in as this user", cli_set_string,
     offsetof(struct login_options, user)},
    {"password-stdin", 0, NULL, "Read the password from standard input", cli_set_flag,
     offsetof(struct login_options, password_stdin)},
    {"password", 'p', "PASSWORD",
     "every process of this machine can read command lines; use --password-stdin", NULL, 0},
    {"authfile", 0, "FILE", "Keep the password in this file (WRUN_AUTH_FILE)", cli_set_string,
     offsetof(struct login_options, auth_file)},
    {"cacert", 0, "FILE", "Trust the certificates in this PEM file", cli_set_string,
     offsetof(struct login_options, ca_file)},
    {"plain-http", 0, NULL, "Talk to the registry without TLS", cli_set_flag,
     offsetof(struct login_options, plain_http)},
};

/* ---- user and password ---- */

/* PowerShell puts a byte order mark before what it pipes, and an end of line after it. */
static char *clean_password(const struct buf *input)
{
    static const char mark[] = "\xEF\xBB\xBF";
    const char *text = buf_str(input);
    if (strncmp(text, mark, strlen(mark)) == 0)
        text += strlen(mark);
    size_t length = strlen(text);
    if (length > 0 && text[length - 1] == '\n')
        length--;
    if (length > 0 && text[length - 1] == '\r')
        length--;
    return xstrndup(text, length);
}

static bool read_password(const struct cancel *cancel, char **ret, struct error *err)
{
    CLEANUP(secret_buf_clear) struct buf input;
    buf_init(&input, PASSWORD_MAXIMUM);
    for (size_t got = 1; got > 0;) {
        char piece[1024];
        if (!stream_read(piece, sizeof(piece), cancel, &got, err))
            return false;
        bool kept = buf_append(&input, piece, got, err);
        secret_wipe(piece, sizeof(piece));
        if (!kept)
            return error_wrap(err, "the password");
    }
    if (input.length != strlen(buf_str(&input)))
        return error_set(err, ERR_USAGE, "the password on standard input is not UTF-8 text");
    *ret = clean_password(&input);
    return true;
}

static bool ask_user(const struct login_options *options, const struct cancel *cancel, char **ret,
                     struct error *err)
{
    if (options->user) {
        *ret = xstrdup(options->user);
        return true;
    }
    if (!options->password_stdin && stream_input_is_console())
        return prompt_ask("Username: ", PROMPT_ECHO, cancel, ret, err);
    return error_set(err, ERR_USAGE, "--username is missing");
}

static bool ask_password(const struct login_options *options, const struct cancel *cancel,
                         char **ret, struct error *err)
{
    if (options->password_stdin)
        return read_password(cancel, ret, err);
    if (stream_input_is_console())
        return prompt_ask("Password: ", PROMPT_HIDDEN, cancel, ret, err);
    error_set(err, ERR_USAGE, "there is no terminal to ask for the password");
    return error_hint(err, "pipe it in and add --password-stdin");
}

static bool is_blank(const char *text)
{
    return !text || !*text;
}

static bool ask(const struct login_options *options, const struct cancel *cancel,
                struct credential *ret, struct error *err)
{
    CLEANUP(str_free) char *user = NULL;
    CLEANUP(secret_free) char *password = NULL;
    if (!ask_user(options, cancel, &user, err) || !ask_password(options, cancel, &password, err))
        return false;
    if (is_blank(user) || is_blank(password))
        return error_set(err, ERR_USAGE, "the %s is empty",
                         is_blank(user) ? "user name" : "password");
    /* In Basic the first colon ends the name (RFC 7617). */
    if (strchr(user, ':'))
        return error_set(err, ERR_USAGE, "a user name cannot have a colon");
    *ret = credential_make(user, password);
    return true;
}

/* ---- results ---- */

static bool print_json(const char *host, const char *user, const struct credential_change *change,
                       struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    CLEANUP(str_free) char *text = NULL;
    json_writer_open(&w);
    JSON_OBJECT(&w, NULL) {
        json_string(&w, "host", host);
        json_string(&w, "user", user);
        json_string(&w, change->place == CREDENTIAL_IN_FILE ? "file" : "helper", change->name);
    }
    return json_writer_finish_line(&w, &text, err) && terminal_result(text, err);
}

static bool print(const struct invocation *invocation, const char *host, const char *user,
                  const struct credential_change *change, struct error *err)
{
    bool in_file = change->place == CREDENTIAL_IN_FILE;
    if (in_file)
        context_warn(&invocation->context,
                     "the password is kept unencrypted in '%s'; a credential helper (credsStore) "
                     "would keep it better",
                     change->name);
    if (invocation->global.json)
        return print_json(host, user, change, err);
    if (invocation->global.quiet)
        return true;
    CLEANUP(str_free)
    char *line = str_format("Logged in to %s as %s; the password is kept in %s%s%s\n", host, user,
                            in_file ? "'" : "the helper ", change->name, in_file ? "'" : "");
    return terminal_result(line, err);
}

static bool run_login(struct invocation *invocation, void *options, const struct strlist *args,
                      int *ret_code, struct error *err)
{
    const struct login_options *login = options;
    CLEANUP(str_free) char *host = NULL;
    CLEANUP(credentials_close) struct credentials credentials = {0};
    CLEANUP(credential_clear) struct credential credential = {0};
    CLEANUP(credential_change_clear) struct credential_change change = {0};
    struct login_request request = {
        .credential = &credential,
        .plain_http = login->plain_http,
        .ca_file = login->ca_file,
        .context = &invocation->context,
    };
    (void)ret_code;
    if (!login_parse_host(args->count ? args->items[0] : DEFAULT_HOST, &host, err)
        || !credentials_open(login->auth_file, &invocation->context, &credentials, err)
        || !ask(login, invocation->context.cancel, &credential, err))
        return false;
    request.host = host;
    const char *user = credential.user ? credential.user : CREDENTIAL_TOKEN_USER;
    return login_check(&request, err)
        && credentials_store(&credentials, host, &credential, &change, err)
        && print(invocation, host, user, &change, err);
}

static void clear_options(void *options)
{
    struct login_options *login = options;
    str_free(&login->user);
    str_free(&login->auth_file);
    str_free(&login->ca_file);
}

const struct verb verb_login = {
    .name = "login",
    .synopsis = "[OPTIONS] [HOST]",
    .summary = "Check a user name and password for a registry and keep them",
    .help = "HOST is a registry, as in ghcr.io or host:5000; without it Docker Hub. The password\n"
            "goes to the credential helper that docker's config.json names, else into that file.\n"
            "\n"
            "  type token.txt | wrun login -u USER --password-stdin ghcr.io\n"
            "\n"
            "As: docker login\n",
    .options = options_table,
    .option_count = ARRAY_SIZE(options_table),
    .options_size = sizeof(struct login_options),
    .clear_options = clear_options,
    .maximum_args = 1,
    .run = run_login,
};
