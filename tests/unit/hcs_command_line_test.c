/* SPDX-License-Identifier: MIT */
#include "hcs/command_line.h"

#include "base/buf.h"
#include "check.h"

/* ---- an independent reading of a command line ----
 *
 * Written from Microsoft's "Parsing C command-line arguments" (2n backslashes and a quote: n
 * backslashes, the quote opens or closes; 2n+1: n backslashes and a literal quote; otherwise
 * backslashes are literal), for every argument but a program name. */

static const char *read_argument(const char *at, struct buf *argument)
{
    bool quoted = false;
    for (;;) {
        size_t backslashes = strspn(at, "\\");
        at += backslashes;
        bool before_quote = *at == '"';
        for (size_t i = 0; i < (before_quote ? backslashes / 2 : backslashes); i++)
            buf_add_str(argument, "\\");
        if (before_quote && backslashes % 2 == 1)
            buf_add_str(argument, "\"");
        else if (before_quote)
            quoted = !quoted;
        else if (*at == '\0' || (!quoted && (*at == ' ' || *at == '\t')))
            return at;
        else
            buf_add(argument, at, 1);
        at++;
    }
}

static struct strlist parse_command_line(const char *line)
{
    struct strlist arguments = {0};
    for (const char *at = line + strspn(line, " \t"); *at; at += strspn(at, " \t")) {
        struct buf argument;
        buf_init(&argument, BUF_UNBOUNDED);
        at = read_argument(at, &argument);
        strlist_add_owned(&arguments, buf_take_str(&argument));
    }
    return arguments;
}

static struct strlist list_of(const char *const *items)
{
    struct strlist list = {0};
    for (; *items; items++)
        strlist_add(&list, *items);
    return list;
}

