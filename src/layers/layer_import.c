/* SPDX-License-Identifier: MIT */
#include "layers/layer_import.h"

#include "base/alloc.h"
#include "base/fs.h"
#include "layers/layer_staging.h"
#include "layers/tree_win32.h"
#include "layers/unpack.h"
#include "win32/hresult.h"
#include "win32/path.h"
#include "win32/security.h"
#include "win32/utf16.h"

#define SECURITY_SOFTWARE_HINT "exclude the store from virus scanners and similar software"

/* What the two importing calls are known to fail with. */
static const struct error_hint base_hints[] = {
    {ERROR_FILE_NOT_FOUND, "the base layer has no registry hives: it is not a Windows base image"},
    {ERROR_ACCESS_DENIED, SECURITY_SOFTWARE_HINT},
    {ERROR_SHARING_VIOLATION, SECURITY_SOFTWARE_HINT},
    {ERROR_BADDB, "the registry hives of the layer are damaged: pull the image again"},
};
static const struct error_hint diff_hints[] = {
    {ERROR_FILE_NOT_FOUND, "the layer does not fit its parents: pull the image again"},
    {ERROR_PATH_NOT_FOUND,
     "the layer has very many hard links or very long paths, or its parents were moved"},
    {ERROR_ACCESS_DENIED, SECURITY_SOFTWARE_HINT},
    {ERROR_INVALID_DATA, "the layer is damaged: pull the image again"},
    {ERROR_SHARING_VIOLATION, "a parent layer is in use by another program"},
    {ERROR_BADDB, "the registry hives of the layer are damaged: pull the image again"},
    {0x80370112, "this Windows is too old for the image: choose a tag that matches the host"},
};

/* What these calls do not find or cannot read is content of the layer, not what the user named. */
static bool report(struct error *err, const char *function, HRESULT hr,
                   const struct error_hint *hints, size_t count)
{
    error_hresult(err, hr, "%s", function);
    if (err->kind == ERR_NOT_FOUND || err->code == ERROR_INVALID_DATA || err->code == ERROR_BADDB)
        err->kind = ERR_INTEGRITY;
    return error_hint_from(err, hints, count);
}

static struct layer_unpack_request unpack_request(const struct layer_import *import,
                                                  const struct layer_tree *tree)
{
    return (struct layer_unpack_request){
        .source = import->request->source,
        .media_type = import->request->media_type,
        .diff_id = import->request->diff_id,
        .tree = tree,
        .security_from_sddl = security_bytes_from_sddl,
    };
}

/* ---- base layers ---- */

static bool unpack_base(const struct layer_import *import, bool with_utility_vm,
                        struct layer_unpack_result *ret, struct error *err)
{
    CLEANUP(tree_win32_close) struct tree_win32 tree = {0};
    if (!tree_win32_open(import->path, &tree, err))
        return false;
    struct layer_tree view = tree_win32_interface(&tree);
    struct layer_unpack_request request = unpack_request(import, &view);
    request.kind = LAYER_BASE;
    request.with_utility_vm = with_utility_vm;
    return layer_unpack(&request, ret, import->context, err);
}

static bool process(const struct layer_import *import, const char *function,
                    HRESULT(WINAPI *call)(const wchar_t *path), const char *path, struct error *err)
{
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    if (!path_to_wide(path, &wide, err))
        return false;
    context_step(import->context, "%s %s", function, path);
    HRESULT hr = call(wide);
    if (SUCCEEDED(hr))
        return true;
    return report(err, function, hr, base_hints, ARRAY_SIZE(base_hints));
}

/* The call would follow a link to anywhere. */
static bool check_utility_vm(const char *layer, struct error *err)
{
    CLEANUP(safe_root_close) struct safe_root root = {0};
    enum safe_type type;
    if (!safe_root_open(layer, &root, err) || !safe_root_type_of(&root, "UtilityVM", &type, err))
        return false;
    return type == SAFE_DIRECTORY || error_set(err, ERR_INTEGRITY, "UtilityVM is not a directory");
}

static bool process_utility_vm(const struct layer_import *import, struct error *err)
{
    const struct layer_api *api = import->store->api;
    CLEANUP(str_free) char *path = fs_join(import->path, "UtilityVM");
    return check_utility_vm(import->path, err)
        && process(import, "ProcessUtilityImage", api->ProcessUtilityImage, path, err);
}

static enum layer_utility_vm utility_vm_of(const struct layer_unpack_result *result, bool kept)
{
    if (!result->has_utility_vm)
        return LAYER_UTILITY_VM_NONE;
    return kept ? LAYER_UTILITY_VM_KEPT : LAYER_UTILITY_VM_LEFT_OUT;
}

bool layer_import_base(const struct layer_import *import, enum layer_utility_vm *ret,
                       struct error *err)
{
    const struct layer_api *api = import->store->api;
    CLEANUP(layer_unpack_result_clear) struct layer_unpack_result result = {0};
    bool kept = import->request->with_utility_vm;
    if (!unpack_base(import, kept, &result, err))
        return false;
    /* Process isolation does not need the virtual machine's files, but in rare tars files of the
     * container are links to them. */
    if (result.needs_utility_vm) {
        kept = true;
        layer_unpack_result_clear(&result);
        import->request->source->rewind(import->request->source->user);
        if (!fs_remove_tree(import->path, err) || !fs_make_directories(import->path, err)
            || !unpack_base(import, true, &result, err))
            return false;
    }
    *ret = utility_vm_of(&result, kept);
    return process(import, "ProcessBaseImage", api->ProcessBaseImage, import->path, err)
        && (*ret != LAYER_UTILITY_VM_KEPT || process_utility_vm(import, err));
}

