/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "check.h"

TEST(set_fills_everything_and_returns_false)
{
    CLEANUP(error_clear) struct error err = {0};
    assert_false(error_is_set(&err));
    assert_false(error_set(&err, ERR_NOT_FOUND, "image '%s' has %d layers", "x", 3));
    assert_true(error_is_set(&err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_int_equal(err.domain, ERR_DOMAIN_NONE);
    assert_int_equal(err.code, 0);
    assert_string_equal(err.message, "image 'x' has 3 layers");
    assert_null(err.detail);
    assert_null(err.hint);
    assert_non_null(strstr(err.origin, "error_test.c:"));
}

TEST(code_is_kept_with_its_domain)
{
    CLEANUP(error_clear) struct error err = {0};
    assert_false(error_code(&err, ERR_OS, ERR_DOMAIN_HRESULT, 0xC0370106, "activate"));
    assert_int_equal(err.kind, ERR_OS);
    assert_int_equal(err.domain, ERR_DOMAIN_HRESULT);
    assert_true(err.code == 0xC0370106);
}

TEST(errno_decides_the_kind)
{
    static const struct {
        int number;
        enum err_kind kind;
    } rows[] = {
        {ENOENT, ERR_NOT_FOUND}, {ENOTDIR, ERR_NOT_FOUND},  {EACCES, ERR_DENIED},
        {EPERM, ERR_DENIED},     {ENOSPC, ERR_NO_SPACE},    {EEXIST, ERR_BUSY},
        {ENOTEMPTY, ERR_BUSY},   {ENOSYS, ERR_UNSUPPORTED}, {ECANCELED, ERR_CANCELLED},
        {EIO, ERR_OS},           {EINVAL, ERR_OS},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(error_clear) struct error err = {0};
        assert_false(error_errno(&err, rows[i].number, "open '%s'", "f"));
        assert_int_equal(err.kind, rows[i].kind);
        assert_int_equal(err.domain, ERR_DOMAIN_ERRNO);
        assert_int_equal(err.code, rows[i].number);
        CLEANUP(str_free) char *expected = str_format("open 'f': %s", strerror(rows[i].number));
        assert_string_equal(err.message, expected);
    }
}

TEST(wraps_put_the_outermost_context_first)
{
    CLEANUP(error_clear) struct error err = {0};
    error_set(&err, ERR_AUTH, "refused");
    assert_false(error_wrap(&err, "get '%s'", "manifest"));
    assert_false(error_wrap(&err, "pull"));
    assert_string_equal(err.message, "pull: get 'manifest': refused");
    assert_int_equal(err.kind, ERR_AUTH);
}

TEST(the_hint_nearest_to_the_failure_stays)
{
    CLEANUP(error_clear) struct error err = {0};
    error_set(&err, ERR_AUTH, "refused");
    assert_false(error_hint(&err, "log in to %s", "r"));
    assert_false(error_hint(&err, "give up"));
    assert_string_equal(err.hint, "log in to r");
}

TEST(hints_are_found_by_code)
{
    static const struct error_hint hints[] = {{5, "five"}, {7, "seven"}, {7, "again"}};
    CLEANUP(error_clear) struct error seven = {0};
    error_code(&seven, ERR_OS, ERR_DOMAIN_WIN32, 7, "x");
    assert_false(error_hint_from(&seven, hints, ARRAY_SIZE(hints)));
    assert_string_equal(seven.hint, "seven");

    CLEANUP(error_clear) struct error eight = {0};
    error_code(&eight, ERR_OS, ERR_DOMAIN_WIN32, 8, "x");
    assert_false(error_hint_from(&eight, hints, ARRAY_SIZE(hints)));
    assert_null(eight.hint);
}

TEST(the_first_evidence_stays)
{
    CLEANUP(error_clear) struct error err = {0};
    error_set(&err, ERR_OS, "x");
    assert_false(error_detail(&err, NULL));
    assert_false(error_detail(&err, ""));
    assert_null(err.detail);
    assert_false(error_detail(&err, "{\"a\":1}"));
    assert_false(error_detail(&err, "later"));
    assert_string_equal(err.detail, "{\"a\":1}");
}

TEST(clear_leaves_an_empty_error)
{
    struct error err = {0};
    error_set(&err, ERR_OS, "x");
    error_hint(&err, "h");
    error_detail(&err, "d");
    error_clear(&err);
    assert_false(error_is_set(&err));
    assert_null(err.message);
    assert_null(err.hint);
    assert_null(err.detail);
    error_clear(&err);
    error_set(&err, ERR_BUSY, "again");
    assert_string_equal(err.message, "again");
    error_clear(&err);
}

TEST(take_moves_an_error)
{
    struct error from = {0};
    error_set(&from, ERR_BUSY, "x");
    struct error to = TAKE(from);
    assert_false(error_is_set(&from));
    assert_null(from.message);
    assert_string_equal(to.message, "x");
    error_clear(&to);
}

static void report_twice(void)
{
    struct error err = {0};
    error_set(&err, ERR_OS, "first");
    error_set(&err, ERR_OS, "second");
}

static void wrap_nothing(void)
{
    struct error err = {0};
    error_wrap(&err, "x");
}

static void hint_nothing(void)
{
    struct error err = {0};
    error_hint(&err, "x");
}

static void detail_nothing(void)
{
    struct error err = {0};
    error_detail(&err, "x");
}

TEST(broken_contracts_abort)
{
    assert_aborts(report_twice, "first");
    assert_aborts(report_twice, "second");
    assert_aborts(report_twice, "reported over another");
    assert_aborts(wrap_nothing, "decorated before");
    assert_aborts(hint_nothing, "decorated before");
    assert_aborts(detail_nothing, "decorated before");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_fills_everything_and_returns_false),
        cmocka_unit_test(code_is_kept_with_its_domain),
        cmocka_unit_test(errno_decides_the_kind),
        cmocka_unit_test(wraps_put_the_outermost_context_first),
        cmocka_unit_test(the_hint_nearest_to_the_failure_stays),
        cmocka_unit_test(hints_are_found_by_code),
        cmocka_unit_test(the_first_evidence_stays),
        cmocka_unit_test(clear_leaves_an_empty_error),
        cmocka_unit_test(take_moves_an_error),
        cmocka_unit_test(broken_contracts_abort),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
