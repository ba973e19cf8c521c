/* SPDX-License-Identifier: MIT */
#include "registry/credential_helper.h"

#include <string.h>

#include "base/alloc.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/os_process.h"
#include "base/os_vault.h"
#include "base/secret.h"
#include "base/text.h"
#include "registry/credential_key.h"

#define NAME_MAXIMUM 64
#define OUTPUT_MAXIMUM ((size_t)1 << 20)
#define TIMEOUT_MS 30000
#define SHOWN_MAXIMUM 300

/* What every helper says when it knows nothing of a server (its credentials/error.go). */
static const char not_found[] = "credentials not found in native keychain";

static const struct json_limits limits = {
    .maximum_bytes = OUTPUT_MAXIMUM,
    .maximum_depth = 8,
    .maximum_values = 100,
};

bool credential_helper_name_is_valid(const char *name)
{
    size_t length = strlen(name);
    for (const char *c = name; *c; c++)
        if (!char_is_alnum(*c) && *c != '.' && *c != '_' && *c != '-')
            return false;
    return length > 0 && length <= NAME_MAXIMUM;
}

/* ---- one call ---- */

struct call {
    const char *name;
    const char *action;
    const char *input;
    const struct context *context;
    const char *secret; /* never to be shown, or NULL */
};

struct answer {
    uint32_t code;
    struct buf output;
};

static void answer_clear(struct answer *answer)
{
    secret_buf_clear(&answer->output);
}

static char *find_program(const char *name)
{
    CLEANUP(str_free) char *file = str_format("docker-credential-%s", name);
    return os_process_find(file);
}

static bool run(const struct call *call, struct answer *ret, struct error *err)
{
    CLEANUP(str_free) char *program = find_program(call->name);
    CLEANUP(strlist_clear) struct strlist arguments = {0};
    strlist_add(&arguments, call->action);
    if (!program) {
        error_set(err, ERR_NOT_FOUND, "the credential helper docker-credential-%s is not on PATH",
                  call->name);
        return error_hint(err, "install it, or take it out of the credential file");
    }
    context_step(call->context, "asking %s to %s", program, call->action);
    const struct os_process_spec spec = {
        .program = program,
        .arguments = &arguments,
        .input = call->input,
        .input_length = strlen(call->input),
        .output_maximum = OUTPUT_MAXIMUM,
        .timeout_ms = TIMEOUT_MS,
        .cancel = call->context->cancel,
    };
    if (os_process_run(&spec, &ret->output, &ret->code, err))
        return true;
    if (err->kind != ERR_CANCELLED)
        err->kind = ERR_AUTH;
    return false;
}

static char *trimmed(const struct buf *output)
{
    const char *text = buf_str(output);
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t\r\n", text[length - 1]))
        length--;
    return xstrndup(text, length);
}

static bool knows_nothing(const struct answer *answer)
{
    CLEANUP(secret_free) char *text = trimmed(&answer->output);
    return answer->code != 0 && str_equal(text, not_found);
}

static bool report(const struct call *call, const struct answer *answer, struct error *err)
{
    CLEANUP(secret_free) char *text = trimmed(&answer->output);
    CLEANUP(str_free) char *shown = str_printable(text, SHOWN_MAXIMUM);
    bool tellable = *shown && !(call->secret && strstr(text, call->secret));
    return error_set(err, ERR_AUTH, "docker-credential-%s cannot %s: %s", call->name, call->action,
                     tellable ? shown : "it does not say why");
}

/* ---- Windows' own store ---- */

/* docker-credential-wincred is a thin cover over it, and is often left out of an installation. */
static bool is_vault(const char *name)
{
    CLEANUP(str_free) char *program = find_program(name);
    return str_equal(name, "wincred") && !program && os_vault_exists();
}

/* Other clients write the server with its scheme. */
static bool read_vault(const char *server, struct credential *ret, struct error *err)
{
    static const char *const prefixes[] = {"", "https://"};
    for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
        CLEANUP(str_free) char *name = str_format("%s%s", prefixes[i], server);
        CLEANUP(str_free) char *user = NULL;
        CLEANUP(secret_free) char *password = NULL;
        if (os_vault_read(name, &user, &password, err)) {
            *ret = credential_make(user, password);
            return true;
        }
        if (err->kind != ERR_NOT_FOUND)
            return false;
        error_clear(err);
    }
    return true;
}

/* ---- the actions ---- */

struct stored {
    char *user;
    char *secret;
};

static const struct json_field stored_fields[] = {
    {"Username", json_to_string, offsetof(struct stored, user), JSON_REQUIRED},
    {"Secret", json_to_string, offsetof(struct stored, secret), JSON_REQUIRED},
};

static void stored_clear(struct stored *stored)
{
    str_free(&stored->user);
    secret_free(&stored->secret);
}

static bool parse(const struct buf *output, struct credential *ret, struct error *err)
{
    CLEANUP(json_document_clear) struct json_document document = {0};
    CLEANUP(stored_clear) struct stored stored = {0};
    if (!json_parse(buf_str(output), output->length, &limits, &document, err)
        || !json_read_fields(document.root, stored_fields, ARRAY_SIZE(stored_fields), &stored, err))
        return false;
    if (*stored.secret)
        *ret = credential_make(stored.user, stored.secret);
    return true;
}

bool credential_helper_get(const char *name, const char *host, const struct context *context,
                           struct credential *ret, struct error *err)
{
    CLEANUP(str_free) char *server = credential_key_server(host);
    CLEANUP(answer_clear) struct answer answer = {0};
    const struct call call = {name, "get", server, context, NULL};
    if (is_vault(name))
        return read_vault(server, ret, err);
    if (!run(&call, &answer, err))
        return false;
    if (knows_nothing(&answer))
        return true;
    if (answer.code != 0)
        return report(&call, &answer, err);
    if (parse(&answer.output, ret, err))
        return true;
    err->kind = ERR_AUTH;
    return error_wrap(err, "docker-credential-%s's answer", name);
}

static bool compose(const char *server, const char *user, const char *secret, char **ret,
                    struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);
    JSON_OBJECT(&w, NULL) {
        json_string(&w, "ServerURL", server);
        json_string(&w, "Username", user);
        json_string(&w, "Secret", secret);
    }
    return json_writer_finish(&w, ret, err);
}

bool credential_helper_store(const char *name, const char *host, const struct context *context,
                             const struct credential *credential, struct error *err)
{
    CLEANUP(str_free) char *server = credential_key_server(host);
    CLEANUP(secret_free) char *document = NULL;
    CLEANUP(answer_clear) struct answer answer = {0};
    const char *user = credential->identity_token ? CREDENTIAL_TOKEN_USER : credential->user;
    const char *secret =
        credential->identity_token ? credential->identity_token : credential->password;
    if (is_vault(name))
        return os_vault_write(server, user, secret, err);
    if (!compose(server, user, secret, &document, err))
        return false;
    const struct call call = {name, "store", document, context, secret};
    if (!run(&call, &answer, err))
        return false;
    return answer.code == 0 || report(&call, &answer, err);
}

bool credential_helper_erase(const char *name, const char *host, const struct context *context,
                             struct error *err)
{
    CLEANUP(str_free) char *server = credential_key_server(host);
    CLEANUP(answer_clear) struct answer answer = {0};
    const struct call call = {name, "erase", server, context, NULL};
    if (is_vault(name))
        return os_vault_erase(server, err);
    if (!run(&call, &answer, err))
        return false;
    return answer.code == 0 || knows_nothing(&answer) || report(&call, &answer, err);
}
