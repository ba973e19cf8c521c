/* SPDX-License-Identifier: MIT */
#include "layers/tree_win32.h"

#include "win32/windows_lean.h"

#include <string.h>
#include <winioctl.h>

#include "base/alloc.h"
#include "layers/object_win32.h"
#include "layers/tree_win32_read.h"
#include "win32/handle.h"
#include "win32/hresult.h"

/* Below this, reserving room costs more than it saves. */
#define RESERVE_FROM ((uint64_t)1024 * 1024)
#define LARGEST_WRITE ((size_t)1 << 30)

#define OBJECT_ACCESS                                                                              \
    (GENERIC_READ | GENERIC_WRITE | WRITE_DAC | WRITE_OWNER | ACCESS_SYSTEM_SECURITY)

static bool open_object(struct tree_win32 *tree, const struct layer_path *path,
                        const struct nt_open *how, struct layer_handle *ret, struct error *err)
{
    HANDLE handle;
    if (!safe_dirs_open_at(&tree->dirs, path->text, how, &handle, err))
        return false;
    ret->value = object_win32_wrap(handle, path->text);
    return true;
}

static bool tree_make_directory(void *self, const struct layer_path *path, struct layer_handle *ret,
                                struct error *err)
{
    static const struct nt_open how = {.access = OBJECT_ACCESS,
                                       .share = FILE_SHARE_READ,
                                       .disposition = FILE_CREATE,
                                       .options = FILE_DIRECTORY_FILE};
    return open_object(self, path, &how, ret, err);
}

static bool tree_open_directory(void *self, const struct layer_path *path, struct layer_handle *ret,
                                struct error *err)
{
    static const struct nt_open how = {.access = OBJECT_ACCESS,
                                       .share = NT_SHARE_ALL,
                                       .disposition = FILE_OPEN,
                                       .options = FILE_DIRECTORY_FILE | FILE_OPEN_REPARSE_POINT};
    return open_object(self, path, &how, ret, err);
}

static void reserve(HANDLE file, uint64_t size)
{
    FILE_ALLOCATION_INFO room = {.AllocationSize.QuadPart = (LONGLONG)size};
    /* Only a hint; a full disk is reported by the writes. */
    if (size >= RESERVE_FROM)
        SetFileInformationByHandle(file, FileAllocationInfo, &room, sizeof(room));
}

static bool tree_create_file(void *self, const struct layer_path *path, uint64_t size,
                             struct layer_handle *ret, struct error *err)
{
    static const struct nt_open how = {.access = OBJECT_ACCESS,
                                       .share = FILE_SHARE_READ,
                                       .disposition = FILE_CREATE,
                                       .options = FILE_NON_DIRECTORY_FILE};
    if (!open_object(self, path, &how, ret, err))
        return false;
    reserve(object_win32_of(ret->value)->handle, size);
    return true;
}

static bool tree_open_stream(void *self, struct layer_handle owner, const char *name, uint64_t size,
                             struct layer_handle *ret, struct error *err)
{
    static const struct nt_open how = {.access = GENERIC_WRITE,
                                       .share = FILE_SHARE_READ,
                                       .disposition = FILE_CREATE,
                                       .options = FILE_NON_DIRECTORY_FILE};
    struct tree_win32 *tree = self;
    const char *path = object_win32_of(owner.value)->path;
    HANDLE handle;
    if (!safe_dirs_open_stream(&tree->dirs, path, name, &how, &handle, err))
        return false;
    reserve(handle, size);
    ret->value = object_win32_wrap(handle, path);
    return true;
}

static bool tree_write(void *self, struct layer_handle handle, const void *data, size_t length,
                       struct error *err)
{
    (void)self;
    const struct object_win32 *object = object_win32_of(handle.value);
    const char *at = data;
    while (length > 0) {
        DWORD written = 0;
        DWORD wanted = (DWORD)(length < LARGEST_WRITE ? length : LARGEST_WRITE);
        if (!WriteFile(object->handle, at, wanted, &written, NULL))
            return error_win32(err, GetLastError(), "write '%s'", object->path);
        at += written;
        length -= written;
    }
    return true;
}

