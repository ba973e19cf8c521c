/* SPDX-License-Identifier: MIT */
/* A target that was read makes a buffer that is read as the same target; the data of extended
 * attributes, which comes from the same place, never leads outside of its list. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "layers/ea_list.h"
#include "layers/reparse.h"

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* Slashes become backslashes, nothing else. */
static void require_same_target(const char *a, const char *b)
{
    require(strlen(a) == strlen(b));
    for (size_t i = 0; a[i]; i++)
        require((a[i] == '/' ? '\\' : a[i]) == b[i]);
}

static void read_link(const uint8_t *data, size_t size)
{
    CLEANUP(str_free) char *target = NULL;
    CLEANUP(str_free) char *again = NULL;
    CLEANUP(buf_clear) struct buf composed;
    enum reparse_kind kind = REPARSE_SYMLINK;
    enum reparse_kind kind_again = REPARSE_SYMLINK;
    struct error err = {0};
    buf_init(&composed, BUF_UNBOUNDED);
    bool good = reparse_decode(data, size, &kind, &target, &err);
    require(good != error_is_set(&err));
    /* What was found by the name that is followed may be too long to be there twice. */
    if (good && reparse_compose(target, kind, &composed, &err)) {
        require(reparse_decode(composed.data, composed.length, &kind_again, &again, &err));
        require(kind == kind_again);
        require_same_target(target, again);
    }
    error_clear(&err);
}

static void read_attributes(const uint8_t *data, size_t size)
{
    struct error err = {0};
    bool good = true;
    for (size_t at = 0; good && at < size;) {
        size_t before = at;
        struct ea_item item;
        good = ea_list_next(data, size, &at, &item, &err);
        if (!good)
            break;
        const uint8_t *end = item.value + item.value_length;
        require(at > before && at <= size);
        require((const uint8_t *)item.name > data + before && end <= data + size);
        require((const uint8_t *)item.name + strlen(item.name) < item.value);
    }
    require(good != error_is_set(&err));
    error_clear(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_link(data, size);
    read_attributes(data, size);
    return 0;
}
