/* SPDX-License-Identifier: MIT */
#include "registry/store_garbage.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/guid.h"
#include "base/text.h"
#include "registry/archive_staging.h"

#define BLOBS "blobs/sha256"
#define HEX_LENGTH 64
#define TEMPORARY_SECONDS 3600 /* no wrun takes so long to write a small file */

void garbage_add(struct garbage *garbage, const char *path, uint64_t size)
{
    garbage->items = xrealloc_array(garbage->items, garbage->count + 1, sizeof(*garbage->items));
    garbage->items[garbage->count++] = (struct garbage_file){xstrdup(path), size};
    garbage->size += size;
}

void garbage_clear(struct garbage *garbage)
{
    for (size_t i = 0; i < garbage->count; i++)
        str_free(&garbage->items[i].path);
    mem_free(&garbage->items);
    *garbage = (struct garbage){0};
}

/* ---- what is needed ---- */

static void add_digest(struct strlist *list, const struct digest *digest)
{
    if (digest_is_set(digest))
        strlist_add(list, digest_hex(digest));
}

void store_needs(const struct listed_image *image, struct strlist *ret)
{
    add_digest(ret, &image->record.index_digest);
    add_digest(ret, &image->record.digest);
    add_digest(ret, &image->manifest.config.digest);
    for (size_t i = 0; i < image->manifest.layers.count; i++)
        add_digest(ret, &image->manifest.layers.items[i].digest);
}

static int compare_text(const void *key, const void *item)
{
    return strcmp(key, *(char *const *)item);
}

static bool contains_sorted(const struct strlist *list, const char *text)
{
    return list->count > 0
        && bsearch(text, list->items, list->count, sizeof(*list->items), compare_text);
}

/* ---- finding ---- */

static bool is_hex_name(const char *name, size_t length)
{
    return strspn(name, "0123456789abcdef") == length && strlen(name) == length;
}

/* What cannot be looked at has just gone, or is too new to judge. */
static bool is_older(const char *path, uint64_t seconds)
{
    CLEANUP(error_clear) struct error ignored = {0};
    uint64_t age = 0;
    return fs_age(path, &age, &ignored) && age >= seconds;
}

static bool is_garbage(const struct garbage_rule *rule, const char *name)
{
    return is_hex_name(name, HEX_LENGTH) && !contains_sorted(rule->needed, name)
        && (!rule->among || contains_sorted(rule->among, name));
}

static bool list_directory(const struct blob_store *store, const char *directory,
                           struct strlist *ret, struct error *err)
{
    CLEANUP(str_free) char *path = fs_join(store->root, directory);
    return fs_list(path, ret, err);
}

static void add_if_older(const struct blob_store *store, const char *relative, uint64_t seconds,
                         struct garbage *garbage)
{
    CLEANUP(str_free) char *path = fs_join(store->root, relative);
    CLEANUP(error_clear) struct error ignored = {0};
    uint64_t size = 0;
    if (fs_type_of(path) == FS_FILE && is_older(path, seconds)
        && fs_file_size(path, &size, &ignored))
        garbage_add(garbage, relative, size);
}

bool store_garbage_find_blobs(const struct blob_store *store, const struct garbage_rule *rule,
                              struct garbage *ret, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist names = {0};
    if (!list_directory(store, BLOBS, &names, err))
        return false;
    for (size_t i = 0; i < names.count; i++) {
        CLEANUP(str_free) char *relative = str_format(BLOBS "/%s", names.items[i]);
        if (is_garbage(rule, names.items[i]))
            add_if_older(store, relative, rule->minimum_age, ret);
    }
    return true;
}

/* True when no process has the lock that the part's name leads to. */
static bool is_free(const struct blob_store *store, const char *part)
{
    CLEANUP(str_free) char *hex = xstrndup(part, strcspn(part, "."));
    CLEANUP(str_free) char *relative = str_format("locks/%s", hex);
    CLEANUP(str_free) char *path = fs_join(store->root, relative);
    CLEANUP(fs_unlock) struct fs_lock lock = {0};
    CLEANUP(error_clear) struct error ignored = {0};
    return !is_hex_name(hex, HEX_LENGTH) || fs_type_of(path) == FS_ABSENT
        || fs_lock(path, FS_LOCK_EXCLUSIVE, /* wait= */ false, NULL, &lock, &ignored);
}

