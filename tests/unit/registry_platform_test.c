/* SPDX-License-Identifier: MIT */
/* The rules for process isolation are containerd's (platforms v1.0.0-rc.5), those for Hyper-V
 * isolation Microsoft's version compatibility page. */
#include "base/json_read.h"
#include "check.h"
#include "registry/platform.h"

static char windows[] = "windows";
static char amd64[] = "amd64";

/* A view that borrows; never cleared. */
static struct platform image_of(char *os_version)
{
    return (struct platform){.os = windows, .architecture = amd64, .os_version = os_version};
}

static struct platform_host host_of(const char *version, enum isolation isolation)
{
    return (struct platform_host){
        .version = os_version_parse(version), .architecture = "amd64", .isolation = isolation};
}

TEST(versions_are_read_as_containerd_reads_them)
{
    static const struct {
        const char *text;
        struct os_version expected;
    } rows[] = {
        {"10.0.20348.2322", {10, 0, 20348, 2322}},
        {"10.0.20348", {10, 0, 20348, 0}},
        {"6.3.9600.1", {6, 3, 9600, 1}},
        {"10.0.65535.4294967295", {10, 0, 65535, 4294967295}},
        {"10.0.20348.", {10, 0, 20348, 0}},
        {"10.0.20348.x", {10, 0, 20348, 0}},
        {"10.0.20348.1.2", {10, 0, 20348, 1}},
        {"10.0.20348.4294967296", {10, 0, 20348, 0}},
        {"", {0, 0, 0, 0}},
        {"10", {0, 0, 0, 0}},
        {"10.0", {0, 0, 0, 0}},
        {"10.0.", {0, 0, 0, 0}},
        {"10.0.x.1", {0, 0, 0, 0}},
        {"10.0.20348x.1", {0, 0, 0, 0}},
        {"10.0. 20348.1", {0, 0, 0, 0}},
        {"10.0.99999.1", {0, 0, 0, 0}},
        {"256.0.20348.1", {0, 0, 0, 0}},
        {"10.256.20348.1", {0, 0, 0, 0}},
        {"-10.0.20348.1", {0, 0, 0, 0}},
        {"10..20348.1", {0, 0, 0, 0}},
        {NULL, {0, 0, 0, 0}},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct os_version version = os_version_parse(rows[i].text);
        if (memcmp(&version, &rows[i].expected, sizeof(version)) != 0)
            fail_msg("'%s' is read as %u.%u.%u.%u", rows[i].text ? rows[i].text : "NULL",
                     version.major, version.minor, version.build, version.revision);
    }
}

struct row {
    const char *host;
    const char *image;
    const char *reason; /* NULL = accepted */
};

static void check_rows(const struct row *rows, size_t count, enum isolation isolation)
{
    for (size_t i = 0; i < count; i++) {
        CLEANUP(str_free) char *version = rows[i].image ? xstrdup(rows[i].image) : NULL;
        struct platform image = image_of(version);
        struct platform_host host = host_of(rows[i].host, isolation);
        CLEANUP(platform_verdict_clear)
        struct platform_verdict verdict = platform_judge(&host, &image);
        const char *reason = verdict.reason ? verdict.reason : "accepted";
        if (verdict.accepted != !rows[i].reason
            || (rows[i].reason && strcmp(reason, rows[i].reason) != 0))
            fail_msg("%s on %s: %s", rows[i].image ? rows[i].image : "(none)", rows[i].host,
                     reason);
    }
}

