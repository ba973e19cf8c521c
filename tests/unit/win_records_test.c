/* SPDX-License-Identifier: MIT */
#include "layers/win_records.h"

#include "check.h"

static const struct {
    int64_t time;
    const char *text;
    int64_t seconds;
} times[] = {
    {INT64_C(133444736001234567), "1700000000.1234567", 1700000000},
    {INT64_C(133444736000000000), "1700000000", 1700000000},
    {INT64_C(133444736001000000), "1700000000.1", 1700000000},
    {INT64_C(133444736000000001), "1700000000.0000001", 1700000000},
    {INT64_C(116444736000000000), "0", 0},
    {INT64_C(116444736000000001), "0.0000001", 0},
    /* Before 1970: -1.5 s is a second and a half before it, whose whole second is -2. */
    {INT64_C(116444735999999999), "-0.0000001", -1},
    {INT64_C(116444735990000000), "-1", -1},
    {INT64_C(116444735985000000), "-1.5", -2},
    {1, "-11644473599.9999999", -11644473600},
    {INT64_MAX, "910692730085.4775807", INT64_C(910692730085)},
};

TEST(times_come_back)
{
    for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
        struct error err = {0};
        CLEANUP(str_free) char *text = win_time_format(times[i].time);
        int64_t again = 0;
        assert_string_equal(text, times[i].text);
        assert_int_equal(win_time_seconds(times[i].time), times[i].seconds);
        assert_ok(win_time_parse(text, strlen(text), &again, &err));
        assert_int_equal(again, times[i].time);
    }
}

/* 0 is no time: it is read as "leave it as it is". */
TEST(no_time_stays_none)
{
    struct error err = {0};
    CLEANUP(str_free) char *text = win_time_format(0);
    int64_t again = 5;
    assert_ok(win_time_parse(text, strlen(text), &again, &err));
    assert_int_equal(again, 0);
}

static void compose(const struct win_records_source *source, struct buf *ret)
{
    struct error err = {0};
    CLEANUP(tar_records_clear) struct tar_records records = {0};
    buf_init(ret, BUF_UNBOUNDED);
    assert_ok(win_records_add(&records, source, &err));
    assert_ok(tar_records_compose(&records, ret, &err));
}

TEST(records_say_what_is_known)
{
    static const unsigned char list[] = {0, 0, 0, 0, 0, 1, 2, 0, 'A', 0, 1, 2};
    CLEANUP(buf_clear) struct buf text = {0};
    CLEANUP(buf_clear) struct buf security;
    CLEANUP(buf_clear) struct buf ea;
    buf_init(&security, BUF_UNBOUNDED);
    buf_init(&ea, BUF_UNBOUNDED);
    buf_add_str(&security, "abc");
    buf_add(&ea, list, sizeof(list));
    const struct win_basic_info basic = {.creation_time = INT64_C(133444736000000000),
                                         .write_time = INT64_C(133444736005000000),
                                         .change_time = INT64_C(133444736010000000),
                                         .attributes = 0x410};
    compose(&(struct win_records_source){&basic, &security, &ea, true}, &text);
    assert_string_equal(buf_str(&text),
                        "38 LIBARCHIVE.creationtime=1700000000\n"
                        "27 MSWINDOWS.fileattr=1040\n"
                        "26 MSWINDOWS.mountpoint=1\n"
                        "24 MSWINDOWS.rawsd=YWJj\n"
                        "26 MSWINDOWS.xattr.A=AQI=\n"
                        "20 ctime=1700000001\n"
                        "22 mtime=1700000000.5\n");
}

TEST(records_leave_out_what_the_header_says)
{
    CLEANUP(buf_clear) struct buf text = {0};
    CLEANUP(buf_clear) struct buf none = {0};
    const struct win_basic_info basic = {.creation_time = INT64_C(133444736000000000),
                                         .write_time = INT64_C(133444736000000000)};
    compose(&(struct win_records_source){&basic, &none, &none, false}, &text);
    assert_string_equal(buf_str(&text),
                        "38 LIBARCHIVE.creationtime=1700000000\n24 MSWINDOWS.fileattr=0\n");
}

TEST(times_that_the_header_cannot_say_are_records)
{
    /* The year 2242, and 1969. */
    static const int64_t write_times[] = {INT64_C(202344081920000000), INT64_C(116444735990000000)};
    static const char *const said[] = {"mtime=8589934592\n", "mtime=-1\n"};
    for (size_t i = 0; i < ARRAY_SIZE(said); i++) {
        struct error err = {0};
        CLEANUP(tar_records_clear) struct tar_records records = {0};
        CLEANUP(buf_clear) struct buf text;
        const struct win_basic_info basic = {.write_time = write_times[i]};
        buf_init(&text, BUF_UNBOUNDED);
        win_records_add_times(&records, &basic);
        assert_ok(tar_records_compose(&records, &text, &err));
        assert_string_equal(buf_str(&text) + 3, said[i]);
    }
}

TEST(malformed_lists_are_refused)
{
    struct error err = {0};
    CLEANUP(tar_records_clear) struct tar_records records = {0};
    CLEANUP(buf_clear) struct buf none = {0};
    CLEANUP(buf_clear) struct buf ea;
    const struct win_basic_info basic = {0};
    buf_init(&ea, BUF_UNBOUNDED);
    buf_add_str(&ea, "no list");
    const struct win_records_source source = {.basic = &basic, .security = &none, .ea = &ea};
    assert_fails(win_records_add(&records, &source, &err), ERR_INTEGRITY, "malformed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_come_back),
        cmocka_unit_test(no_time_stays_none),
        cmocka_unit_test(records_say_what_is_known),
        cmocka_unit_test(records_leave_out_what_the_header_says),
        cmocka_unit_test(times_that_the_header_cannot_say_are_records),
        cmocka_unit_test(malformed_lists_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
