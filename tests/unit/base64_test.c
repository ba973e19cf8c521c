/* SPDX-License-Identifier: MIT */
#include "base/base64.h"
#include "check.h"

TEST(decoding_is_strict)
{
    static const struct {
        const char *text;
        const char *bytes; /* NULL = refused */
    } rows[] = {
        {"", ""},          {"Zg==", "f"},          {"Zm8=", "fo"},
        {"Zm9v", "foo"},   {"Zm9vYmFy", "foobar"}, {"+/+/", "\xfb\xff\xbf"},
        {"Zg", NULL},      {"Zg=", NULL},          {"Zg===", NULL},
        {"=", NULL},       {"====", NULL},         {"Z===", NULL},
        {"Zh==", NULL}, /* pad bits set */
        {"Zm9=", NULL},    {"Zg==Zg==", NULL},     {"Zg=a", NULL},
        {"Zm9v\n", NULL},  {"Zm 9", NULL},         {"Zm-_", NULL},
        {"Zm9\xc3", NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(buf_clear) struct buf out;
        buf_init(&out, 100);
        if (!rows[i].bytes) {
            assert_fails(base64_decode(rows[i].text, strlen(rows[i].text), &out, &err),
                         ERR_INTEGRITY, "base64");
            continue;
        }
        assert_ok(base64_decode(rows[i].text, strlen(rows[i].text), &out, &err));
        assert_string_equal(buf_str(&out), rows[i].bytes);
    }
}

TEST(decoding_keeps_the_limit_of_the_buffer)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf out;
    buf_init(&out, 5);
    assert_fails(base64_decode("Zm9vYmFy", 8, &out, &err), ERR_INTEGRITY, "limit of 5 bytes");
}

TEST(every_length_survives_both_ways)
{
    unsigned char data[64];
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (unsigned char)(i * 37 + 250);
    for (size_t length = 0; length <= sizeof(data); length++) {
        struct error err = {0};
        CLEANUP(str_free) char *text = base64_encode(data, length);
        CLEANUP(buf_clear) struct buf out;
        buf_init(&out, sizeof(data));
        assert_int_equal(strlen(text), (length + 2) / 3 * 4);
        assert_ok(base64_decode(text, strlen(text), &out, &err));
        assert_int_equal(out.length, length);
        if (length)
            assert_memory_equal(out.data, data, length);
    }
}

/* RFC 4648 section 10, and both characters beyond letters and digits. */
TEST(encoding_is_the_standard_one)
{
    static const struct {
        const char *bytes;
        const char *text;
    } rows[] = {
        {"", ""},        {"f", "Zg=="},          {"fo", "Zm8="},
        {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xbf", "+/+/"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(str_free) char *text = base64_encode(rows[i].bytes, strlen(rows[i].bytes));
        assert_string_equal(text, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decoding_is_strict),
        cmocka_unit_test(decoding_keeps_the_limit_of_the_buffer),
        cmocka_unit_test(every_length_survives_both_ways),
        cmocka_unit_test(encoding_is_the_standard_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
