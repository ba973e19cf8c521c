/* SPDX-License-Identifier: MIT */
#include "layers/reparse.h"

#include "check.h"
#include "layers/little_endian.h"

TEST(targets_come_back)
{
    static const struct {
        const char *target;
        const char *decoded;
        enum reparse_kind kind;
    } links[] = {
        {"x", "x", REPARSE_SYMLINK},
        {"../a", "..\\a", REPARSE_SYMLINK},
        {"C:\\Windows", "C:\\Windows", REPARSE_SYMLINK},
        {"C:/P", "C:\\P", REPARSE_JUNCTION},
        {"\\\\server\\share", "\\\\server\\share", REPARSE_SYMLINK},
        {"\\\\?\\Volume{1}\\", "\\\\?\\Volume{1}\\", REPARSE_JUNCTION},
        {"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80", REPARSE_SYMLINK},
    };
    for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
        struct error err = {0};
        CLEANUP(buf_clear) struct buf data;
        CLEANUP(str_free) char *target = NULL;
        enum reparse_kind kind = REPARSE_SYMLINK;
        buf_init(&data, BUF_UNBOUNDED);
        assert_ok(reparse_compose(links[i].target, links[i].kind, &data, &err));
        assert_ok(reparse_decode(data.data, data.length, &kind, &target, &err));
        assert_string_equal(target, links[i].decoded);
        assert_int_equal(kind, links[i].kind);
    }
}

/* A junction without a name to show, as mountvol makes them. */
static void link_without_print_name(const char *substitute, struct buf *ret)
{
    unsigned char header[16] = {0x03, 0, 0, 0xA0};
    size_t units = strlen(substitute);
    buf_init(ret, BUF_UNBOUNDED);
    put_le16(header + 4, (uint16_t)(8 + units * 2 + 4));
    put_le16(header + 10, (uint16_t)(units * 2));
    put_le16(header + 12, (uint16_t)(units * 2 + 2));
    buf_add(ret, header, sizeof(header));
    for (size_t i = 0; i <= units; i++)
        buf_add(ret, (const char[]){substitute[i], 0}, 2);
    buf_add(ret, "\0", 2);
}

TEST(without_a_name_to_show_the_name_that_is_followed_is_taken)
{
    static const char *const names[][2] = {
        {"\\??\\C:\\P", "C:\\P"},
        {"\\??\\UNC\\server\\share", "\\\\server\\share"},
        {"\\??\\Volume{1}\\", "\\\\?\\Volume{1}\\"},
        {"relative", "relative"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        struct error err = {0};
        CLEANUP(buf_clear) struct buf data = {0};
        CLEANUP(str_free) char *target = NULL;
        enum reparse_kind kind = REPARSE_SYMLINK;
        link_without_print_name(names[i][0], &data);
        assert_ok(reparse_decode(data.data, data.length, &kind, &target, &err));
        assert_string_equal(target, names[i][1]);
        assert_int_equal(kind, REPARSE_JUNCTION);
    }
}

TEST(damaged_and_other_reparse_points_are_refused)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf good;
    CLEANUP(buf_clear) struct buf empty = {0};
    char *target = NULL;
    enum reparse_kind kind;
    buf_init(&good, BUF_UNBOUNDED);
    assert_ok(reparse_compose("ab", REPARSE_SYMLINK, &good, &err));
    for (size_t length = 0; length < good.length; length++)
        assert_fails(reparse_decode(good.data, length, &kind, &target, &err), ERR_INTEGRITY,
                     "cut short");
    link_without_print_name("", &empty);
    assert_fails(reparse_decode(empty.data, empty.length, &kind, &target, &err), ERR_INTEGRITY,
                 "no target");
    good.data[12] = 0xF0; /* where the name to show is */
    assert_fails(reparse_decode(good.data, good.length, &kind, &target, &err), ERR_INTEGRITY,
                 "outside");
    good.data[12] = 6;
    good.data[14] = 3; /* its length */
    assert_fails(reparse_decode(good.data, good.length, &kind, &target, &err), ERR_INTEGRITY,
                 "outside");
    good.data[14] = 4;
    good.data[27] = 0xD8; /* half of a surrogate pair */
    assert_fails(reparse_decode(good.data, good.length, &kind, &target, &err), ERR_INTEGRITY,
                 "link target");
    put_le32(good.data, 0x8000001B);
    assert_fails(reparse_decode(good.data, good.length, &kind, &target, &err), ERR_UNSUPPORTED,
                 "0x8000001B");
    assert_null(target);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_come_back),
        cmocka_unit_test(without_a_name_to_show_the_name_that_is_followed_is_taken),
        cmocka_unit_test(damaged_and_other_reparse_points_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
