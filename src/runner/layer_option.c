/* SPDX-License-Identifier: MIT */
#include "runner/layer_option.h"

#include <string.h>

#include "runner/size_text.h"

bool layer_set_size(const struct cli_option *option, const char *value, void *target,
                    struct error *err)
{
    uint64_t bytes = 0;
    if (!size_parse(value, &bytes, err))
        return false;
    memcpy((char *)target + option->offset, &bytes, sizeof(bytes));
    return true;
}

bool layer_add_label(const struct cli_option *option, const char *value, void *target,
                     struct error *err)
{
    void *labels = (char *)target + option->offset;
    return named_layer_set_label(labels, value, err);
}

bool layer_source_find(const char *root, const char *from, struct named_layer *ret,
                       struct error *err)
{
    CLEANUP(named_layer_clear) struct named_layer layer = {0};
    CLEANUP(error_clear) struct error failure = {0};
    *ret = (struct named_layer){0};
    if (!named_layer_read(root, from, &layer, &failure)) {
        /* What is no name of a layer may be one of an image. */
        if (failure.kind == ERR_NOT_FOUND || failure.kind == ERR_USAGE)
            return true;
        *err = TAKE(failure);
        return false;
    }
    if (layer.state == NAMED_LAYER_COMMITTED) {
        *ret = TAKE(layer);
        return true;
    }
    error_set(err, ERR_BUSY, "the layer '%s' is %s, so nothing can be built on it", from,
              named_layer_state_name(layer.state));
    return error_hint(err, "commit it first: wrun layer commit %s", from);
}
