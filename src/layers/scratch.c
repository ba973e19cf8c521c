/* SPDX-License-Identifier: MIT */
#include "layers/scratch.h"

#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/os.h"
#include "base/text.h"
#include "layers/layer_id.h"
#include "layers/layer_retire.h"
#include "win32/hresult.h"
#include "win32/named_mutex.h"
#include "win32/path.h"
#include "win32/utf16.h"

#define TEMPLATE_NAME "blank.vhdx"
#define DISK_NAME "sandbox.vhdx"

/* What the calls on a scratch are known to fail with. */
static const struct error_hint mount_hints[] = {
    {ERROR_PATH_NOT_FOUND, "a layer of the image is missing or was moved: pull the image again"},
    {ERROR_FILE_NOT_FOUND, "a layer of the image is missing or was moved: pull the image again"},
    {ERROR_ACCESS_DENIED, "exclude the store from virus scanners and similar software"},
    {ERROR_WRITE_PROTECT,
     "the policy 'Deny write access to fixed drives not protected by BitLocker' is in the way"},
    {ERROR_SHARING_VIOLATION, "another program has the container's disk open"},
    {ERROR_NOT_READY, "too many containers are being started at once: try again"},
    {0x80370112, "this Windows is too old for the image: choose a tag that matches the host"},
    {0x801F000F, "a file system filter does not work on the store's volume: choose another store"},
};

/* ---- making ---- */

static bool copy_template(const char *base, const char *folder, struct error *err)
{
    CLEANUP(str_free) char *from = fs_join(base, TEMPLATE_NAME);
    CLEANUP(str_free) char *to = fs_join(folder, DISK_NAME);
    CLEANUP(utf16_free) wchar_t *wide_from = NULL;
    CLEANUP(utf16_free) wchar_t *wide_to = NULL;
    if (!path_to_wide(from, &wide_from, err) || !path_to_wide(to, &wide_to, err))
        return false;
    if (CopyFileW(wide_from, wide_to, /* bFailIfExists= */ TRUE))
        return true;
    error_win32(err, GetLastError(), "copy '%s' to '%s'", from, to);
    return error_hint_from(err, mount_hints, ARRAY_SIZE(mount_hints));
}

static bool make_folder(const char *path, struct error *err)
{
    CLEANUP(str_free) char *above = fs_join(path, "..");
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    if (!fs_make_directories(above, err) || !path_to_wide(path, &wide, err))
        return false;
    return CreateDirectoryW(wide, NULL)
        || error_win32(err, GetLastError(), "create the directory '%s'", path);
}

bool scratch_create(const struct layer_api *api, const char *path, const struct strlist *parents,
                    struct scratch *ret, struct error *err)
{
    CLEANUP(str_free) char *plain = NULL;
    struct guid id;
    if (parents->count == 0)
        return error_set(err, ERR_BUG, "a scratch without layers");
    if (!path_to_plain(path, &plain, err) || !layer_id_from_name(fs_name_of(plain), &id, err)
        || !make_folder(plain, err))
        return error_wrap(err, "create a scratch");
    /* The descriptors run down to the base layer, which alone has the template. */
    if (!copy_template(parents->items[parents->count - 1], plain, err)) {
        CLEANUP(error_clear) struct error left = {0};
        if (!fs_remove_tree(plain, &left))
            error_detail(err, left.message);
        return error_wrap(err, "create a scratch");
    }
    *ret = (struct scratch){.path = TAKE(plain), .api = api};
    return true;
}

static const struct error_hint expand_hints[] = {
    {ERROR_INVALID_PARAMETER,
     "a disk can only grow: take more than the image's own size, which is 20GB unless its maker "
     "chose another"},
};

bool scratch_expand(const struct scratch *scratch, uint64_t bytes, struct error *err)
{
    CLEANUP(utf16_free) wchar_t *id = NULL;
    if (!scratch->api->ExpandSandboxSize)
        return error_set(err, ERR_UNSUPPORTED, "this Windows cannot enlarge a scratch");
    if (!utf16_from_utf8(scratch->path, &id, err))
        return false;
    HRESULT hr = scratch->api->ExpandSandboxSize(&layer_driver, id, bytes);
    if (SUCCEEDED(hr))
        return true;
    error_hresult(err, hr, "ExpandSandboxSize");
    error_hint_from(err, expand_hints, ARRAY_SIZE(expand_hints));
    return error_wrap(err, "enlarge the scratch '%s'", scratch->path);
}

/* ---- mounting ---- */

#define MOUNT_TRIES 5
#define MOUNT_PAUSE_MS 100
#define PREPARE_MUTEX "wrun-prepare-layer"

