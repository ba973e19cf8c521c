/* SPDX-License-Identifier: MIT */
#include "layers/layer_store.h"

#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/os.h"
#include "layers/chain.h"
#include "layers/layer_import.h"
#include "layers/layer_retire.h"
#include "layers/layer_staging.h"
#include "win32/path.h"
#include "win32/privilege.h"
#include "win32/security.h"
#include "win32/volume.h"

/* ---- the store itself ---- */

static bool suggest_another_root(struct error *err)
{
    return error_hint(err, "choose a store on a local NTFS disk with --root");
}

static bool check_place(const char *root, struct error *err)
{
    CLEANUP(volume_clear) struct volume volume = {0};
    if (!volume_of(root, &volume, err)) {
        err->kind = ERR_UNSUPPORTED;
        return suggest_another_root(err);
    }
    if (fs_type_of(root) == FS_FILE) {
        error_set(err, ERR_UNSUPPORTED, "'%s' is a file", root);
        return suggest_another_root(err);
    }
    if (volume_is_local_ntfs(&volume))
        return true;
    error_set(err, ERR_UNSUPPORTED, "'%s' is on %s (%s), which cannot hold Windows layers", root,
              volume.root, volume.file_system);
    return suggest_another_root(err);
}

/* The subdirectories are private on their own account: the root may have been made with whatever
 * access its parent passes on. */
static bool make_directories(const char *root, struct error *err)
{
    static const char *const names[] = {"layers", "locks", "tmp"};
    CLEANUP(str_free) char *above = fs_join(root, "..");
    if (!fs_make_directories(above, err) || !security_make_directory(root, err))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        CLEANUP(str_free) char *path = fs_join(root, names[i]);
        if (!security_make_directory(path, err))
            return false;
    }
    return true;
}

bool layer_store_open(const char *root, const struct layer_api *api, struct layer_store *ret,
                      struct error *err)
{
    CLEANUP(str_free) char *plain = NULL;
    if (!path_to_plain(root, &plain, err) || !privilege_enable_for_layers(err)
        || !check_place(plain, err) || !make_directories(plain, err))
        return error_wrap(err, "open the layer store");
    *ret = (struct layer_store){.root = TAKE(plain), .api = api};
    return true;
}

void layer_store_close(struct layer_store *store)
{
    str_free(&store->root);
    *store = (struct layer_store){0};
}

static char *layers_directory(const struct layer_store *store)
{
    return fs_join(store->root, "layers");
}

static char *lock_path_of(const struct layer_store *store, const char *name)
{
    CLEANUP(str_free) char *locks = fs_join(store->root, "locks");
    CLEANUP(str_free) char *file = str_format("%s.lock", name);
    return fs_join(locks, file);
}

/* ---- finding ---- */

char *layer_store_path(const struct layer_store *store, const struct digest *chain_id)
{
    char name[LAYER_DIRECTORY_NAME_SIZE];
    layer_directory_name(chain_id, name);
    return layer_directory_path(store->root, name);
}

static bool read_record(const char *path, struct layer_record *ret, struct error *err)
{
    CLEANUP(buf_clear) struct buf text = {0};
    return fs_read_file(path, LAYER_RECORD_MAXIMUM_BYTES, &text, err)
        && layer_record_parse(buf_str(&text), text.length, ret, err);
}

/* The layer's path when it is complete, else NULL. */
static bool find_by_name(const struct layer_store *store, const char *name,
                         const struct digest *chain_id, char **ret_path, struct error *err)
{
    CLEANUP(str_free) char *path = layer_directory_path(store->root, name);
    CLEANUP(str_free) char *record_path = fs_join(path, LAYER_RECORD_NAME);
    CLEANUP(layer_record_clear) struct layer_record record = {0};
    if (fs_type_of(record_path) == FS_ABSENT) {
        *ret_path = NULL;
        return true;
    }
    if (!read_record(record_path, &record, err))
        return error_wrap(err, "layer '%s'", path);
    if (!digest_equal(&record.chain_id, chain_id))
        return error_set(err, ERR_INTEGRITY, "'%s' holds the layer %s instead of %s", path,
                         record.chain_id.text, chain_id->text);
    *ret_path = TAKE(path);
    return true;
}

