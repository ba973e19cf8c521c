/* SPDX-License-Identifier: MIT */
/* Names on the disk: who has them, and what their records say. */
#include <string.h>

#include "base/alloc.h"
#include "base/os.h"
#include "base/text.h"
#include "layers/chain.h"
#include "layers/named_layer.h"

#define LOCK_PREFIX "name-"
#define LOCK_SUFFIX ".lock"
#define RECORD_NAME "layer.json"
#define CONFIG_NAME "config.json"
#define RECORD_MAXIMUM ((size_t)1 << 20) /* bytes; labels are what makes one big */
#define CONFIG_MAXIMUM ((size_t)8 << 20)

static char *below(const char *root, const char *folder, const char *name)
{
    CLEANUP(str_free) char *directory = fs_join(root, folder);
    return fs_join(directory, name);
}

/* Case means nothing to NTFS, but to those who look at the store from elsewhere. */
static char *fold(const char *name)
{
    char *folded = xstrdup(name);
    for (char *c = folded; *c; c++)
        *c = char_to_lower(*c);
    return folded;
}

static char *directory_of(const char *root, const char *name)
{
    CLEANUP(str_free) char *folded = fold(name);
    return below(root, "names", folded);
}

static char *lock_path_of(const char *root, const char *name)
{
    CLEANUP(str_free) char *folded = fold(name);
    CLEANUP(str_free) char *file = str_format("%s%s%s", LOCK_PREFIX, folded, LOCK_SUFFIX);
    return below(root, "locks", file);
}

/* ---- where things are ---- */

static void add_paths(const char *root, const struct strlist *names, struct strlist *ret)
{
    for (size_t i = 0; i < names->count; i++)
        strlist_add_owned(ret, layer_directory_path(root, names->items[i]));
}

void named_layer_parent_paths(const char *root, const struct named_layer *layer,
                              struct strlist *ret)
{
    add_paths(root, &layer->parents, ret);
}

void named_layer_chain_paths(const char *root, const struct named_layer *layer, struct strlist *ret)
{
    strlist_add_owned(ret, layer_directory_path(root, layer->layer));
    add_paths(root, &layer->parents, ret);
}

char *named_layer_path(const char *root, const struct named_layer *layer)
{
    bool is_layer = layer->state == NAMED_LAYER_COMMITTED || !layer->scratch;
    return is_layer ? layer_directory_path(root, layer->layer ? layer->layer : "")
                    : below(root, "scratch", layer->scratch);
}

/* ---- looking ---- */

static bool is_last_name(const char *path, const char *name)
{
    size_t length = strlen(path);
    size_t name_length = strlen(name);
    return length > name_length && strchr("/\\", path[length - name_length - 1])
        && str_equal(path + length - name_length, name);
}

static bool read_record(const char *directory, struct named_layer *ret, struct error *err)
{
    CLEANUP(str_free) char *path = fs_join(directory, RECORD_NAME);
    CLEANUP(buf_clear) struct buf text = {0};
    CLEANUP(named_layer_clear) struct named_layer layer = {0};
    if (!fs_read_file(path, RECORD_MAXIMUM, &text, err))
        return false;
    if (!named_layer_parse(buf_str(&text), text.length, &layer, err))
        return error_wrap(err, "'%s'", path);
    CLEANUP(str_free) char *folded = fold(layer.name);
    if (!is_last_name(directory, folded))
        return error_set(err, ERR_INTEGRITY, "'%s' is the record of another layer, %s", path,
                         layer.name);
    *ret = TAKE(layer);
    return true;
}

bool named_layer_not_found(const char *name, struct error *err)
{
    error_set(err, ERR_NOT_FOUND, "there is no layer named '%s'", name);
    return error_hint(err, "'wrun layer ls' lists the layers");
}

static bool has_record(const char *directory)
{
    CLEANUP(str_free) char *path = fs_join(directory, RECORD_NAME);
    return fs_type_of(path) != FS_ABSENT;
}

bool named_layer_read(const char *root, const char *name, struct named_layer *ret,
                      struct error *err)
{
    CLEANUP(str_free) char *directory = directory_of(root, name);
    if (!named_layer_check_name(name, err))
        return false;
    if (!has_record(directory))
        return named_layer_not_found(name, err);
    if (read_record(directory, ret, err))
        return true;
    /* Removed while we looked. */
    if (err->kind != ERR_NOT_FOUND)
        return false;
    error_clear(err);
    return named_layer_not_found(name, err);
}

