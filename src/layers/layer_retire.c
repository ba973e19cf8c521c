/* SPDX-License-Identifier: MIT */
#include "layers/layer_retire.h"

#include "base/alloc.h"
#include "base/cancel.h"
#include "base/fs.h"
#include "base/guid.h"
#include "base/text.h"
#include "win32/utf16.h"

#define SUFFIX_DIGITS 8

/* DestroyLayer knows best what it made, but refuses what it does not know as a layer, such as an
 * import that never came to its end. It deletes whatever it is given, hence the name check. */
static bool destroy(const struct layer_api *api, const char *directory, const char *name,
                    struct error *err)
{
    CLEANUP(str_free) char *path = fs_join(directory, name);
    CLEANUP(utf16_free) wchar_t *id = NULL;
    if (!utf16_from_utf8(path, &id, err))
        return false;
    if (fs_type_of(path) == FS_DIRECTORY)
        api->DestroyLayer(&layer_driver, id);
    return fs_remove_tree(path, err);
}

static void destroy_or_tell(const struct layer_api *api, const char *directory, const char *name,
                            const struct context *context)
{
    CLEANUP(error_clear) struct error reason = {0};
    if (!destroy(api, directory, name, &reason))
        context_step(context, "left '%s' for later: %s", name, reason.message);
}

static bool retired_name(const char *name, char **ret, struct error *err)
{
    struct guid guid;
    char text[GUID_TEXT_SIZE];
    if (!guid_random(&guid, err))
        return false;
    guid_format(&guid, text);
    *ret = str_format("%s%s-%.*s", LAYER_RETIRED_PREFIX, name, SUFFIX_DIGITS, text);
    return true;
}

/* *ret_name stays NULL when there is nothing of that name. */
static bool set_aside(const char *directory, const char *name, char **ret_name, struct error *err)
{
    CLEANUP(str_free) char *from = fs_join(directory, name);
    CLEANUP(str_free) char *new_name = NULL;
    if (fs_type_of(from) == FS_ABSENT)
        return true;
    if (!retired_name(name, &new_name, err))
        return false;
    CLEANUP(str_free) char *to = fs_join(directory, new_name);
    if (!fs_rename(from, to, false, err))
        return false;
    *ret_name = TAKE(new_name);
    return true;
}

bool layer_retire_aside(const char *directory, const char *name, struct error *err)
{
    CLEANUP(str_free) char *new_name = NULL;
    return set_aside(directory, name, &new_name, err);
}

bool layer_retire(const struct layer_api *api, const char *directory, const char *name,
                  const struct context *context, struct error *err)
{
    CLEANUP(str_free) char *new_name = NULL;
    if (!set_aside(directory, name, &new_name, err))
        return false;
    if (new_name)
        destroy_or_tell(api, directory, new_name, context);
    return true;
}

#define DESTROY_TRIES 10
#define DESTROY_PAUSE_MS 100

/* The sweep of another process may be at the same tree; and what scanners have open closes. */
static bool destroy_patiently(const struct layer_api *api, const char *directory, const char *name,
                              const struct cancel *cancel, struct error *err)
{
    CLEANUP(str_free) char *path = fs_join(directory, name);
    for (unsigned tries = 1;; tries++) {
        if (destroy(api, directory, name, err))
            return true;
        if (fs_type_of(path) == FS_ABSENT) {
            error_clear(err);
            return true;
        }
        if (tries == DESTROY_TRIES || cancel_is_requested(cancel))
            break;
        error_clear(err);
        cancel_pause(cancel, DESTROY_PAUSE_MS);
    }
    err->kind = ERR_BUSY;
    error_wrap(err, "bytes of it are still on the disk, in '%s'", path);
    return error_hint(err, "something still uses its files; 'wrun prune' tries again");
}

bool layer_retire_fully(const struct layer_api *api, const char *directory, const char *name,
                        const struct context *context, struct error *err)
{
    CLEANUP(str_free) char *new_name = NULL;
    if (!set_aside(directory, name, &new_name, err))
        return false;
    return !new_name
        || destroy_patiently(api, directory, new_name, context ? context->cancel : NULL, err);
}

bool layer_retired_finish(const struct layer_api *api, const char *directory, const char *name,
                          const struct context *context, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist names = {0};
    CLEANUP(str_free) char *prefix = str_format("%s%s-", LAYER_RETIRED_PREFIX, name);
    if (!fs_list(directory, &names, err))
        return false;
    for (size_t i = 0; i < names.count; i++)
        if (str_starts_with(names.items[i], prefix)
            && !destroy_patiently(api, directory, names.items[i], context ? context->cancel : NULL,
                                  err))
            return false;
    return true;
}

bool layer_retired_sweep(const struct layer_api *api, const char *directory,
                         const struct context *context, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist names = {0};
    if (!fs_list(directory, &names, err))
        return false;
    for (size_t i = 0; i < names.count; i++)
        if (layer_is_retired(names.items[i]))
            destroy_or_tell(api, directory, names.items[i], context);
    return true;
}
