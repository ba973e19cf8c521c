/* SPDX-License-Identifier: MIT */
#include "layers/scratch_export.h"

#include "base/alloc.h"
#include "layers/scratch.h"
#include "win32/hresult.h"
#include "win32/utf16.h"

#define FOLDER_NAME "export"

/* What the call is known to fail with. */
static const struct error_hint export_hints[] = {
    {ERROR_PATH_NOT_FOUND, "a layer below it is missing or was moved: pull the image again"},
    {ERROR_ACCESS_DENIED, "exclude the store from virus scanners and similar software"},
    {ERROR_SHARING_VIOLATION, "a file system filter (virus scanner, Sysmon) has the layer open"},
    {ERROR_DISK_FULL, "the changes are written to the store's disk before they become a layer"},
};

static bool call(const struct layer_store *store, const struct scratch_export_source *source,
                 const char *folder, const struct context *context, struct error *err)
{
    CLEANUP(utf16_free) wchar_t *id = NULL;
    CLEANUP(utf16_free) wchar_t *wide_folder = NULL;
    CLEANUP(layer_descriptors_clear) struct layer_descriptors parents = {0};
    if (!utf16_from_utf8(source->path, &id, err) || !utf16_from_utf8(folder, &wide_folder, err)
        || !layer_descriptors_make(source->parents, &parents, err))
        return false;
    context_step(context, "ExportLayer %s to %s", source->path, folder);
    HRESULT hr =
        store->api->ExportLayer(&layer_driver, id, wide_folder, parents.items, parents.count);
    if (SUCCEEDED(hr))
        return true;
    error_hresult(err, hr, "ExportLayer");
    return error_hint_from(err, export_hints, ARRAY_SIZE(export_hints));
}

/* The disk is attached for no longer than the call. */
static bool call_on_scratch(const struct layer_store *store,
                            const struct scratch_export_source *source, const char *folder,
                            const struct context *context, struct error *err)
{
    CLEANUP(scratch_clear)
    struct scratch scratch = {.path = xstrdup(source->path), .api = store->api};
    if (!scratch_attach_disk(&scratch, source->parents, context, err))
        return false;
    bool done =
        cancel_check(context_cancel(context), err) && call(store, source, folder, context, err);
    CLEANUP(error_clear) struct error second = {0};
    if (scratch_unmount(&scratch, done ? err : &second))
        return done;
    if (!done)
        error_detail(err, second.message);
    return false;
}

static bool make_folder(const struct layer_store *store, struct scratch_export *export,
                        char **ret_folder, struct error *err)
{
    if (!layer_staging_open(store, &export->staging, err))
        return false;
    CLEANUP(str_free) char *folder = fs_join(export->staging.path, FOLDER_NAME);
    if (!fs_make_directories(folder, err))
        return false;
    *ret_folder = TAKE(folder);
    return true;
}

static bool fill(const struct layer_store *store, const struct scratch_export_source *source,
                 const struct context *context, struct scratch_export *export, struct error *err)
{
    CLEANUP(str_free) char *folder = NULL;
    if (source->parents->count == 0) {
        export->form = LAYER_EXPORT_BASE;
        return folder_win32_open(source->path, &export->directory, err);
    }
    export->form = LAYER_EXPORT_TRANSPORT;
    return make_folder(store, export, &folder, err)
        && (source->is_scratch ? call_on_scratch(store, source, folder, context, err)
                               : call(store, source, folder, context, err))
        && folder_win32_open(folder, &export->directory, err);
}

bool scratch_export_open(const struct layer_store *store,
                         const struct scratch_export_source *source, const struct context *context,
                         struct scratch_export *ret, struct error *err)
{
    *ret = (struct scratch_export){0};
    if (!fill(store, source, context, ret, err)) {
        scratch_export_close(ret);
        return error_wrap(err, "export the layer '%s'", source->path);
    }
    ret->folder = folder_win32_interface(&ret->directory);
    return true;
}

void scratch_export_close(struct scratch_export *export)
{
    folder_win32_close(&export->directory);
    layer_staging_close(&export->staging);
}
