/* SPDX-License-Identifier: MIT */
#include "layers/layer_lookup.h"

#include <string.h>

#include "base/alloc.h"

bool layer_lookup_open(const struct strlist *layers, struct layer_lookup *ret, struct error *err)
{
    CLEANUP(layer_lookup_close)
    struct layer_lookup lookup = {.roots = xcalloc(layers->count + 1, sizeof(*lookup.roots))};
    for (; lookup.count < layers->count; lookup.count++)
        if (!safe_root_open(layers->items[lookup.count], &lookup.roots[lookup.count], err))
            return error_wrap(err, "layer '%s'", layers->items[lookup.count]);
    *ret = TAKE(lookup);
    return true;
}

void layer_lookup_close(struct layer_lookup *lookup)
{
    for (size_t i = 0; i < lookup->count; i++)
        safe_root_close(&lookup->roots[i]);
    mem_free(&lookup->roots);
    lookup->count = 0;
}

/* What a layer has there itself; a way through a placeholder or a link leads out of it. */
static bool type_in(const struct safe_root *root, const char *path, enum safe_type *ret,
                    struct error *err)
{
    *ret = SAFE_ABSENT;
    if (safe_root_type_of(root, path, ret, err))
        return true;
    if (err->domain != ERR_DOMAIN_NTSTATUS || err->code != (uint32_t)NT_REPARSE_POINT_ENCOUNTERED)
        return false;
    error_clear(err);
    return true;
}

bool layer_lookup_has(const struct layer_lookup *lookup, const char *path, bool *ret,
                      struct error *err)
{
    const char *separator = strrchr(path, '\\');
    CLEANUP(str_free)
    char *parent = separator ? xstrndup(path, (size_t)(separator - path)) : NULL;
    for (size_t i = 0; i < lookup->count; i++) {
        enum safe_type type;
        enum safe_type parent_type = SAFE_ABSENT;
        if (!type_in(&lookup->roots[i], path, &type, err)
            || (parent && !type_in(&lookup->roots[i], parent, &parent_type, err)))
            return false;
        if (type != SAFE_ABSENT || parent_type == SAFE_DIRECTORY) {
            *ret = type != SAFE_ABSENT;
            return true;
        }
    }
    *ret = false;
    return true;
}
