/* SPDX-License-Identifier: MIT */
#include "layers/ea_list.h"

#include "base/buf.h"
#include "check.h"

static bool read_eas(const char *data, size_t length, struct buf *said, struct error *err)
{
    buf_init(said, BUF_UNBOUNDED);
    for (size_t at = 0; at < length;) {
        struct ea_item item;
        if (!ea_list_next(data, length, &at, &item, err))
            return false;
        buf_addf(said, "%s=%.*s;", item.name, (int)item.value_length, (const char *)item.value);
    }
    return true;
}

TEST(extended_attributes_are_listed)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf said = {0};
    static const char list[] = "\x0c\0\0\0\0\x01\x02\0A\0\x31\x32\0\0\0\0\0\x02\x01\0BC\0x";
    assert_ok(read_eas(list, sizeof(list) - 1, &said, &err));
    assert_string_equal(buf_str(&said), "A=12;BC=x;");
}

TEST(damaged_lists_of_extended_attributes_are_refused)
{
    static const struct {
        const char *data;
        size_t length;
    } lists[] = {
        {"\0\0\0\0\0\x01\0", 7},                   /* no header */
        {"\0\0\0\0\0\0\0\0\0", 9},                 /* no name */
        {"\0\0\0\0\0\x02\0\0A\0\0", 11},           /* a NUL in the name */
        {"\0\0\0\0\0\x02\0\0ABC", 11},             /* no NUL behind it */
        {"\0\0\0\0\0\x01\x02\0A\0\x31", 11},       /* a value that is cut */
        {"\x08\0\0\0\0\x01\x02\0A\0\x31\x32", 12}, /* the next one begins in this one */
        {"\x10\0\0\0\0\x01\x02\0A\0\x31\x32", 12}, /* ... behind the end */
        {"\xf0\xff\xff\xff\0\x01\x02\0A\0\x31\x32", 12},
    };
    struct error err = {0};
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
        CLEANUP(buf_clear) struct buf said = {0};
        assert_fails(read_eas(lists[i].data, lists[i].length, &said, &err), ERR_INTEGRITY,
                     "malformed");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(extended_attributes_are_listed),
        cmocka_unit_test(damaged_lists_of_extended_attributes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
