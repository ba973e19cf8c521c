/* SPDX-License-Identifier: MIT */
#include "layers/whiteout.h"

#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "layers/printable.h"

#define PREFIX ".wh."
#define OPAQUE ".wh..wh..opq"

static const char *name_part(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash ? slash + 1 : name;
}

bool whiteout_is(const char *name)
{
    return str_starts_with(name_part(name), PREFIX);
}

/* The directory of the entry plus another last component, parsed. */
static bool sibling_path(const char *name, const char *last, struct layer_path *ret,
                         struct error *err)
{
    CLEANUP(str_free) char *text = str_format("%.*s%s", (int)(name_part(name) - name), name, last);
    return layer_path_parse(text, ret, err);
}

/* A utility VM is left out, or what it inherits is decided by the markers themselves. */
static bool is_settled_elsewhere(const struct unpack_rules *rules, const struct layer_path *marker)
{
    const struct layer_unpack_request *request = rules->request;
    return marker->root == LAYER_ROOT_UTILITY_VM
        && (!request->with_utility_vm || request->utility_vm);
}

/* The marker takes a name, so it cannot come twice nor lie below a link, and its directory is one
 * even if the tar never mentions it. */
static bool opaque_entry(struct unpack_rules *rules, const char *name, struct error *err)
{
    CLEANUP(layer_path_clear) struct layer_path marker = {0};
    CLEANUP(layer_path_clear) struct layer_path directory = {0};
    if (!sibling_path(name, OPAQUE, &marker, err))
        return false;
    if (marker.root == LAYER_ROOT_HIVES)
        return error_set(err, ERR_INTEGRITY, "a layer cannot delete that");
    if (!unpack_rules_claim(rules, &marker, NAME_TOMBSTONE, err))
        return false;
    if (layer_path_parent(&marker, &directory) && !is_settled_elsewhere(rules, &marker))
        path_list_add(&rules->opaque, &directory);
    return true;
}

bool whiteout_entry(struct unpack_rules *rules, const struct tar_entry *entry, struct error *err)
{
    if (rules->request->kind == LAYER_BASE)
        return error_set(err, ERR_INTEGRITY, "a base layer has nothing to delete");
    if (entry->type != TAR_FILE || entry->size > 0)
        return error_set(err, ERR_INTEGRITY, "a whiteout is an empty file");
    const char *last = name_part(entry->name);
    if (str_equal(last, OPAQUE))
        return opaque_entry(rules, entry->name, err);
    if (str_starts_with(last + strlen(PREFIX), PREFIX))
        return error_set(err, ERR_UNSUPPORTED, "this kind of whiteout is not supported");

    /* Without this, the name would be that of the directory. */
    if (last[strlen(PREFIX)] == '\0')
        return error_set(err, ERR_INTEGRITY, "a whiteout of nothing");

    CLEANUP(layer_path_clear) struct layer_path path = {0};
    return sibling_path(entry->name, last + strlen(PREFIX), &path, err)
        && unpack_rules_tombstone(rules, &path, err);
}

static char *marker_of(const struct layer_path *directory)
{
    return str_format("%s\\" OPAQUE, directory->text);
}

bool whiteout_is_opaque(const struct unpack_rules *rules, const struct layer_path *directory)
{
    CLEANUP(str_free) char *marker = marker_of(directory);
    return name_set_get(&rules->names, marker) != NAME_UNUSED;
}

/* Once: several parents may have the directory, and the tar may mark it too. */
static void hide_directory(struct unpack_rules *rules, const struct layer_path *directory)
{
    if (whiteout_is_opaque(rules, directory))
        return;
    CLEANUP(str_free) char *marker = marker_of(directory);
    name_set_put(&rules->names, marker, NAME_TOMBSTONE);
    path_list_add(&rules->opaque, directory);
}

/* A file of this layer replaces the parents'; a directory of this layer hides the parents' children
 * too, so the work list grows by it. */
static bool settle_child(struct unpack_rules *rules, const struct layer_path *path,
                         struct error *err)
{
    enum name_use use = name_set_get(&rules->names, path->text);
    if (use == NAME_UNUSED)
        return unpack_rules_tombstone(rules, path, err);
    if (use == NAME_DIRECTORY || use == NAME_IMPLIED_DIRECTORY)
        hide_directory(rules, path);
    return true;
}

/* What any of the parents has in a directory of that name. That may be more than is visible through
 * all of them: deleting what is not there is no fault. */
static bool list_children(const struct unpack_rules *rules, const struct layer_path *directory,
                          struct strlist *ret, struct error *err)
{
    const struct layer_unpack_request *request = rules->request;
    for (size_t i = 0; i < request->parent_count; i++) {
        const struct layer_tree *parent = &request->parents[i];
        enum layer_object_type type = LAYER_ABSENT;
        if (!parent->ops->type_of(parent->self, directory, &type, err)
            || (type == LAYER_DIRECTORY && !parent->ops->list(parent->self, directory, ret, err)))
            return false;
    }
    return true;
}

static bool settle_directory(struct unpack_rules *rules, const struct layer_path *directory,
                             struct error *err)
{
    CLEANUP(strlist_clear) struct strlist children = {0};
    if (!list_children(rules, directory, &children, err))
        return false;
    for (size_t i = 0; i < children.count; i++) {
        CLEANUP(layer_path_clear) struct layer_path path = {0};
        if (!layer_path_child(directory, children.items[i], &path, err)
            || !settle_child(rules, &path, err))
            return false;
    }
    return true;
}

bool whiteout_settle_opaque(struct unpack_rules *rules, struct error *err)
{
    for (size_t i = 0; i < rules->opaque.count; i++) {
        /* A copy: the list grows, and so moves, during the call. */
        CLEANUP(layer_path_clear)
        struct layer_path directory = layer_path_copy(&rules->opaque.items[i]);
        if (!settle_directory(rules, &directory, err))
            return error_wrap(err, "opaque directory '%s'", printable_name(directory.text).text);
    }
    return true;
}
