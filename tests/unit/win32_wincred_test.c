/* SPDX-License-Identifier: MIT */
#include "base/os_vault.h"
#include "base/secret.h"
#include "check.h"
#include "win32/windows_lean.h"

#include <wincred.h>

#define SERVER "https://wrun-test.example/v1/"
#define PASSWORD "pa:ss \xC3\xB6"

static wchar_t name[] = L"" SERVER;

/* True when this system keeps attributes with a credential; Wine 8 does not. */
static bool check_written(void)
{
    CREDENTIALW *found = NULL;
    assert_true(CredReadW(name, CRED_TYPE_GENERIC, 0, &found));
    assert_int_equal(wcscmp(found->UserName, L"\u00E9ve"), 0);
    assert_int_equal(found->CredentialBlobSize, strlen(PASSWORD));
    assert_memory_equal(found->CredentialBlob, PASSWORD, strlen(PASSWORD));
    assert_int_equal(found->Persist, CRED_PERSIST_LOCAL_MACHINE);
    bool kept = found->AttributeCount == 1;
    CredFree(found);
    return kept;
}

TEST(kept_found_and_erased)
{
    struct error err = {0};
    CLEANUP(str_free) char *user = NULL;
    CLEANUP(secret_free) char *password = NULL;
    assert_true(os_vault_exists());
    assert_ok(os_vault_erase(SERVER, &err));
    assert_fails(os_vault_read(SERVER, &user, &password, &err), ERR_NOT_FOUND, "CredRead");
    assert_ok(os_vault_write(SERVER, "\xC3\xA9ve", PASSWORD, &err));
    if (check_written()) {
        assert_ok(os_vault_read(SERVER, &user, &password, &err));
        assert_string_equal(user, "\xC3\xA9ve");
        assert_string_equal(password, PASSWORD);
    }
    assert_ok(os_vault_erase(SERVER, &err));
    assert_ok(os_vault_erase(SERVER, &err));
    assert_fails(os_vault_read(SERVER, &user, &password, &err), ERR_NOT_FOUND, "CredRead");
}

/* What other programs keep under the same name is none of ours. */
TEST(an_entry_without_the_mark)
{
    struct error err = {0};
    static wchar_t owner[] = L"eve";
    static unsigned char blob[] = "x";
    CREDENTIALW foreign = {.Type = CRED_TYPE_GENERIC,
                           .TargetName = name,
                           .CredentialBlobSize = 1,
                           .CredentialBlob = blob,
                           .Persist = CRED_PERSIST_LOCAL_MACHINE,
                           .UserName = owner};
    char *user = NULL;
    char *password = NULL;
    assert_true(CredWriteW(&foreign, 0));
    bool read = os_vault_read(SERVER, &user, &password, &err);
    CredDeleteW(name, CRED_TYPE_GENERIC, 0);
    assert_fails(read, ERR_NOT_FOUND, "not docker's");
    assert_null(password);
}

TEST(too_long)
{
    struct error err = {0};
    CLEANUP(str_free) char *password = xmalloc(CRED_MAX_CREDENTIAL_BLOB_SIZE + 2);
    memset(password, 'x', CRED_MAX_CREDENTIAL_BLOB_SIZE + 1);
    password[CRED_MAX_CREDENTIAL_BLOB_SIZE + 1] = '\0';
    assert_fails(os_vault_write(SERVER, "eve", password, &err), ERR_UNSUPPORTED, "bytes at most");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_found_and_erased),
        cmocka_unit_test(an_entry_without_the_mark),
        cmocka_unit_test(too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