static bool find_parts(const struct blob_store *store, uint64_t minimum_age, struct garbage *ret,
                       struct error *err)
{
    CLEANUP(strlist_clear) struct strlist names = {0};
    if (!list_directory(store, "ingest", &names, err))
        return false;
    for (size_t i = 0; i < names.count; i++) {
        CLEANUP(str_free) char *relative = str_format("ingest/%s", names.items[i]);
        if (!str_starts_with(names.items[i], FS_TEMPORARY_PREFIX) && is_free(store, names.items[i]))
            add_if_older(store, relative, minimum_age, ret);
    }
    return true;
}

static void find_staging(const struct blob_store *store, struct garbage *ret)
{
    CLEANUP(strlist_clear) struct strlist names = {0};
    archive_staging_leftovers(store, &names);
    for (size_t i = 0; i < names.count; i++) {
        CLEANUP(str_free) char *relative = str_format("ingest/%s", names.items[i]);
        CLEANUP(str_free) char *path = fs_join(store->root, relative);
        garbage_add(ret, relative, fs_tree_size(path));
    }
}

static bool find_temporaries(const struct blob_store *store, struct garbage *ret, struct error *err)
{
    static const char *const directories[] = {".", "refs", "ingest", BLOBS};
    for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
        CLEANUP(strlist_clear) struct strlist names = {0};
        if (!list_directory(store, directories[i], &names, err))
            return false;
        for (size_t j = 0; j < names.count; j++) {
            CLEANUP(str_free)
            char *relative = str_format("%s/%s", directories[i], names.items[j]);
            if (str_starts_with(names.items[j], FS_TEMPORARY_PREFIX))
                add_if_older(store, relative, TEMPORARY_SECONDS, ret);
        }
    }
    return true;
}

/* There is one for each blob that was ever fetched; they are empty and soon many. */
static bool find_locks(const struct blob_store *store, struct garbage *ret, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist names = {0};
    if (!list_directory(store, "locks", &names, err))
        return false;
    for (size_t i = 0; i < names.count; i++) {
        CLEANUP(str_free) char *relative = str_format("locks/%s", names.items[i]);
        if (is_hex_name(names.items[i], HEX_LENGTH) && is_free(store, names.items[i]))
            add_if_older(store, relative, TEMPORARY_SECONDS, ret);
    }
    return true;
}

bool store_garbage_find_stale(const struct blob_store *store, uint64_t minimum_age,
                              struct garbage *ret, struct error *err)
{
    find_staging(store, ret);
    return find_parts(store, minimum_age, ret, err) && find_temporaries(store, ret, err)
        && find_locks(store, ret, err);
}

/* ---- removing ---- */

/* The first failure is kept, those that follow are dropped. */
static void keep_first(struct error *first, struct error *next)
{
    if (!error_is_set(first))
        *first = TAKE(*next);
    error_clear(next);
}

static bool give(struct error *failure, struct error *err)
{
    if (!error_is_set(failure))
        return true;
    *err = TAKE(*failure);
    return false;
}

static bool discard(const struct blob_store *store, const char *relative, struct error *err)
{
    const char *slash = strrchr(relative, '/');
    struct guid guid;
    char unique[GUID_TEXT_SIZE];
    if (!guid_random(&guid, err))
        return false;
    guid_format(&guid, unique);
    CLEANUP(str_free) char *from = fs_join(store->root, relative);
    CLEANUP(str_free) char *name = str_format("%s-%s", slash ? slash + 1 : relative, unique);
    CLEANUP(str_free) char *to = blob_store_file(store, "trash", name);
    return fs_rename(from, to, /* replace= */ false, err);
}

bool store_garbage_discard(const struct blob_store *store, const struct garbage *garbage,
                           struct error *err)
{
    struct error failure = {0};
    for (size_t i = 0; i < garbage->count; i++) {
        struct error next = {0};
        if (!discard(store, garbage->items[i].path, &next))
            keep_first(&failure, &next);
    }
    return give(&failure, err);
}

bool store_trash_empty(const struct blob_store *store, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist names = {0};
    CLEANUP(str_free) char *trash = fs_join(store->root, "trash");
    struct error failure = {0};
    if (!fs_list(trash, &names, err))
        return false;
    for (size_t i = 0; i < names.count; i++) {
        CLEANUP(str_free) char *path = fs_join(trash, names.items[i]);
        struct error next = {0};
        if (!fs_remove_tree(path, &next))
            keep_first(&failure, &next);
    }
    return give(&failure, err);
}
