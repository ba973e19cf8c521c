/* SPDX-License-Identifier: MIT */
#include "base/text.h"
#include "check.h"
#include "runner/cli.h"
#include "runner/env_list.h"

struct options {
    char *name;
    struct strlist items;
    bool flag;
    bool keep;
};

#define MEMBER(m) offsetof(struct options, m)

static const struct cli_option table[] = {
    {"name", 'n', "NAME", "A name", cli_set_string, MEMBER(name)},
    {"item", 'e', "TEXT", "An item", cli_add_string, MEMBER(items)},
    {"flag", 'f', NULL, "A flag", cli_set_flag, MEMBER(flag)},
    {"keep", 'k', NULL, "Keep", cli_set_flag, MEMBER(keep)},
    {"rm", 0, NULL, "Not keep", cli_clear_flag, MEMBER(keep)},
    {"tty", 't', NULL, "is refused because", NULL, 0},
    {"publish", 'p', "PORT", "is refused too", NULL, 0},
};

static void clear(struct options *options)
{
    str_free(&options->name);
    strlist_clear(&options->items);
}

/* Arguments are given as one text, separated by '|'. */
static bool parse(const char *text, bool command_follows, struct options *options,
                  struct strlist *args, struct error *err)
{
    char *words[16];
    size_t count = 0;
    CLEANUP(str_free) char *copy = xstrdup(text);
    for (char *word = copy; word && *text; count++) {
        char *bar = strchr(word, '|');
        if (bar)
            *bar++ = 0;
        words[count] = word;
        word = bar;
    }
    struct cli_table tables[] = {{table, ARRAY_SIZE(table), options}};
    struct cli_request request = {"verb", tables, 1, command_follows};
    return cli_parse(&request, words, count, args, err);
}

