/* SPDX-License-Identifier: MIT */
#include "layers/unpack_rules.h"

#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "layers/printable.h"
#include "layers/unpack_parents.h"
#include "layers/utility_vm.h"
#include "layers/whiteout.h"

#define MAXIMUM_REMEMBERED ((uint64_t)512 * 1024 * 1024)

bool unpack_rules_is_staged(const struct layer_unpack_request *request)
{
    return request->kind == LAYER_DIFF && request->format == LAYER_FOR_WINDOWS;
}

static struct layer_writer open_writer(const struct layer_unpack_request *request)
{
    if (!request->tree)
        return check_writer_open();
    if (!unpack_rules_is_staged(request))
        return base_writer_open(request->tree);
    return request->utility_vm ? utility_vm_writer_open(request->tree, request->utility_vm)
                               : stage_writer_open(request->tree);
}

void unpack_rules_open(struct unpack_rules *rules, const struct layer_unpack_request *request)
{
    *rules = (struct unpack_rules){.request = request, .writer = open_writer(request)};
}

void unpack_rules_close(struct unpack_rules *rules)
{
    layer_writer_close(&rules->writer);
    layer_path_clear(&rules->current.path);
    name_set_clear(&rules->names);
    path_list_clear(&rules->implied);
    path_list_clear(&rules->opaque);
    path_list_clear(&rules->utility_vm_deleted);
    layer_unpack_result_clear(&rules->result);
    *rules = (struct unpack_rules){0};
}

/* ---- what is kept ---- */

/* Names compress well: without a limit, a small blob could fill the memory. */
static bool remember(struct unpack_rules *rules, const struct layer_path *path, struct error *err)
{
    rules->remembered += strlen(path->text);
    if (rules->remembered > MAXIMUM_REMEMBERED)
        return error_set(err, ERR_INTEGRITY, "the layer has too many directories and links");
    return true;
}

bool unpack_rules_keep_directory(struct unpack_rules *rules, const struct layer_path *path,
                                 const struct win_basic_info *basic, struct error *err)
{
    struct layer_unpack_result *result = &rules->result;
    if (!rules->request->tree)
        return true;
    if (!remember(rules, path, err))
        return false;
    result->directories =
        array_room(result->directories, result->directory_count, sizeof(*result->directories));
    result->directories[result->directory_count++] =
        (struct layer_directory){.path = layer_path_copy(path), .basic = *basic};
    return true;
}

/* Takes the link. */
static bool keep_link(struct unpack_rules *rules, struct layer_link *link, struct error *err)
{
    struct layer_unpack_result *result = &rules->result;
    if (!rules->request->tree)
        return true;
    if (!remember(rules, &link->path, err) || !remember(rules, &link->target, err))
        return false;
    result->links = array_room(result->links, result->link_count, sizeof(*result->links));
    result->links[result->link_count++] = TAKE(*link);
    return true;
}

/* ---- names ---- */

static bool is_left_out(const struct unpack_rules *rules, const struct layer_path *path)
{
    return path->root == LAYER_ROOT_UTILITY_VM && !rules->request->with_utility_vm;
}

/* Why nothing can lie below a name of this use; NULL = it can. */
static const char *const below_faults[] = {
    [NAME_FILE] = "a file",          [NAME_LINK] = "a link",
    [NAME_HARD_LINK] = "a file",     [NAME_TOMBSTONE] = "something the layer deletes",
    [NAME_STREAM] = "a data stream",
};

static bool imply_directory(struct unpack_rules *rules, const struct layer_path *path,
                            struct error *err)
{
    if (!remember(rules, path, err))
        return false;
    name_set_put(&rules->names, path->text, NAME_IMPLIED_DIRECTORY);
    if (is_left_out(rules, path))
        return true;
    path_list_add(&rules->implied, path);
    return rules->writer.ops->implied_directory(rules->writer.self, path, err);
}