TEST(process_isolation_follows_the_stable_builds)
{
    static const struct row rows[] = {
        /* Server 2016: the revision counts */
        {"10.0.14393.6000", "10.0.14393.6000", NULL},
        {"10.0.14393.6000", "10.0.14393.5999", "another revision"},
        {"10.0.14393.6000", "10.0.14393", "another revision"},
        {"10.0.14393", "10.0.14393.5999", NULL}, /* the host's revision is not known */
        {"10.0.14393.6000", "10.0.17763.1", "too new"},
        /* before 20348: the same build only */
        {"10.0.17763.1", "10.0.17763.5458", NULL},
        {"10.0.17763.1", "10.0.14393.1", "too old"},
        {"10.0.17763.1", "10.0.18362.1", "too new"},
        {"10.0.17763.1", "10.0.20348.1", "too new"},
        {"10.0.17763.1", "10.0.26100.1", "too new"},
        {"10.0.19045.1", "10.0.19045.2", NULL},
        {"10.0.19045.1", "10.0.19044.1", "too old"},
        {"10.0.19045.1", "10.0.17763.1", "too old"},
        {"10.0.20347.1", "10.0.17763.1", "too old"},
        /* Server 2022 and what follows it */
        {"10.0.20348.2322", "10.0.20348.405", NULL},
        {"10.0.20348.405", "10.0.20348.2322", NULL},
        {"10.0.20348.1", "10.0.17763.1", "too old"},
        {"10.0.20348.1", "10.0.20349.1", "too new"},
        {"10.0.20348.1", "10.0.26100.1", "too new"},
        {"10.0.22000.1", "10.0.20348.1", NULL},
        {"10.0.22000.1", "10.0.22000.1", NULL},
        {"10.0.22000.1", "10.0.20347.1", "too old"},
        {"10.0.22000.1", "10.0.22621.1", "too new"},
        {"10.0.22621.1", "10.0.20348.1", NULL},
        {"10.0.22621.1", "10.0.22000.1", NULL},
        {"10.0.25398.1", "10.0.20348.1", NULL},
        {"10.0.25398.1", "10.0.17763.1", "too old"},
        {"10.0.25398.1", "10.0.26100.1", "too new"},
        /* Server 2025 and what follows it */
        {"10.0.26100.1", "10.0.26100.1742", NULL},
        {"10.0.26100.1", "10.0.20348.1", NULL},
        {"10.0.26100.1", "10.0.25398.1", NULL},
        {"10.0.26100.1", "10.0.20347.1", "too old"},
        {"10.0.26100.1", "10.0.17763.1", "too old"},
        {"10.0.26100.1", "10.0.26200.1", "too new"},
        {"10.0.26200.1", "10.0.26100.1", NULL},
        {"10.0.26200.1", "10.0.20348.1", NULL},
        {"10.0.26200.1", "10.0.17763.1", "too old"},
        /* versions that say nothing, or nonsense */
        {"10.0.20348.1", NULL, NULL},
        {"10.0.20348.1", "", NULL},
        {"10.0.20348.1", "10.0", "unreadable os.version"},
        {"10.0.20348.1", "10.0.x.1", "unreadable os.version"},
        {"10.0.20348.1", "10.0.99999.1", "unreadable os.version"},
        {"10.0.20348.1", "10.0.0.1", "unreadable os.version"},
        {"10.0.20348.1", "6.3.9600.1", "another Windows version"},
        {"10.0.20348.1", "10.1.20348.1", "another Windows version"},
        {"10.0.20348.1", "11.0.20348.1", "another Windows version"},
        /* a host that is not given takes any */
        {"", "10.0.17763.1", NULL},
        {"", "nonsense", NULL},
    };
    check_rows(rows, ARRAY_SIZE(rows), ISOLATION_PROCESS);
}

TEST(hyperv_isolation_takes_whatever_is_not_newer)
{
    static const struct row rows[] = {
        {"10.0.20348.1", "10.0.20348.2322", NULL},
        {"10.0.20348.1", "10.0.17763.1", NULL},
        {"10.0.20348.1", "10.0.14393.1", NULL},
        {"10.0.14393.2", "10.0.14393.1", NULL},
        {"10.0.20348.1", "10.0.10586.1", "too old"},
        {"10.0.20348.1", "10.0.26100.1", "too new"},
        {"10.0.26100.1", "10.0.19042.1", NULL},
        {"10.0.26200.1", "10.0.26100.1", NULL},
        {"10.0.26100.1", "6.3.9600.1", "another Windows version"},
        {"10.0.26100.1", "10.0", "unreadable os.version"},
        {"10.0.26100.1", NULL, NULL},
    };
    check_rows(rows, ARRAY_SIZE(rows), ISOLATION_HYPERV);
}