TEST(options_and_arguments)
{
    static const struct {
        const char *text;
        bool command_follows;
        const char *name;
        const char *items; /* joined by ',' */
        bool flag;
        bool keep;
        const char *args; /* joined by ',' */
    } rows[] = {
        {"", false, NULL, "", false, false, ""},
        {"a|b", false, NULL, "", false, false, "a,b"},
        {"--name|x|a", false, "x", "", false, false, "a"},
        {"--name=x|a", false, "x", "", false, false, "a"},
        {"--name=|a", false, "", "", false, false, "a"},
        {"--name=a=b", false, "a=b", "", false, false, ""},
        {"-n|x", false, "x", "", false, false, ""},
        {"-nx", false, "x", "", false, false, ""},
        {"-n=x", false, "x", "", false, false, ""},
        {"-fn|x", false, "x", "", true, false, ""},
        {"-fk", false, NULL, "", true, true, ""},
        {"-name|x", false, "x", "", false, false, ""},
        {"-name=x", false, "x", "", false, false, ""},
        {"--flag=false", false, NULL, "", false, false, ""},
        {"--flag=true", false, NULL, "", true, false, ""},
        {"-e|a|-e|b|--item=c", false, NULL, "a,b,c", false, false, ""},
        {"--keep|--rm", false, NULL, "", false, false, ""},
        {"--rm=false", false, NULL, "", false, true, ""},
        {"a|--flag|b", false, NULL, "", true, false, "a,b"},
        {"a|--flag|b", true, NULL, "", false, false, "a,--flag,b"},
        {"--flag|a|-e|x|--", true, NULL, "", true, false, "a,-e,x,--"},
        {"--|--flag|-e", false, NULL, "", false, false, "--flag,-e"},
        {"-", false, NULL, "", false, false, "-"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(clear) struct options options = {0};
        CLEANUP(strlist_clear) struct strlist args = {0};
        if (!parse(rows[i].text, rows[i].command_follows, &options, &args, &err))
            fail_msg("'%s': %s", rows[i].text, err.message);
        CLEANUP(str_free) char *items = strlist_join(&options.items, ",");
        CLEANUP(str_free) char *joined = strlist_join(&args, ",");
        if (!str_equal(options.name, rows[i].name) || !str_equal(items, rows[i].items)
            || options.flag != rows[i].flag || options.keep != rows[i].keep
            || !str_equal(joined, rows[i].args))
            fail_msg("'%s': name %s, items %s, flag %d, keep %d, args %s", rows[i].text,
                     options.name ? options.name : "(none)", items, options.flag, options.keep,
                     joined);
    }
}

TEST(nothing_unknown_is_accepted)
{
    static const struct {
        const char *text;
        const char *says;
        const char *hint; /* NULL = any */
    } rows[] = {
        {"--nmae|x", "unknown option --nmae", "did you mean --name?"},
        {"--zzzzzzz", "unknown option --zzzzzzz", "'wrun verb --help' lists the options"},
        {"-z", "unknown option -z in '-z'", NULL},
        {"-fz", "unknown option -z in '-fz'", NULL},
        {"--name", "--name needs a value (NAME)", NULL},
        {"-n", "--name needs a value (NAME)", NULL},
        {"--flag=maybe", "--flag: takes true or false", NULL},
        {"--tty", "--tty: is refused because", NULL},
        {"-t", "--tty: is refused because", NULL},
        {"-p|80:80", "--publish: is refused too", NULL},
        {"--=x", "unknown option --", NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(clear) struct options options = {0};
        CLEANUP(strlist_clear) struct strlist args = {0};
        if (parse(rows[i].text, false, &options, &args, &err))
            fail_msg("'%s' was accepted", rows[i].text);
        if (rows[i].hint)
            assert_string_equal(err.hint, rows[i].hint);
        check_error(&err, ERR_USAGE, rows[i].says, rows[i].text);
    }
}

TEST(help_lists_what_works)
{
    struct cli_table own = {table, ARRAY_SIZE(table), NULL};
    CLEANUP(str_free) char *text = cli_format_options(&own);
    assert_non_null(strstr(text, "-n, --name NAME"));
    assert_non_null(strstr(text, "--rm"));
    assert_null(strstr(text, "--tty"));
}

TEST(environment_names_fold_as_windows_does)
{
    struct error err = {0};
    CLEANUP(strlist_clear) struct strlist list = {0};
    assert_ok(env_list_add(&list, "A=1", &err));
    assert_ok(env_list_add(&list, "AB=2", &err));
    assert_ok(env_list_add(&list, "a=3", &err));
    assert_ok(env_list_add(&list, "EMPTY=", &err));
    assert_ok(env_list_add(&list, "WRUN_SURELY_UNSET_VARIABLE", &err));
    CLEANUP(str_free) char *text = strlist_join(&list, "|");
    assert_string_equal(text, "a=3|AB=2|EMPTY=");
    assert_fails(env_list_add(&list, "=x", &err), ERR_USAGE, "no name");
    assert_fails(env_list_add(&list, "", &err), ERR_USAGE, "no name");
}

static void write_text(const char *path, const char *text, size_t length)
{
    struct error err = {0};
    assert_ok(fs_write_file(path, text, length, &err));
}

TEST(environment_files)
{
    struct error err = {0};
    CLEANUP(str_free) char *directory = make_scratch();
    CLEANUP(str_free) char *path = fs_join(directory, "env");
    CLEANUP(strlist_clear) struct strlist list = {0};
    static const char good[] = "\xef\xbb\xbf# comment\r\nA=1\r\n\r\nB=x y=z\nC=\xc3\xbc";
    write_text(path, good, sizeof(good) - 1);
    assert_ok(env_list_add_file(&list, path, &err));
    CLEANUP(str_free) char *text = strlist_join(&list, "|");
    assert_string_equal(text, "A=1|B=x y=z|C=\xc3\xbc");

    write_text(path, "A=1\n=2\n", 7);
    assert_fails(env_list_add_file(&list, path, &err), ERR_USAGE, "line 2");
    write_text(path, "A=\xff\xff", 4);
    assert_fails(env_list_add_file(&list, path, &err), ERR_USAGE, "not UTF-8");
    write_text(path,
               "\xff\xfe"
               "A\0=\0",
               6);
    assert_fails(env_list_add_file(&list, path, &err), ERR_USAGE, "UTF-16");
    write_text(path, "A=\0b", 4);
    assert_fails(env_list_add_file(&list, path, &err), ERR_USAGE, "not UTF-8 text");
    CLEANUP(str_free) char *absent = fs_join(directory, "absent");
    assert_fails(env_list_add_file(&list, absent, &err), ERR_NOT_FOUND, "absent");
    remove_scratch(&directory);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_and_arguments),
        cmocka_unit_test(nothing_unknown_is_accepted),
        cmocka_unit_test(help_lists_what_works),
        cmocka_unit_test(environment_names_fold_as_windows_does),
        cmocka_unit_test(environment_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
