/* SPDX-License-Identifier: MIT */
/* A credential file, read in both ways, searched and edited; what was edited can be read again. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#include "base/alloc.h"
#include "base/secret.h"
#include "registry/credential_edit.h"
#include "registry/credential_file.h"

static void read_in(const char *text, size_t size, enum credential_syntax syntax)
{
    CLEANUP(error_clear) struct error err = {0};
    CLEANUP(credential_file_clear) struct credential_file file = {0};
    if (credential_file_parse(text, size, syntax, &file, &err) == error_is_set(&err))
        abort();
    const struct credential_entry *entry = credential_file_find(&file, "docker.io", "library/x");
    if (entry && !credential_is_set(&entry->credential))
        abort();
    (void)credential_file_helper(&file, "ghcr.io", "a/b");
}

static void edit(const char *text, size_t size)
{
    CLEANUP(error_clear) struct error err = {0};
    CLEANUP(credential_clear) struct credential credential = credential_make("u", "p");
    CLEANUP(secret_free) char *set = NULL;
    CLEANUP(secret_free) char *removed = NULL;
    bool found = false;
    if (!credential_edit_set(text, size, "ghcr.io", &credential, &set, &err))
        return;
    CLEANUP(credential_file_clear) struct credential_file file = {0};
    if (!credential_file_parse(set, strlen(set), CREDENTIAL_CONFIG, &file, &err)
        || !credential_file_find(&file, "ghcr.io", NULL)
        || !credential_edit_remove(set, strlen(set), "ghcr.io", &removed, &found, &err) || !found)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    read_in(text, size, CREDENTIAL_CONFIG);
    read_in(text, size, CREDENTIAL_AUTHS_ONLY);
    edit(text, size);
    return 0;
}
