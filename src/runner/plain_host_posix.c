/* SPDX-License-Identifier: MIT */
#include "runner/plain_host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "runner/posix_host.h"

static bool check_target(const char *directory, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist names = {0};
    enum fs_type type = fs_type_of(directory);
    if (type == FS_ABSENT)
        return true;
    if (type != FS_DIRECTORY)
        return error_set(err, ERR_USAGE, "'%s' is not a directory", directory);
    if (!fs_list(directory, &names, err))
        return false;
    if (names.count > 0)
        return error_set(err, ERR_USAGE, "'%s' is not empty", directory);
    return true;
}

static bool report_partial(const char *partial, struct error *err)
{
    error_set(err, ERR_BUSY, "'%s' is there", partial);
    return error_hint(err, "remove it, unless another wrun is at work there");
}

static char *without_trailing_slashes(char *path)
{
    for (size_t length = strlen(path); length > 1 && path[length - 1] == '/'; length--)
        path[length - 1] = '\0';
    return path;
}

bool plain_host_open(const char *directory, struct plain_host *ret, struct error *err)
{
    CLEANUP(str_free) char *absolute = NULL;
    if (!fs_absolute(directory, &absolute, err)
        || !check_target(without_trailing_slashes(absolute), err))
        return false;
    CLEANUP(str_free) char *partial = str_format("%s.partial", absolute);
    if (fs_type_of(partial) != FS_ABSENT)
        return report_partial(partial, err);
    *ret = (struct plain_host){.directory = TAKE(absolute)};
    return true;
}

static bool make_partial(struct plain_host *host, struct error *err)
{
    CLEANUP(str_free) char *partial = str_format("%s.partial", host->directory);
    if (mkdir(partial, 0755) < 0)
        return errno == EEXIST ? report_partial(partial, err)
                               : error_errno(err, errno, "make the directory '%s'", partial);
    host->partial = TAKE(partial);
    return true;
}

bool plain_host_begin(struct plain_host *host, struct error *err)
{
    layer_merge_close(&host->merge);
    if (host->partial && !fs_remove_tree(host->partial, err))
        return false;
    str_free(&host->partial);
    return make_partial(host, err) && layer_merge_open(host->partial, &host->merge, err);
}

bool plain_host_add(struct plain_host *host, const struct invocation *invocation,
                    const struct host_layer *layer, struct error *err)
{
    const struct layer_check_request request = posix_host_check_of(layer);
    if (layer_merge_add(host->merge, &request, &invocation->context, err))
        return true;
    return err->kind == ERR_NO_SPACE
        ? error_hint(err, "free some space there, or unpack to another disk")
        : false;
}

struct layer_merge_result plain_host_result(const struct plain_host *host)
{
    return layer_merge_result(host->merge);
}

/* Not fs_rename(), which would wait until all the files are on the disk. */
bool plain_host_publish(struct plain_host *host, struct error *err)
{
    if (rename(host->partial, host->directory) < 0)
        return error_errno(err, errno, "rename '%s' to '%s'", host->partial, host->directory);
    str_free(&host->partial);
    return true;
}

void plain_host_close(struct plain_host *host)
{
    struct error ignored = {0};
    layer_merge_close(&host->merge);
    /* What went wrong before is what gets reported, and the next call says that it is there. */
    if (host->partial && !fs_remove_tree(host->partial, &ignored))
        error_clear(&ignored);
    str_free(&host->partial);
    str_free(&host->directory);
}
