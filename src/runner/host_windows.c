/* SPDX-License-Identifier: MIT */
#include "runner/host.h"

#include <string.h>

#include "base/alloc.h"
#include "base/os.h"
#include "base/text.h"
#include "layers/chain.h"
#include "layers/layer_store.h"
#include "layers/named_layer_work.h"
#include "registry/archive_staging.h"
#include "registry/store_garbage.h"
#include "runner/image_pending.h"
#include "runner/run_record.h"
#include "runner/windows_host.h"
#include "win32/path.h"
#include "win32/privilege.h"
#include "win32/security.h"
#include "win32/version.h"
#include "win32/volume.h"

/* Each takes some 40 MB and threads of its own. */
#define MOST_LAYERS_AT_ONCE 4

#define OLDEST_BUILD 17763 /* Windows Server 2019: the first with the network and schema in use */

bool host_platform(struct platform_host *ret, struct error *err)
{
    struct windows_version version = {0};
    if (!windows_version_get(&version, err))
        return false;
    *ret = (struct platform_host){
        .version = {version.major, version.minor, version.build, version.revision},
        .architecture = "amd64",
        .isolation = ISOLATION_PROCESS,
    };
    return true;
}

bool host_can_run(struct error *err)
{
    struct windows_version version = {0};
    if (!windows_version_get(&version, err))
        return false;
    if (version.build >= OLDEST_BUILD)
        return true;
    error_set(err, ERR_UNSUPPORTED, "this Windows is build %u", version.build);
    return error_hint(err, "wrun needs build %d (Windows Server 2019) or later", OLDEST_BUILD);
}

static bool check_elevated(struct error *err)
{
    bool elevated = false;
    if (!windows_is_elevated(&elevated, err))
        return false;
    if (elevated)
        return true;
    error_set(err, ERR_DENIED, "wrun needs the rights of an administrator");
    return error_hint(err,
                      "run it from an elevated prompt; a scheduler should run its agent as "
                      "LocalSystem");
}

/* Blobs become layers and records say what to remove, so nobody else may write them: private on
 * their own account, for the root may have been made by hand with more access. */
static bool make_directories(const char *root, struct error *err)
{
    static const char *const names[] = {"blobs", "ingest",  "names", "refs",
                                        "runs",  "scratch", "trash"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        CLEANUP(str_free) char *path = fs_join(root, names[i]);
        if (!security_make_directory(path, err))
            return false;
    }
    return true;
}

/* ERR_UNSUPPORTED, with the Windows feature to enable, when a DLL is missing. */
static bool bind_apis(const struct windows_apis **ret, struct error *err)
{
    struct windows_apis *apis = xcalloc(1, sizeof(*apis));
    if (!layer_api_load(&apis->layers, err) || !hcs_api_bind(&apis->hcs, err)
        || !hcn_api_bind(&apis->hcn, err)) {
        mem_free(&apis);
        return false;
    }
    *ret = apis;
    return true;
}

static void close_host(struct host **host)
{
    if (*host)
        layer_store_close(&(*host)->layers);
    mem_free(host);
}

bool host_make_root(struct invocation *invocation, struct error *err)
{
    CLEANUP(close_host) struct host *host = xcalloc(1, sizeof(*host));
    if (!host_can_run(err) || !check_elevated(err) || !bind_apis(&host->apis, err)
        || !privilege_enable_for_layers(err)
        || !layer_store_open(invocation->root, &host->apis->layers, &host->layers, err)
        || !make_directories(invocation->root, err))
        return false;
    invocation->host = TAKE(host);
    return true;
}

/* Content that a killed load, import or commit wrote and nobody will read, and what a killed rmi or
 * prune was about to remove. What is open somewhere stays for the next time. */
static bool sweep_blobs(const struct invocation *invocation, const struct blob_store *store,
                        struct error *err)
{
    CLEANUP(error_clear) struct error reason = {0};
    if (!archive_staging_sweep(store, err))
        return false;
    if (!store_trash_empty(store, &reason))
        context_step(&invocation->context, "left for later: %s", reason.message);
    return true;
}

bool host_prepare(struct invocation *invocation, struct error *err)
{
    CLEANUP(blob_store_close) struct blob_store store = {0};
    return host_make_root(invocation, err) && sweep_runs(invocation, err)
        && blob_store_open(invocation->root, &store, err) && sweep_blobs(invocation, &store, err)
        && layer_store_sweep(&invocation->host->layers, &invocation->context, err)
        && named_layers_sweep(&invocation->host->layers, &invocation->context, err)
        && image_pending_sweep(invocation, &store, err);
}