/* ---- other layers ---- */

/* The layers below, once they are complete. */
struct parents {
    const struct layer_import *import;
    struct layer_hold hold;
    struct tree_win32 *trees;
    struct layer_tree *views;
    size_t count; /* of open trees */
};

static void parents_close(struct parents *parents)
{
    for (size_t i = 0; i < parents->count; i++)
        tree_win32_close(&parents->trees[i]);
    mem_free(&parents->trees);
    mem_free(&parents->views);
    parents->count = 0;
    layer_hold_release(&parents->hold);
}

static struct parents parents_prepare(const struct layer_import *import)
{
    size_t count = import->request->parents->count;
    return (struct parents){
        .import = import,
        .trees = xcalloc(count, sizeof(struct tree_win32)),
        .views = xcalloc(count, sizeof(struct layer_tree)),
    };
}

static bool parents_hold(struct parents *parents, struct error *err)
{
    const struct layer_import *import = parents->import;
    const struct cancel *cancel = import->context ? import->context->cancel : NULL;
    return layer_store_hold(import->store, import->request->parents, cancel, &parents->hold, err);
}

/* Parents that are being made are locked by who makes them: they are held when they are there. */
static bool parents_open(void *user, struct error *err)
{
    struct parents *parents = user;
    const struct layer_import_request *request = parents->import->request;
    const struct strlist *paths = request->parents;
    if (request->await_parents
        && (!request->await_parents(request->await_user, err) || !parents_hold(parents, err)))
        return false;
    for (; parents->count < paths->count; parents->count++) {
        struct tree_win32 *tree = &parents->trees[parents->count];
        if (!tree_win32_open(paths->items[parents->count], tree, err))
            return error_wrap(err, "parent layer");
        parents->views[parents->count] = tree_win32_interface(tree);
    }
    return true;
}

static bool unpack_diff(const struct layer_import *import, const char *staging,
                        struct parents *parents, struct layer_unpack_result *ret, struct error *err)
{
    CLEANUP(tree_win32_close) struct tree_win32 tree = {0};
    CLEANUP(tree_win32_close) struct tree_win32 layer = {0};
    if (!tree_win32_open(staging, &tree, err) || !tree_win32_open(import->path, &layer, err))
        return false;
    struct layer_tree view = tree_win32_interface(&tree);
    struct layer_tree layer_view = tree_win32_interface(&layer);
    struct layer_unpack_request request = unpack_request(import, &view);
    request.kind = LAYER_DIFF;
    request.parents = parents->views;
    request.parent_count = import->request->parents->count;
    request.await_parents = parents_open;
    request.await_user = parents;
    request.with_utility_vm = import->request->with_utility_vm;
    request.utility_vm = request.with_utility_vm ? &layer_view : NULL;
    return layer_unpack(&request, ret, import->context, err);
}

static bool import_staged(const struct layer_import *import, const char *staging, struct error *err)
{
    CLEANUP(utf16_free) wchar_t *id = NULL;
    CLEANUP(utf16_free) wchar_t *folder = NULL;
    CLEANUP(layer_descriptors_clear) struct layer_descriptors parents = {0};
    /* The mix of forms is hcsshim's: \\?\ for the layer, plain for everything else. */
    if (!path_to_wide(import->path, &id, err) || !utf16_from_utf8(staging, &folder, err)
        || !layer_descriptors_make(import->request->parents, &parents, err))
        return false;
    context_step(import->context, "ImportLayer %s from %s", import->path, staging);
    HRESULT hr =
        import->store->api->ImportLayer(&layer_driver, id, folder, parents.items, parents.count);
    if (SUCCEEDED(hr))
        return true;
    return report(err, "ImportLayer", hr, diff_hints, ARRAY_SIZE(diff_hints));
}

static bool apply(const struct layer_import *import, const struct parents *parents,
                  const struct layer_unpack_result *result, struct error *err)
{
    CLEANUP(tree_win32_close) struct tree_win32 tree = {0};
    if (!tree_win32_open(import->path, &tree, err))
        return false;
    struct layer_tree view = tree_win32_interface(&tree);
    return layer_unpack_apply(result, &view, parents->views, import->context, err);
}

bool layer_import_diff(const struct layer_import *import, enum layer_utility_vm *ret,
                       struct error *err)
{
    CLEANUP(layer_staging_close) struct layer_staging staging = {0};
    CLEANUP(parents_close) struct parents parents = parents_prepare(import);
    CLEANUP(layer_unpack_result_clear) struct layer_unpack_result result = {0};
    if ((!import->request->await_parents && !parents_hold(&parents, err))
        || !layer_staging_open(import->store, &staging, err)
        || !unpack_diff(import, staging.path, &parents, &result, err)
        || !import_staged(import, staging.path, err))
        return false;
    layer_staging_retire(&staging);
    if (!apply(import, &parents, &result, err))
        return false;
    *ret = utility_vm_of(&result, import->request->with_utility_vm);
    return *ret != LAYER_UTILITY_VM_KEPT || process_utility_vm(import, err);
}
