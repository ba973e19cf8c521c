/* SPDX-License-Identifier: MIT */
#include "layers/tombstones.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/scan.h"
#include "base/text.h"
#include "layers/name_set.h"

#define FIRST_LINE                                                                                 \
    "\xEF\xBB\xBF"                                                                                 \
    "Version 1.0"

#define WHITEOUT_PREFIX ".wh."

/* The next line without its end. */
static struct scan take_line(struct scan *text)
{
    struct scan line = scan_until(text, '\n');
    scan_char(text, '\n');
    if (line.end > line.at && line.end[-1] == '\r')
        line.end--;
    return line;
}

static bool parse_path(const struct scan *line, struct layer_path *ret, struct error *err)
{
    if (memchr(line->at, '\0', scan_length(line)))
        return error_set(err, ERR_INTEGRITY, "the path has a NUL");
    CLEANUP(str_free) char *rest = scan_rest(line);
    if (rest[0] != '\\' || rest[1] == '\0')
        return error_set(err, ERR_INTEGRITY, "the path does not begin with a backslash");
    CLEANUP(str_free) char *text = str_format("Files%s", rest);
    /* In a tar its deletion would look like that of everything in its directory, or worse. */
    if (str_starts_with(strrchr(text, '\\') + 1, WHITEOUT_PREFIX))
        return error_set(err, ERR_INTEGRITY, "the path has a name that stands for a deletion");
    return layer_path_parse(text, ret, err);
}

static void add(struct tombstones *list, struct layer_path *path, size_t line)
{
    struct tombstone stone = {.path = TAKE(*path), .line = line};
    /* It is below "Files", so there is one. */
    if (!layer_path_parent(&stone.path, &stone.directory))
        error_bug("a tombstone of a root");
    list->items = array_room(list->items, list->count, sizeof(*list->items));
    list->items[list->count++] = stone;
}

static bool parse_lines(struct scan *text, struct tombstones *list, struct name_set *names,
                        struct error *err)
{
    for (size_t number = 2; !scan_at_end(text); number++) {
        struct scan line = take_line(text);
        CLEANUP(layer_path_clear) struct layer_path path = {0};
        if (!parse_path(&line, &path, err))
            return error_wrap(err, "line %zu", number);
        if (name_set_get(names, path.text) != NAME_UNUSED)
            continue;
        name_set_put(names, path.text, NAME_TOMBSTONE);
        add(list, &path, number);
    }
    return true;
}

static int compare_text(const char *a, const char *b)
{
    while (*a && char_to_lower(*a) == char_to_lower(*b)) {
        a++;
        b++;
    }
    return (unsigned char)char_to_lower(*a) - (unsigned char)char_to_lower(*b);
}

static int compare(const void *a, const void *b)
{
    const struct tombstone *first = a;
    const struct tombstone *second = b;
    int order = compare_text(first->directory.text, second->directory.text);
    if (order == 0)
        order = first->line < second->line ? -1 : 1;
    return order;
}

bool tombstones_parse(const char *text, size_t length, struct tombstones *ret, struct error *err)
{
    CLEANUP(tombstones_clear) struct tombstones list = {0};
    CLEANUP(name_set_clear) struct name_set names = {0};
    struct scan rest = scan_bytes(text, length);
    struct scan first = take_line(&rest);
    if (!scan_equals(&first, FIRST_LINE))
        return error_set(err, ERR_INTEGRITY, "line 1: not a list of deletions of version 1.0");
    if (!parse_lines(&rest, &list, &names, err))
        return false;
    if (list.count > 1)
        qsort(list.items, list.count, sizeof(*list.items), compare);
    *ret = TAKE(list);
    return true;
}

size_t tombstones_find(const struct tombstones *tombstones, const struct layer_path *directory,
                       size_t *ret_count)
{
    size_t first = 0;
    size_t end = tombstones->count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (compare_text(tombstones->items[middle].directory.text, directory->text) < 0)
            first = middle + 1;
        else
            end = middle;
    }
    size_t count = 0;
    while (first + count < tombstones->count
           && compare_text(tombstones->items[first + count].directory.text, directory->text) == 0)
        count++;
    *ret_count = count;
    return first;
}

void tombstones_clear(struct tombstones *tombstones)
{
    for (size_t i = 0; i < tombstones->count; i++) {
        layer_path_clear(&tombstones->items[i].path);
        layer_path_clear(&tombstones->items[i].directory);
    }
    mem_free(&tombstones->items);
    *tombstones = (struct tombstones){0};
}