/* Sees to it that the directory the path lies in exists and is one. */
static bool ensure_parents(struct unpack_rules *rules, const struct layer_path *path,
                           struct error *err)
{
    struct path_list missing = {0};
    CLEANUP(layer_path_clear) struct layer_path at = layer_path_copy(path);
    const char *fault = NULL;
    struct layer_path parent = {0};
    while (!fault && layer_path_parent(&at, &parent)) {
        layer_path_clear(&at);
        at = TAKE(parent);
        enum name_use use = name_set_get(&rules->names, at.text);
        if (use == NAME_DIRECTORY || use == NAME_IMPLIED_DIRECTORY)
            break;
        if (use == NAME_UNUSED)
            path_list_add(&missing, &at);
        else
            fault = below_faults[use];
    }

    bool good = !fault
        || error_set(err, ERR_INTEGRITY, "it lies below '%s', which is %s",
                     printable_name(at.text).text, fault);
    for (size_t i = missing.count; good && i > 0; i--)
        good = imply_directory(rules, &missing.items[i - 1], err);
    path_list_clear(&missing);
    return good;
}

bool unpack_rules_claim(struct unpack_rules *rules, const struct layer_path *path,
                        enum name_use use, struct error *err)
{
    if (name_set_get(&rules->names, path->text) != NAME_UNUSED)
        return error_set(err, ERR_INTEGRITY,
                         "the layer has this name already (upper and lower case are the same)");
    if (!ensure_parents(rules, path, err))
        return false;
    name_set_put(&rules->names, path->text, use);
    if (str_starts_with(path->text, UTILITY_VM_FILES))
        rules->result.has_utility_vm = true;
    return true;
}

bool unpack_rules_tombstone(struct unpack_rules *rules, const struct layer_path *path,
                            struct error *err)
{
    struct layer_unpack_result *result = &rules->result;
    if (path->root == LAYER_ROOT_HIVES || layer_path_is_root(path)
        || str_equal(path->text, UTILITY_VM_FILES))
        return error_set(err, ERR_INTEGRITY, "a layer cannot delete that");
    if (!unpack_rules_claim(rules, path, NAME_TOMBSTONE, err))
        return false;
    if (is_left_out(rules, path) || !rules->request->tree)
        return true;
    if (!remember(rules, path, err))
        return false;
    if (rules->request->utility_vm && path->root == LAYER_ROOT_UTILITY_VM) {
        path_list_add(&rules->utility_vm_deleted, path);
        return true;
    }
    result->tombstones =
        array_room(result->tombstones, result->tombstone_count, sizeof(*result->tombstones));
    result->tombstones[result->tombstone_count++] = layer_path_copy(path);
    return true;
}

/* ---- objects ---- */

static bool end_current(struct unpack_rules *rules, struct error *err)
{
    bool was_open = rules->current.is_open;
    layer_path_clear(&rules->current.path);
    rules->current = (struct unpack_current){0};
    return !was_open || rules->writer.ops->end(rules->writer.self, err);
}

static enum name_use use_of(const struct tar_entry *entry)
{
    if (entry->type == TAR_SYMLINK)
        return NAME_LINK;
    return entry->type == TAR_DIRECTORY ? NAME_DIRECTORY : NAME_FILE;
}

static bool begin_object(struct unpack_rules *rules, const struct layer_path *path,
                         const struct win_meta *meta, const struct tar_entry *entry, bool implied,
                         struct error *err)
{
    const struct layer_writer *writer = &rules->writer;
    rules->current.is_open = true;
    if (meta->is_directory && !unpack_rules_keep_directory(rules, path, &meta->basic, err))
        return false;
    if (meta->reparse.length > 0)
        return writer->ops->link(writer->self, path, meta, err);
    if (meta->is_directory)
        return writer->ops->directory(writer->self, path, meta, implied, err);
    return writer->ops->file(writer->self, path, meta, entry->size, err);
}

/* Text becomes a descriptor where there is somebody to ask; elsewhere it has only been checked. */
static bool convert_security(const struct unpack_rules *rules, struct win_meta *meta,
                             struct error *err)
{
    if (!meta->sddl || !rules->request->security_from_sddl)
        return true;
    return (rules->request->security_from_sddl(meta->sddl, &meta->security, err)
            && security_descriptor_check(meta->security.data, meta->security.length, err))
        || error_wrap(err, "record MSWINDOWS.sd");
}