bool layer_store_find(const struct layer_store *store, const struct digest *chain_id,
                      char **ret_path, struct error *err)
{
    char name[LAYER_DIRECTORY_NAME_SIZE];
    layer_directory_name(chain_id, name);
    return find_by_name(store, name, chain_id, ret_path, err);
}

/* ---- holding ---- */

bool layer_store_hold(const struct layer_store *store, const struct strlist *layers,
                      const struct cancel *cancel, struct layer_hold *ret, struct error *err)
{
    CLEANUP(layer_hold_release)
    struct layer_hold hold = {.locks = xcalloc(layers->count + 1, sizeof(*hold.locks))};
    for (; hold.count < layers->count; hold.count++) {
        CLEANUP(str_free)
        char *path = lock_path_of(store, fs_name_of(layers->items[hold.count]));
        if (!fs_lock(path, FS_LOCK_SHARED, true, cancel, &hold.locks[hold.count], err))
            return error_wrap(err, "hold the layer '%s'", layers->items[hold.count]);
    }
    *ret = TAKE(hold);
    return true;
}

void layer_hold_release(struct layer_hold *hold)
{
    for (size_t i = 0; i < hold->count; i++)
        fs_unlock(&hold->locks[i]);
    mem_free(&hold->locks);
    hold->count = 0;
}

/* ---- records ---- */

static bool put_record(const char *layer_path, const struct layer_record *record, struct error *err)
{
    CLEANUP(str_free) char *text = NULL;
    CLEANUP(str_free) char *path = fs_join(layer_path, LAYER_RECORD_NAME);
    return layer_record_compose(record, &text, err) && fs_write_file(path, text, strlen(text), err);
}

bool layer_store_read(const struct layer_store *store, const char *name, struct layer_record *ret,
                      struct error *err)
{
    CLEANUP(str_free) char *path = layer_directory_path(store->root, name);
    CLEANUP(str_free) char *record_path = fs_join(path, LAYER_RECORD_NAME);
    return read_record(record_path, ret, err) || error_wrap(err, "layer '%s'", path);
}

bool layer_store_note_blob(const struct layer_store *store, const char *name,
                           const struct layer_record_blob *blob, struct error *err)
{
    CLEANUP(str_free) char *path = layer_directory_path(store->root, name);
    CLEANUP(layer_record_clear) struct layer_record record = {0};
    if (!layer_store_read(store, name, &record, err))
        return false;
    layer_record_blob_clear(&record.blob);
    record.blob = layer_record_blob_copy(blob);
    return put_record(path, &record, err) || error_wrap(err, "layer '%s'", path);
}

/* ---- importing ---- */

static bool write_record(const struct layer_import *import, enum layer_utility_vm utility_vm,
                         struct error *err)
{
    char now[32];
    os_timestamp(now);
    CLEANUP(layer_record_clear)
    struct layer_record record = {.diff_id = import->request->diff_id,
                                  .chain_id = import->request->chain_id,
                                  .created = xstrdup(now),
                                  .utility_vm = utility_vm};
    for (size_t i = 0; i < import->request->parents->count; i++)
        strlist_add(&record.parents, fs_name_of(import->request->parents->items[i]));
    if (import->request->blob)
        record.blob = layer_record_blob_copy(import->request->blob);
    return put_record(import->path, &record, err);
}

static bool make_layer(const struct layer_import *import, struct error *err)
{
    bool is_base = import->request->parents->count == 0;
    enum layer_utility_vm utility_vm = LAYER_UTILITY_VM_NONE;
    return fs_make_directories(import->path, err)
        && (is_base ? layer_import_base(import, &utility_vm, err)
                    : layer_import_diff(import, &utility_vm, err))
        && write_record(import, utility_vm, err);
}

