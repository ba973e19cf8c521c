/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "registry/warning.h"

TEST(texts_are_found)
{
    static const struct {
        const char *header;
        const char *texts; /* joined by '|' */
    } rows[] = {
        {"299 - \"this image is deprecated\"", "this image is deprecated"},
        {"299 registry.example \"a\"", "a"},
        {"  299 - \"a\" \"Sun, 06 Nov 1994 08:49:37 GMT\"", "a"},
        {"299 - \"a\", 299 - \"b\"", "a|b"},
        {"299 - \"a, b\",299 - \"c\"", "a, b|c"},
        {"299 - \"say \\\"a\\\\b\\\"\"", "say \"a\\b\""},
        {"110 - \"stale\", 299 - \"a\"", "a"},
        {"199 - \"a\"", ""},
        {"299 - \"\"", ""},
        {"299 - \"\x1b[2Jgone\"", "\x1b[2Jgone"}, /* made fit for a terminal when it is told */
        /* malformed */
        {"", ""},
        {"299", ""},
        {"299 -", ""},
        {"299 - a", ""},
        {"299 - \"open", ""},
        {"299 - \"open\\", ""},
        {"299 \"no agent\"", ""},
        {"-299 - \"a\"", ""},
        {"0299999999999999999999999 - \"a\"", ""},
        {"299 - \"a\", nonsense, 299 - \"b\"", "a"},
        {"299 - \"a\" 299 - \"b\"", "a"},
        {"deprecated", ""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(strlist_clear) struct strlist texts = {0};
        warning_parse(rows[i].header, &texts);
        CLEANUP(str_free) char *joined = strlist_join(&texts, "|");
        if (strcmp(joined, rows[i].texts) != 0)
            fail_msg("%s: '%s'", rows[i].header, joined);
    }
}

static void record(void *user, const struct event *event)
{
    assert_int_equal(event->type, EVENT_WARNING);
    strlist_add(user, event->text);
}

TEST(each_text_is_told_once)
{
    CLEANUP(strlist_clear) struct strlist seen = {0};
    CLEANUP(warnings_clear) struct warnings warnings = {0};
    const struct observer observer = {.on_event = record, .user = &seen};
    const struct context context = {.observer = &observer};
    warnings_tell(&warnings, &context, "h", "299 - \"a\", 299 - \"a\"");
    warnings_tell(&warnings, &context, "h", "299 - \"a\"");
    warnings_tell(&warnings, &context, "h", "299 - \"\x1b[2Jb\"");
    assert_int_equal(seen.count, 2);
    assert_string_equal(seen.items[0], "h says: a");
    assert_string_equal(seen.items[1], "h says: ?[2Jb");
}

TEST(not_more_than_four_kilobytes_are_told)
{
    CLEANUP(strlist_clear) struct strlist seen = {0};
    CLEANUP(warnings_clear) struct warnings warnings = {0};
    const struct observer observer = {.on_event = record, .user = &seen};
    const struct context context = {.observer = &observer};
    for (unsigned i = 0; i < 100; i++) {
        CLEANUP(str_free) char *header = str_format("299 - \"%0100u\"", i);
        warnings_tell(&warnings, &context, "h", header);
    }
    assert_int_equal(seen.count, 40);
    CLEANUP(str_free) char *huge = str_format("299 - \"%05000u\"", 1u);
    warnings_tell(&warnings, &context, "h", huge);
    assert_int_equal(seen.count, 40);
    warnings_tell(&warnings, &context, "h", "299 - \"short\"");
    assert_int_equal(seen.count, 41);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_found),
        cmocka_unit_test(each_text_is_told_once),
        cmocka_unit_test(not_more_than_four_kilobytes_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
