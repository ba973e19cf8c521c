/* SPDX-License-Identifier: MIT */
#include "runner/help.h"
#include "runner/verbs.h"
#include "trace.h"

TEST(the_page_of_the_command_line_is_up_to_date)
{
    CLEANUP(str_free) char *page = read_data("../../docs/cli.md");
    CLEANUP(str_free) char *current = help_markdown();
    if (!str_equal(page, current))
        fail_msg("docs/cli.md is stale: build/native/wrun help --markdown > docs/cli.md");
}

/* The text that lists the verb: that of its group, or the general one. */
static char *list_that_has(const struct verb *verb)
{
    for (size_t i = 0; i < verb_count; i++)
        if (verb_is_member(verbs[i], verb))
            return help_of_verb(verbs[i]);
    return help_general();
}

TEST(every_verb_is_described)
{
    for (size_t i = 0; i < verb_count; i++) {
        struct error err = {0};
        const struct verb *found = NULL;
        CLEANUP(str_free) char *text = help_of_verb(verbs[i]);
        CLEANUP(str_free) char *usage = str_format("Usage: wrun %s", verbs[i]->name);
        CLEANUP(str_free) char *list = list_that_has(verbs[i]);
        assert_non_null(strstr(list, verbs[i]->summary));
        assert_non_null(strstr(text, usage));
        assert_non_null(strstr(text, "--root DIR"));
        assert_ok(verb_find(verbs[i]->name, &found, &err));
        assert_ptr_equal(found, verbs[i]);
        for (size_t j = 0; j < verbs[i]->option_count; j++) {
            CLEANUP(str_free) char *name = str_format("--%s", verbs[i]->options[j].name);
            bool is_shown = strstr(text, name) != NULL;
            if (verbs[i]->options[j].set && !is_shown)
                fail_msg("'wrun %s --help' does not mention %s", verbs[i]->name, name);
        }
    }
}

TEST(verbs_are_found_by_words)
{
    static const struct {
        const char *first;
        const char *second;
        const char *found; /* NULL = there is none */
        size_t used;
    } rows[] = {
        {"pull", "layer", "pull", 1},    {"layer", NULL, "layer", 1},
        {"layer", "--help", "layer", 1}, {"layer", "prepare", "layer prepare", 2},
        {"layer", "prepar", NULL, 0},    {"layer prepare", NULL, "layer prepare", 1},
        {"lay", "prepare", NULL, 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(strlist_clear) struct strlist words = {0};
        CLEANUP(error_clear) struct error err = {0};
        const struct verb *found = NULL;
        size_t used = 0;
        strlist_add(&words, rows[i].first);
        if (rows[i].second)
            strlist_add(&words, rows[i].second);
        bool is_found = verb_find_words(&words, &used, &found, &err);
        assert_int_equal(is_found, rows[i].found != NULL);
        if (!is_found)
            continue;
        assert_string_equal(found->name, rows[i].found);
        assert_int_equal(used, rows[i].used);
    }
}

TEST(there_is_no_such_verb)
{
    static const char *const names[] = {"", "Run", "runn", "ru"};
    struct error err = {0};
    const struct verb *found = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        assert_fails(verb_find(names[i], &found, &err), ERR_USAGE, "there is no command");
    assert_null(found);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_of_the_command_line_is_up_to_date),
        cmocka_unit_test(every_verb_is_described),
        cmocka_unit_test(verbs_are_found_by_words),
        cmocka_unit_test(there_is_no_such_verb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