static void discard(const struct layer_import *import, const char *name)
{
    CLEANUP(error_clear) struct error reason = {0};
    CLEANUP(str_free) char *layers = layers_directory(import->store);
    if (!layer_retire(import->store->api, layers, name, import->context, &reason))
        context_warn(import->context, "cannot remove the unfinished layer '%s': %s", import->path,
                     reason.message);
}

static void emit(const struct layer_import *import, enum event_type type)
{
    const struct event event = {
        .type = type,
        .subject = import->request->diff_id.text,
        .total = import->request->source->size,
    };
    context_emit(import->context, &event);
}

/* The layer that is there is the one that is wanted. */
static bool check_utility_vm(const struct layer_import *import, const char *present,
                             struct error *err)
{
    CLEANUP(str_free) char *path = fs_join(present, LAYER_RECORD_NAME);
    CLEANUP(layer_record_clear) struct layer_record record = {0};
    if (!import->request->with_utility_vm)
        return true;
    if (!read_record(path, &record, err))
        return error_wrap(err, "layer '%s'", present);
    if (record.utility_vm != LAYER_UTILITY_VM_LEFT_OUT)
        return true;
    error_set(err, ERR_UNSUPPORTED,
              "the layer '%s' was unpacked without the files for Hyper-V isolation", present);
    return error_hint(err,
                      "remove the images and layers that use it, or choose another store "
                      "with --root");
}

/* With the layer's lock held. */
static bool make_unless_present(struct layer_import *import, const char *name, char **ret_path,
                                struct error *err)
{
    const struct layer_store *store = import->store;
    CLEANUP(str_free) char *layers = layers_directory(store);
    CLEANUP(str_free) char *present = NULL;
    if (!find_by_name(store, name, &import->request->chain_id, &present, err))
        return false;
    if (present) {
        if (!check_utility_vm(import, present, err))
            return false;
        emit(import, EVENT_LAYER_PRESENT);
        *ret_path = TAKE(present);
        return true;
    }
    /* What is there without a record, a dead process has left. */
    if (!layer_retire(store->api, layers, name, import->context, err))
        return false;

    CLEANUP(str_free) char *path = layer_directory_path(store->root, name);
    import->path = path;
    emit(import, EVENT_LAYER_STARTED);
    if (!make_layer(import, err)) {
        discard(import, name);
        return false;
    }
    emit(import, EVENT_LAYER_DONE);
    *ret_path = TAKE(path);
    return true;
}

static bool lock_layer(const struct layer_store *store, const char *name,
                       const struct context *context, struct fs_lock *ret, struct error *err)
{
    CLEANUP(str_free) char *path = lock_path_of(store, name);
    if (fs_lock(path, FS_LOCK_EXCLUSIVE, false, NULL, ret, err))
        return true;
    if (err->kind != ERR_BUSY)
        return false;
    error_clear(err);
    context_step(context, "waiting for another wrun that imports the layer");
    return fs_lock(path, FS_LOCK_EXCLUSIVE, true, context ? context->cancel : NULL, ret, err);
}

bool layer_store_import(const struct layer_store *store, const struct layer_import_request *request,
                        const struct context *context, char **ret_path, struct error *err)
{
    struct layer_import import = {.store = store, .request = request, .context = context};
    char name[LAYER_DIRECTORY_NAME_SIZE];
    layer_directory_name(&request->chain_id, name);
    CLEANUP(str_free) char *present = NULL;
    if (!find_by_name(store, name, &request->chain_id, &present, err))
        return false;
    if (present) {
        if (!check_utility_vm(&import, present, err))
            return false;
        emit(&import, EVENT_LAYER_PRESENT);
        *ret_path = TAKE(present);
        return true;
    }

    CLEANUP(fs_unlock) struct fs_lock lock = {0};
    return lock_layer(store, name, context, &lock, err)
        && make_unless_present(&import, name, ret_path, err);
}