/* Files, directories, symlinks and junctions. */
static bool object_entry(struct unpack_rules *rules, const struct layer_path *path,
                         const struct tar_entry *entry, struct error *err)
{
    bool implied = entry->type == TAR_DIRECTORY
        && name_set_get(&rules->names, path->text) == NAME_IMPLIED_DIRECTORY;
    if (implied)
        name_set_put(&rules->names, path->text, NAME_DIRECTORY);
    else if (!unpack_rules_claim(rules, path, use_of(entry), err))
        return false;

    rules->current = (struct unpack_current){
        .path = layer_path_copy(path),
        .is_left_out = is_left_out(rules, path),
        .takes_streams = entry->type != TAR_SYMLINK && path->root != LAYER_ROOT_HIVES,
    };
    CLEANUP(win_meta_clear) struct win_meta meta = {0};
    if (!win_meta_parse(entry, &meta, err))
        return false;
    return rules->current.is_left_out
        || (convert_security(rules, &meta, err)
            && begin_object(rules, path, &meta, entry, implied, err));
}

/* ---- hard links ---- */

static bool find_target(struct unpack_rules *rules, struct layer_link *link, struct error *err)
{
    enum name_use use = name_set_get(&rules->names, link->target.text);
    if (use == NAME_FILE || use == NAME_HARD_LINK)
        return true;
    if (use == NAME_UNUSED && rules->request->kind == LAYER_DIFF) {
        link->parent = LINK_IN_SOME_PARENT;
        /* Parents may not be complete yet. What comes later in this layer does not matter. */
        return unpack_rules_is_staged(rules->request) || unpack_find_in_parents(rules, link, err);
    }
    return error_set(err, ERR_INTEGRITY,
                     "it is a hard link to '%s', which is no file that came "
                     "before it",
                     printable_name(link->target.text).text);
}

static bool check_left_out_target(struct unpack_rules *rules, const struct layer_link *link,
                                  struct error *err)
{
    if (!is_left_out(rules, &link->target))
        return true;
    rules->result.needs_utility_vm = rules->request->kind == LAYER_BASE;
    error_set(err, ERR_UNSUPPORTED,
              "it is a hard link into the utility VM's files, which are left out");
    return error_hint(err, "pull the image with --utility-vm");
}

static bool hard_link_entry(struct unpack_rules *rules, const struct layer_path *path,
                            const struct tar_entry *entry, struct error *err)
{
    struct layer_link link = {.path = layer_path_copy(path), .parent = LAYER_LINK_IN_LAYER};
    bool good = layer_path_parse(entry->target, &link.target, err)
        || error_wrap(err, "it is a hard link to '%s'", printable_name(entry->target).text);
    if (good && (path->root == LAYER_ROOT_HIVES || link.target.root == LAYER_ROOT_HIVES))
        good = error_set(err, ERR_INTEGRITY, "a registry hive cannot be a hard link");
    /* The target comes first: a link to itself must not find itself. */
    bool left_out = is_left_out(rules, path);
    good = good
        && (left_out
            || (check_left_out_target(rules, &link, err) && find_target(rules, &link, err)))
        && unpack_rules_claim(rules, path, NAME_HARD_LINK, err);
    if (good && !left_out) {
        good = rules->writer.ops->hard_link(rules->writer.self, &link, err)
            && keep_link(rules, &link, err);
    }
    layer_path_clear(&link.path);
    layer_path_clear(&link.target);
    return good;
}

/* ---- streams ---- */

/* "file:stream" directly behind "file". The colon is what tells it from other names. */
static bool stream_entry(struct unpack_rules *rules, const struct tar_entry *entry,
                         const char *colon, struct error *err)
{
    CLEANUP(layer_path_clear) struct layer_path owner = {0};
    CLEANUP(str_free) char *owner_name = xstrndup(entry->name, (size_t)(colon - entry->name));
    if (!layer_path_parse(owner_name, &owner, err))
        return false;
    bool follows = rules->current.takes_streams && str_equal(owner.text, rules->current.path.text);
    if (!follows || entry->type != TAR_FILE)
        return error_set(err, ERR_INTEGRITY,
                         "a data stream must directly follow the file or directory it belongs to");
    if (!layer_stream_name_check(colon + 1, err))
        return false;

    CLEANUP(str_free) char *name = str_format("%s:%s", owner.text, colon + 1);
    if (name_set_get(&rules->names, name) != NAME_UNUSED)
        return error_set(err, ERR_INTEGRITY, "the layer has this data stream already");
    name_set_put(&rules->names, name, NAME_STREAM);
    return rules->current.is_left_out
        || rules->writer.ops->stream(rules->writer.self, colon + 1, entry->size, err);
}