/* A SACL holds more than audit rules; each kind of entry has a bit of its own. */
#define WHOLE_SACL                                                                                 \
    (SACL_SECURITY_INFORMATION | LABEL_SECURITY_INFORMATION | ATTRIBUTE_SECURITY_INFORMATION       \
     | SCOPE_SECURITY_INFORMATION)

/* Which parts a descriptor has. The two PROTECTED bits of its control word only count when they are
 * asked for in the call as well. */
static SECURITY_INFORMATION parts_of(const SECURITY_DESCRIPTOR_RELATIVE *descriptor)
{
    SECURITY_DESCRIPTOR_CONTROL control = descriptor->Control;
    SECURITY_INFORMATION parts = 0;
    if (descriptor->Owner)
        parts |= OWNER_SECURITY_INFORMATION;
    if (descriptor->Group)
        parts |= GROUP_SECURITY_INFORMATION;
    if (control & SE_DACL_PRESENT)
        parts |= DACL_SECURITY_INFORMATION
            | (control & SE_DACL_PROTECTED ? PROTECTED_DACL_SECURITY_INFORMATION
                                           : UNPROTECTED_DACL_SECURITY_INFORMATION);
    if (control & SE_SACL_PRESENT)
        parts |= WHOLE_SACL
            | (control & SE_SACL_PROTECTED ? PROTECTED_SACL_SECURITY_INFORMATION
                                           : UNPROTECTED_SACL_SECURITY_INFORMATION);
    return parts;
}

static bool tree_set_security(void *self, struct layer_handle handle, const void *descriptor,
                              size_t length, struct error *err)
{
    (void)self;
    const struct object_win32 *object = object_win32_of(handle.value);
    SECURITY_DESCRIPTOR_RELATIVE *copy;
    if (length < sizeof(*copy))
        return error_set(err, ERR_INTEGRITY, "the security descriptor of '%s' is cut short",
                         object->path);
    CLEANUP(mem_free) void *memory = xmemdup(descriptor, length);
    copy = memory;
    /* "Was inherited" is kept only if the descriptor also says that inheritance was asked for. */
    if (copy->Control & SE_DACL_AUTO_INHERITED)
        copy->Control |= SE_DACL_AUTO_INHERIT_REQ;
    if (copy->Control & SE_SACL_AUTO_INHERITED)
        copy->Control |= SE_SACL_AUTO_INHERIT_REQ;
    NTSTATUS status = NtSetSecurityObject(object->handle, parts_of(copy), memory);
    return nt_ok(status) || error_ntstatus(err, status, "set the security of '%s'", object->path);
}

static bool tree_set_ea(void *self, struct layer_handle handle, const void *list, size_t length,
                        struct error *err)
{
    (void)self;
    const struct object_win32 *object = object_win32_of(handle.value);
    CLEANUP(mem_free) void *copy = xmemdup(list, length);
    IO_STATUS_BLOCK io = {0};
    NTSTATUS status = NtSetEaFile(object->handle, &io, copy, (ULONG)length);
    return nt_ok(status)
        || error_ntstatus(err, status, "set the extended attributes of '%s'", object->path);
}

static bool tree_set_reparse(void *self, struct layer_handle handle, const void *data,
                             size_t length, struct error *err)
{
    (void)self;
    const struct object_win32 *object = object_win32_of(handle.value);
    CLEANUP(mem_free) void *copy = xmemdup(data, length);
    IO_STATUS_BLOCK io = {0};
    NTSTATUS status = NtFsControlFile(object->handle, NULL, NULL, NULL, &io,
                                      FSCTL_SET_REPARSE_POINT, copy, (ULONG)length, NULL, 0);
    return nt_ok(status) || error_ntstatus(err, status, "make '%s' a link", object->path);
}

static bool tree_set_basic(void *self, struct layer_handle handle,
                           const struct win_basic_info *basic, struct error *err)
{
    (void)self;
    const struct object_win32 *object = object_win32_of(handle.value);
    FILE_BASIC_INFORMATION information = {
        .CreationTime.QuadPart = basic->creation_time,
        .LastAccessTime.QuadPart = basic->access_time,
        .LastWriteTime.QuadPart = basic->write_time,
        .ChangeTime.QuadPart = basic->change_time,
        .FileAttributes = basic->attributes,
    };
    IO_STATUS_BLOCK io = {0};
    NTSTATUS status = NtSetInformationFile(object->handle, &io, &information, sizeof(information),
                                           NT_FILE_BASIC_INFORMATION);
    return nt_ok(status)
        || error_ntstatus(err, status, "set the times and attributes of '%s'", object->path);
}