/* Every host with every image; '+' is accepted. The columns: none, too short, no number, beyond 16
 * bits, Windows 8.1, Server 2016, 2019, Windows 10 2004, Server 2022, Windows 11 22H2, Server 23H2,
 * Server 2025, Windows 11 25H2, and what is to come. */
TEST(hosts_and_images)
{
    static const char *const images[] = {
        "",
        "10.0",
        "10.0.x.1",
        "10.0.99999.1",
        "6.3.9600.1",
        "10.0.14393.6000",
        "10.0.17763.5458",
        "10.0.19041.1",
        "10.0.20348.2322",
        "10.0.22621.1",
        "10.0.25398.1",
        "10.0.26100.1742",
        "10.0.26200.1",
        "10.0.27000.1",
    };
    static const struct {
        const char *host;
        const char *process;
        const char *hyperv;
    } rows[] = {
        {"10.0.14393.6000", "+----+--------", "+----+--------"},
        {"10.0.14393.5000", "+-------------", "+----+--------"},
        {"10.0.17763.1", "+-----+-------", "+----++-------"},
        {"10.0.19045.1", "+-------------", "+----+++------"},
        {"10.0.20348.1", "+-------+-----", "+----++++-----"},
        {"10.0.22000.1", "+-------+-----", "+----++++-----"},
        {"10.0.22621.1", "+-------++----", "+----+++++----"},
        {"10.0.25398.1", "+-------+++---", "+----++++++---"},
        {"10.0.26100.1", "+-------++++--", "+----+++++++--"},
        {"10.0.26200.1", "+-------+++++-", "+----++++++++-"},
        {"10.0.27000.1", "+-------++++++", "+----+++++++++"},
        {"6.3.9600.1", "+---+---------", "+-------------"},
        {"", "++++++++++++++", "++++++++++++++"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        for (size_t j = 0; j < ARRAY_SIZE(images); j++) {
            CLEANUP(str_free) char *version = xstrdup(images[j]);
            struct platform image = image_of(version);
            for (enum isolation isolation = 0; isolation <= ISOLATION_HYPERV; isolation++) {
                struct platform_host host = host_of(rows[i].host, isolation);
                CLEANUP(platform_verdict_clear)
                struct platform_verdict verdict = platform_judge(&host, &image);
                const char *row = isolation == ISOLATION_HYPERV ? rows[i].hyperv : rows[i].process;
                if (verdict.accepted != (row[j] == '+'))
                    fail_msg("%s on %s, %s", images[j], rows[i].host, isolation_name(isolation));
            }
        }
    }
}

TEST(versions_are_written_as_they_are_read)
{
    static const char *const rows[] = {"10.0.20348.2322", "10.0.20348", "6.3.9600.1", "0.0.0"};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct os_version version = os_version_parse(rows[i]);
        CLEANUP(str_free) char *text = os_version_format(&version);
        assert_string_equal(text, rows[i]);
    }
}

TEST(a_copy_is_independent)
{
    CLEANUP(platform_clear) struct platform copy = {0};
    {
        CLEANUP(platform_clear) struct platform original = {0};
        original.os = xstrdup("windows");
        original.os_version = xstrdup("10.0.20348.1");
        strlist_add(&original.os_features, "win32k");
        copy = platform_copy(&original);
    }
    assert_string_equal(copy.os, "windows");
    assert_null(copy.architecture);
    assert_string_equal(copy.os_version, "10.0.20348.1");
    assert_int_equal(copy.os_features.count, 1);
    assert_string_equal(copy.os_features.items[0], "win32k");
}

