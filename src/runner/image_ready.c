/* SPDX-License-Identifier: MIT */
#include "runner/image_ready.h"

#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runner/image_unpack.h"

bool pull_policy_set(const struct cli_option *option, const char *value, void *target,
                     struct error *err)
{
    static const char *const names[] = {
        [PULL_MISSING] = "missing", [PULL_ALWAYS] = "always", [PULL_NEVER] = "never"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (str_equal(value, names[i])) {
            enum pull_policy policy = (enum pull_policy)i;
            memcpy((char *)target + option->offset, &policy, sizeof(policy));
            return true;
        }
    }
    return error_set(err, ERR_USAGE, "'%s' is not one of missing, always, never", value);
}

static bool pull(const struct invocation *invocation, const struct image_ready_request *request,
                 struct image *ret, struct strlist *ret_layers, struct error *err)
{
    enum pull_depth whole = request->blobs_only ? PULL_BLOBS : PULL_EVERYTHING;
    const struct image_request pulled = {
        .options = request->options,
        .reference = request->reference,
        .depth = request->description_only ? PULL_DESCRIPTION : whole,
    };
    return image_pull(invocation, &pulled, ret, ret_layers, err);
}

/* Pulling mends what is missing, and records that are damaged. */
static bool is_mended_by_pulling(const struct error *err)
{
    return err->kind == ERR_NOT_FOUND || err->kind == ERR_INTEGRITY || err->kind == ERR_MISMATCH;
}

/* The image as it is in the store, its layers unpacked. *ret_mendable says of a failure whether
 * pulling helps: it does when a damaged blob was taken away, not when the image itself is bad. */
static bool take_stored(const struct invocation *invocation,
                        const struct image_ready_request *request, struct image *ret,
                        struct strlist *ret_layers, bool *ret_mendable, struct error *err)
{
    CLEANUP(image_unpacking_clear) struct image_unpacking unpacking = {.invocation = invocation};
    CLEANUP(image_clear) struct image image = {0};
    if (!image_find(invocation, request->options, request->reference, &image, err)) {
        *ret_mendable = is_mended_by_pulling(err);
        return false;
    }
    if (!request->description_only && !request->blobs_only
        && !image_unpack_stored(&unpacking, &image, err)) {
        *ret_mendable = unpacking.evicted;
        return false;
    }
    strlist_add_all(ret_layers, &unpacking.layers);
    *ret = TAKE(image);
    return true;
}

bool image_make_ready(const struct invocation *invocation,
                      const struct image_ready_request *request, struct image *ret,
                      struct strlist *ret_layers, struct error *err)
{
    CLEANUP(error_clear) struct error failure = {0};
    if (request->pull == PULL_ALWAYS)
        return pull(invocation, request, ret, ret_layers, err);
    bool mendable = false;
    if (take_stored(invocation, request, ret, ret_layers, &mendable, &failure))
        return true;
    if (mendable && request->pull == PULL_MISSING)
        return pull(invocation, request, ret, ret_layers, err);
    *err = TAKE(failure);
    if (!mendable)
        return false;
    CLEANUP(str_free) char *name = reference_format(request->reference);
    return error_hint(err, "leave out --pull never, or run 'wrun pull %s' first", name);
}
