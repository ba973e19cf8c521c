/* SPDX-License-Identifier: MIT */
#include "layers/merge_tree.h"

#include <string.h>

#include "base/alloc.h"
#include "base/os.h"
#include "layers/merge_names.h"

struct merge_tree {
    struct layer_tree below;
    struct os_semaphore mutex; /* of 'names'; what it once gave stays as it is */
    struct merge_names names;
};

/* A path in the spelling of the tree below. */
static struct layer_path spelt(const struct layer_path *path, const struct merge_directory *parent,
                               const char *name)
{
    if (!parent)
        return layer_path_copy(path);
    return (struct layer_path){
        .text = str_format("%s\\%s", parent->path, name),
        .root = path->root,
    };
}

static const struct merge_directory *find(struct merge_tree *tree, const char *path, size_t length)
{
    os_semaphore_wait(&tree->mutex);
    const struct merge_directory *found = merge_names_find(&tree->names, path, length);
    os_semaphore_post(&tree->mutex);
    return found;
}

static const struct merge_directory *find_parent(struct merge_tree *tree,
                                                 const struct layer_path *path)
{
    const char *name = layer_path_name(path);
    return name == path->text ? NULL : find(tree, path->text, (size_t)(name - path->text) - 1);
}

/* ---- what lower layers have ---- */

/* Follows the path name by name, in whatever spelling; *ret is cleared when it leads nowhere. */
static bool search(struct merge_tree *tree, const struct layer_path *path, struct layer_path *ret,
                   struct error *err)
{
    const struct layer_tree *below = &tree->below;
    CLEANUP(strlist_clear) struct strlist names = {0};
    CLEANUP(layer_path_clear) struct layer_path parent = {0};
    CLEANUP(layer_path_clear) struct layer_path at = {0};
    enum layer_object_type type = LAYER_ABSENT;
    /* The roots have one spelling. */
    if (!layer_path_parent(path, &parent)) {
        *ret = layer_path_copy(path);
        return true;
    }
    /* As deep as a path may be. */
    if (!search(tree, &parent, &at, err))
        return false;
    if (!at.text)
        return true;
    if (!below->ops->type_of(below->self, &at, &type, err)
        || (type == LAYER_DIRECTORY && !below->ops->list(below->self, &at, &names, err)))
        return false;
    const char *spelling = merge_find_spelling(&names, layer_path_name(path));
    if (!spelling)
        return true;
    *ret = (struct layer_path){
        .text = str_format("%s\\%s", at.text, spelling),
        .root = path->root,
    };
    return true;
}

/* Where something is, and what. */
static bool locate(struct merge_tree *tree, const struct layer_path *path, struct layer_path *ret,
                   enum layer_object_type *ret_type, struct error *err)
{
    const struct layer_tree *below = &tree->below;
    CLEANUP(layer_path_clear)
    struct layer_path likely = spelt(path, find_parent(tree, path), layer_path_name(path));
    enum layer_object_type type = LAYER_ABSENT;
    if (!below->ops->type_of(below->self, &likely, &type, err))
        return false;
    if (type == LAYER_ABSENT) {
        struct layer_path found = {0};
        if (!search(tree, &likely, &found, err))
            return false;
        if (found.text) {
            layer_path_clear(&likely);
            likely = found;
            if (!below->ops->type_of(below->self, &likely, &type, err))
                return false;
        }
    }
    *ret = TAKE(likely);
    *ret_type = type;
    return true;
}

/* ---- making ---- */

/* Takes away what lower layers have under the name, and gives the path under which it is made anew.
 */
static bool make_way(struct merge_tree *tree, const struct layer_path *path, struct layer_path *ret,
                     struct error *err)
{
    const struct layer_tree *below = &tree->below;
    const struct merge_directory *parent = find_parent(tree, path);
    const char *name = layer_path_name(path);
    const char *old = parent ? merge_directory_find(parent, name) : NULL;
    if (old) {
        CLEANUP(layer_path_clear) struct layer_path gone = spelt(path, parent, old);
        if (!below->ops->remove(below->self, &gone, err))
            return false;
    }
    *ret = spelt(path, parent, name);
    return true;
}

static bool merge_create_file(void *self, const struct layer_path *path, uint64_t size,
                              struct layer_handle *ret, struct error *err)
{
    struct merge_tree *tree = self;
    CLEANUP(layer_path_clear) struct layer_path place = {0};
    return make_way(tree, path, &place, err)
        && tree->below.ops->create_file(tree->below.self, &place, size, ret, err);
}

