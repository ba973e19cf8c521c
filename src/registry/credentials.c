/* SPDX-License-Identifier: MIT */
#include "registry/credentials.h"

#include "base/alloc.h"
#include "base/fs.h"
#include "base/os.h"
#include "base/secret.h"
#include "base/text.h"
#include "registry/credential_edit.h"
#include "registry/credential_file.h"
#include "registry/credential_helper.h"

#define TEXT_VARIABLE "DOCKER_AUTH_CONFIG"

#ifdef _WIN32
#define HOME_VARIABLE "USERPROFILE"
#else
#define HOME_VARIABLE "HOME"
#endif

/* In order; 'below' is appended. */
static const struct place {
    const char *variable;
    const char *below;
    bool named;      /* for wrun, so it must be there */
    bool text_first; /* TEXT_VARIABLE comes before it */
} places[] = {
    {"WRUN_AUTH_FILE", NULL, true, false},
    {"REGISTRY_AUTH_FILE", NULL, false, false},
    {"DOCKER_CONFIG", "config.json", false, true},
    {HOME_VARIABLE, ".docker/config.json", false, true},
};

static char *get_variable(const char *name)
{
    char *value = os_getenv(name);
    if (value && !*value)
        str_free(&value);
    return value;
}

static void find_place(struct credentials *credentials)
{
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        CLEANUP(str_free) char *value = get_variable(places[i].variable);
        if (places[i].text_first && !credentials->text)
            credentials->text = get_variable(TEXT_VARIABLE);
        if (!value)
            continue;
        credentials->path = places[i].below ? fs_join(value, places[i].below) : TAKE(value);
        credentials->named = places[i].named;
        return;
    }
}

bool credentials_open(const char *auth_file, const struct context *context, struct credentials *ret,
                      struct error *err)
{
    CLEANUP(credentials_close) struct credentials credentials = {.context = context};
    if (auth_file) {
        credentials.path = xstrdup(auth_file);
        credentials.named = true;
    } else {
        find_place(&credentials);
    }
    if (credentials.path) {
        char *absolute = NULL;
        if (!fs_absolute(credentials.path, &absolute, err))
            return error_wrap(err, "credential file");
        str_free(&credentials.path);
        credentials.path = absolute;
    }
    *ret = TAKE(credentials);
    return true;
}

void credentials_close(struct credentials *credentials)
{
    str_free(&credentials->path);
    secret_free(&credentials->text);
    *credentials = (struct credentials){0};
}

/* ---- looking up ---- */

/* An absent file is an empty one, unless it must be there. */
static bool read_text(const struct credentials *credentials, bool required, struct buf *ret,
                      struct error *err)
{
    if (fs_read_file(credentials->path, CREDENTIAL_FILE_MAXIMUM, ret, err))
        return true;
    if (err->kind != ERR_NOT_FOUND || required)
        return error_wrap(err, "credentials");
    error_clear(err);
    return true;
}

static bool parse_text(const struct credentials *credentials, const struct buf *text,
                       struct credential_file *ret, struct error *err)
{
    return text->length == 0
        || credential_file_parse(buf_str(text), text->length, CREDENTIAL_CONFIG, ret, err)
        || error_wrap(err, "credential file '%s'", credentials->path);
}

static bool read_file(const struct credentials *credentials, struct credential_file *ret,
                      struct error *err)
{
    CLEANUP(secret_buf_clear) struct buf text = {0};
    return !credentials->path
        || (read_text(credentials, credentials->named, &text, err)
            && parse_text(credentials, &text, ret, err));
}

static void take_entry(const struct credential_file *file, const char *host, const char *repository,
                       struct credential *ret)
{
    const struct credential_entry *entry = credential_file_find(file, host, repository);
    if (entry)
        *ret = credential_copy(&entry->credential);
}

static bool find_in_text(const struct credentials *credentials, const char *host,
                         const char *repository, struct credential *ret, struct error *err)
{
    CLEANUP(credential_file_clear) struct credential_file file = {0};
    if (!credentials->text)
        return true;
    if (!credential_file_parse(credentials->text, strlen(credentials->text), CREDENTIAL_AUTHS_ONLY,
                               &file, err))
        return error_wrap(err, "%s", TEXT_VARIABLE);
    take_entry(&file, host, repository, ret);
    return true;
}

/* A helper for all hosts that cannot be asked is no reason to give up: most images are public, and
 * 'desktop' stays behind in many a file when Docker Desktop is gone. */
