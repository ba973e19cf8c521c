/* SPDX-License-Identifier: MIT */
#include "layers/utility_vm.h"

#include "base/alloc.h"
#include "base/text.h"
#include "layers/printable.h"
#include "layers/tree_copy.h"
#include "layers/whiteout.h"

/* ProcessUtilityImage writes to these: a link would change those of the parent as well. */
static const char *const written_later[] = {
    UTILITY_VM_FILES "\\EFI\\Microsoft\\Boot\\BCD",
    UTILITY_VM_FILES "\\EFI\\Microsoft\\Boot\\BCD.LOG",
    UTILITY_VM_FILES "\\EFI\\Microsoft\\Boot\\BCD.LOG1",
    UTILITY_VM_FILES "\\EFI\\Microsoft\\Boot\\BCD.LOG2",
};

struct inheritance {
    struct unpack_rules *rules;
    const struct layer_tree *layer;
    const struct layer_tree *parent;
    struct path_list directories; /* that both have; grows while it is worked through */
};

static struct layer_path top_path(void)
{
    return (struct layer_path){.text = xstrdup(UTILITY_VM_FILES), .root = LAYER_ROOT_UTILITY_VM};
}

bool utility_vm_find_parent(const struct layer_unpack_request *request,
                            const struct layer_tree **ret, struct error *err)
{
    CLEANUP(layer_path_clear) struct layer_path top = top_path();
    enum layer_object_type type = LAYER_ABSENT;
    const struct layer_tree *found = NULL;
    for (size_t i = 0; !found && i < request->parent_count; i++) {
        const struct layer_tree *parent = &request->parents[i];
        if (!parent->ops->type_of(parent->self, &top, &type, err))
            return false;
        if (type == LAYER_DIRECTORY)
            found = parent;
    }
    *ret = found;
    return true;
}

/* ---- the walk ---- */

static bool is_written_later(const struct layer_path *path)
{
    for (size_t i = 0; i < ARRAY_SIZE(written_later); i++) {
        if (str_equal_nocase(path->text, written_later[i]))
            return true;
    }
    return false;
}

static bool take_over(struct inheritance *from, const struct layer_path *path,
                      enum layer_object_type type, struct error *err)
{
    const struct tree_copy copy = {
        .from = from->parent, .source = path, .to = from->layer, .target = path};
    struct win_basic_info basic;
    if (type == LAYER_DIRECTORY)
        path_list_add(&from->directories, path);
    if (type == LAYER_FILE && !is_written_later(path))
        return tree_copy_link(&copy, err);
    return tree_copy_object(&copy, &basic, err)
        && (type == LAYER_FILE || unpack_rules_keep_directory(from->rules, path, &basic, err));
}

static bool visit_child(struct inheritance *from, const struct layer_path *path, struct error *err)
{
    enum name_use use = name_set_get(&from->rules->names, path->text);
    bool is_both = use == NAME_DIRECTORY || use == NAME_IMPLIED_DIRECTORY;
    enum layer_object_type type = LAYER_ABSENT;
    if (use != NAME_UNUSED && !is_both)
        return true;
    if (!from->parent->ops->type_of(from->parent->self, path, &type, err))
        return false;
    if (use == NAME_UNUSED)
        return type == LAYER_ABSENT || take_over(from, path, type, err);
    if (type == LAYER_DIRECTORY)
        path_list_add(&from->directories, path);
    return true;
}

static bool visit_directory(struct inheritance *from, const struct layer_path *directory,
                            struct error *err)
{
    CLEANUP(strlist_clear) struct strlist names = {0};
    if (whiteout_is_opaque(from->rules, directory))
        return true;
    if (!from->parent->ops->list(from->parent->self, directory, &names, err))
        return false;
    for (size_t i = 0; i < names.count; i++) {
        CLEANUP(layer_path_clear) struct layer_path path = {0};
        if (!layer_path_child(directory, names.items[i], &path, err))
            return error_wrap(err, "'%s' of a parent layer", printable_name(names.items[i]).text);
        if (!visit_child(from, &path, err))
            return error_wrap(err, "'%s' of a parent layer", printable_name(path.text).text);
    }
    return true;
}

static bool walk(struct inheritance *from, struct error *err)
{
    for (size_t i = 0; i < from->directories.count; i++) {
        /* A copy: the list grows, and so moves, during the call. */
        CLEANUP(layer_path_clear)
        struct layer_path directory = layer_path_copy(&from->directories.items[i]);
        if (!visit_directory(from, &directory, err))
            return false;
    }
    return true;
}

static bool check_deleted(const struct inheritance *from, struct error *err)
{
    const struct path_list *deleted = &from->rules->utility_vm_deleted;
    for (size_t i = 0; i < deleted->count; i++) {
        enum layer_object_type type = LAYER_ABSENT;
        const struct layer_tree *parent = from->parent;
        if (parent && !parent->ops->type_of(parent->self, &deleted->items[i], &type, err))
            return false;
        if (type == LAYER_ABSENT)
            return error_set(err, ERR_INTEGRITY,
                             "the layer deletes '%s', which its parents do not have",
                             printable_name(deleted->items[i].text).text);
    }
    return true;
}

bool utility_vm_inherit(struct unpack_rules *rules, struct error *err)
{
    const struct layer_unpack_request *request = rules->request;
    struct inheritance from = {.rules = rules, .layer = request->utility_vm};
    CLEANUP(layer_path_clear) struct layer_path top = top_path();
    if (request->kind != LAYER_DIFF || !request->utility_vm || !rules->result.has_utility_vm)
        return true;
    if (!utility_vm_find_parent(request, &from.parent, err) || !check_deleted(&from, err))
        return false;
    if (!from.parent)
        return true;
    path_list_add(&from.directories, &top);
    bool done = walk(&from, err);
    path_list_clear(&from.directories);
    return done;
}
