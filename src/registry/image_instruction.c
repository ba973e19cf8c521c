/* SPDX-License-Identifier: MIT */
#include "registry/image_instruction.h"

#include <string.h>

#include "base/alloc.h"
#include "base/scan.h"
#include "base/text.h"
#include "registry/instruction_words.h"

#define SHOWN_MAXIMUM 120

static struct strlist *change(struct image_edit *edit, enum image_member member)
{
    edit->members[member].is_changed = true;
    return &edit->members[member].values;
}

static struct strlist *replace(struct image_edit *edit, enum image_member member)
{
    struct strlist *values = change(edit, member);
    strlist_clear(values);
    return values;
}

static void set_item(struct strlist *list, size_t index, const char *text)
{
    char *old = list->items[index];
    list->items[index] = xstrdup(text);
    str_free(&old);
}

static bool split(const struct image_edit *edit, const char *text, struct strlist *ret,
                  struct error *err)
{
    return instruction_words_split(text, &edit->members[MEMBER_ENV].values, ret, err);
}

/* One value, blanks and all when it is quoted. */
static bool set_text(struct image_edit *edit, enum image_member member, const char *text,
                     struct error *err)
{
    CLEANUP(strlist_clear) struct strlist words = {0};
    if (!split(edit, text, &words, err))
        return false;
    if (words.count != 1)
        return error_set(err, ERR_USAGE, "it needs one value; put blanks into quotes");
    strlist_add(replace(edit, member), words.items[0]);
    return true;
}

static bool set_user(struct image_edit *edit, const char *text, struct error *err)
{
    return set_text(edit, MEMBER_USER, text, err);
}

static bool set_stop_signal(struct image_edit *edit, const char *text, struct error *err)
{
    return set_text(edit, MEMBER_STOP_SIGNAL, text, err);
}

/* ---- working directory ---- */

static bool is_rooted(const char *path)
{
    return path[0] == '\\' || (char_is_alpha(path[0]) && path[1] == ':');
}

static bool set_working_dir(struct image_edit *edit, const char *text, struct error *err)
{
    const struct strlist *values = &edit->members[MEMBER_WORKING_DIR].values;
    CLEANUP(str_free) char *before = xstrdup(values->count ? values->items[0] : "");
    if (!set_text(edit, MEMBER_WORKING_DIR, text, err))
        return false;
    char *path = values->items[0];
    for (char *c = path; *c; c++)
        if (*c == '/')
            *c = '\\';
    CLEANUP(str_free) char *whole = NULL;
    if (path[0] == '\\')
        whole = str_format("C:%s", path);
    else if (is_rooted(path))
        whole = xstrdup(path);
    else
        whole = str_format("%s%s%s",
                           *before ? before : "C:", str_ends_with(before, "\\") ? "" : "\\", path);
    strlist_add(replace(edit, MEMBER_WORKING_DIR), whole);
    return true;
}

/* ---- commands ---- */

static bool parse_list(const char *text, struct strlist *ret, struct error *err)
{
    CLEANUP(json_document_clear) struct json_document document = {0};
    if (json_parse(text, strlen(text), &json_default_limits, &document, err)
        && json_to_strlist(document.root, ret, err))
        return true;
    err->kind = ERR_USAGE;
    return error_wrap(err, "what begins with '[' must be a JSON list of strings");
}

/* *ret_is_line: the shell form, one command line that is not to be escaped again. */
static bool parse_command(const struct image_edit *edit, const char *text, struct strlist *ret,
                          bool *ret_is_line, struct error *err)
{
    *ret_is_line = false;
    if (text[0] == '[')
        return parse_list(text, ret, err);
    if (!*text)
        return true;
    CLEANUP(str_free) char *shell = strlist_join(&edit->shell, " ");
    strlist_addf(ret, "%s %s", *shell ? shell : "cmd /S /C", text);
    *ret_is_line = true;
    return true;
}

static void set_escaped(struct image_edit *edit, bool is_line)
{
    struct strlist *flag = &edit->members[MEMBER_ARGS_ESCAPED].values;
    if (is_line == (flag->count > 0))
        return;
    flag = replace(edit, MEMBER_ARGS_ESCAPED);
    if (is_line)
        strlist_add(flag, "true");
}

static bool set_command(struct image_edit *edit, enum image_member member, const char *text,
                        struct error *err)
{
    CLEANUP(strlist_clear) struct strlist words = {0};
    bool is_line = false;
    if (!parse_command(edit, text, &words, &is_line, err))
        return false;
    *replace(edit, member) = TAKE(words);
    set_escaped(edit, is_line);
    return true;
}

static bool set_cmd(struct image_edit *edit, const char *text, struct error *err)
{
    edit->has_command = true;
    return set_command(edit, MEMBER_CMD, text, err);
}

/* The image's own arguments were those of its own program. */
static bool set_entrypoint(struct image_edit *edit, const char *text, struct error *err)
{
    if (!edit->has_command)
        replace(edit, MEMBER_CMD);
    return set_command(edit, MEMBER_ENTRYPOINT, text, err);
}

/* ---- lists of names ---- */

static void add_once(struct strlist *list, const char *text)
{
    if (!strlist_contains(list, text))
        strlist_add(list, text);
}

static bool is_port(const char *text)
{
    struct scan s = scan_text(text);
    uint64_t port = 0;
    uint64_t last = 0;
    if (!scan_uint64(&s, &port) || port == 0 || port > 65535)
        return false;
    if (scan_char(&s, '-') && (!scan_uint64(&s, &last) || last < port || last > 65535))
        return false;
    return scan_at_end(&s) || scan_equals(&s, "/tcp") || scan_equals(&s, "/udp");
}