typedef HRESULT(WINAPI *layer_call)(const struct layer_driver *driver, const wchar_t *id);

static bool call(layer_call function, const char *name, const wchar_t *id, struct error *err)
{
    HRESULT hr = function(&layer_driver, id);
    return SUCCEEDED(hr) || error_hresult(err, hr, "%s", name);
}

/* Many PrepareLayer at once, in whatever process, time out now and then. */
static bool prepare(const struct scratch *scratch, const wchar_t *id,
                    const struct layer_descriptors *parents, const struct context *context,
                    struct error *err)
{
    CLEANUP(named_mutex_release) struct named_mutex one_at_a_time = {0};
    const struct cancel *cancel = context_cancel(context);
    if (!named_mutex_acquire(PREPARE_MUTEX, cancel, &one_at_a_time, err))
        return false;
    HRESULT hr = scratch->api->PrepareLayer(&layer_driver, id, parents->items, parents->count);
    return SUCCEEDED(hr) || error_hresult(err, hr, "PrepareLayer");
}

static bool activate_and_prepare(struct scratch *scratch, const wchar_t *id,
                                 const struct layer_descriptors *parents,
                                 const struct context *context, struct error *err)
{
    if (!call(scratch->api->ActivateLayer, "ActivateLayer", id, err))
        return false;
    scratch->activated = true;
    if (prepare(scratch, id, parents, context, err)) {
        scratch->prepared = true;
        return true;
    }
    /* The reason is worth more than what becomes of the way back, which scratch_unmount() tries
     * again. */
    if (SUCCEEDED(scratch->api->DeactivateLayer(&layer_driver, id)))
        scratch->activated = false;
    return false;
}

/* Server 2019 is not always done with attaching the disk when ActivateLayer returns. */
static bool is_not_ready_yet(const struct error *err)
{
    return err->code == ERROR_NOT_READY || err->code == ERROR_DEVICE_NOT_CONNECTED;
}

static bool attach(struct scratch *scratch, const wchar_t *id,
                   const struct layer_descriptors *parents, const struct context *context,
                   struct error *err)
{
    const struct cancel *cancel = context_cancel(context);
    for (unsigned tries = 1;; tries++) {
        if (!cancel_check(cancel, err))
            return false;
        if (activate_and_prepare(scratch, id, parents, context, err))
            return true;
        if (!is_not_ready_yet(err) || tries == MOUNT_TRIES)
            return error_hint_from(err, mount_hints, ARRAY_SIZE(mount_hints));
        error_clear(err);
        os_sleep_ms(MOUNT_PAUSE_MS);
    }
}

static bool read_volume(struct scratch *scratch, const wchar_t *id, struct error *err)
{
    size_t units = 0;
    HRESULT hr = scratch->api->GetLayerMountPath(&layer_driver, id, &units, NULL);
    if (FAILED(hr) || units == 0)
        return error_hresult(err, FAILED(hr) ? hr : E_UNEXPECTED, "GetLayerMountPath");
    CLEANUP(utf16_free) wchar_t *wide = xcalloc(units + 1, sizeof(*wide));
    hr = scratch->api->GetLayerMountPath(&layer_driver, id, &units, wide);
    if (FAILED(hr))
        return error_hresult(err, hr, "GetLayerMountPath");

    CLEANUP(str_free) char *path = NULL;
    if (!utf16_to_utf8(wide, &path, err))
        return false;
    scratch->volume = str_format("%s%s", path, str_ends_with(path, "\\") ? "" : "\\");
    return true;
}

bool scratch_mount(struct scratch *scratch, const struct strlist *parents,
                   const struct context *context, struct error *err)
{
    CLEANUP(utf16_free) wchar_t *id = NULL;
    CLEANUP(layer_descriptors_clear) struct layer_descriptors descriptors = {0};
    if (!utf16_from_utf8(scratch->path, &id, err)
        || !layer_descriptors_make(parents, &descriptors, err))
        return error_wrap(err, "mount the scratch '%s'", scratch->path);

    context_step(context, "ActivateLayer, PrepareLayer %s", scratch->path);
    if (attach(scratch, id, &descriptors, context, err) && read_volume(scratch, id, err))
        return true;
    CLEANUP(error_clear) struct error left = {0};
    if (!scratch_unmount(scratch, &left))
        error_detail(err, left.message);
    return error_wrap(err, "mount the scratch '%s'", scratch->path);
}

/* ---- unmounting ---- */

#define UNMOUNT_PATIENCE_MS 10000
#define UNMOUNT_PAUSE_MS 100

