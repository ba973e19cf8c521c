/* SPDX-License-Identifier: MIT */
/* Every deletion is a path below "Files", found in its directory, and there once. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "layers/tombstones.h"

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check(const struct tombstones *list, size_t i)
{
    const struct tombstone *stone = &list->items[i];
    struct layer_path again = {0};
    struct error err = {0};
    size_t count = 0;
    size_t first = tombstones_find(list, &stone->directory, &count);
    require(first <= i && i < first + count);
    require(str_starts_with(stone->path.text, "Files\\"));
    require(layer_path_parse(stone->path.text, &again, &err));
    require(str_equal(again.text, stone->path.text));
    layer_path_clear(&again);
    for (size_t other = first; other < first + count; other++)
        require(other == i || !str_equal_nocase(list->items[other].path.text, stone->path.text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tombstones list = {0};
    struct error err = {0};
    bool good = tombstones_parse((const char *)data, size, &list, &err);
    require(good != error_is_set(&err));
    require(good || list.count == 0);
    for (size_t i = 0; i < list.count && list.count < 1000; i++)
        check(&list, i);
    tombstones_clear(&list);
    error_clear(&err);
    return 0;
}
