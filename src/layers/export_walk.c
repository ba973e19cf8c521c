/* SPDX-License-Identifier: MIT */
#include "layers/export_walk.h"

#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "layers/name_set.h"
#include "layers/printable.h"
#include "layers/tombstones.h"

#define RECYCLE_BIN "Files\\$Recycle.Bin"
#define METADATA_SUFFIX ".$wcidirs$"
#define WHITEOUT_PREFIX ".wh."
#define NAME_HINT "delete or rename it in the container; no layer can hold such a name"
#define TOMBSTONES_MAXIMUM ((size_t)256 * 1024 * 1024)

/* Something that is still to be visited. */
struct pending {
    struct layer_path path;
    bool is_directory;
};

struct walk {
    const struct layer_folder *folder;
    const struct export_visitor *visitor;
    const struct context *context;
    struct pending *stack;
    size_t depth;
    size_t capacity;
    struct tombstones tombstones;
    struct name_set deleted; /* what they name */
};

static void walk_clear(struct walk *walk)
{
    for (size_t i = 0; i < walk->depth; i++)
        layer_path_clear(&walk->stack[i].path);
    mem_free(&walk->stack);
    tombstones_clear(&walk->tombstones);
    name_set_clear(&walk->deleted);
}

/* Takes over the path. */
static void push(struct walk *walk, struct layer_path *path, bool is_directory)
{
    if (walk->depth == walk->capacity) {
        walk->capacity = walk->capacity ? 2 * walk->capacity : 64;
        walk->stack = xrealloc_array(walk->stack, walk->capacity, sizeof(*walk->stack));
    }
    walk->stack[walk->depth++] =
        (struct pending){.path = TAKE(*path), .is_directory = is_directory};
}

static bool push_text(struct walk *walk, const char *text, struct error *err)
{
    struct layer_path path = {0};
    if (!layer_path_parse(text, &path, err))
        return false;
    push(walk, &path, true);
    return true;
}

/* ---- what is there ---- */

/* hcsshim passes over it because its names may be no proper UTF-16; nobody wants it anyway. */
static bool is_recycle_bin(const char *path)
{
    size_t length = strlen(RECYCLE_BIN);
    CLEANUP(str_free) char *start = xstrndup(path, length);
    return str_equal_nocase(start, RECYCLE_BIN) && (path[length] == '\0' || path[length] == '\\');
}

static bool is_left_out(const struct layer_path *directory, const struct folder_entry *entry)
{
    CLEANUP(str_free) char *text = str_format("%s\\%s", directory->text, entry->name);
    return str_ends_with_nocase(entry->name, METADATA_SUFFIX)
        || (entry->is_directory && is_recycle_bin(text));
}

/* What no layer can hold. A name that begins like a deletion would be taken for one. */
static bool parse_child(const char *text, const char *name, struct layer_path *ret,
                        struct error *err)
{
    if (str_starts_with(name, WHITEOUT_PREFIX))
        return error_set(err, ERR_INTEGRITY, "the path has a name that stands for a deletion");
    return layer_path_parse(text, ret, err);
}

/* Only the hives that are known can be in a layer; whatever else Windows puts beside them is its
 * own. */
static bool child_path(struct walk *walk, const struct layer_path *directory, const char *name,
                       struct layer_path *ret, struct error *err)
{
    CLEANUP(str_free) char *text = str_format("%s\\%s", directory->text, name);
    if (parse_child(text, name, ret, err))
        return true;
    if (directory->root == LAYER_ROOT_FILES) {
        error_wrap(err, "'%s'", printable_name(text).text);
        return error_hint(err,
                          "delete or rename it in the container; no layer can hold such a "
                          "name");
    }
    if (directory->root == LAYER_ROOT_HIVES)
        context_warn(walk->context, "'%s' is left out: it is no registry hive that layers have",
                     printable_name(text).text);
    error_clear(err);
    return true;
}

/* Backwards: what is pushed last is visited first. */
static bool push_children(struct walk *walk, const struct layer_path *directory,
                          const struct folder_list *children, struct error *err)
{
    for (size_t i = children->count; i > 0; i--) {
        const struct folder_entry *entry = &children->items[i - 1];
        CLEANUP(layer_path_clear) struct layer_path path = {0};
        if (is_left_out(directory, entry))
            continue;
        if (!child_path(walk, directory, entry->name, &path, err))
            return false;
        if (path.text)
            push(walk, &path, entry->is_directory);
    }
    return true;
}

/* ---- what is gone ---- */

static bool tell_deletion(struct walk *walk, struct tombstone *stone, struct error *err)
{
    stone->taken = true;
    return walk->visitor->deletion(walk->visitor->user, &stone->path, err)
        || error_wrap(err, "deletion of '%s'", printable_name(stone->path.text).text);
}

/* What is there again hides what the parents have; it is not deleted as well. */
static bool tell_deletions(struct walk *walk, const struct layer_path *directory,
                           const struct folder_list *children, struct error *err)
{
    CLEANUP(name_set_clear) struct name_set names = {0};
    size_t count = 0;
    size_t first = tombstones_find(&walk->tombstones, directory, &count);
    for (size_t i = 0; count > 0 && i < children->count; i++)
        name_set_put(&names, children->items[i].name, NAME_FILE);
    for (size_t i = first; i < first + count; i++) {
        struct tombstone *stone = &walk->tombstones.items[i];
        if (name_set_get(&names, layer_path_name(&stone->path)) != NAME_UNUSED)
            stone->taken = true;
        else if (!tell_deletion(walk, stone, err))
            return false;
    }
    return true;
}

