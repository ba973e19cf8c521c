/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/guid.h"
#include "layers/layer_copy.h"
#include "layers/named_layer_work.h"
#include "runner/layer_transfer.h"
#include "runner/windows_host.h"
#include "win32/path.h"

/* A host path as a directory and a name in it; the root of a drive is in none. */
struct host_place {
    char *directory;
    char *name;
};

static void host_place_clear(struct host_place *place)
{
    str_free(&place->directory);
    str_free(&place->name);
}

static bool find_host_place(const char *path, struct host_place *ret, struct error *err)
{
    CLEANUP(str_free) char *plain = NULL;
    if (!path_to_plain(path, &plain, err))
        return false;
    const char *name = fs_name_of(plain);
    *ret = (struct host_place){
        .directory = xstrndup(plain, (size_t)(name - plain)),
        .name = xstrdup(name),
    };
    return true;
}

static bool copy_mounted(const struct invocation *invocation, const struct layer_copying *copying,
                         const char *volume, struct error *err)
{
    CLEANUP(host_place_clear) struct host_place host = {0};
    if (!find_host_place(copying->host_path, &host, err))
        return false;
    CLEANUP(str_free) char *shown = str_format("%s:C:\\", copying->layer);
    const struct copy_place outside = {host.directory, host.directory, host.name,
                                       copying->host_is_inside};
    const struct copy_place inside = {volume, shown, copying->layer_path, copying->layer_is_inside};
    return copying->into_layer ? layer_copy(&outside, &inside, &invocation->context, err)
                               : layer_copy(&inside, &outside, &invocation->context, err);
}

/* The record says that it is mounted until it is not; what cannot be unmounted is left to the next
 * wrun. */
static bool copy_claimed(const struct invocation *invocation, struct named_layer_claim *claim,
                         const struct layer_copying *copying, struct error *err)
{
    CLEANUP(scratch_clear) struct scratch scratch = {0};
    CLEANUP(error_clear) struct error second = {0};
    if (!named_layer_mount(&invocation->host->layers, claim, &invocation->context, &scratch, err))
        return false;
    bool copied = copy_mounted(invocation, copying, scratch.volume, err);
    if (named_layer_unmount(claim, &scratch, copied ? err : &second))
        return copied;
    if (!copied)
        error_detail(err, second.message);
    return false;
}

/* A layer that is read-only is seen through an empty writable one on top of it, which is on its way
 * out from the beginning: should this process die, the next wrun removes it. */
static bool copy_from_committed(const struct invocation *invocation,
                                const struct named_layer *layer,
                                const struct layer_copying *copying, struct error *err)
{
    CLEANUP(named_layer_close) struct named_layer_claim claim = {0};
    CLEANUP(strlist_clear) struct strlist parents = {0};
    const struct strlist no_labels = {0};
    const struct layer_store *store = &invocation->host->layers;
    struct guid unique;
    char suffix[GUID_TEXT_SIZE];
    if (!guid_random(&unique, err))
        return false;
    guid_format(&unique, suffix);
    CLEANUP(str_free) char *name = str_format("cp-%s", suffix);
    named_layer_chain_paths(invocation->root, layer, &parents);
    const struct named_layer_request request = {
        .name = name,
        .from = layer->name,
        .parents = &parents,
        .labels = &no_labels,
        .config = "{}",
        .config_length = strlen("{}"),
        .is_temporary = true,
    };
    if (!named_layer_claim(invocation->root, name, &claim, err)
        || !named_layer_prepare(store, &request, &claim, &invocation->context, err))
        return false;
    bool copied = copy_claimed(invocation, &claim, copying, err);
    CLEANUP(error_clear) struct error left = {0};
    if (!named_layer_discard(store, &claim, &invocation->context, &left))
        context_warn(&invocation->context, "%s; the next wrun tries again", left.message);
    return copied;
}

bool host_layer_copy(const struct invocation *invocation, struct named_layer_claim *claim,
                     const struct layer_copying *copying, struct error *err)
{
    return claim->layer.state == NAMED_LAYER_ACTIVE
        ? copy_claimed(invocation, claim, copying, err)
        : copy_from_committed(invocation, &claim->layer, copying, err);
}

bool host_scratch_copy(const struct invocation *invocation, const struct layer_place *place,
                       const struct layer_copying *copying, bool *ret_unmounted, struct error *err)
{
    CLEANUP(scratch_clear)
    struct scratch scratch = {
        .path = xstrdup(place->path),
        .api = &invocation->host->apis->layers,
    };
    CLEANUP(error_clear) struct error second = {0};
    bool mounted = scratch_mount(&scratch, place->parents, &invocation->context, err);
    bool copied = mounted && copy_mounted(invocation, copying, scratch.volume, err);
    *ret_unmounted = scratch_unmount(&scratch, copied ? err : &second);
    if (!copied && !*ret_unmounted)
        error_detail(err, second.message);
    return copied && *ret_unmounted;
}
