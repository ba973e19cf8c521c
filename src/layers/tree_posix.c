/* SPDX-License-Identifier: MIT */
#include "layers/tree_posix.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fs_posix.h"
#include "layers/file_time.h"
#include "layers/posix_directories.h"
#include "layers/posix_removal.h"
#include "layers/printable.h"
#include "layers/reparse.h"

#define FILE_MODE 0644
#define DIRECTORY_MODE 0755

/* What every file and directory has anyway, or Windows sets by itself. */
#define ORDINARY_ATTRIBUTES (WIN_ATTRIBUTE_DIRECTORY | 0x20u /* archive */ | 0x80u /* normal */)

struct tree_posix {
    struct posix_directories directories;
    struct {
        _Atomic uint64_t directories;
        _Atomic uint64_t files;
        _Atomic uint64_t hard_links;
        _Atomic uint64_t links;
        _Atomic uint64_t bytes;
    } content;
    struct {
        _Atomic uint64_t security_descriptors;
        _Atomic uint64_t extended_attributes;
        _Atomic uint64_t streams;
        _Atomic uint64_t attributes;
        _Atomic uint64_t creation_times;
    } omissions;
};

/* What a layer_handle stands for. */
struct object {
    struct posix_place place; /* where it is; of no use to streams */
    int descriptor;           /* -1: a directory, a link, or a stream, whose data goes nowhere */
};

union handle_value {
    intptr_t value;
    struct object *object;
};

static struct object *object_of(struct layer_handle handle)
{
    return (union handle_value){.value = handle.value}.object;
}

static struct layer_handle wrap(const struct posix_place *place, int descriptor)
{
    struct object *object = xmalloc(sizeof(*object));
    *object = (struct object){.place = *place, .descriptor = descriptor};
    return (struct layer_handle){.value = (union handle_value){.object = object}.value};
}

static bool fail(struct error *err, int reason, const char *action, const char *path)
{
    error_errno(err, reason, "%s '%s'", action, printable_name(path).text);
    if (reason == ENAMETOOLONG)
        return error_hint(err, "this file system takes no names of more than 255 bytes");
    return false;
}

/* ---- removing ---- */

static void uncount(struct tree_posix *tree, const struct posix_removed *removed)
{
    atomic_fetch_sub(&tree->content.directories, removed->directories);
    atomic_fetch_sub(&tree->content.files, removed->files);
    atomic_fetch_sub(&tree->content.hard_links, removed->hard_links);
    atomic_fetch_sub(&tree->content.links, removed->links);
    atomic_fetch_sub(&tree->content.bytes, removed->bytes);
}

static bool remove_counting(struct tree_posix *tree, const char *path, struct error *err)
{
    struct posix_removed removed = {0};
    int reason = posix_remove(&tree->directories, path, &removed);
    uncount(tree, &removed);
    return !reason || fail(err, reason, "remove", path);
}

/* ---- making ---- */

static bool tree_make_directory(void *self, const struct layer_path *path, struct layer_handle *ret,
                                struct error *err)
{
    struct tree_posix *tree = self;
    struct posix_place place = {0};
    int reason = posix_place_take(&tree->directories, path->text, &place);
    if (!reason && mkdirat(place.parent->descriptor, place.name, DIRECTORY_MODE) < 0)
        reason = errno;
    if (reason) {
        posix_place_give_back(&tree->directories, &place);
        return fail(err, reason, "make the directory", path->text);
    }
    atomic_fetch_add(&tree->content.directories, 1);
    *ret = wrap(&place, -1);
    return true;
}

