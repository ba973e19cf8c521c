/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "registry/selection.h"

static char windows[] = "windows", linux_os[] = "linux", amd64[] = "amd64", unknown[] = "unknown",
            v17763[] = "10.0.17763.5458", v20348_405[] = "10.0.20348.405",
            v20348_2322[] = "10.0.20348.2322", v26100[] = "10.0.26100.1742";

#define ENTRY(name, version)                                                                       \
    {                                                                                              \
        .has_platform = true, .platform = {                                                        \
            .os = (name),                                                                          \
            .architecture = amd64,                                                                 \
            .os_version = (version)                                                                \
        }                                                                                          \
    }
#define WITHOUT_PLATFORM                                                                           \
    {                                                                                              \
        .has_platform = false                                                                      \
    }

static struct descriptor mixed[] = {
    ENTRY(linux_os, NULL),
    ENTRY(windows, v17763),
    ENTRY(windows, v20348_405),
    ENTRY(windows, v20348_2322),
    ENTRY(windows, v26100),
    {.has_platform = true, .platform = {.os = unknown, .architecture = unknown}},
};

static bool choose(struct descriptor *entries, size_t count, const char *host, size_t *ret,
                   struct error *err)
{
    const struct index index = {.manifests = {.items = entries, .count = count}};
    const struct platform_host platform = {.version = os_version_parse(host),
                                           .architecture = "amd64"};
    return selection_choose(&index, &platform, ret, err);
}

TEST(each_host_gets_its_image)
{
    static const struct {
        const char *host;
        size_t expected;
    } rows[] = {
        {"10.0.17763.1", 1}, {"10.0.20348.3000", 3}, {"10.0.20348.2000", 2}, {"10.0.20348.1", 2},
        {"10.0.22631.1", 3}, {"10.0.26100.1", 4},    {"10.0.26200.1", 4},    {"", 4},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        size_t chosen = 99;
        assert_ok(choose(mixed, ARRAY_SIZE(mixed), rows[i].host, &chosen, &err));
        if (chosen != rows[i].expected)
            fail_msg("%s: entry %zu", rows[i].host, chosen);
    }
}

TEST(the_first_of_equals_wins)
{
    struct error err = {0};
    struct descriptor twins[] = {ENTRY(linux_os, NULL), ENTRY(windows, v20348_405),
                                 ENTRY(windows, v20348_405)};
    size_t chosen = 99;
    assert_ok(choose(twins, ARRAY_SIZE(twins), "10.0.20348.1", &chosen, &err));
    assert_int_equal(chosen, 1);
}

TEST(an_entry_without_platform_is_the_last_resort)
{
    struct error err = {0};
    struct descriptor entries[] = {WITHOUT_PLATFORM, ENTRY(windows, NULL), ENTRY(windows, v26100)};
    size_t chosen = 99;
    assert_ok(choose(entries, ARRAY_SIZE(entries), "10.0.20348.1", &chosen, &err));
    assert_int_equal(chosen, 1);
    assert_ok(choose(entries, 1, "10.0.20348.1", &chosen, &err));
    assert_int_equal(chosen, 0);
}

TEST(a_refusal_names_everything)
{
    struct error err = {0};
    size_t chosen = 99;
    assert_false(choose(mixed, ARRAY_SIZE(mixed), "10.0.14393.1", &chosen, &err));
    assert_int_equal(err.kind, ERR_MISMATCH);
    assert_string_equal(
        err.message,
        "no image for windows/amd64 10.0.14393 (process isolation); there is: "
        "linux/amd64 (not a Windows image), windows/amd64 10.0.17763.5458 (too new), "
        "windows/amd64 10.0.20348.405 (too new), windows/amd64 10.0.20348.2322 (too "
        "new), windows/amd64 10.0.26100.1742 (too new)");
    assert_non_null(err.hint);
    error_clear(&err);

    assert_fails(choose(mixed, 0, "10.0.20348.1", &chosen, &err), ERR_MISMATCH,
                 "there is: nothing");
    assert_fails(choose(&mixed[5], 1, "10.0.20348.1", &chosen, &err), ERR_MISMATCH,
                 "there is: nothing");
    assert_int_equal(chosen, 99);
}

TEST(every_entry_has_a_verdict)
{
    struct descriptor entries[] = {
        ENTRY(linux_os, NULL),
        ENTRY(windows, v17763),
        ENTRY(windows, v20348_405),
        ENTRY(windows, v20348_2322),
        ENTRY(windows, v26100),
        WITHOUT_PLATFORM,
        {.has_platform = true, .platform = {.os = unknown, .architecture = unknown}},
    };
    static const char *const process[] = {
        "linux/amd64: not a Windows image",       "windows/amd64 10.0.17763.5458: too old",
        "windows/amd64 10.0.20348.405: fits",     "windows/amd64 10.0.20348.2322: chosen",
        "windows/amd64 10.0.26100.1742: too new", "an entry without platform: fits",
        "unknown/unknown: not an image",
    };
    static const char *const hyperv[] = {
        "linux/amd64: not a Windows image",       "windows/amd64 10.0.17763.5458: fits",
        "windows/amd64 10.0.20348.405: fits",     "windows/amd64 10.0.20348.2322: chosen",
        "windows/amd64 10.0.26100.1742: too new", "an entry without platform: fits",
        "unknown/unknown: not an image",
    };
    const struct index index = {.manifests = {.items = entries, .count = ARRAY_SIZE(entries)}};
    struct platform_host host = {.version = os_version_parse("10.0.20348.3000"),
                                 .architecture = "amd64"};
    for (enum isolation isolation = 0; isolation <= ISOLATION_HYPERV; isolation++) {
        host.isolation = isolation;
        const char *const *expected = isolation == ISOLATION_HYPERV ? hyperv : process;
        CLEANUP(selection_clear) struct selection selection = selection_of(&index, &host);
        for (size_t i = 0; i < selection.count; i++) {
            CLEANUP(str_free) char *text = candidate_format(&selection.items[i]);
            assert_string_equal(text, expected[i]);
            assert_ptr_equal(selection.items[i].entry, &entries[i]);
            assert_int_equal(selection.items[i].is_chosen, i == 3);
        }
        assert_ptr_equal(selection.chosen, &selection.items[3]);
        selection_clear(&selection);
        assert_null(selection.chosen);
    }
}

TEST(a_single_image_gets_the_same_verdict)
{
    struct error err = {0};
    struct platform_host host = {.version = os_version_parse("10.0.20348.1"),
                                 .architecture = "amd64"};
    assert_ok(selection_check(&mixed[2].platform, &host, &err));
    assert_fails(selection_check(&mixed[4].platform, &host, &err), ERR_MISMATCH,
                 "; there is: windows/amd64 10.0.26100.1742 (too new)");
    assert_fails(selection_check(&mixed[0].platform, &host, &err), ERR_MISMATCH,
                 "linux/amd64 (not a Windows image)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_host_gets_its_image),
        cmocka_unit_test(the_first_of_equals_wins),
        cmocka_unit_test(an_entry_without_platform_is_the_last_resort),
        cmocka_unit_test(a_refusal_names_everything),
        cmocka_unit_test(every_entry_has_a_verdict),
        cmocka_unit_test(a_single_image_gets_the_same_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
