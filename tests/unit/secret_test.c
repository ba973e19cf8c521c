/* SPDX-License-Identifier: MIT */
#include "base/secret.h"

#include "check.h"

TEST(wiping)
{
    char text[] = "secret";
    secret_wipe(text, 4);
    assert_memory_equal(text, "\0\0\0\0et", 7);
    secret_wipe(text, 0);
    secret_wipe(NULL, 0);
    assert_memory_equal(text, "\0\0\0\0et", 7);
}

TEST(freeing_leaves_nothing)
{
    char *text = xstrdup("secret");
    secret_free(&text);
    assert_null(text);
    secret_free(&text);

    struct error err = {0};
    struct buf buf;
    buf_init(&buf, 10);
    assert_ok(buf_append(&buf, "secret", 6, &err));
    secret_buf_clear(&buf);
    assert_null(buf.data);
    assert_int_equal(buf.length, 0);
    secret_buf_clear(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wiping),
        cmocka_unit_test(freeing_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