/* ---- entries ---- */

/* Why this kind of entry cannot be at this place of the layer; NULL = it can. */
static const char *place_fault(const struct unpack_rules *rules, const struct layer_path *path,
                               const struct tar_entry *entry)
{
    bool is_directory = entry->type == TAR_DIRECTORY;
    if (path->root == LAYER_ROOT_HIVES) {
        if (rules->request->kind == LAYER_BASE)
            return "a base layer has no registry deltas";
        if (layer_path_is_root(path) != is_directory)
            return "registry hives are plain files in 'Hives'";
        return NULL;
    }
    bool is_top = layer_path_is_root(path) || str_equal(path->text, UTILITY_VM_FILES);
    return is_top && !is_directory ? "it must be a directory" : NULL;
}

static bool path_entry(struct unpack_rules *rules, const struct tar_entry *entry, struct error *err)
{
    CLEANUP(layer_path_clear) struct layer_path path = {0};
    if (!layer_path_parse(entry->name, &path, err))
        return false;
    const char *fault = place_fault(rules, &path, entry);
    if (fault)
        return error_set(err, ERR_INTEGRITY, "%s", fault);
    return entry->type == TAR_HARD_LINK ? hard_link_entry(rules, &path, entry, err)
                                        : object_entry(rules, &path, entry, err);
}

/* What "tar -C layer ." begins with: the directory of the layer, about which there is nothing to
 * say. */
static bool is_layer_itself(const struct tar_entry *entry)
{
    return entry->type == TAR_DIRECTORY
        && (str_equal(entry->name, "./") || str_equal(entry->name, "."));
}

static bool any_entry(struct unpack_rules *rules, const struct tar_entry *entry, struct error *err)
{
    const char *last = strrchr(entry->name, '/');
    last = last ? last + 1 : entry->name;
    const char *colon = strchr(last, ':');
    if (colon && colon > last)
        return stream_entry(rules, entry, colon, err);
    if (!end_current(rules, err))
        return false;
    if (entry->type == TAR_DEVICE)
        return error_set(err, ERR_INTEGRITY, "a Windows layer has no devices");
    if (is_layer_itself(entry))
        return true;
    return whiteout_is(entry->name) ? whiteout_entry(rules, entry, err)
                                    : path_entry(rules, entry, err);
}

bool unpack_rules_entry(void *user, const struct tar_entry *entry, struct error *err)
{
    struct unpack_rules *rules = user;
    uint64_t maximum = rules->request->maximum_entries;
    if (++rules->result.entries > (maximum ? maximum : LAYER_UNPACK_MAXIMUM_ENTRIES))
        return error_set(err, ERR_INTEGRITY, "the layer has too many entries");
    return any_entry(rules, entry, err)
        || error_wrap(err, "entry '%s'", printable_name(entry->name).text);
}

bool unpack_rules_data(void *user, const unsigned char *data, size_t length, struct error *err)
{
    struct unpack_rules *rules = user;
    return rules->current.is_left_out
        || rules->writer.ops->data(rules->writer.self, data, length, err)
        || error_wrap(err, "entry '%s'", printable_name(rules->current.path.text).text);
}

bool unpack_rules_check(struct unpack_rules *rules, struct error *err)
{
    const struct layer_writer *writer = &rules->writer;
    return !writer->ops->check || writer->ops->check(writer->self, err);
}

bool unpack_rules_end(struct unpack_rules *rules, struct error *err)
{
    if (!end_current(rules, err))
        return false;
    if (rules->request->kind == LAYER_BASE && name_set_get(&rules->names, "Files") == NAME_UNUSED)
        return error_set(err, ERR_INTEGRITY, "a base layer without 'Files'");
    return true;
}
