/* SPDX-License-Identifier: MIT */
#include "registry/credential_file.h"

#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/json_read.h"
#include "base/secret.h"
#include "base/text.h"
#include "registry/credential_helper.h"

const struct json_limits credential_file_limits = {
    .maximum_bytes = CREDENTIAL_FILE_MAXIMUM,
    .maximum_depth = 16,
    .maximum_values = 20000,
};

/* ---- one entry of auths ---- */

struct fields {
    char *auth;
    char *user;
    char *password;
    char *identity_token;
    char *registry_token;
};

static const struct json_field field_table[] = {
    {"auth", json_to_string, offsetof(struct fields, auth), JSON_OPTIONAL},
    {"username", json_to_string, offsetof(struct fields, user), JSON_OPTIONAL},
    {"password", json_to_string, offsetof(struct fields, password), JSON_OPTIONAL},
    {"identitytoken", json_to_string, offsetof(struct fields, identity_token), JSON_OPTIONAL},
    {"registrytoken", json_to_string, offsetof(struct fields, registry_token), JSON_OPTIONAL},
};

static void fields_clear(struct fields *fields)
{
    secret_free(&fields->auth);
    secret_free(&fields->password);
    secret_free(&fields->identity_token);
    secret_free(&fields->registry_token);
    str_free(&fields->user);
}

static bool is_given(const char *text)
{
    return text && *text;
}

/* user:password, split at the first colon. Some clients pad the password with NULs. */
static bool split_auth(const char *text, struct credential *ret)
{
    CLEANUP(error_clear) struct error ignored = {0};
    CLEANUP(secret_buf_clear) struct buf decoded;
    buf_init(&decoded, strlen(text));
    if (!base64_decode(text, strlen(text), &decoded, &ignored))
        return false;
    while (decoded.length > 0 && decoded.data[decoded.length - 1] == '\0')
        decoded.length--;
    char *colon = decoded.length ? memchr(decoded.data, ':', decoded.length) : NULL;
    bool split =
        colon && colon != (char *)decoded.data && !memchr(decoded.data, '\0', decoded.length);
    if (!split)
        return false;
    *colon = '\0';
    *ret = credential_make(buf_str(&decoded), colon + 1);
    return true;
}

static bool read_credential(const struct json_value *entry, struct credential *ret,
                            struct error *err)
{
    CLEANUP(fields_clear) struct fields fields = {0};
    CLEANUP(credential_clear) struct credential credential = {0};
    if (!json_read_fields(entry, field_table, ARRAY_SIZE(field_table), &fields, err))
        return false;
    if (is_given(fields.auth)) {
        if (!split_auth(fields.auth, &credential))
            return json_error(json_member(entry, "auth"), err, "not base64 of user:password");
    } else if (is_given(fields.user) && is_given(fields.password)) {
        credential = credential_make(fields.user, fields.password);
    }
    if (is_given(fields.identity_token)) {
        secret_free(&credential.identity_token);
        credential.identity_token = TAKE(fields.identity_token);
    }
    if (is_given(fields.registry_token))
        credential.registry_token = TAKE(fields.registry_token);
    *ret = TAKE(credential);
    return true;
}

/* ---- the document ---- */

static bool check_members(const struct json_value *map, const char *only, struct error *err)
{
    if (!map || map->type != JSON_MAP)
        return true; /* told by whoever reads it */
    for (const struct json_value *member = map->first; member; member = member->next)
        if (!str_equal(member->key, only))
            return json_error(member, err, "only '%s' may stand here", only);
    return true;
}

static bool expect_map(const struct json_value *value, struct error *err)
{
    return value->type == JSON_MAP || json_error(value, err, "expected an object");
}

static bool read_entry(const struct json_value *member, enum credential_syntax syntax,
                       struct credential_file *file, struct error *err)
{
    struct credential_entry *entry = &file->entries[file->entry_count];
    if (syntax == CREDENTIAL_AUTHS_ONLY && !check_members(member, "auth", err))
        return false;
    if (!credential_key_parse(member->key, &entry->key))
        return json_error(member, err, "the key names no host");
    entry->name = xstrdup(member->key);
    file->entry_count++;
    return member->type == JSON_NULL || read_credential(member, &entry->credential, err);
}

static bool read_entries(const struct json_value *auths, enum credential_syntax syntax,
                         struct credential_file *file, struct error *err)
{
    if (!auths || auths->type == JSON_NULL)
        return true;
    if (!expect_map(auths, err))
        return false;
    file->entries = xcalloc(auths->count + 1, sizeof(*file->entries));
    for (const struct json_value *member = auths->first; member; member = member->next)
        if (!read_entry(member, syntax, file, err))
            return false;
    return true;
}

static bool read_suffix(const struct json_value *value, char **ret, struct error *err)
{
    CLEANUP(str_free) char *suffix = NULL;
    if (!json_to_string(value, &suffix, err))
        return false;
    if (*suffix && !credential_helper_name_is_valid(suffix))
        return json_error(value, err, "not the name of a credential helper");
    *ret = *suffix ? TAKE(suffix) : NULL;
    return true;
}

