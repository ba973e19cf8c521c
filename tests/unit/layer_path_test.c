/* SPDX-License-Identifier: MIT */
#include "layers/layer_path.h"

#include "check.h"

static const struct {
    const char *name;
    const char *text;
    enum layer_root root;
} good[] = {
    {"Files", "Files", LAYER_ROOT_FILES},
    {"Files/", "Files", LAYER_ROOT_FILES},
    {"./Files/", "Files", LAYER_ROOT_FILES},
    {"fILES/Windows", "Files\\Windows", LAYER_ROOT_FILES},
    {"Files/Program Files/a.b.c", "Files\\Program Files\\a.b.c", LAYER_ROOT_FILES},
    {"Files\\Windows\\x", "Files\\Windows\\x", LAYER_ROOT_FILES},
    {"Files/.hidden", "Files\\.hidden", LAYER_ROOT_FILES},
    {"Files/...x", "Files\\...x", LAYER_ROOT_FILES},
    {"Files/ leading", "Files\\ leading", LAYER_ROOT_FILES},
    {"Files/\xc3\xa4\xf0\x9f\x90\xb3", "Files\\\xc3\xa4\xf0\x9f\x90\xb3", LAYER_ROOT_FILES},
    {"Files/CONSOLE", "Files\\CONSOLE", LAYER_ROOT_FILES},
    {"Files/COM10", "Files\\COM10", LAYER_ROOT_FILES},
    {"Files/COM", "Files\\COM", LAYER_ROOT_FILES},
    {"Files/nulx.txt", "Files\\nulx.txt", LAYER_ROOT_FILES},
    {"Files/$wcidirs$", "Files\\$wcidirs$", LAYER_ROOT_FILES},
    {"Files/x.$wcidirs$.txt", "Files\\x.$wcidirs$.txt", LAYER_ROOT_FILES},
    {"Files/PROGRA~1", "Files\\PROGRA~1", LAYER_ROOT_FILES},
    {"Hives", "Hives", LAYER_ROOT_HIVES},
    {"hives/system_delta", "Hives\\System_Delta", LAYER_ROOT_HIVES},
    {"Hives/DefaultUser_Delta", "Hives\\DefaultUser_Delta", LAYER_ROOT_HIVES},
    {"Hives/Sam_Delta", "Hives\\Sam_Delta", LAYER_ROOT_HIVES},
    {"Hives/Security_Delta", "Hives\\Security_Delta", LAYER_ROOT_HIVES},
    {"Hives/Software_Delta", "Hives\\Software_Delta", LAYER_ROOT_HIVES},
    {"UtilityVM", "UtilityVM", LAYER_ROOT_UTILITY_VM},
    {"utilityvm/files/EFI", "UtilityVM\\Files\\EFI", LAYER_ROOT_UTILITY_VM},
};

static const struct {
    const char *name;
    const char *fault;
} bad[] = {
    {"", "empty"},
    {"./", "empty"},
    {".", "'.' or '..'"},
    {"..", "'.' or '..'"},
    {"../Files", "'.' or '..'"},
    {"Files/..", "'.' or '..'"},
    {"Files/../../x", "'.' or '..'"},
    {"Files\\..\\x", "'.' or '..'"},
    {"Files/./x", "'.' or '..'"},
    {"././Files", "'.' or '..'"},
    {"Files//x", "empty component"},
    {"Files/x//", "empty component"},
    {"/", "absolute"},
    {"/Files/x", "absolute"},
    {"\\Files", "absolute"},
    {"//server/share", "absolute"},
    {"\\\\?\\C:\\x", "absolute"},
    {"\\??\\C:\\x", "absolute"},
    {"\\Device\\HarddiskVolume1", "absolute"},
    {".//Files", "absolute"},
    {"C:/Windows", "colon"},
    {"C:", "colon"},
    {"Files/C:/x", "colon"},
    {"Files/a.txt:stream", "colon"},
    {"Files/dir::$INDEX_ALLOCATION", "colon"},
    {"Files/a\nb", "does not allow"},
    {"Files/\x01", "does not allow"},
    {"Files/\x7f", "does not allow"},
    {"Files/a*", "does not allow"},
    {"Files/a?", "does not allow"},
    {"Files/<a", "does not allow"},
    {"Files/a>", "does not allow"},
    {"Files/\"a", "does not allow"},
    {"Files/a|b", "does not allow"},
    {"Files/a.", "dot or space"},
    {"Files/a ", "dot or space"},
    {"Files/a./b", "dot or space"},
    {"Files/...", "dot or space"},
    {"Files./x", "dot or space"},
    {"Files/CON", "device"},
    {"Files/con", "device"},
    {"Files/NUL.txt", "device"},
    {"Files/nul.tar.gz", "device"},
    {"Files/aux/x", "device"},
    {"Files/PRN", "device"},
    {"Files/COM1", "device"},
    {"Files/com9.log", "device"},
    {"Files/LPT1", "device"},
    {"Files/COM\xc2\xb2", "device"},
    {"Files/CONIN$", "device"},
    {"Files/conout$.x", "device"},
    {"Files/CON .txt", "device"},
    {"Files/a.$wcidirs$", "metadata"},
    {"Files/a.$WciDirs$", "metadata"},
    {"Files/a.$wcidirs$/b", "metadata"},
    {"Files/.$wcidirs$", "metadata"},
    {"Files/\xff", "UTF-8"},
    {"Files/\xc0\xaf", "UTF-8"},
    {"Files/\xed\xa0\x80", "UTF-8"},
    {"Windows", "not in Files"},
    {"FilesX/a", "not in Files"},
    {"File", "not in Files"},
    {"tombstones.txt", "not in Files"},
    {"blank.vhdx", "not in Files"},
    {"layout", "not in Files"},
    {"Hives/System_Base", "registry hives"},
    {"Hives/System_Delta/x", "registry hives"},
    {"Hives/System_DeltaX", "registry hives"},
    {"Hives/x", "registry hives"},
    {"UtilityVM/x", "UtilityVM/Files"},
    {"UtilityVM/SystemTemplate.vhdx", "UtilityVM/Files"},
    {"UtilityVM/FilesX", "UtilityVM/Files"},
};

