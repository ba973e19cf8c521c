/* SPDX-License-Identifier: MIT */
/* The small windows onto the system: privileges, version, volumes, mutexes, console, DLLs. */
#include "base/os.h"
#include "base/text.h"
#include "check.h"
#include "win32/console.h"
#include "win32/dll.h"
#include "win32/handle.h"
#include "win32/named_mutex.h"
#include "win32/privilege.h"
#include "win32/security.h"
#include "win32/version.h"
#include "win32/volume.h"

static bool is_enabled(const wchar_t *name)
{
    CLEANUP(handle_close) HANDLE token = NULL;
    PRIVILEGE_SET set = {.PrivilegeCount = 1, .Control = PRIVILEGE_SET_ALL_NECESSARY};
    BOOL held = FALSE;
    assert_true(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token));
    assert_true(LookupPrivilegeValueW(NULL, name, &set.Privilege[0].Luid));
    assert_true(PrivilegeCheck(token, &set, &held));
    return held;
}

TEST(privileges_are_enabled)
{
    struct error err = {0};
    assert_ok(privilege_enable_for_layers(&err));
    assert_true(is_enabled(SE_BACKUP_NAME));
    assert_true(is_enabled(SE_RESTORE_NAME));
    assert_true(is_enabled(SE_SECURITY_NAME));
}

TEST(version_is_that_of_the_registry)
{
    struct error err = {0};
    struct windows_version version = {0};
    wchar_t build[16];
    DWORD size = sizeof(build);
    assert_int_equal(RegGetValueW(HKEY_LOCAL_MACHINE,
                                  L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion",
                                  L"CurrentBuildNumber", RRF_RT_REG_SZ, NULL, build, &size),
                     ERROR_SUCCESS);
    assert_ok(windows_version_get(&version, &err));
    assert_int_equal(version.major, 10);
    assert_int_equal(version.build, wcstoul(build, NULL, 10));

    bool elevated = false;
    assert_ok(windows_is_elevated(&elevated, &err));
    assert_true(elevated);
}

TEST(volume_of_a_path)
{
    struct error err = {0};
    CLEANUP(volume_clear) struct volume volume = {0};
    assert_ok(volume_of("C:\\windows\\not there yet\\x", &volume, &err));
    assert_string_equal(volume.root, "C:\\");
    assert_string_equal(volume.file_system, "NTFS");
    assert_int_equal(volume.kind, VOLUME_FIXED);
    assert_true(volume.free_bytes > 0);
    assert_false(volume.is_dev_drive);
    assert_true(volume_is_local_ntfs(&volume));

    struct volume none = {0};
    assert_false(volume_of("Q:\\x", &none, &err));
    assert_non_null(strstr(err.message, "Q:\\x"));
    error_clear(&err);
    assert_null(none.root);
}

TEST(only_local_ntfs_is_local_ntfs)
{
    char ntfs[] = "NTFS", refs[] = "ReFS";
    assert_true(volume_is_local_ntfs(&(struct volume){.kind = VOLUME_FIXED, .file_system = ntfs}));
    assert_false(volume_is_local_ntfs(&(struct volume){.kind = VOLUME_FIXED, .file_system = refs}));
    assert_false(
        volume_is_local_ntfs(&(struct volume){.kind = VOLUME_NETWORK, .file_system = ntfs}));
    assert_false(
        volume_is_local_ntfs(&(struct volume){.kind = VOLUME_REMOVABLE, .file_system = ntfs}));
}

struct contender {
    struct cancel cancel;
    bool acquired;
    enum err_kind kind;
};

static void contend(void *argument)
{
    struct contender *contender = argument;
    CLEANUP(error_clear) struct error err = {0};
    CLEANUP(named_mutex_release) struct named_mutex mutex = {0};
    contender->acquired = named_mutex_acquire("wrun-unit-test", &contender->cancel, &mutex, &err);
    contender->kind = err.kind;
}

static void contend_and_die(void *argument)
{
    struct error err = {0};
    assert_ok(named_mutex_acquire("wrun-unit-test", NULL, argument, &err));
}