static bool tree_create_file(void *self, const struct layer_path *path, uint64_t size,
                             struct layer_handle *ret, struct error *err)
{
    struct tree_posix *tree = self;
    struct posix_place place = {0};
    int descriptor = -1;
    (void)size;
    int reason = posix_place_take(&tree->directories, path->text, &place);
    if (!reason) {
        descriptor = openat(place.parent->descriptor, place.name,
                            O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
        reason = descriptor < 0 ? errno : 0;
    }
    if (reason) {
        posix_place_give_back(&tree->directories, &place);
        return fail(err, reason, "create", path->text);
    }
    atomic_fetch_add(&tree->content.files, 1);
    *ret = wrap(&place, descriptor);
    return true;
}

static bool tree_open_directory(void *self, const struct layer_path *path, struct layer_handle *ret,
                                struct error *err)
{
    struct tree_posix *tree = self;
    struct posix_place place = {0};
    struct stat status;
    int reason = posix_place_take(&tree->directories, path->text, &place);
    if (!reason && fstatat(place.parent->descriptor, place.name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        reason = errno;
    if (!reason && !S_ISDIR(status.st_mode) && !S_ISLNK(status.st_mode))
        reason = ENOTDIR;
    if (reason) {
        posix_place_give_back(&tree->directories, &place);
        return fail(err, reason, "open the directory", path->text);
    }
    *ret = wrap(&place, -1);
    return true;
}

static bool tree_open_stream(void *self, struct layer_handle owner, const char *name, uint64_t size,
                             struct layer_handle *ret, struct error *err)
{
    struct tree_posix *tree = self;
    (void)owner;
    (void)name;
    (void)size;
    (void)err;
    atomic_fetch_add(&tree->omissions.streams, 1);
    *ret = wrap(&(struct posix_place){0}, -1);
    return true;
}

/* ---- content ---- */

static bool tree_write(void *self, struct layer_handle handle, const void *data, size_t length,
                       struct error *err)
{
    struct tree_posix *tree = self;
    const struct object *object = object_of(handle);
    if (object->descriptor < 0)
        return true;
    atomic_fetch_add(&tree->content.bytes, length);
    const char *at = data;
    while (length > 0) {
        ssize_t written = write(object->descriptor, at, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return fail(err, errno, "write", object->place.name);
        at += written;
        length -= (size_t)written;
    }
    return true;
}

static bool tree_set_security(void *self, struct layer_handle handle, const void *descriptor,
                              size_t length, struct error *err)
{
    struct tree_posix *tree = self;
    (void)handle;
    (void)descriptor;
    (void)length;
    (void)err;
    atomic_fetch_add(&tree->omissions.security_descriptors, 1);
    return true;
}

static bool tree_set_ea(void *self, struct layer_handle handle, const void *list, size_t length,
                        struct error *err)
{
    struct tree_posix *tree = self;
    (void)handle;
    (void)list;
    (void)length;
    (void)err;
    atomic_fetch_add(&tree->omissions.extended_attributes, 1);
    return true;
}

static void replace_slashes(char *text)
{
    for (; *text; text++)
        if (*text == '\\')
            *text = '/';
}

/* An object becomes a link: there is no changing one into the other, so it is replaced, with all
 * that lower layers have in it if it is a directory. */
static bool tree_set_reparse(void *self, struct layer_handle handle, const void *data,
                             size_t length, struct error *err)
{
    struct tree_posix *tree = self;
    struct object *object = object_of(handle);
    CLEANUP(str_free) char *target = NULL;
    enum reparse_kind kind;
    if (!reparse_decode(data, length, &kind, &target, err))
        return false;
    replace_slashes(target);
    const struct posix_place *place = &object->place;
    CLEANUP(str_free) char *path = str_format("%s\\%s", place->parent->path, place->name);
    if (!remove_counting(tree, path, err))
        return false;
    if (symlinkat(target, place->parent->descriptor, place->name) < 0)
        return fail(err, errno, "make the link", place->name);
    posix_close(&object->descriptor);
    object->descriptor = -1;
    atomic_fetch_add(&tree->content.links, 1);
    return true;
}

static struct timespec time_or_omitted(int64_t time)
{
    return time ? timespec_of_file_time(time) : (struct timespec){.tv_nsec = UTIME_OMIT};
}

static bool tree_set_basic(void *self, struct layer_handle handle,
                           const struct win_basic_info *basic, struct error *err)
{
    struct tree_posix *tree = self;
    const struct object *object = object_of(handle);
    const struct posix_place *place = &object->place;
    const struct timespec times[2] = {time_or_omitted(basic->access_time),
                                      time_or_omitted(basic->write_time)};
    int failed = object->descriptor >= 0
        ? futimens(object->descriptor, times)
        : utimensat(place->parent->descriptor, place->name, times, AT_SYMLINK_NOFOLLOW);
    if (failed)
        return fail(err, errno, "set the times of", place->name);
    if (basic->attributes & ~ORDINARY_ATTRIBUTES)
        atomic_fetch_add(&tree->omissions.attributes, 1);
    if (basic->creation_time)
        atomic_fetch_add(&tree->omissions.creation_times, 1);
    return true;
}

static bool tree_close(void *self, struct layer_handle *handle, struct error *err)
{
    struct tree_posix *tree = self;
    struct object *object = object_of(TAKE(*handle));
    if (!object)
        return true;
    bool closed = object->descriptor < 0 || !close(object->descriptor)
        || fail(err, errno, "close", object->place.name);
    posix_place_give_back(&tree->directories, &object->place);
    mem_free(&object);
    return closed;
}

/* ---- names ---- */

static bool tree_link(void *self, const struct layer_path *path,
                      const struct layer_tree *target_tree, const struct layer_path *target,
                      struct error *err)
{
    struct tree_posix *tree = self;
    struct tree_posix *other = target_tree->self;
    struct posix_place from = {0};
    struct posix_place to = {0};
    int reason = posix_place_take(&other->directories, target->text, &from);
    if (!reason)
        reason = posix_place_take(&tree->directories, path->text, &to);
    /* Without AT_SYMLINK_FOLLOW, as a file is what is meant. */
    if (!reason
        && linkat(from.parent->descriptor, from.name, to.parent->descriptor, to.name, 0) < 0)
        reason = errno;
    posix_place_give_back(&other->directories, &from);
    posix_place_give_back(&tree->directories, &to);
    if (reason)
        return fail(err, reason, "link", path->text);
    atomic_fetch_add(&tree->content.files, 1);
    atomic_fetch_add(&tree->content.hard_links, 1);
    return true;
}

static bool tree_remove(void *self, const struct layer_path *path, struct error *err)
{
    return remove_counting(self, path->text, err);
}

/* ---- questions ---- */

static int look_at(struct tree_posix *tree, const char *path, struct stat *ret)
{
    struct posix_place place = {0};
    int reason = posix_place_take(&tree->directories, path, &place);
    if (!reason && fstatat(place.parent->descriptor, place.name, ret, AT_SYMLINK_NOFOLLOW) < 0)
        reason = errno;
    posix_place_give_back(&tree->directories, &place);
    return reason;
}

static bool tree_read_directory(void *self, const struct layer_path *path, struct win_meta *ret,
                                struct error *err)
{
    struct stat status;
    int reason = look_at(self, path->text, &status);
    if (reason)
        return fail(err, reason, "look at", path->text);
    win_meta_take_directory(ret,
                            &(struct win_basic_info){
                                .access_time = file_time_of_timespec(&status.st_atim),
                                .write_time = file_time_of_timespec(&status.st_mtim),
                                .attributes = WIN_ATTRIBUTE_DIRECTORY,
                            });
    return true;
}

static bool tree_type_of(void *self, const struct layer_path *path, enum layer_object_type *ret,
                         struct error *err)
{
    struct stat status;
    int reason = look_at(self, path->text, &status);
    if (reason && reason != ENOENT && reason != ENOTDIR && reason != ENAMETOOLONG)
        return fail(err, reason, "look at", path->text);
    if (reason)
        *ret = LAYER_ABSENT;
    else if (S_ISDIR(status.st_mode))
        *ret = LAYER_DIRECTORY;
    else
        *ret = S_ISLNK(status.st_mode) ? LAYER_LINK : LAYER_FILE;
    return true;
}

static bool tree_list(void *self, const struct layer_path *path, struct strlist *ret,
                      struct error *err)
{
    struct tree_posix *tree = self;
    int reason = posix_directory_list(&tree->directories, path->text, ret);
    return !reason || fail(err, reason, "list", path->text);
}

static const struct layer_tree_ops operations = {
    .make_directory = tree_make_directory,
    .create_file = tree_create_file,
    .open_directory = tree_open_directory,
    .open_stream = tree_open_stream,
    .write = tree_write,
    .set_security = tree_set_security,
    .set_ea = tree_set_ea,
    .set_reparse = tree_set_reparse,
    .set_basic = tree_set_basic,
    .close = tree_close,
    .link = tree_link,
    .remove = tree_remove,
    .read_directory = tree_read_directory,
    .type_of = tree_type_of,
    .list = tree_list,
};

/* ---- the tree ---- */

bool tree_posix_open(const char *path, struct tree_posix **ret, struct error *err)
{
    struct tree_posix *tree = xcalloc(1, sizeof(*tree));
    if (!posix_directories_open(path, &tree->directories, err)) {
        mem_free(&tree);
        return false;
    }
    *ret = tree;
    return true;
}

void tree_posix_close(struct tree_posix **tree)
{
    if (!*tree)
        return;
    posix_directories_close(&(*tree)->directories);
    mem_free(tree);
}

struct layer_tree tree_posix_interface(struct tree_posix *tree)
{
    return (struct layer_tree){.ops = &operations, .self = tree};
}

struct tree_posix_content tree_posix_content(const struct tree_posix *tree)
{
    return (struct tree_posix_content){
        .directories = tree->content.directories,
        .files = tree->content.files,
        .hard_links = tree->content.hard_links,
        .links = tree->content.links,
        .bytes = tree->content.bytes,
    };
}

struct tree_posix_omissions tree_posix_omissions(const struct tree_posix *tree)
{
    return (struct tree_posix_omissions){
        .security_descriptors = tree->omissions.security_descriptors,
        .extended_attributes = tree->omissions.extended_attributes,
        .streams = tree->omissions.streams,
        .attributes = tree->omissions.attributes,
        .creation_times = tree->omissions.creation_times,
    };
}