TEST(the_rest_of_the_platform_counts_too)
{
    static char linux_os[] = "linux", upper[] = "Windows", x86_64[] = "x86_64", arm64[] = "arm64",
                i386[] = "386", v7[] = "v7", v8[] = "v8", empty[] = "", version[] = "10.0.20348.1";
    static const struct {
        struct platform image;
        const char *host;
        const char *reason;
    } rows[] = {
        {{.os = windows, .architecture = amd64, .os_version = version}, "amd64", NULL},
        {{.os = upper, .architecture = x86_64}, "amd64", NULL},
        {{.os = windows, .architecture = amd64}, "x86_64", NULL},
        {{.os = windows, .architecture = amd64, .variant = empty}, "amd64", NULL},
        {{.os = windows, .architecture = arm64, .variant = v8}, "arm64", NULL},
        {{.os = windows, .architecture = arm64}, "aarch64", NULL},
        {{.os = linux_os, .architecture = amd64}, "amd64", "not a Windows image"},
        {{.architecture = amd64}, "amd64", "not a Windows image"},
        {{.os = empty, .architecture = amd64}, "amd64", "not a Windows image"},
        {{.os = windows, .architecture = arm64}, "amd64", "another architecture"},
        {{.os = windows, .architecture = amd64}, "arm64", "another architecture"},
        {{.os = windows, .architecture = i386}, "amd64", "another architecture"},
        {{.os = windows}, "amd64", "another architecture"},
        {{.os = windows, .architecture = arm64, .variant = v7},
         "arm64",
         "another architecture variant"},
        {{.os = windows, .architecture = amd64, .variant = v8},
         "amd64",
         "another architecture variant"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct platform_host host = host_of("10.0.20348.1", ISOLATION_PROCESS);
        host.architecture = rows[i].host;
        CLEANUP(platform_verdict_clear)
        struct platform_verdict verdict = platform_judge(&host, &rows[i].image);
        const char *reason = verdict.reason ? verdict.reason : "accepted";
        if (strcmp(reason, rows[i].reason ? rows[i].reason : "accepted") != 0)
            fail_msg("row %zu: %s", i, reason);
        assert_int_equal(verdict.accepted, !rows[i].reason);
    }
}

TEST(features_must_be_known)
{
    struct platform_host host = host_of("10.0.20348.1", ISOLATION_PROCESS);
    static char version[] = "10.0.20348.1";
    struct platform image = image_of(version);
    strlist_add(&image.os_features, "win32k");
    struct platform_verdict verdict = platform_judge(&host, &image);
    assert_true(verdict.accepted);

    strlist_add(&image.os_features, "quantum\x1b");
    verdict = platform_judge(&host, &image);
    assert_false(verdict.accepted);
    assert_string_equal(verdict.reason, "needs the feature quantum?");
    platform_verdict_clear(&verdict);
    assert_null(verdict.reason);
    strlist_clear(&image.os_features);
}

TEST(the_better_of_two_is_found)
{
    /* In each row the first is better than the second, or as good when 'equal'. */
    static const struct {
        const char *host;
        const char *better;
        const char *worse;
        bool equal;
    } rows[] = {
        {"10.0.26100.1", "10.0.26100.1", "10.0.20348.9999", false},
        {"10.0.26200.1", "10.0.26100.1", "10.0.20348.1", false},
        {"10.0.25398.1", "10.0.22000.1", "10.0.20348.1", false},
        /* as text ".405" would beat ".2322" */
        {"10.0.20348.3000", "10.0.20348.2322", "10.0.20348.405", false},
        {"10.0.20348.1000", "10.0.20348.405", "10.0.20348.2322", false},
        {"10.0.20348.405", "10.0.20348.405", "10.0.20348.404", false},
        {"10.0.20348.1", "10.0.20348.405", "10.0.20348.2322", false},
        {"10.0.20348", "10.0.20348.2322", "10.0.20348.405", false},
        {"10.0.20348.1", "10.0.20348", NULL, false},
        {"10.0.20348.1", "nonsense", NULL, false},
        {"", "10.0.26100.1", "10.0.20348.1", false},
        {"", "10.0.17763.2", "10.0.17763.1", false},
        {"", "10.0.17763.1", NULL, false},
        {"10.0.20348.1", "10.0.20348.1", "10.0.20348.1", true},
        {"10.0.20348.1", NULL, "", true},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(str_free) char *better = rows[i].better ? xstrdup(rows[i].better) : NULL;
        CLEANUP(str_free) char *worse = rows[i].worse ? xstrdup(rows[i].worse) : NULL;
        struct platform_host host = host_of(rows[i].host, ISOLATION_PROCESS);
        struct platform a = image_of(better);
        struct platform b = image_of(worse);
        int there = platform_compare(&host, &a, &b);
        int back = platform_compare(&host, &b, &a);
        bool fits = rows[i].equal ? there == 0 && back == 0 : there < 0 && back > 0;
        if (!fits)
            fail_msg("row %zu: %d, %d", i, there, back);
    }
}

TEST(platforms_are_written_for_people)
{
    static char version[] = "10.0.20348.1", arm64[] = "arm64", v8[] = "v8", evil[] = "\x1b[2J";
    static const struct {
        struct platform platform;
        const char *expected;
    } rows[] = {
        {{.os = windows, .architecture = amd64, .os_version = version},
         "windows/amd64 10.0.20348.1"},
        {{.os = windows, .architecture = arm64, .variant = v8}, "windows/arm64/v8"},
        {{.os = evil}, "?[2J/unknown"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(str_free) char *text = platform_format(&rows[i].platform);
        assert_string_equal(text, rows[i].expected);
    }
    struct platform_host host = host_of("10.0.26100.5", ISOLATION_HYPERV);
    CLEANUP(str_free) char *text = platform_host_format(&host);
    assert_string_equal(text, "windows/amd64 10.0.26100 (Hyper-V isolation)");
    host.version = (struct os_version){0};
    CLEANUP(str_free) char *any = platform_host_format(&host);
    assert_string_equal(any, "windows/amd64");
}

static bool read_platform(const char *text, struct platform *ret, struct error *err)
{
    CLEANUP(json_document_clear) struct json_document document = {0};
    return json_parse(text, strlen(text), &json_default_limits, &document, err)
        && platform_from_json(document.root, ret, err);
}

TEST(platforms_are_read_from_json)
{
    struct error err = {0};
    CLEANUP(platform_clear) struct platform platform = {0};
    assert_ok(read_platform("{\"os\":\"windows\",\"architecture\":\"amd64\",\"variant\":null,"
                            "\"os.version\":\"10.0.20348.1\",\"os.features\":[\"win32k\",\"x\"],"
                            "\"features\":7}",
                            &platform, &err));
    assert_string_equal(platform.os, "windows");
    assert_string_equal(platform.architecture, "amd64");
    assert_null(platform.variant);
    assert_string_equal(platform.os_version, "10.0.20348.1");
    assert_int_equal(platform.os_features.count, 2);
    assert_string_equal(platform.os_features.items[1], "x");
}

TEST(malformed_platforms_are_refused)
{
    static const char *const rows[] = {
        "[]",
        "\"windows\"",
        "{\"os\":1}",
        "{\"os.features\":\"x\"}",
        "{\"os.features\":[1]}",
        "{\"architecture\":[\"amd64\"]}",
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(platform_clear) struct platform platform = {0};
        assert_fails(read_platform(rows[i], &platform, &err), ERR_INTEGRITY, "");
        assert_null(platform.os);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_are_read_as_containerd_reads_them),
        cmocka_unit_test(process_isolation_follows_the_stable_builds),
        cmocka_unit_test(hyperv_isolation_takes_whatever_is_not_newer),
        cmocka_unit_test(hosts_and_images),
        cmocka_unit_test(versions_are_written_as_they_are_read),
        cmocka_unit_test(a_copy_is_independent),
        cmocka_unit_test(the_rest_of_the_platform_counts_too),
        cmocka_unit_test(features_must_be_known),
        cmocka_unit_test(the_better_of_two_is_found),
        cmocka_unit_test(platforms_are_written_for_people),
        cmocka_unit_test(platforms_are_read_from_json),
        cmocka_unit_test(malformed_platforms_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