static void run_contender(struct contender *contender, void (*meanwhile)(struct contender *))
{
    struct error err = {0};
    struct os_thread thread = {0};
    assert_ok(cancel_open(&contender->cancel, &err));
    assert_ok(os_thread_start(&thread, contend, contender, &err));
    os_sleep_ms(50);
    if (meanwhile)
        meanwhile(contender);
    os_thread_join(&thread);
    cancel_close(&contender->cancel);
}

static void request(struct contender *contender)
{
    assert_false(contender->acquired);
    cancel_request(&contender->cancel);
}

TEST(mutex_excludes_and_can_be_interrupted)
{
    struct error err = {0};
    struct named_mutex mutex = {0};
    assert_ok(named_mutex_acquire("wrun-unit-test", NULL, &mutex, &err));
    struct contender waiting = {0};
    run_contender(&waiting, request);
    assert_false(waiting.acquired);
    assert_int_equal(waiting.kind, ERR_CANCELLED);

    named_mutex_release(&mutex);
    named_mutex_release(&mutex);
    struct contender free_now = {0};
    run_contender(&free_now, NULL);
    assert_true(free_now.acquired);
}

TEST(mutex_of_a_dead_owner_is_taken_over)
{
    struct error err = {0};
    struct os_thread thread = {0};
    struct named_mutex abandoned = {0};
    assert_ok(os_thread_start(&thread, contend_and_die, &abandoned, &err));
    os_thread_join(&thread);
    assert_non_null(abandoned.handle);
    struct named_mutex mutex = {0};
    assert_ok(named_mutex_acquire("wrun-unit-test", NULL, &mutex, &err));
    named_mutex_release(&mutex);
    handle_close(&abandoned.handle);
}

TEST(descriptors_are_parsed)
{
    struct error err = {0};
    CLEANUP(security_clear) struct security security = {0};
    assert_ok(security_from_sddl(SECURITY_ADMINS_ONLY, &security, &err));
    assert_true(IsValidSecurityDescriptor(security.attributes.lpSecurityDescriptor));
    struct security bad = {0};
    assert_false(security_from_sddl(L"D:(nonsense)", &bad, &err));
    assert_non_null(strstr(err.message, "D:(nonsense)"));
    error_clear(&err);
    assert_null(bad.attributes.lpSecurityDescriptor);
}

/* What a layer says in text, in the bytes that the next check and the file system want. */
TEST(descriptors_in_text_form_become_bytes)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf bytes;
    buf_init(&bytes, 65535);
    assert_ok(
        security_bytes_from_sddl("O:BAG:SYD:PAI(A;OICI;FA;;;SY)(A;;0x1200a9;;;BU)", &bytes, &err));
    assert_true(IsValidSecurityDescriptor(bytes.data));
    assert_int_equal(bytes.length, GetSecurityDescriptorLength(bytes.data));
    assert_int_equal(bytes.data[0], 1);
    assert_true(bytes.data[3] & 0x80); /* self-relative */
    size_t length = bytes.length;
    assert_fails(security_bytes_from_sddl("D:(A;;FA;;;nobody)", &bytes, &err), ERR_INTEGRITY,
                 "nobody");
    assert_int_equal(bytes.length, length);
}

struct two_functions {
    DWORD(WINAPI *GetTickCount)(void);
    void (*NoSuchFunction)(void);
};

TEST(dlls_are_bound)
{
    struct error err = {0};
    struct two_functions table = {0};
    struct dll_symbol symbols[] = {
        {"GetTickCount", offsetof(struct two_functions, GetTickCount), DLL_REQUIRED},
        {"NoSuchFunction", offsetof(struct two_functions, NoSuchFunction), DLL_OPTIONAL},
    };
    assert_ok(dll_bind(L"kernel32.dll", symbols, ARRAY_SIZE(symbols), &table, &err));
    assert_non_null(table.GetTickCount);
    assert_null(table.NoSuchFunction);

    symbols[1].presence = DLL_REQUIRED;
    assert_false(dll_bind(L"kernel32.dll", symbols, ARRAY_SIZE(symbols), &table, &err));
    assert_int_equal(err.kind, ERR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "NoSuchFunction"));
    assert_non_null(err.hint);
    error_clear(&err);

    assert_false(dll_bind(L"no-such.dll", symbols, ARRAY_SIZE(symbols), &table, &err));
    assert_int_equal(err.kind, ERR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "no-such.dll"));
    assert_non_null(strstr(err.hint, "Containers"));
    error_clear(&err);
}

