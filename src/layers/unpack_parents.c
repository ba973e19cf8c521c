/* SPDX-License-Identifier: MIT */
#include "layers/unpack_parents.h"

#include "base/alloc.h"
#include "layers/printable.h"
#include "layers/utility_vm.h"
#include "layers/whiteout.h"

/* ---- hard links ---- */

/* The layers that may have the target. Of a utility VM the nearest layer with one has all. */
static bool first_parent(const struct unpack_rules *rules, const struct layer_path *target,
                         size_t *ret_first, size_t *ret_end, struct error *err)
{
    const struct layer_unpack_request *request = rules->request;
    const struct layer_tree *nearest = NULL;
    *ret_first = 0;
    *ret_end = request->parent_count;
    if (!request->utility_vm || target->root != LAYER_ROOT_UTILITY_VM)
        return true;
    if (!utility_vm_find_parent(request, &nearest, err))
        return false;
    *ret_first = nearest ? (size_t)(nearest - request->parents) : *ret_end;
    *ret_end = nearest ? *ret_first + 1 : *ret_end;
    return true;
}

bool unpack_find_in_parents(struct unpack_rules *rules, struct layer_link *link, struct error *err)
{
    const struct layer_unpack_request *request = rules->request;
    enum layer_object_type type = request->tree ? LAYER_ABSENT : LAYER_FILE;
    size_t i = 0;
    size_t end = 0;
    if (!first_parent(rules, &link->target, &i, &end, err))
        return false;
    for (; type == LAYER_ABSENT && i < end; i++) {
        const struct layer_tree *parent = &request->parents[i];
        if (!parent->ops->type_of(parent->self, &link->target, &type, err))
            return false;
        link->parent = (int)i;
    }
    if (type != LAYER_FILE)
        return error_set(err, ERR_INTEGRITY,
                         "it is a hard link to '%s', which is no file in this "
                         "layer or its parents",
                         printable_name(link->target.text).text);
    return true;
}

/* Hard links to what was not in this layer when they came. */
static bool settle_links(struct unpack_rules *rules, struct error *err)
{
    for (size_t i = 0; i < rules->result.link_count; i++) {
        struct layer_link *link = &rules->result.links[i];
        if (link->parent == LINK_IN_SOME_PARENT && !unpack_find_in_parents(rules, link, err))
            return error_wrap(err, "entry '%s'", printable_name(link->path.text).text);
    }
    return true;
}

/* ---- directories ---- */

/* In a diff layer, a directory replaces that of the parents with all its metadata. One that the tar
 * does not mention has not changed, so it gets the metadata it had. */
static bool read_from_parents(const struct unpack_rules *rules, const struct layer_path *path,
                              struct win_meta *ret, struct error *err)
{
    const struct layer_unpack_request *request = rules->request;
    enum layer_object_type type = LAYER_ABSENT;
    for (size_t i = 0; type == LAYER_ABSENT && i < request->parent_count; i++) {
        const struct layer_tree *parent = &request->parents[i];
        if (!parent->ops->type_of(parent->self, path, &type, err))
            return false;
        if (type == LAYER_DIRECTORY)
            return parent->ops->read_directory(parent->self, path, ret, err);
    }
    return true;
}

static bool settle_directory(struct unpack_rules *rules, const struct layer_path *path,
                             const struct win_meta *meta, struct error *err)
{
    const struct layer_writer *writer = &rules->writer;
    return unpack_rules_keep_directory(rules, path, &meta->basic, err)
        && writer->ops->directory(writer->self, path, meta, true, err)
        && writer->ops->end(writer->self, err);
}

/* Directories that the tar has never mentioned. */
static bool settle_implied(struct unpack_rules *rules, struct error *err)
{
    for (size_t i = 0; i < rules->implied.count; i++) {
        const struct layer_path *path = &rules->implied.items[i];
        if (name_set_get(&rules->names, path->text) != NAME_IMPLIED_DIRECTORY)
            continue;
        CLEANUP(win_meta_clear) struct win_meta meta;
        win_meta_init_directory(&meta);
        if (!read_from_parents(rules, path, &meta, err)
            || !settle_directory(rules, path, &meta, err))
            return error_wrap(err, "directory '%s'", printable_name(path->text).text);
    }
    return true;
}

/* ---- when the layer has been read ---- */

bool unpack_rules_settle(struct unpack_rules *rules, struct error *err)
{
    const struct layer_unpack_request *request = rules->request;
    return (!unpack_rules_is_staged(request) || !request->await_parents
            || request->await_parents(request->await_user, err))
        && settle_links(rules, err) && whiteout_settle_opaque(rules, err)
        && settle_implied(rules, err);
}
