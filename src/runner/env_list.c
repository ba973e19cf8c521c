/* SPDX-License-Identifier: MIT */
#include "runner/env_list.h"

#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/os.h"
#include "base/scan.h"
#include "base/text.h"
#include "base/utf.h"

#define ENV_FILE_MAXIMUM                                                                           \
    ((size_t)1 << 20) /* bytes; a Windows environment holds 32,767 characters */

static bool same_name(const char *a, const char *b, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (char_to_lower(a[i]) != char_to_lower(b[i]))
            return false;
    return a[length] == '=' && b[length] == '=';
}

void env_list_set(struct strlist *list, const char *assignment)
{
    size_t length = strcspn(assignment, "=");
    for (size_t i = 0; i < list->count; i++) {
        if (strlen(list->items[i]) > length && same_name(list->items[i], assignment, length)) {
            str_free(&list->items[i]);
            list->items[i] = xstrdup(assignment);
            return;
        }
    }
    strlist_add(list, assignment);
}

void env_list_set_all(struct strlist *list, const struct strlist *from)
{
    for (size_t i = 0; i < from->count; i++)
        env_list_set(list, from->items[i]);
}

bool env_list_add(struct strlist *list, const char *text, struct error *err)
{
    if (!*text || *text == '=')
        return error_set(err, ERR_USAGE, "'%s' has no name before '='", text);
    if (strchr(text, '=')) {
        env_list_set(list, text);
        return true;
    }
    CLEANUP(str_free) char *value = os_getenv(text);
    if (!value)
        return true;
    CLEANUP(str_free) char *assignment = str_format("%s=%s", text, value);
    env_list_set(list, assignment);
    return true;
}

static bool add_line(struct strlist *list, struct scan line, struct error *err)
{
    if (line.end > line.at && line.end[-1] == '\r')
        line.end--;
    if (scan_at_end(&line) || scan_peek(&line) == '#')
        return true;
    CLEANUP(str_free) char *text = scan_rest(&line);
    return env_list_add(list, text, err);
}

static bool check_text(const struct buf *content, struct error *err)
{
    const char *text = buf_str(content);
    if (content->length >= 2 && (text[0] == '\xff' || text[0] == '\xfe')) {
        error_set(err, ERR_USAGE, "is UTF-16");
        return error_hint(err, "save it as UTF-8 (PowerShell: Out-File -Encoding utf8)");
    }
    if (strlen(text) != content->length || !utf8_is_valid(text, content->length))
        return error_set(err, ERR_USAGE, "is not UTF-8 text");
    return true;
}

bool env_list_add_file(struct strlist *list, const char *path, struct error *err)
{
    CLEANUP(buf_clear) struct buf content = {0};
    if (!fs_read_file(path, ENV_FILE_MAXIMUM, &content, err))
        return false;
    if (!check_text(&content, err))
        return error_wrap(err, "'%s'", path);
    struct scan rest = scan_bytes(buf_str(&content), content.length);
    scan_literal(&rest, "\xef\xbb\xbf");
    for (unsigned line = 1; !scan_at_end(&rest); line++) {
        struct scan text = scan_until(&rest, '\n');
        scan_char(&rest, '\n');
        if (!add_line(list, text, err))
            return error_wrap(err, "'%s' line %u", path, line);
    }
    return true;
}