void host_close(struct invocation *invocation)
{
    close_host(&invocation->host);
}

/* ---- layers ---- */

unsigned host_layers_at_once(void)
{
    unsigned processors = os_processor_count();
    return processors < MOST_LAYERS_AT_ONCE ? processors : MOST_LAYERS_AT_ONCE;
}

/* The directories of the first 'count' layers, topmost first, which is the order in which Windows
 * wants parents. */
static void add_layer_paths(const struct invocation *invocation, const struct image *image,
                            size_t count, struct strlist *ret)
{
    for (size_t i = 0; i < count; i++) {
        struct digest chain = chain_id_at(image->config.diff_ids, i);
        strlist_insert_owned(ret, 0, layer_store_path(&invocation->host->layers, &chain));
    }
}

bool host_unpack_layer(const struct invocation *invocation, const struct host_layer *layer,
                       char **ret_directory, struct error *err)
{
    const struct image *image = layer->image;
    const struct descriptor *descriptor = &image->manifest.layers.items[layer->index];
    const struct layer_record_blob blob = {descriptor->media_type, descriptor->digest,
                                           descriptor->size};
    CLEANUP(strlist_clear) struct strlist parents = {0};
    add_layer_paths(invocation, image, layer->index, &parents);
    const struct layer_import_request request = {
        .source = &layer->source,
        .media_type = descriptor->media_type,
        .diff_id = image->config.diff_ids[layer->index],
        .chain_id = chain_id_at(image->config.diff_ids, layer->index),
        .parents = &parents,
        .blob = &blob,
        .with_utility_vm = layer->with_utility_vm,
        .await_parents = layer->await_lower,
        .await_user = layer->await_user,
    };
    return layer_store_import(&invocation->host->layers, &request, &invocation->context,
                              ret_directory, err);
}

bool host_has_layer(const struct invocation *invocation, const struct image *image, size_t index)
{
    CLEANUP(error_clear) struct error ignored = {0};
    CLEANUP(str_free) char *path = NULL;
    struct digest chain = chain_id_at(image->config.diff_ids, index);
    return layer_store_find(&invocation->host->layers, &chain, &path, &ignored) && path;
}

bool host_layer_paths(const struct invocation *invocation, const struct image *image,
                      struct strlist *ret, struct error *err)
{
    (void)err;
    add_layer_paths(invocation, image, image->config.diff_id_count, ret);
    return true;
}

/* ---- mounts ---- */

static bool check_mount_volume(const struct invocation *invocation, const char *source,
                               struct error *err)
{
    CLEANUP(volume_clear) struct volume volume = {0};
    if (!volume_of(source, &volume, err))
        return false;
    if (volume.kind == VOLUME_NETWORK) {
        error_set(err, ERR_UNSUPPORTED, "'%s' is on the network", source);
        return error_hint(err,
                          "copy it to a local disk; drive letters of a session do not exist for "
                          "the container service");
    }
    if (!str_equal_nocase(volume.file_system, "NTFS")
        && !str_equal_nocase(volume.file_system, "ReFS"))
        context_warn(&invocation->context,
                     "'%s' is on a volume of type %s; Windows may refuse to mount it", source,
                     volume.file_system);
    return true;
}

bool host_resolve_mount(const struct invocation *invocation, const char *source, char **ret,
                        struct error *err)
{
    CLEANUP(str_free) char *resolved = NULL;
    if (!path_resolve(source, &resolved, err)) {
        if (err->kind == ERR_NOT_FOUND)
            error_hint(err, "the source must exist on this host; make it first: mkdir %s", source);
        return false;
    }
    if (!check_mount_volume(invocation, source, err))
        return false;
    *ret = TAKE(resolved);
    return true;
}

/* ---- rm ---- */

bool host_remove_run(const struct invocation *invocation, const char *name, struct error *err)
{
    CLEANUP(run_record_clear) struct run_record record = {0};
    if (!run_record_find(invocation->root, name, &record, err))
        return false;
    if (sweep_run(invocation, record.run_id, /* forget= */ true, err))
        return true;
    if (err->kind == ERR_BUSY)
        error_hint(err, "it is still running; stop the wrun that runs it");
    return error_wrap(err, "'%s'", name);
}
