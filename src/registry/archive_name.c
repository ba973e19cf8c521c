/* SPDX-License-Identifier: MIT */
#include "registry/archive_name.h"

#include <string.h>

#include "base/alloc.h"
#include "base/scan.h"
#include "base/strlist.h"
#include "base/text.h"

#define HEX_LENGTH 64
#define TARGET_MAXIMUM 256 /* bytes */
#define BLOBS "blobs/sha256/"

static const struct {
    const char *text;
    enum archive_name_kind kind;
} fixed[] = {
    {"oci-layout", ARCHIVE_NAME_LAYOUT},
    {"index.json", ARCHIVE_NAME_INDEX},
    {"manifest.json", ARCHIVE_NAME_MANIFEST},
};

/* What stands before and after the 64 digits. */
static const struct {
    const char *before;
    const char *after;
    enum archive_name_kind kind;
} patterns[] = {
    {BLOBS, "", ARCHIVE_NAME_CONTENT},     {"", ".json", ARCHIVE_NAME_CONTENT},
    {"sha256:", "", ARCHIVE_NAME_CONTENT}, {"", "/layer.tar", ARCHIVE_NAME_LAYER},
    {"", ".tar", ARCHIVE_NAME_LAYER},      {"", ".tar.gz", ARCHIVE_NAME_LAYER},
};

static bool parse_hex(struct scan *s, struct digest *ret)
{
    if (scan_length(s) < HEX_LENGTH)
        return false;
    CLEANUP(error_clear) struct error ignored = {0};
    CLEANUP(str_free) char *text = str_format("sha256:%.*s", HEX_LENGTH, s->at);
    s->at += HEX_LENGTH;
    return digest_parse(text, ret, &ignored);
}

static bool matches(const char *name, size_t pattern, struct digest *ret)
{
    struct scan s = scan_text(name);
    return scan_literal(&s, patterns[pattern].before) && parse_hex(&s, ret)
        && scan_equals(&s, patterns[pattern].after);
}

static struct archive_name known(enum archive_name_kind kind, const char *text)
{
    struct archive_name name = {.kind = kind};
    memcpy(name.text, text, strlen(text) + 1);
    return name;
}

struct archive_name archive_name_parse(const char *name)
{
    const char *text = str_starts_with(name, "./") ? name + 2 : name;
    for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
        if (str_equal(text, fixed[i].text))
            return known(fixed[i].kind, text);
    for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
        struct digest digest = {0};
        if (!matches(text, i, &digest))
            continue;
        struct archive_name found = known(patterns[i].kind, text);
        if (found.kind == ARCHIVE_NAME_CONTENT)
            found.digest = digest;
        return found;
    }
    return (struct archive_name){0};
}

/* Removes the last element; false when there is none left, so that ".." would lead out. */
static bool go_up(struct strlist *path)
{
    if (path->count == 0)
        return false;
    path->count--;
    str_free(&path->items[path->count]);
    return true;
}

/* Adds the elements of a relative path to the list. */
static bool walk(struct strlist *path, const char *relative)
{
    struct scan s = scan_text(relative);
    do {
        struct scan element = scan_until(&s, '/');
        if (scan_equals(&element, "..")) {
            if (!go_up(path))
                return false;
        } else if (scan_length(&element) > 0 && !scan_equals(&element, ".")) {
            strlist_add_owned(path, scan_rest(&element));
        }
    } while (scan_char(&s, '/'));
    return true;
}

struct archive_name archive_name_of_link(const struct archive_name *link, const char *target)
{
    CLEANUP(strlist_clear) struct strlist path = {0};
    if (target[0] == '/' || strlen(target) > TARGET_MAXIMUM || !walk(&path, link->text)
        || !go_up(&path) || !walk(&path, target))
        return (struct archive_name){0};
    CLEANUP(str_free) char *text = strlist_join(&path, "/");
    return archive_name_parse(text);
}