bool named_layer_read_config(const char *root, const char *name, struct buf *ret, struct error *err)
{
    CLEANUP(str_free) char *directory = directory_of(root, name);
    CLEANUP(str_free) char *path = fs_join(directory, CONFIG_NAME);
    return named_layer_check_name(name, err) && fs_read_file(path, CONFIG_MAXIMUM, ret, err);
}

/* What vanishes meanwhile is passed over. */
static void add_listed(const char *names_directory, const char *folded,
                       struct named_layer_list *list)
{
    CLEANUP(str_free) char *directory = fs_join(names_directory, folded);
    CLEANUP(error_clear) struct error failure = {0};
    if (!has_record(directory))
        return;
    if (read_record(directory, &list->items[list->count], &failure))
        list->count++;
    else if (failure.kind != ERR_NOT_FOUND)
        strlist_add(&list->damaged, folded);
}

bool named_layer_list_read(const char *root, struct named_layer_list *ret, struct error *err)
{
    CLEANUP(str_free) char *directory = fs_join(root, "names");
    CLEANUP(strlist_clear) struct strlist names = {0};
    if (!fs_list(directory, &names, err))
        return error_wrap(err, "list the named layers");
    struct named_layer_list list = {.items = xcalloc(names.count + 1, sizeof(*list.items))};
    for (size_t i = 0; i < names.count; i++)
        add_listed(directory, names.items[i], &list);
    *ret = list;
    return true;
}

void named_layer_list_clear(struct named_layer_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        named_layer_clear(&list->items[i]);
    mem_free(&list->items);
    strlist_clear(&list->damaged);
    *list = (struct named_layer_list){0};
}

const struct named_layer *named_layer_list_find(const struct named_layer_list *list,
                                                const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (str_equal_nocase(list->items[i].name, name))
            return &list->items[i];
    return NULL;
}

/* ---- claiming ---- */

static bool lock_names(const char *root, struct fs_lock *ret, struct error *err)
{
    CLEANUP(str_free) char *path = below(root, "locks", "names.lock");
    return fs_lock(path, FS_LOCK_EXCLUSIVE, true, NULL, ret, err);
}

bool named_layer_is_held(const char *root, const char *name)
{
    CLEANUP(str_free) char *path = lock_path_of(root, name);
    CLEANUP(error_clear) struct error failure = {0};
    CLEANUP(fs_unlock) struct fs_lock names = {0};
    CLEANUP(fs_unlock) struct fs_lock lock = {0};
    return fs_type_of(path) == FS_FILE && lock_names(root, &names, &failure)
        && !fs_lock(path, FS_LOCK_EXCLUSIVE, false, NULL, &lock, &failure)
        && failure.kind == ERR_BUSY;
}

static bool lock_name(const char *root, const char *name, const char *path, struct fs_lock *ret,
                      struct error *err)
{
    CLEANUP(fs_unlock) struct fs_lock names = {0};
    if (!lock_names(root, &names, err))
        return false;
    if (fs_lock(path, FS_LOCK_EXCLUSIVE, false, NULL, ret, err))
        return true;
    if (err->kind != ERR_BUSY)
        return false;
    error_clear(err);
    return error_set(err, ERR_BUSY, "the layer '%s' is in use by another wrun", name);
}

bool named_layer_claim(const char *root, const char *name, struct named_layer_claim *ret,
                       struct error *err)
{
    if (!named_layer_check_name(name, err))
        return false;
    CLEANUP(named_layer_close)
    struct named_layer_claim claim = {
        .root = xstrdup(root),
        .directory = directory_of(root, name),
        .lock_path = lock_path_of(root, name),
    };
    if (!lock_name(root, name, claim.lock_path, &claim.lock, err)
        || (has_record(claim.directory) && !read_record(claim.directory, &claim.layer, err)))
        return false;
    *ret = TAKE(claim);
    return true;
}

bool named_layer_open(const char *root, const char *name, struct named_layer_claim *ret,
                      struct error *err)
{
    CLEANUP(named_layer_close) struct named_layer_claim claim = {0};
    CLEANUP(str_free) char *directory = directory_of(root, name);
    /* A name that nobody has gets no lock file. */
    if (!named_layer_check_name(name, err))
        return false;
    if (!has_record(directory))
        return named_layer_not_found(name, err);
    if (!named_layer_claim(root, name, &claim, err))
        return false;
    if (claim.layer.state == NAMED_LAYER_NONE)
        return named_layer_not_found(name, err);
    *ret = TAKE(claim);
    return true;
}