/* A directory that is there already, if there is one; *ret is cleared if not. */
static bool find_old_directory(struct merge_tree *tree, const struct layer_path *path,
                               struct layer_path *ret, struct error *err)
{
    const struct layer_tree *below = &tree->below;
    const struct merge_directory *parent = find_parent(tree, path);
    const char *name = layer_path_name(path);
    const char *old = parent ? merge_directory_find(parent, name) : name;
    if (!old)
        return true;
    CLEANUP(layer_path_clear) struct layer_path place = spelt(path, parent, old);
    enum layer_object_type type = LAYER_ABSENT;
    if (!below->ops->type_of(below->self, &place, &type, err))
        return false;
    if (type == LAYER_DIRECTORY)
        *ret = TAKE(place);
    return true;
}

static bool keep_old_directory(struct merge_tree *tree, const struct layer_path *place,
                               struct error *err)
{
    const struct layer_tree *below = &tree->below;
    CLEANUP(strlist_clear) struct strlist children = {0};
    CLEANUP(win_meta_clear) struct win_meta meta;
    win_meta_init_directory(&meta);
    if (!below->ops->list(below->self, place, &children, err)
        || !below->ops->read_directory(below->self, place, &meta, err))
        return false;
    os_semaphore_wait(&tree->mutex);
    struct merge_directory *directory = merge_names_add(&tree->names, place->text);
    os_semaphore_post(&tree->mutex);
    directory->before = meta.basic;
    merge_directory_set_old(directory, &children);
    return true;
}

static bool merge_make_directory(void *self, const struct layer_path *path,
                                 struct layer_handle *ret, struct error *err)
{
    struct merge_tree *tree = self;
    const struct layer_tree *below = &tree->below;
    CLEANUP(layer_path_clear) struct layer_path place = {0};
    if (!find_old_directory(tree, path, &place, err))
        return false;
    if (place.text)
        return keep_old_directory(tree, &place, err)
            && below->ops->open_directory(below->self, &place, ret, err);
    if (!make_way(tree, path, &place, err)
        || !below->ops->make_directory(below->self, &place, ret, err))
        return false;
    os_semaphore_wait(&tree->mutex);
    merge_names_add(&tree->names, place.text);
    os_semaphore_post(&tree->mutex);
    return true;
}

static bool merge_open_directory(void *self, const struct layer_path *path,
                                 struct layer_handle *ret, struct error *err)
{
    struct merge_tree *tree = self;
    CLEANUP(layer_path_clear) struct layer_path place = {0};
    enum layer_object_type type = LAYER_ABSENT;
    return locate(tree, path, &place, &type, err)
        && tree->below.ops->open_directory(tree->below.self, &place, ret, err);
}

/* ---- open objects are those of the tree below ---- */

static bool merge_open_stream(void *self, struct layer_handle owner, const char *name,
                              uint64_t size, struct layer_handle *ret, struct error *err)
{
    const struct layer_tree *below = &((struct merge_tree *)self)->below;
    return below->ops->open_stream(below->self, owner, name, size, ret, err);
}

static bool merge_write(void *self, struct layer_handle handle, const void *data, size_t length,
                        struct error *err)
{
    const struct layer_tree *below = &((struct merge_tree *)self)->below;
    return below->ops->write(below->self, handle, data, length, err);
}

static bool merge_set_security(void *self, struct layer_handle handle, const void *descriptor,
                               size_t length, struct error *err)
{
    const struct layer_tree *below = &((struct merge_tree *)self)->below;
    return below->ops->set_security(below->self, handle, descriptor, length, err);
}

static bool merge_set_ea(void *self, struct layer_handle handle, const void *list, size_t length,
                         struct error *err)
{
    const struct layer_tree *below = &((struct merge_tree *)self)->below;
    return below->ops->set_ea(below->self, handle, list, length, err);
}

static bool merge_set_reparse(void *self, struct layer_handle handle, const void *data,
                              size_t length, struct error *err)
{
    const struct layer_tree *below = &((struct merge_tree *)self)->below;
    return below->ops->set_reparse(below->self, handle, data, length, err);
}

static bool merge_set_basic(void *self, struct layer_handle handle,
                            const struct win_basic_info *basic, struct error *err)
{
    const struct layer_tree *below = &((struct merge_tree *)self)->below;
    return below->ops->set_basic(below->self, handle, basic, err);
}

