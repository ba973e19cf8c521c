/* SPDX-License-Identifier: MIT */
#include "registry/credential_edit.h"

#include <string.h>

#include "base/alloc.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/secret.h"
#include "base/text.h"
#include "registry/credential_file.h"

static const char *const secret_members[] = {"auth", "username", "password", "identitytoken",
                                             "registrytoken"};

/* ---- as it was ---- */

/* Not deeper than what the reader lets pass. */
static void copy_value(struct json_writer *w, const struct json_value *value)
{
    switch (value->type) {
    case JSON_NULL:
        json_null(w, value->key);
        return;
    case JSON_BOOLEAN:
        json_bool(w, value->key, value->boolean);
        return;
    case JSON_NUMBER:
        json_raw(w, value->key, value->text);
        return;
    case JSON_STRING:
        json_string(w, value->key, value->text);
        return;
    case JSON_LIST:
        JSON_ARRAY(w, value->key) {
            for (const struct json_value *item = value->first; item; item = item->next)
                copy_value(w, item);
        }
        return;
    case JSON_MAP:
        JSON_OBJECT(w, value->key) {
            for (const struct json_value *item = value->first; item; item = item->next)
                copy_value(w, item);
        }
        return;
    }
}

/* ---- one entry ---- */

static bool is_secret(const char *key)
{
    for (size_t i = 0; i < ARRAY_SIZE(secret_members); i++)
        if (str_equal(key, secret_members[i]))
            return true;
    return false;
}

/* 'old' may be NULL; what is not about the credential stays in it. */
static void put_entry(struct json_writer *w, const char *name, const struct json_value *old,
                      const struct credential *credential)
{
    CLEANUP(secret_free) char *basic = credential_basic(credential);
    JSON_OBJECT(w, name) {
        for (const struct json_value *member = old ? old->first : NULL; member;
             member = member->next)
            if (!is_secret(member->key))
                copy_value(w, member);
        if (basic)
            json_string(w, "auth", basic + strlen("Basic "));
        json_opt_string(w, "identitytoken", credential->identity_token);
    }
}

/* ---- the document ---- */

struct edit {
    const char *host;
    char *server;                        /* the key of a new entry */
    const struct credential *credential; /* NULL = the host's entries are taken out */
    bool found;
};

static bool is_whole_host(const struct edit *edit, const char *name)
{
    CLEANUP(credential_key_clear) struct credential_key key = {0};
    return credential_key_parse(name, &key) && *key.path == '\0'
        && credential_key_match(&key, edit->host, NULL) > 0;
}

static void edit_auths(struct json_writer *w, const struct json_value *auths, struct edit *edit)
{
    JSON_OBJECT(w, "auths") {
        for (const struct json_value *entry = auths ? auths->first : NULL; entry;
             entry = entry->next) {
            bool same = edit->credential ? str_equal(entry->key, edit->server)
                                         : is_whole_host(edit, entry->key);
            edit->found = edit->found || same;
            if (same && edit->credential)
                put_entry(w, entry->key, entry, edit->credential);
            else if (!same)
                copy_value(w, entry);
        }
        if (edit->credential && !edit->found)
            put_entry(w, edit->server, NULL, edit->credential);
    }
}

static bool edit_document(const struct json_value *root, struct edit *edit, char **ret,
                          struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open_pretty(&w);
    JSON_OBJECT(&w, NULL) {
        bool done = false;
        for (const struct json_value *member = root ? root->first : NULL; member;
             member = member->next) {
            bool auths = str_equal(member->key, "auths");
            if (auths)
                edit_auths(&w, member, edit);
            else
                copy_value(&w, member);
            done = done || auths;
        }
        if (!done && edit->credential)
            edit_auths(&w, NULL, edit);
    }
    return json_writer_finish(&w, ret, err);
}

/* That the document can be read is proved first, so that its shape is known here. */
static bool edit_text(const char *text, size_t length, struct edit *edit, char **ret,
                      struct error *err)
{
    CLEANUP(credential_file_clear) struct credential_file checked = {0};
    CLEANUP(json_document_clear) struct json_document document = {0};
    size_t skipped = credential_file_mark(text, length);
    if (length > 0
        && (!credential_file_parse(text, length, CREDENTIAL_CONFIG, &checked, err)
            || !json_parse(text + skipped, length - skipped, &credential_file_limits, &document,
                           err)))
        return false;
    edit->server = credential_key_server(edit->host);
    bool edited = edit_document(document.root, edit, ret, err);
    str_free(&edit->server);
    return edited;
}

bool credential_edit_set(const char *text, size_t length, const char *host,
                         const struct credential *credential, char **ret, struct error *err)
{
    struct edit edit = {.host = host, .credential = credential};
    return edit_text(text, length, &edit, ret, err);
}

bool credential_edit_remove(const char *text, size_t length, const char *host, char **ret,
                            bool *ret_found, struct error *err)
{
    struct edit edit = {.host = host};
    CLEANUP(secret_free) char *edited = NULL;
    if (!edit_text(text, length, &edit, &edited, err))
        return false;
    *ret_found = edit.found;
    if (edit.found)
        *ret = TAKE(edited);
    return true;
}