/* Repeats a call while somebody else has the disk open. "Not found" means that the work is done:
 * that is what a scratch which is not mounted answers. */
static bool call_until_free(layer_call function, const char *name, const wchar_t *id,
                            struct error *err)
{
    uint64_t end = os_monotonic_ms() + UNMOUNT_PATIENCE_MS;
    for (;;) {
        if (call(function, name, id, err))
            return true;
        if (err->code == ERROR_NOT_FOUND) {
            error_clear(err);
            return true;
        }
        bool is_busy = err->code == ERROR_SHARING_VIOLATION || err->code == ERROR_NOT_READY;
        if (!is_busy || os_monotonic_ms() >= end)
            return error_hint_from(err, mount_hints, ARRAY_SIZE(mount_hints));
        error_clear(err);
        os_sleep_ms(UNMOUNT_PAUSE_MS);
    }
}

bool scratch_unmount(struct scratch *scratch, struct error *err)
{
    CLEANUP(utf16_free) wchar_t *id = NULL;
    CLEANUP(error_clear) struct error second = {0};
    if (!scratch->activated)
        return true;
    if (!utf16_from_utf8(scratch->path, &id, err))
        return false;

    bool unprepared = !scratch->prepared
        || call_until_free(scratch->api->UnprepareLayer, "UnprepareLayer", id, err);
    bool deactivated = call_until_free(scratch->api->DeactivateLayer, "DeactivateLayer", id,
                                       unprepared ? err : &second);
    scratch->prepared = !unprepared && !deactivated;
    scratch->activated = !deactivated;
    if (deactivated)
        str_free(&scratch->volume);
    if (unprepared && deactivated)
        return true;
    error_detail(err, second.message);
    return error_wrap(err, "unmount the scratch '%s'", scratch->path);
}

/* ---- for an export ---- */

static bool detach_filter(struct scratch *scratch, const wchar_t *id, struct error *err)
{
    if (!call_until_free(scratch->api->UnprepareLayer, "UnprepareLayer", id, err))
        return false;
    scratch->prepared = false;
    return true;
}

bool scratch_attach_disk(struct scratch *scratch, const struct strlist *parents,
                         const struct context *context, struct error *err)
{
    CLEANUP(utf16_free) wchar_t *id = NULL;
    CLEANUP(layer_descriptors_clear) struct layer_descriptors descriptors = {0};
    if (!utf16_from_utf8(scratch->path, &id, err)
        || !layer_descriptors_make(parents, &descriptors, err))
        return error_wrap(err, "attach the scratch '%s'", scratch->path);
    context_step(context, "ActivateLayer, PrepareLayer, UnprepareLayer %s", scratch->path);
    if (attach(scratch, id, &descriptors, context, err) && detach_filter(scratch, id, err))
        return true;
    CLEANUP(error_clear) struct error left = {0};
    if (!scratch_unmount(scratch, &left))
        error_detail(err, left.message);
    return error_wrap(err, "attach the scratch '%s'", scratch->path);
}

/* ---- removing ---- */

static bool retire(const struct layer_api *api, const char *path, const struct context *context,
                   struct error *err)
{
    const char *name = fs_name_of(path);
    CLEANUP(str_free) char *directory = xstrndup(path, (size_t)(name - path));
    return layer_retire(api, directory, name, context, err)
        || error_wrap(err, "remove the scratch '%s'", path);
}

bool scratch_destroy(struct scratch *scratch, const struct context *context, struct error *err)
{
    if (!scratch->path)
        return true;
    if (!retire(scratch->api, scratch->path, context, err))
        return false;
    scratch_clear(scratch);
    return true;
}

void scratch_clear(struct scratch *scratch)
{
    str_free(&scratch->path);
    str_free(&scratch->volume);
    *scratch = (struct scratch){0};
}

bool scratch_reclaim(const struct layer_api *api, const char *path, const struct context *context,
                     struct error *err)
{
    CLEANUP(str_free) char *plain = NULL;
    CLEANUP(utf16_free) wchar_t *id = NULL;
    if (!path_to_plain(path, &plain, err) || !utf16_from_utf8(plain, &id, err))
        return false;
    if (fs_type_of(plain) == FS_ABSENT)
        return true;
    /* How far the dead process came is not known. What is not mounted refuses to be unmounted; what
     * still is will refuse to be renamed. */
    api->UnprepareLayer(&layer_driver, id);
    api->DeactivateLayer(&layer_driver, id);
    return retire(api, plain, context, err);
}

bool scratch_sweep(const struct layer_api *api, const char *directory,
                   const struct context *context, struct error *err)
{
    return layer_retired_sweep(api, directory, context, err);
}
