/* SPDX-License-Identifier: MIT */
/* Tables, sizes, and which images a pattern means. */
#include "check.h"
#include "runner/image_filter.h"
#include "runner/size_text.h"
#include "runner/table.h"

TEST(columns_are_as_wide_as_their_widest_cell)
{
    CLEANUP(table_clear) struct table table = {.columns = 3};
    static const char *const cells[] = {"A", "BB", "C", "long", "", "x", "\xC3\xA4\xC3\xB6",
                                        "1", ""};
    for (size_t i = 0; i < ARRAY_SIZE(cells); i++)
        table_add(&table, cells[i]);
    CLEANUP(str_free) char *text = table_format(&table);
    assert_string_equal(text,
                        "A      BB   C\n"
                        "long        x\n"
                        "\xC3\xA4\xC3\xB6     1    \n");
}

TEST(strangers_cannot_steer_the_terminal)
{
    CLEANUP(table_clear) struct table table = {.columns = 1};
    table_add(&table, "a\x1B[2Jb\n");
    CLEANUP(str_free) char *text = table_format(&table);
    assert_string_equal(text, "a?[2Jb?\n");
}

TEST(sizes)
{
    static const struct {
        uint64_t bytes;
        const char *text;
    } rows[] = {
        {0, "0 B"},
        {999, "999 B"},
        {1000, "1.0 kB"},
        {1449, "1.4 kB"},
        {999949, "999.9 kB"},
        {999950, "1.0 MB"},
        {5100000000, "5.1 GB"},
        {UINT64_MAX, "18446.7 PB"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(str_free) char *text = size_text(rows[i].bytes);
        assert_string_equal(text, rows[i].text);
    }
}

TEST(patterns)
{
    static const struct {
        const char *pattern;
        const char *reference;
        bool matches;
    } rows[] = {
        {"nanoserver", "docker.io/library/nanoserver:1", true},
        {"nanoserver:1", "docker.io/library/nanoserver:1", true},
        {"library/nanoserver", "docker.io/library/nanoserver:1", true},
        {"docker.io/library/nanoserver:1", "docker.io/library/nanoserver:1", true},
        {"nanoserver:2", "docker.io/library/nanoserver:1", false},
        {"nano", "docker.io/library/nanoserver:1", false},
        {"nano*", "docker.io/library/nanoserver:1", true},
        {"*:1", "docker.io/library/nanoserver:1", true},
        {"*server:?", "docker.io/library/nanoserver:1", true},
        {"*server:??", "docker.io/library/nanoserver:1", false},
        {"localhost:5000/a", "localhost:5000/a:1", true},
        {"localhost:5000", "localhost:5000/a:1", false},
        {"localhost:5000/*", "localhost:5000/a/b@sha256:12", true},
        {"localhost:5000/a/b", "localhost:5000/a/b@sha256:12", true},
        {"", "localhost:5000/a:1", false},
        {"a*a*a*b", "localhost:5000/aaaaaaaaaaaaaaaaaaaaaaaa:1", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (image_filter_matches(rows[i].pattern, rows[i].reference) != rows[i].matches)
            fail_msg("'%s' and '%s'", rows[i].pattern, rows[i].reference);
}

TEST(references_as_docker_shows_them)
{
    static const struct {
        const char *reference;
        const char *repository;
        const char *tag;
    } rows[] = {
        {"docker.io/library/nanoserver:1", "nanoserver", "1"},
        {"docker.io/a/b:latest", "a/b", "latest"},
        {"localhost:5000/a/b:1", "localhost:5000/a/b", "1"},
        {"localhost:5000/a/b@sha256:12", "localhost:5000/a/b", "<none>"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(str_free) char *repository = image_repository_shown(rows[i].reference);
        CLEANUP(str_free) char *tag = image_tag_shown(rows[i].reference);
        assert_string_equal(repository, rows[i].repository);
        assert_string_equal(tag, rows[i].tag);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
        cmocka_unit_test(strangers_cannot_steer_the_terminal),
        cmocka_unit_test(sizes),
        cmocka_unit_test(patterns),
        cmocka_unit_test(references_as_docker_shows_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