/* What is deleted with a directory need not be deleted itself. */
static bool is_deleted_above(const struct walk *walk, const struct tombstone *stone)
{
    CLEANUP(layer_path_clear) struct layer_path at = layer_path_copy(&stone->directory);
    struct layer_path parent = {0};
    bool deleted = name_set_get(&walk->deleted, at.text) != NAME_UNUSED;
    while (!deleted && layer_path_parent(&at, &parent)) {
        layer_path_clear(&at);
        at = TAKE(parent);
        deleted = name_set_get(&walk->deleted, at.text) != NAME_UNUSED;
    }
    return deleted;
}

/* In directories that the folder does not have. */
static bool tell_remaining_deletions(struct walk *walk, struct error *err)
{
    for (size_t i = 0; i < walk->tombstones.count; i++) {
        struct tombstone *stone = &walk->tombstones.items[i];
        if (stone->taken || is_recycle_bin(stone->directory.text) || is_deleted_above(walk, stone))
            continue;
        if (!tell_deletion(walk, stone, err))
            return false;
    }
    return true;
}

static bool read_tombstones(struct walk *walk, struct error *err)
{
    const struct layer_folder *folder = walk->folder;
    struct folder_handle handle = {0};
    struct folder_info info = {0};
    CLEANUP(mem_free) char *text = NULL;
    size_t got = 0;
    if (!folder->ops->open(folder->self, TOMBSTONES_NAME, &handle, err))
        return error_wrap(err, "the list of what the layer deletes");
    bool read = folder->ops->read_info(folder->self, handle, &info, err);
    if (read && info.size > TOMBSTONES_MAXIMUM)
        read = error_set(err, ERR_UNSUPPORTED, "larger than %zu bytes", TOMBSTONES_MAXIMUM);
    if (read) {
        text = xmalloc((size_t)info.size + 1);
        const struct folder_span whole = {.length = (size_t)info.size};
        read = folder->ops->read_at(folder->self, handle, whole, text, &got, err);
    }
    folder->ops->close(folder->self, &handle);
    if (!read || !tombstones_parse(text, got, &walk->tombstones, err))
        return error_wrap(err, TOMBSTONES_NAME);
    for (size_t i = 0; i < walk->tombstones.count; i++)
        name_set_put(&walk->deleted, walk->tombstones.items[i].path.text, NAME_TOMBSTONE);
    return true;
}

/* ---- the walk ---- */

static bool enter(struct walk *walk, const struct layer_path *directory, struct error *err)
{
    CLEANUP(folder_list_clear) struct folder_list children = {0};
    if (!walk->folder->ops->list(walk->folder->self, directory->text, &children, err)) {
        if (err->kind == ERR_INTEGRITY)
            error_hint(err, NAME_HINT);
        return error_wrap(err, "list '%s'", printable_name(directory->text).text);
    }
    folder_list_sort(&children);
    return tell_deletions(walk, directory, &children, err)
        && push_children(walk, directory, &children, err);
}

static bool visit(struct walk *walk, const struct pending *next, struct error *err)
{
    bool enters = next->is_directory;
    if (!cancel_check(walk->context ? walk->context->cancel : NULL, err))
        return false;
    if (!walk->visitor->object(walk->visitor->user, &next->path, next->is_directory, &enters, err))
        return error_wrap(err, "'%s'", printable_name(next->path.text).text);
    return !enters || enter(walk, &next->path, err);
}

static bool walk_from(struct walk *walk, const char *root, struct error *err)
{
    if (!push_text(walk, root, err))
        return false;
    while (walk->depth > 0) {
        struct pending next = walk->stack[--walk->depth];
        bool visited = visit(walk, &next, err);
        layer_path_clear(&next.path);
        if (!visited)
            return false;
    }
    return true;
}

/* Tells whether the folder has a directory of that name in 'parent' ("" = the folder). */
static bool has_directory(const struct layer_folder *folder, const char *parent, const char *name,
                          bool *ret, struct error *err)
{
    CLEANUP(folder_list_clear) struct folder_list list = {0};
    if (!folder->ops->list(folder->self, parent, &list, err))
        return error_wrap(err, "list '%s'", parent);
    *ret = false;
    for (size_t i = 0; i < list.count; i++) {
        if (list.items[i].is_directory && str_equal_nocase(list.items[i].name, name))
            *ret = true;
    }
    return true;
}

static bool walk_transport(struct walk *walk, struct error *err)
{
    bool hives = false;
    if (!read_tombstones(walk, err) || !has_directory(walk->folder, "", "Hives", &hives, err)
        || !walk_from(walk, "Files", err) || !tell_remaining_deletions(walk, err))
        return false;
    return !hives || walk_from(walk, "Hives", err);
}

/* A UtilityVM without Files is none. */
static bool walk_base(struct walk *walk, struct error *err)
{
    bool utility_vm = false;
    if (!has_directory(walk->folder, "", "UtilityVM", &utility_vm, err))
        return false;
    if (utility_vm && !has_directory(walk->folder, "UtilityVM", "Files", &utility_vm, err))
        return false;
    return walk_from(walk, "Files", err) && (!utility_vm || walk_from(walk, "UtilityVM", err));
}

bool export_walk(const struct layer_folder *folder, enum layer_export_form form,
                 const struct export_visitor *visitor, const struct context *context,
                 struct error *err)
{
    CLEANUP(walk_clear)
    struct walk walk = {.folder = folder, .visitor = visitor, .context = context};
    return form == LAYER_EXPORT_BASE ? walk_base(&walk, err) : walk_transport(&walk, err);
}