/* ---- sweeping ---- */

/* Removes the layer if it is incomplete and nobody is importing it. */
static bool sweep_layer(const struct layer_store *store, const char *name,
                        const struct context *context, struct error *err)
{
    CLEANUP(str_free) char *layers = layers_directory(store);
    CLEANUP(str_free) char *path = fs_join(layers, name);
    CLEANUP(str_free) char *record_path = fs_join(path, LAYER_RECORD_NAME);
    CLEANUP(str_free) char *lock_path = lock_path_of(store, name);
    CLEANUP(fs_unlock) struct fs_lock lock = {0};
    if (fs_type_of(record_path) != FS_ABSENT)
        return true;
    if (!fs_lock(lock_path, FS_LOCK_EXCLUSIVE, false, NULL, &lock, err))
        return false;
    /* It may have been finished while we looked. */
    return fs_type_of(record_path) != FS_ABSENT
        || layer_retire(store->api, layers, name, context, err);
}

bool layer_store_sweep(const struct layer_store *store, const struct context *context,
                       struct error *err)
{
    CLEANUP(str_free) char *layers = layers_directory(store);
    CLEANUP(strlist_clear) struct strlist names = {0};
    if (!fs_list(layers, &names, err))
        return error_wrap(err, "sweep the layer store");
    for (size_t i = 0; i < names.count; i++) {
        CLEANUP(error_clear) struct error reason = {0};
        if (!layer_is_retired(names.items[i])
            && !sweep_layer(store, names.items[i], context, &reason) && reason.kind != ERR_BUSY)
            context_step(context, "left '%s' for later: %s", names.items[i], reason.message);
    }
    return (layer_retired_sweep(store->api, layers, context, err)
            && layer_staging_sweep(store, context, err))
        || error_wrap(err, "sweep the layer store");
}

/* ---- removing ---- */

static bool lock_alone(const struct layer_store *store, const char *name, struct fs_lock *ret,
                       struct error *err)
{
    CLEANUP(str_free) char *path = lock_path_of(store, name);
    return fs_lock(path, FS_LOCK_EXCLUSIVE, /* wait= */ false, NULL, ret, err);
}

bool layer_store_is_held(const struct layer_store *store, const char *name)
{
    CLEANUP(fs_unlock) struct fs_lock lock = {0};
    CLEANUP(error_clear) struct error failure = {0};
    return !lock_alone(store, name, &lock, &failure) && failure.kind == ERR_BUSY;
}

bool layer_store_retire(const struct layer_store *store, const char *name, struct error *err)
{
    CLEANUP(str_free) char *layers = layers_directory(store);
    CLEANUP(fs_unlock) struct fs_lock lock = {0};
    return (lock_alone(store, name, &lock, err) && layer_retire_aside(layers, name, err))
        || error_wrap(err, "remove the layer '%s'", name);
}

bool layer_store_finish(const struct layer_store *store, const char *name,
                        const struct context *context, struct error *err)
{
    CLEANUP(str_free) char *layers = layers_directory(store);
    return layer_retired_finish(store->api, layers, name, context, err)
        || error_wrap(err, "remove the layer '%s'", name);
}

bool layer_store_clean(const struct layer_store *store, const struct context *context,
                       struct error *err)
{
    CLEANUP(str_free) char *layers = layers_directory(store);
    CLEANUP(strlist_clear) struct strlist names = {0};
    if (!layer_retired_sweep(store->api, layers, context, err) || !fs_list(layers, &names, err))
        return error_wrap(err, "remove layers");
    for (size_t i = 0; i < names.count; i++) {
        if (!layer_is_retired(names.items[i]))
            continue;
        error_set(err, ERR_BUSY, "'%s\\%s' cannot be removed yet", layers, names.items[i]);
        return error_hint(err, "something still uses its files; 'wrun prune' tries again");
    }
    return true;
}