static bool tree_close(void *self, struct layer_handle *handle, struct error *err)
{
    (void)self;
    struct object_win32 *object = object_win32_of(TAKE(handle->value));
    if (!object)
        return true;
    bool closed =
        CloseHandle(object->handle) || error_win32(err, GetLastError(), "close '%s'", object->path);
    str_free(&object->path);
    mem_free(&object);
    return closed;
}

static bool tree_link(void *self, const struct layer_path *path,
                      const struct layer_tree *target_tree, const struct layer_path *target,
                      struct error *err)
{
    const struct tree_win32 *tree = self;
    const struct tree_win32 *other = target_tree->self;
    return safe_root_link(&(struct safe_link){.target_root = &other->root,
                                              .target = target->text,
                                              .link_root = &tree->root,
                                              .link = path->text},
                          err);
}

static bool tree_remove(void *self, const struct layer_path *path, struct error *err)
{
    struct tree_win32 *tree = self;
    safe_dirs_forget(&tree->dirs);
    return safe_root_remove_tree(&tree->root, path->text, err);
}

static bool tree_read_directory(void *self, const struct layer_path *path, struct win_meta *ret,
                                struct error *err)
{
    const struct tree_win32 *tree = self;
    return tree_win32_read_directory(&tree->root, path->text, ret, err);
}

static bool tree_read_object(void *self, const struct layer_path *path, struct win_meta *ret,
                             struct error *err)
{
    const struct tree_win32 *tree = self;
    return tree_win32_read_object(&tree->root, path->text, ret, err);
}

static bool tree_read_content(void *self, const struct layer_path *path,
                              bool (*consume)(void *user, const void *data, size_t length,
                                              struct error *err),
                              void *user, struct error *err)
{
    const struct tree_win32 *tree = self;
    const struct tree_win32_consumer to = {.consume = consume, .user = user};
    return tree_win32_read_content(&tree->root, path->text, &to, err);
}

static bool tree_list(void *self, const struct layer_path *path, struct strlist *ret,
                      struct error *err)
{
    const struct tree_win32 *tree = self;
    return safe_root_list(&tree->root, path->text, ret, err);
}

static bool tree_type_of(void *self, const struct layer_path *path, enum layer_object_type *ret,
                         struct error *err)
{
    static const enum layer_object_type types[] = {
        [SAFE_ABSENT] = LAYER_ABSENT,
        [SAFE_FILE] = LAYER_FILE,
        [SAFE_DIRECTORY] = LAYER_DIRECTORY,
        [SAFE_LINK] = LAYER_LINK,
        /* ImportLayer leaves placeholders where the content is in a lower layer. */
        [SAFE_PLACEHOLDER] = LAYER_ABSENT,
    };
    const struct tree_win32 *tree = self;
    enum safe_type type;
    if (!safe_root_type_of(&tree->root, path->text, &type, err)) {
        /* The way leads through a link. */
        if (err->code != (uint32_t)NT_REPARSE_POINT_ENCOUNTERED)
            return false;
        error_clear(err);
        type = SAFE_ABSENT;
    }
    *ret = types[type];
    return true;
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
    .read_object = tree_read_object,
    .read_content = tree_read_content,
    .list = tree_list,
    .type_of = tree_type_of,
};

bool tree_win32_open(const char *path, struct tree_win32 *ret, struct error *err)
{
    struct tree_win32 tree = {0};
    if (!safe_root_open(path, &tree.root, err))
        return false;
    *ret = TAKE(tree);
    return true;
}

void tree_win32_close(struct tree_win32 *tree)
{
    safe_dirs_forget(&tree->dirs);
    safe_root_close(&tree->root);
}

struct layer_tree tree_win32_interface(struct tree_win32 *tree)
{
    tree->dirs.root = &tree->root;
    return (struct layer_tree){.ops = &operations, .self = tree};
}