TEST(good_paths_are_normalised)
{
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        struct error err = {0};
        CLEANUP(layer_path_clear) struct layer_path path = {0};
        assert_ok(layer_path_parse(good[i].name, &path, &err));
        assert_string_equal(path.text, good[i].text);
        assert_int_equal(path.root, good[i].root);
    }
}

TEST(bad_paths_are_refused_and_the_reason_told)
{
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct error err = {0};
        struct layer_path path = {0};
        /* An exact copy, so that reading past the end is found. */
        CLEANUP(str_free) char *name = xmemdup(bad[i].name, strlen(bad[i].name) + 1);
        if (layer_path_parse(name, &path, &err))
            fail_msg("accepted: '%s'", bad[i].name);
        if (!strstr(err.message, bad[i].fault))
            fail_msg("'%s': '%s', expected '%s'", bad[i].name, err.message, bad[i].fault);
        assert_int_equal(err.kind, ERR_INTEGRITY);
        assert_null(path.text);
        error_clear(&err);
    }
}

/* "Files/" and 'count' times 'unit', 'end' behind. */
static char *repeated(const char *unit, size_t count, const char *end)
{
    struct buf text;
    buf_init(&text, BUF_UNBOUNDED);
    buf_add_str(&text, "Files/");
    for (size_t i = 0; i < count; i++)
        buf_add_str(&text, unit);
    buf_add_str(&text, end);
    return buf_take_str(&text);
}

TEST(lengths_are_limited)
{
    static const struct {
        const char *unit;
        size_t count;
        const char *end;
        const char *fault; /* NULL = good */
    } rows[] = {
        {"a", 255, "", NULL},
        {"a", 256, "", "255"},
        {"\xc3\xa4", 255, "", NULL},          /* units, not bytes */
        {"\xf0\x9f\x90\xb3", 127, "a", NULL}, /* two units each */
        {"\xf0\x9f\x90\xb3", 128, "", "255"},
        {"a/", 510, "a", NULL},
        {"a/", 511, "a", "too many"},
        {"0123456789012345678901234567890123456789/", 500, "a", NULL},
        {"012345678901234567890123456789012345678901234567890123456789012345678901234567/", 410,
         "a", "too long"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(str_free) char *name = repeated(rows[i].unit, rows[i].count, rows[i].end);
        CLEANUP(layer_path_clear) struct layer_path path = {0};
        if (rows[i].fault)
            assert_fails(layer_path_parse(name, &path, &err), ERR_INTEGRITY, rows[i].fault);
        else
            assert_ok(layer_path_parse(name, &path, &err));
    }
}

TEST(relatives_of_a_path)
{
    struct error err = {0};
    CLEANUP(layer_path_clear) struct layer_path path = {0};
    assert_ok(layer_path_parse("Files/a/b", &path, &err));
    assert_string_equal(layer_path_name(&path), "b");
    assert_false(layer_path_is_root(&path));

    CLEANUP(layer_path_clear) struct layer_path metadata = layer_path_metadata_file(&path);
    assert_string_equal(metadata.text, "Files\\a\\b.$wcidirs$");
    assert_int_equal(metadata.root, LAYER_ROOT_FILES);

    CLEANUP(layer_path_clear) struct layer_path a = {0};
    CLEANUP(layer_path_clear) struct layer_path files = {0};
    struct layer_path none = {0};
    assert_true(layer_path_parent(&path, &a));
    assert_string_equal(a.text, "Files\\a");
    assert_true(layer_path_parent(&a, &files));
    assert_string_equal(files.text, "Files");
    assert_string_equal(layer_path_name(&files), "Files");
    assert_true(layer_path_is_root(&files));
    assert_false(layer_path_parent(&files, &none));
    assert_null(none.text);
}

TEST(names_of_streams)
{
    static const char *const good_names[] = {"Zone.Identifier", "x", "a b", "\xc3\xa4", "$DATA."};
    static const char *const bad_names[] = {"", "a:b", "a:$DATA", "a/b", "a\\b", "a\x01", "\xff"};
    struct error err = {0};
    for (size_t i = 0; i < ARRAY_SIZE(good_names); i++)
        assert_ok(layer_stream_name_check(good_names[i], &err));
    for (size_t i = 0; i < ARRAY_SIZE(bad_names); i++)
        assert_fails(layer_stream_name_check(bad_names[i], &err), ERR_INTEGRITY, "data stream");
    char name[257];
    memset(name, 'a', sizeof(name));
    name[256] = '\0';
    assert_fails(layer_stream_name_check(name, &err), ERR_INTEGRITY, "data stream");
    assert_ok(layer_stream_name_check(name + 1, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_paths_are_normalised),
        cmocka_unit_test(bad_paths_are_refused_and_the_reason_told),
        cmocka_unit_test(lengths_are_limited),
        cmocka_unit_test(relatives_of_a_path),
        cmocka_unit_test(names_of_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