static bool ask_store(const struct credentials *credentials, const char *suffix, const char *host,
                      struct credential *ret, struct error *err)
{
    if (credential_helper_get(suffix, host, credentials->context, ret, err))
        return true;
    if (err->kind == ERR_CANCELLED)
        return false;
    context_warn(credentials->context, "credsStore in '%s': %s", credentials->path, err->message);
    error_clear(err);
    return true;
}

static bool find_in_file(const struct credentials *credentials, const char *host,
                         const char *repository, struct credential *ret, struct error *err)
{
    CLEANUP(credential_file_clear) struct credential_file file = {0};
    if (!read_file(credentials, &file, err))
        return false;
    const char *helper = credential_file_helper(&file, host, repository);
    if (helper && !credential_helper_get(helper, host, credentials->context, ret, err))
        return error_wrap(err, "credHelpers in '%s'", credentials->path);
    if (!helper && file.store && !ask_store(credentials, file.store, host, ret, err))
        return false;
    if (!credential_is_set(ret))
        take_entry(&file, host, repository, ret);
    return true;
}

bool credentials_find(const struct credentials *credentials, const char *host,
                      const char *repository, struct credential *ret, struct error *err)
{
    CLEANUP(credential_clear) struct credential credential = {0};
    if (!find_in_text(credentials, host, repository, &credential, err)
        || (!credential_is_set(&credential)
            && !find_in_file(credentials, host, repository, &credential, err)))
        return false;
    *ret = TAKE(credential);
    return true;
}

/* ---- changing ---- */

void credential_change_clear(struct credential_change *change)
{
    str_free(&change->name);
}

/* The text of the file, and the helper that it names for the host or NULL. */
static bool open_file(const struct credentials *credentials, const char *host, struct buf *ret_text,
                      char **ret_helper, struct error *err)
{
    CLEANUP(credential_file_clear) struct credential_file file = {0};
    CLEANUP(secret_buf_clear) struct buf text = {0};
    if (!credentials->path) {
        error_set(err, ERR_USAGE, "there is no place for a credential file: %s is not set",
                  HOME_VARIABLE);
        return error_hint(err, "name one with --authfile");
    }
    if (!read_text(credentials, /* required= */ false, &text, err)
        || !parse_text(credentials, &text, &file, err))
        return false;
    const char *helper = credential_file_helper(&file, host, NULL);
    helper = helper ? helper : file.store;
    *ret_helper = helper ? xstrdup(helper) : NULL;
    *ret_text = TAKE(text);
    return true;
}

bool credentials_store(const struct credentials *credentials, const char *host,
                       const struct credential *credential, struct credential_change *ret,
                       struct error *err)
{
    CLEANUP(secret_buf_clear) struct buf text = {0};
    CLEANUP(secret_free) char *edited = NULL;
    CLEANUP(str_free) char *helper = NULL;
    if (!open_file(credentials, host, &text, &helper, err))
        return false;
    if (helper) {
        if (!credential_helper_store(helper, host, credentials->context, credential, err))
            return false;
        *ret = (struct credential_change){.place = CREDENTIAL_IN_HELPER, .name = TAKE(helper)};
        return true;
    }
    if (!credential_edit_set(buf_str(&text), text.length, host, credential, &edited, err)
        || !fs_write_private_file(credentials->path, edited, strlen(edited), err))
        return false;
    *ret = (struct credential_change){.name = xstrdup(credentials->path)};
    return true;
}

bool credentials_erase(const struct credentials *credentials, const char *host,
                       struct credential_change *ret, struct error *err)
{
    CLEANUP(secret_buf_clear) struct buf text = {0};
    CLEANUP(secret_free) char *edited = NULL;
    CLEANUP(str_free) char *helper = NULL;
    bool found = false;
    if (!open_file(credentials, host, &text, &helper, err)
        || !credential_edit_remove(buf_str(&text), text.length, host, &edited, &found, err)
        || (found && !fs_write_private_file(credentials->path, edited, strlen(edited), err))
        || (helper && !credential_helper_erase(helper, host, credentials->context, err)))
        return false;
    bool erased = found || helper;
    *ret = (struct credential_change){
        .place = helper ? CREDENTIAL_IN_HELPER : CREDENTIAL_IN_FILE,
        .name = helper ? TAKE(helper) : xstrdup(credentials->path),
        .found = erased,
    };
    return true;
}