static bool add_ports(struct image_edit *edit, const char *text, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist words = {0};
    if (!split(edit, text, &words, err))
        return false;
    for (size_t i = 0; i < words.count; i++) {
        if (!is_port(words.items[i]))
            return error_set(err, ERR_USAGE, "'%s' is no port as 80, 53/udp or 7000-7010/tcp",
                             words.items[i]);
        CLEANUP(str_free)
        char *port = str_format("%s%s", words.items[i], strchr(words.items[i], '/') ? "" : "/tcp");
        add_once(change(edit, MEMBER_EXPOSED_PORTS), port);
    }
    return words.count > 0 || error_set(err, ERR_USAGE, "it names no port");
}

static bool add_volumes(struct image_edit *edit, const char *text, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist words = {0};
    if (text[0] == '[' ? !parse_list(text, &words, err) : !split(edit, text, &words, err))
        return false;
    for (size_t i = 0; i < words.count; i++)
        add_once(change(edit, MEMBER_VOLUMES), words.items[i]);
    return words.count > 0 || error_set(err, ERR_USAGE, "it names no directory");
}

static bool add_trigger(struct image_edit *edit, const char *text, struct error *err)
{
    if (!*text)
        return error_set(err, ERR_USAGE, "it has no instruction");
    strlist_add(change(edit, MEMBER_ON_BUILD), text);
    return true;
}

/* ---- names with values ---- */

/* "NAME=value NAME=value", or "NAME value" as it was written long ago. */
static bool split_pairs(const struct image_edit *edit, const char *text, struct strlist *ret,
                        struct error *err)
{
    CLEANUP(strlist_clear) struct strlist words = {0};
    if (!split(edit, text, &words, err))
        return false;
    if (words.count >= 2 && !strchr(words.items[0], '=')) {
        const struct strlist rest = {.items = words.items + 1, .count = words.count - 1};
        CLEANUP(str_free) char *value = strlist_join(&rest, " ");
        strlist_addf(ret, "%s=%s", words.items[0], value);
        return true;
    }
    for (size_t i = 0; i < words.count; i++)
        if (!strchr(words.items[i], '=') || words.items[i][0] == '=')
            return error_set(err, ERR_USAGE, "'%s' is not NAME=VALUE", words.items[i]);
    *ret = TAKE(words);
    return ret->count > 0 || error_set(err, ERR_USAGE, "it has no NAME=VALUE");
}

static size_t name_length(const char *pair)
{
    return strcspn(pair, "=");
}

/* Windows does not tell the case of a variable's name. */
static bool same_name(const char *a, const char *b)
{
    CLEANUP(str_free) char *left = xstrndup(a, name_length(a));
    CLEANUP(str_free) char *right = xstrndup(b, name_length(b));
    return str_equal_nocase(left, right);
}

static void set_variable(struct strlist *environment, const char *pair)
{
    for (size_t i = 0; i < environment->count; i++) {
        if (same_name(environment->items[i], pair)) {
            set_item(environment, i, pair);
            return;
        }
    }
    strlist_add(environment, pair);
}

static bool set_variables(struct image_edit *edit, const char *text, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist pairs = {0};
    if (!split_pairs(edit, text, &pairs, err))
        return false;
    for (size_t i = 0; i < pairs.count; i++)
        set_variable(change(edit, MEMBER_ENV), pairs.items[i]);
    return true;
}

static void set_label(struct strlist *labels, const char *pair)
{
    CLEANUP(str_free) char *key = xstrndup(pair, name_length(pair));
    const char *value = pair + name_length(pair) + 1;
    for (size_t i = 0; i + 1 < labels->count; i += 2) {
        if (str_equal(labels->items[i], key)) {
            set_item(labels, i + 1, value);
            return;
        }
    }
    strlist_add(labels, key);
    strlist_add(labels, value);
}

static bool set_labels(struct image_edit *edit, const char *text, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist pairs = {0};
    if (!split_pairs(edit, text, &pairs, err))
        return false;
    for (size_t i = 0; i < pairs.count; i++)
        set_label(change(edit, MEMBER_LABELS), pairs.items[i]);
    return true;
}

/* ---- the table ---- */

static const struct {
    const char *name;
    bool (*apply)(struct image_edit *edit, const char *text, struct error *err);
} instructions[] = {
    {"CMD", set_cmd},        {"ENTRYPOINT", set_entrypoint},
    {"ENV", set_variables},  {"EXPOSE", add_ports},
    {"LABEL", set_labels},   {"ONBUILD", add_trigger},
    {"USER", set_user},      {"STOPSIGNAL", set_stop_signal},
    {"VOLUME", add_volumes}, {"WORKDIR", set_working_dir},
};

bool image_instruction_apply(struct image_edit *edit, const char *instruction, struct error *err)
{
    const struct instruction_pair pair = instruction_words_head(instruction);
    CLEANUP(str_free) char *name = pair.first;
    for (size_t i = 0; i < ARRAY_SIZE(instructions); i++)
        if (str_equal_nocase(name, instructions[i].name))
            return instructions[i].apply(edit, pair.rest, err)
                || error_wrap(err, "%s", instructions[i].name);
    CLEANUP(str_free) char *shown = str_printable(name, SHOWN_MAXIMUM);
    error_set(err, ERR_USAGE, "'%s' is no instruction that changes an image", shown);
    return error_hint(err,
                      "use CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, "
                      "VOLUME or WORKDIR");
}

bool image_instruction_apply_all(struct image_edit *edit, const struct strlist *changes,
                                 struct error *err)
{
    for (size_t i = 0; i < changes->count; i++)
        if (!image_instruction_apply(edit, changes->items[i], err))
            return error_wrap(err, "--change");
    return true;
}