static bool read_helpers(const struct json_value *map, struct credential_file *file,
                         struct error *err)
{
    if (!map || map->type == JSON_NULL)
        return true;
    if (!expect_map(map, err))
        return false;
    file->helpers = xcalloc(map->count + 1, sizeof(*file->helpers));
    for (const struct json_value *member = map->first; member; member = member->next) {
        struct credential_helper_entry *helper = &file->helpers[file->helper_count];
        if (!credential_key_parse(member->key, &helper->key))
            return json_error(member, err, "the key names no host");
        file->helper_count++;
        if (!read_suffix(member, &helper->suffix, err))
            return false;
    }
    return true;
}

static bool read_document(const struct json_value *root, enum credential_syntax syntax,
                          struct credential_file *file, struct error *err)
{
    if (!root || root->type != JSON_MAP)
        return error_set(err, ERR_INTEGRITY, "expected an object");
    if (syntax == CREDENTIAL_AUTHS_ONLY)
        return check_members(root, "auths", err)
            && read_entries(json_member(root, "auths"), syntax, file, err);
    const struct json_value *store = json_member(root, "credsStore");
    return read_entries(json_member(root, "auths"), syntax, file, err)
        && read_helpers(json_member(root, "credHelpers"), file, err)
        && (!store || store->type == JSON_NULL || read_suffix(store, &file->store, err));
}

/* PowerShell 5 writes UTF-16 unless told otherwise. */
static bool is_utf16(const unsigned char *bytes, size_t length)
{
    return length >= 2
        && ((bytes[0] == 0xFF && bytes[1] == 0xFE) || (bytes[0] == 0xFE && bytes[1] == 0xFF)
            || bytes[0] == 0 || bytes[1] == 0);
}

size_t credential_file_mark(const char *text, size_t length)
{
    static const char mark[] = "\xEF\xBB\xBF";
    bool marked = length >= strlen(mark) && memcmp(text, mark, strlen(mark)) == 0;
    return marked ? strlen(mark) : 0;
}

static bool parse(const char *text, size_t length, enum credential_syntax syntax,
                  struct credential_file *ret, struct error *err)
{
    CLEANUP(json_document_clear) struct json_document document = {0};
    CLEANUP(credential_file_clear) struct credential_file file = {0};
    if (is_utf16((const unsigned char *)text, length)) {
        error_set(err, ERR_AUTH, "the text is UTF-16, not UTF-8");
        return error_hint(err, "save it again as UTF-8 (in PowerShell: Out-File -Encoding ascii)");
    }
    size_t skipped = credential_file_mark(text, length);
    if (!json_parse(text + skipped, length - skipped, &credential_file_limits, &document, err)
        || !read_document(document.root, syntax, &file, err))
        return false;
    *ret = TAKE(file);
    return true;
}

bool credential_file_parse(const char *text, size_t length, enum credential_syntax syntax,
                           struct credential_file *ret, struct error *err)
{
    if (parse(text, length, syntax, ret, err))
        return true;
    /* It is the user's file that is wrong, not content that was promised. */
    err->kind = ERR_AUTH;
    return false;
}

void credential_file_clear(struct credential_file *file)
{
    for (size_t i = 0; i < file->entry_count; i++) {
        credential_key_clear(&file->entries[i].key);
        str_free(&file->entries[i].name);
        credential_clear(&file->entries[i].credential);
    }
    for (size_t i = 0; i < file->helper_count; i++) {
        credential_key_clear(&file->helpers[i].key);
        str_free(&file->helpers[i].suffix);
    }
    mem_free(&file->entries);
    mem_free(&file->helpers);
    str_free(&file->store);
    *file = (struct credential_file){0};
}

/* ---- looking up ---- */

const struct credential_entry *credential_file_find(const struct credential_file *file,
                                                    const char *host, const char *repository)
{
    const struct credential_entry *best = NULL;
    size_t best_match = 0;
    CLEANUP(str_free) char *server = credential_key_server(host);
    for (size_t i = 0; i < file->entry_count; i++) {
        const struct credential_entry *entry = &file->entries[i];
        if (!credential_is_set(&entry->credential))
            continue;
        /* Of several spellings of one host, the one that docker login writes counts. */
        size_t match = 2 * credential_key_match(&entry->key, host, repository);
        if (match && str_equal(entry->name, server))
            match++;
        if (match > best_match) {
            best = entry;
            best_match = match;
        }
    }
    return best;
}

const char *credential_file_helper(const struct credential_file *file, const char *host,
                                   const char *repository)
{
    const char *best = NULL;
    size_t best_match = 0;
    for (size_t i = 0; i < file->helper_count; i++) {
        size_t match = credential_key_match(&file->helpers[i].key, host, repository);
        if (match > best_match) {
            best = file->helpers[i].suffix;
            best_match = match;
        }
    }
    return best;
}