TEST(output_that_is_no_console_gets_bytes)
{
    struct error err = {0};
    CLEANUP(remove_scratch) char *scratch = make_scratch();
    CLEANUP(str_free) char *path = fs_join(scratch, "out");
    CLEANUP(buf_clear) struct buf content = {0};
    struct fs_file file = {0};
    assert_ok(fs_open(path, FS_CREATE_NEW, &file, &err));
    HANDLE before = GetStdHandle(STD_ERROR_HANDLE);
    assert_true(SetStdHandle(STD_ERROR_HANDLE, handle_from_number(file.handle)));
    struct console_mode mode = {0};
    bool is_terminal = console_is_terminal(CONSOLE_ERROR);
    unsigned columns = 11;
    unsigned rows = 12;
    console_size(CONSOLE_ERROR, &columns, &rows);
    bool escapes = console_enable_escapes(CONSOLE_ERROR, &mode);
    bool written = console_write(CONSOLE_ERROR, "\xC3\xBC\n", 3, &err);
    assert_true(SetStdHandle(STD_ERROR_HANDLE, before));
    fs_close(&file);
    console_restore(&mode);
    assert_false(is_terminal);
    assert_int_equal(columns, 11);
    assert_int_equal(rows, 12);
    assert_false(escapes);
    assert_true(written);
    assert_ok(fs_read_file(path, 100, &content, &err));
    assert_string_equal(buf_str(&content), "\xC3\xBC\n");
}

TEST(environment_and_time)
{
    struct error err = {0};
    assert_true(SetEnvironmentVariableW(L"WRUN_UNIT_TEST", L"\x00FC\x4E00"));
    CLEANUP(str_free) char *value = os_getenv("WRUN_UNIT_TEST");
    assert_string_equal(value, "\xC3\xBC\xE4\xB8\x80");
    assert_true(SetEnvironmentVariableW(L"WRUN_UNIT_TEST", L""));
    CLEANUP(str_free) char *empty = os_getenv("WRUN_UNIT_TEST");
    assert_string_equal(empty, "");
    assert_true(SetEnvironmentVariableW(L"WRUN_UNIT_TEST", NULL));
    assert_null(os_getenv("WRUN_UNIT_TEST"));

    char now[32];
    os_timestamp(now);
    assert_int_equal(strlen(now), 20);
    assert_true(now[10] == 'T' && now[19] == 'Z');
    uint64_t before = os_monotonic_ms();
    os_sleep_ms(40);
    assert_true(os_monotonic_ms() >= before + 20);

    unsigned char bytes[2][32] = {{0}};
    assert_ok(os_random(bytes[0], sizeof(bytes[0]), &err));
    assert_ok(os_random(bytes[1], sizeof(bytes[1]), &err));
    assert_memory_not_equal(bytes[0], bytes[1], sizeof(bytes[0]));
    assert_true(os_processor_count() >= 1);
    assert_int_equal(os_process_id(), GetCurrentProcessId());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(privileges_are_enabled),
        cmocka_unit_test(version_is_that_of_the_registry),
        cmocka_unit_test(volume_of_a_path),
        cmocka_unit_test(only_local_ntfs_is_local_ntfs),
        cmocka_unit_test(mutex_excludes_and_can_be_interrupted),
        cmocka_unit_test(mutex_of_a_dead_owner_is_taken_over),
        cmocka_unit_test(descriptors_are_parsed),
        cmocka_unit_test(descriptors_in_text_form_become_bytes),
        cmocka_unit_test(dlls_are_bound),
        cmocka_unit_test(output_that_is_no_console_gets_bytes),
        cmocka_unit_test(environment_and_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