static bool merge_close(void *self, struct layer_handle *handle, struct error *err)
{
    const struct layer_tree *below = &((struct merge_tree *)self)->below;
    return below->ops->close(below->self, handle, err);
}

/* ---- names ---- */

static bool merge_link(void *self, const struct layer_path *path,
                       const struct layer_tree *target_tree, const struct layer_path *target,
                       struct error *err)
{
    struct merge_tree *tree = self;
    struct merge_tree *other = target_tree->self;
    CLEANUP(layer_path_clear) struct layer_path from = {0};
    CLEANUP(layer_path_clear) struct layer_path to = {0};
    enum layer_object_type type = LAYER_ABSENT;
    return locate(other, target, &from, &type, err) && make_way(tree, path, &to, err)
        && tree->below.ops->link(tree->below.self, &to, &other->below, &from, err);
}

static bool merge_remove(void *self, const struct layer_path *path, struct error *err)
{
    struct merge_tree *tree = self;
    CLEANUP(layer_path_clear) struct layer_path place = {0};
    enum layer_object_type type = LAYER_ABSENT;
    return locate(tree, path, &place, &type, err)
        && (type == LAYER_ABSENT || tree->below.ops->remove(tree->below.self, &place, err));
}

/* ---- questions ---- */

static bool merge_read_directory(void *self, const struct layer_path *path, struct win_meta *ret,
                                 struct error *err)
{
    struct merge_tree *tree = self;
    const struct merge_directory *touched = find(tree, path->text, strlen(path->text));
    if (touched && touched->is_old) {
        win_meta_take_directory(ret, &touched->before);
        return true;
    }
    CLEANUP(layer_path_clear) struct layer_path place = {0};
    enum layer_object_type type = LAYER_ABSENT;
    return locate(tree, path, &place, &type, err)
        && tree->below.ops->read_directory(tree->below.self, &place, ret, err);
}

static bool merge_list(void *self, const struct layer_path *path, struct strlist *ret,
                       struct error *err)
{
    struct merge_tree *tree = self;
    const struct merge_directory *touched = find(tree, path->text, strlen(path->text));
    if (!touched) {
        CLEANUP(layer_path_clear) struct layer_path place = {0};
        enum layer_object_type type = LAYER_ABSENT;
        return locate(tree, path, &place, &type, err)
            && tree->below.ops->list(tree->below.self, &place, ret, err);
    }
    for (size_t i = 0; i < touched->name_count; i++)
        strlist_add(ret, touched->names[i].name);
    return true;
}

static bool merge_type_of(void *self, const struct layer_path *path, enum layer_object_type *ret,
                          struct error *err)
{
    struct merge_tree *tree = self;
    const struct merge_directory *touched = find(tree, path->text, strlen(path->text));
    if (touched) {
        *ret = touched->is_old ? LAYER_DIRECTORY : LAYER_ABSENT;
        return true;
    }
    CLEANUP(layer_path_clear) struct layer_path place = {0};
    return locate(tree, path, &place, ret, err);
}

static const struct layer_tree_ops operations = {
    .make_directory = merge_make_directory,
    .create_file = merge_create_file,
    .open_directory = merge_open_directory,
    .open_stream = merge_open_stream,
    .write = merge_write,
    .set_security = merge_set_security,
    .set_ea = merge_set_ea,
    .set_reparse = merge_set_reparse,
    .set_basic = merge_set_basic,
    .close = merge_close,
    .link = merge_link,
    .remove = merge_remove,
    .read_directory = merge_read_directory,
    .list = merge_list,
    .type_of = merge_type_of,
};

/* ---- the tree ---- */

bool merge_tree_open(const struct layer_tree *below, struct merge_tree **ret, struct error *err)
{
    struct os_semaphore mutex = {0};
    if (!os_semaphore_open(&mutex, 1, err))
        return false;
    struct merge_tree *tree = xcalloc(1, sizeof(*tree));
    tree->below = *below;
    tree->mutex = mutex;
    *ret = tree;
    return true;
}

void merge_tree_close(struct merge_tree **tree)
{
    if (!*tree)
        return;
    merge_names_clear(&(*tree)->names);
    os_semaphore_close(&(*tree)->mutex);
    mem_free(tree);
}

void merge_tree_begin_layer(struct merge_tree *tree)
{
    merge_names_clear(&tree->names);
}

struct layer_tree merge_tree_interface(struct merge_tree *tree)
{
    return (struct layer_tree){.ops = &operations, .self = tree};
}