bool named_layer_write(const struct named_layer_claim *claim, struct error *err)
{
    CLEANUP(str_free) char *path = fs_join(claim->directory, RECORD_NAME);
    CLEANUP(str_free) char *text = NULL;
    return (named_layer_compose(&claim->layer, &text, err)
            && fs_make_directories(claim->directory, err)
            && fs_write_file(path, text, strlen(text), err))
        || error_wrap(err, "record the layer '%s'", claim->layer.name);
}

bool named_layer_write_config(const struct named_layer_claim *claim, const char *text,
                              size_t length, struct error *err)
{
    CLEANUP(str_free) char *path = fs_join(claim->directory, CONFIG_NAME);
    return fs_make_directories(claim->directory, err) && fs_write_file(path, text, length, err);
}

bool named_layer_forget(struct named_layer_claim *claim, struct error *err)
{
    CLEANUP(fs_unlock) struct fs_lock names = {0};
    CLEANUP(error_clear) struct error left = {0};
    CLEANUP(str_free) char *record = fs_join(claim->directory, RECORD_NAME);
    CLEANUP(str_free) char *lock_path = xstrdup(claim->lock_path);
    /* The record goes first: without it the rest is nobody's. */
    if (!fs_remove_file(record, err) || !fs_remove_tree(claim->directory, err))
        return false;
    /* A lock that stays behind is swept with the others of free names. */
    bool alone = lock_names(claim->root, &names, &left);
    named_layer_close(claim);
    if (alone)
        (void)!fs_remove_file(lock_path, &left);
    return true;
}

void named_layer_note_use(const char *root, const char *name)
{
    CLEANUP(named_layer_close)
    struct named_layer_claim claim = {
        .directory = directory_of(root, name),
        .lock_path = lock_path_of(root, name),
    };
    CLEANUP(error_clear) struct error failure = {0};
    CLEANUP(fs_unlock) struct fs_lock names = {0};
    /* Whoever wants the name must first have what we hold, and so does not find it taken. */
    if (!lock_names(root, &names, &failure)
        || !fs_lock(claim.lock_path, FS_LOCK_EXCLUSIVE, false, NULL, &claim.lock, &failure)
        || !read_record(claim.directory, &claim.layer, &failure))
        return;
    named_layer_touch(&claim.layer);
    (void)!named_layer_write(&claim, &failure);
    fs_unlock(&claim.lock);
}

/* ---- locks of nobody ---- */

/* The name that a lock file is for; NULL when it is none of ours. Owned by the caller. */
static char *name_of_lock(const char *file)
{
    size_t length = strlen(file);
    size_t around = strlen(LOCK_PREFIX) + strlen(LOCK_SUFFIX);
    if (!str_starts_with(file, LOCK_PREFIX) || !str_ends_with(file, LOCK_SUFFIX)
        || length <= around)
        return NULL;
    return xstrndup(file + strlen(LOCK_PREFIX), length - around);
}

static bool sweep_lock(const char *root, const char *name, struct error *err)
{
    CLEANUP(str_free) char *directory = directory_of(root, name);
    CLEANUP(str_free) char *path = lock_path_of(root, name);
    CLEANUP(fs_unlock) struct fs_lock names = {0};
    CLEANUP(fs_unlock) struct fs_lock lock = {0};
    if (fs_type_of(directory) != FS_ABSENT)
        return true;
    if (!lock_names(root, &names, err)
        || !fs_lock(path, FS_LOCK_EXCLUSIVE, false, NULL, &lock, err))
        return false;
    fs_unlock(&lock);
    return fs_type_of(directory) != FS_ABSENT || fs_remove_file(path, err);
}

bool named_layer_sweep_locks(const char *root, struct error *err)
{
    CLEANUP(str_free) char *directory = fs_join(root, "locks");
    CLEANUP(strlist_clear) struct strlist files = {0};
    if (!fs_list(directory, &files, err))
        return false;
    for (size_t i = 0; i < files.count; i++) {
        CLEANUP(str_free) char *name = name_of_lock(files.items[i]);
        CLEANUP(error_clear) struct error held = {0};
        if (name && !sweep_lock(root, name, &held) && held.kind != ERR_BUSY) {
            *err = TAKE(held);
            return false;
        }
    }
    return true;
}

void named_layer_close(struct named_layer_claim *claim)
{
    fs_unlock(&claim->lock);
    str_free(&claim->root);
    str_free(&claim->directory);
    str_free(&claim->lock_path);
    named_layer_clear(&claim->layer);
    *claim = (struct named_layer_claim){0};
}
