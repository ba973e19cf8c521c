/* SPDX-License-Identifier: MIT */
#include "base/os_vault.h"

#include "win32/windows_lean.h"

#include <string.h>
#include <wincred.h>

#include "base/alloc.h"
#include "base/secret.h"
#include "win32/hresult.h"
#include "win32/utf16.h"

/* How docker-credential-wincred marks its entries (its wincred/wincred.go). */
#define MARK_KEYWORD L"label"
#define MARK_VALUE "Docker Credentials"

static const struct error_hint hints[] = {
    {ERROR_NO_SUCH_LOGON_SESSION,
     "the Credential Manager needs an interactive logon; where there is none (ssh with a key, a "
     "service) use a credential file"},
};

bool os_vault_exists(void)
{
    return true;
}

static bool report(struct error *err, const char *function)
{
    DWORD code = GetLastError();
    error_win32(err, code, "%s", function);
    if (code == ERROR_NOT_FOUND)
        err->kind = ERR_NOT_FOUND;
    return error_hint_from(err, hints, ARRAY_SIZE(hints));
}

static void credential_free(CREDENTIALW **credential)
{
    if (*credential) {
        secret_wipe((*credential)->CredentialBlob, (*credential)->CredentialBlobSize);
        CredFree(*credential);
    }
    *credential = NULL;
}

static bool is_marked(const CREDENTIALW *credential)
{
    for (DWORD i = 0; i < credential->AttributeCount; i++) {
        const CREDENTIAL_ATTRIBUTEW *attribute = &credential->Attributes[i];
        if (wcscmp(attribute->Keyword, MARK_KEYWORD) == 0
            && attribute->ValueSize == strlen(MARK_VALUE)
            && memcmp(attribute->Value, MARK_VALUE, attribute->ValueSize) == 0)
            return true;
    }
    return false;
}

bool os_vault_read(const char *name, char **ret_user, char **ret_password, struct error *err)
{
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    CLEANUP(credential_free) CREDENTIALW *found = NULL;
    CLEANUP(str_free) char *user = NULL;
    if (!utf16_from_utf8(name, &wide, err))
        return false;
    if (!CredReadW(wide, CRED_TYPE_GENERIC, 0, &found))
        return report(err, "CredRead");
    if (!is_marked(found))
        return error_set(err, ERR_NOT_FOUND, "'%s' in the Credential Manager is not docker's",
                         name);
    if (!utf16_to_utf8(found->UserName ? found->UserName : L"", &user, err))
        return false;
    *ret_user = TAKE(user);
    *ret_password = xstrndup((const char *)found->CredentialBlob, found->CredentialBlobSize);
    return true;
}

bool os_vault_write(const char *name, const char *user, const char *password, struct error *err)
{
    static wchar_t keyword[] = MARK_KEYWORD;
    static unsigned char value[] = MARK_VALUE;
    CLEANUP(utf16_free) wchar_t *wide_name = NULL;
    CLEANUP(utf16_free) wchar_t *wide_user = NULL;
    CLEANUP(secret_free) char *blob = xstrdup(password);
    if (!utf16_from_utf8(name, &wide_name, err) || !utf16_from_utf8(user, &wide_user, err))
        return false;
    if (strlen(blob) > CRED_MAX_CREDENTIAL_BLOB_SIZE)
        return error_set(err, ERR_UNSUPPORTED,
                         "the Credential Manager keeps %d bytes at most; the password has %zu",
                         CRED_MAX_CREDENTIAL_BLOB_SIZE, strlen(blob));
    CREDENTIAL_ATTRIBUTEW mark = {
        .Keyword = keyword, .ValueSize = (DWORD)strlen(MARK_VALUE), .Value = value};
    CREDENTIALW credential = {
        .Type = CRED_TYPE_GENERIC,
        .TargetName = wide_name,
        .CredentialBlobSize = (DWORD)strlen(blob),
        .CredentialBlob = (unsigned char *)blob,
        .Persist = CRED_PERSIST_LOCAL_MACHINE,
        .AttributeCount = 1,
        .Attributes = &mark,
        .UserName = wide_user,
    };
    return CredWriteW(&credential, 0) || report(err, "CredWrite");
}

bool os_vault_erase(const char *name, struct error *err)
{
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    if (!utf16_from_utf8(name, &wide, err))
        return false;
    return CredDeleteW(wide, CRED_TYPE_GENERIC, 0) || GetLastError() == ERROR_NOT_FOUND
        || report(err, "CredDelete");
}