TEST(escapes_as_go_does)
{
    static const struct {
        const char *argument;
        const char *escaped;
    } rows[] = {
        {"", "\"\""},
        {"plain", "plain"},
        {"a b", "\"a b\""},
        {"a\tb", "\"a\tb\""},
        {"a\"b", "a\\\"b"},
        {"\"", "\\\""},
        {"a \"b\"", "\"a \\\"b\\\"\""},
        {"C:\\dir\\", "C:\\dir\\"},
        {"C:\\my dir\\", "\"C:\\my dir\\\\\""},
        {"a\\\\b", "a\\\\b"},
        {"a\\\"b", "a\\\\\\\"b"},
        {"a\\\\\"", "a\\\\\\\\\\\""},
        {" \\", "\" \\\\\""},
        {"line\nbreak", "line\nbreak"},
        {"\xC3\xA4 \xF0\x9F\x98\x80", "\"\xC3\xA4 \xF0\x9F\x98\x80\""},
        {"&|<>^%", "&|<>^%"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(str_free) char *escaped = command_line_escape(rows[i].argument);
        assert_string_equal(escaped, rows[i].escaped);
    }
}

/* All texts of up to five characters over the alphabet that matters come back unchanged, in
 * company. */
TEST(survives_the_round_trip)
{
    static const char alphabet[] = "\"\\ \ta";
    enum { LETTERS = sizeof(alphabet) - 1, LONGEST = 5 };
    size_t combinations = 1;
    for (size_t length = 0; length <= LONGEST; length++, combinations *= LETTERS) {
        for (size_t number = 0; number < combinations; number++) {
            char text[LONGEST + 1] = "";
            size_t rest = number;
            for (size_t i = 0; i < length; i++, rest /= LETTERS)
                text[i] = alphabet[rest % LETTERS];
            CLEANUP(strlist_clear)
            struct strlist arguments = list_of((const char *const[]){text, "next", text, NULL});
            CLEANUP(str_free) char *line = command_line_join(&arguments);
            CLEANUP(strlist_clear) struct strlist back = parse_command_line(line);
            assert_int_equal(back.count, 3);
            for (size_t i = 0; i < 3; i++)
                assert_string_equal(back.items[i], arguments.items[i]);
        }
    }
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define EMPTY ((const char *const[]){NULL})

struct row {
    const char *name;
    const char *const *image_entrypoint;
    const char *const *image_command;
    bool args_escaped;
    const char *const *entrypoint;
    const char *const *arguments;
    const char *raw;
    const char *line; /* NULL = refused */
};

static const struct row rows[] = {
    {"the image's command", NULL, LIST("cmd", "/c", "a b"), false, NULL, NULL, NULL,
     "cmd /c \"a b\""},
    {"shell form", NULL, LIST("cmd /S /C echo \"a\""), true, NULL, NULL, NULL,
     "cmd /S /C echo \"a\""},
    {"shell form without the flag", NULL, LIST("cmd /S /C x"), false, NULL, NULL, NULL,
     "\"cmd /S /C x\""},
    {"only the first element is verbatim", NULL, LIST("cmd /C", "a b", "c"), true, NULL, NULL, NULL,
     "cmd /C \"a b\" c"},
    {"entrypoint and command", LIST("C:\\my app\\a.exe", "-x"), LIST("run me"), false, NULL, NULL,
     NULL, "\"C:\\my app\\a.exe\" -x \"run me\""},
    {"the user's arguments replace the command", LIST("a.exe"), LIST("image"), false, NULL,
     LIST("user arg"), NULL, "a.exe \"user arg\""},
    {"the image's entrypoint stays verbatim", LIST("powershell -Command"), LIST("x"), true, NULL,
     LIST("a b"), NULL, "powershell -Command \"a b\""},
    {"the user's arguments are never verbatim", NULL, LIST("cmd /S /C x"), true, NULL,
     LIST("my prog", "a"), NULL, "\"my prog\" a"},
    {"the user's entrypoint drops the image's command", LIST("a"), LIST("b"), false, LIST("c d"),
     NULL, NULL, "\"c d\""},
    {"and is never verbatim", LIST("a b"), LIST("b"), true, LIST("c d"), LIST("e f"), NULL,
     "\"c d\" \"e f\""},
    {"a cleared entrypoint", LIST("a"), LIST("b"), true, LIST(""), LIST("c d"), NULL, "\"c d\""},
    {"an empty entrypoint", LIST("a"), LIST("b"), false, EMPTY, LIST("c"), NULL, "c"},
    {"the image clears its own", LIST(""), LIST("b c"), true, NULL, NULL, NULL, "b c"},
    {"an empty argument", LIST("a"), NULL, false, NULL, LIST(""), NULL, "a \"\""},
    {"raw", LIST("a"), LIST("b"), true, LIST("c"), LIST("d"), "icacls \"x y\" /grant \"a\"",
     "icacls \"x y\" /grant \"a\""},
    {"nothing at all", NULL, NULL, false, NULL, NULL, NULL, NULL},
    {"nothing in the lists", EMPTY, EMPTY, true, NULL, EMPTY, NULL, NULL},
    {"cleared and no arguments", LIST("a"), LIST("b"), false, LIST(""), NULL, NULL, NULL},
    {"raw but empty", LIST("a"), NULL, false, NULL, NULL, "", NULL},
    {"an empty shell form", NULL, LIST(""), true, NULL, NULL, NULL, NULL},
};

static const struct strlist *given(const char *const *items, struct strlist *list)
{
    if (!items)
        return NULL;
    *list = list_of(items);
    return list;
}

static bool compose_row(const struct row *row, char **ret, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist image_entrypoint = {0};
    CLEANUP(strlist_clear) struct strlist image_command = {0};
    CLEANUP(strlist_clear) struct strlist entrypoint = {0};
    CLEANUP(strlist_clear) struct strlist arguments = {0};
    const struct command_line_spec spec = {
        .image_entrypoint = given(row->image_entrypoint, &image_entrypoint),
        .image_command = given(row->image_command, &image_command),
        .image_args_escaped = row->args_escaped,
        .entrypoint = given(row->entrypoint, &entrypoint),
        .arguments = given(row->arguments, &arguments),
        .raw = row->raw,
    };
    return command_line_compose(&spec, ret, err);
}

TEST(follows_dockers_rule)
{
    struct error err = {0};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(str_free) char *line = NULL;
        bool composed = compose_row(&rows[i], &line, &err);
        if (composed != (rows[i].line != NULL))
            fail_msg("%s: %s", rows[i].name, composed ? line : err.message);
        if (composed && strcmp(line, rows[i].line) != 0)
            fail_msg("%s: %s instead of %s", rows[i].name, line, rows[i].line);
        if (!composed)
            check_error(&err, ERR_USAGE, "no command to run", rows[i].name);
    }
}

/* 'letters' times the letter as a raw line. */
static bool compose_long(size_t letters, const char *letter, struct error *err)
{
    CLEANUP(buf_clear) struct buf line;
    buf_init(&line, BUF_UNBOUNDED);
    for (size_t i = 0; i < letters; i++)
        buf_add_str(&line, letter);
    CLEANUP(str_free) char *composed = NULL;
    const struct command_line_spec spec = {.raw = buf_str(&line)};
    return command_line_compose(&spec, &composed, err);
}

TEST(keeps_to_what_windows_accepts)
{
    struct error err = {0};
    assert_ok(compose_long(32766, "a", &err));
    assert_fails(compose_long(32767, "a", &err), ERR_USAGE, "32767 characters");
    /* Counted in UTF-16 units: this is one, and that is two. */
    assert_ok(compose_long(32766, "\xC3\xA4", &err));
    assert_ok(compose_long(16383, "\xF0\x9F\x98\x80", &err));
    assert_fails(compose_long(16384, "\xF0\x9F\x98\x80", &err), ERR_USAGE, "32768 characters");
}

TEST(refuses_text_that_is_not_utf8)
{
    struct error err = {0};
    CLEANUP(str_free) char *line = NULL;
    const struct command_line_spec spec = {.raw = "a\xFF"};
    assert_fails(command_line_compose(&spec, &line, &err), ERR_INTEGRITY, "command line");
    assert_null(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_as_go_does),
        cmocka_unit_test(survives_the_round_trip),
        cmocka_unit_test(follows_dockers_rule),
        cmocka_unit_test(keeps_to_what_windows_accepts),
        cmocka_unit_test(refuses_text_that_is_not_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
