/* SPDX-License-Identifier: MIT */
#include "registry/image_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "registry/image.h"

/* ---- reading ---- */

static bool read_content(const struct blob_store *store, struct listed_image *image,
                         struct error *err)
{
    return image_read_manifest(store, &image->record, &image->manifest, err)
        && image_read_config(store, &image->manifest, &image->config, err);
}

static bool read_image(const struct blob_store *store, struct listed_image *image,
                       struct error *err)
{
    return image_record_read_named(store, image->name, &image->record, err)
        && read_content(store, image, err);
}

/* A record that goes away while we look was removed, not damaged. */
static bool has_vanished(const struct blob_store *store, const struct listed_image *image)
{
    CLEANUP(strlist_clear) struct strlist names = {0};
    CLEANUP(error_clear) struct error ignored = {0};
    return image_record_list(store, &names, &ignored) && !strlist_contains(&names, image->name);
}

static void listed_image_clear(struct listed_image *image)
{
    str_free(&image->name);
    image_record_clear(&image->record);
    manifest_clear(&image->manifest);
    image_config_clear(&image->config);
    str_free(&image->damage);
}

static void add_image(const struct blob_store *store, const char *name, struct image_list *list)
{
    struct listed_image *image = &list->items[list->count];
    CLEANUP(error_clear) struct error failure = {0};
    image->name = xstrdup(name);
    if (!read_image(store, image, &failure)) {
        image->damage = xstrdup(failure.message);
        if (has_vanished(store, image)) {
            listed_image_clear(image);
            return;
        }
    }
    list->count++;
}

static int compare(const void *a, const void *b)
{
    const struct listed_image *first = a;
    const struct listed_image *second = b;
    if (first->record.reference && second->record.reference)
        return strcmp(first->record.reference, second->record.reference);
    if (first->record.reference || second->record.reference)
        return first->record.reference ? -1 : 1;
    return strcmp(first->name, second->name);
}

bool image_list_read(const struct blob_store *store, struct image_list *ret, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist names = {0};
    if (!image_record_list(store, &names, err))
        return error_wrap(err, "list the images");
    struct image_list list = {.items = xcalloc(names.count + 1, sizeof(*list.items))};
    for (size_t i = 0; i < names.count; i++)
        add_image(store, names.items[i], &list);
    qsort(list.items, list.count, sizeof(*list.items), compare);
    *ret = list;
    return true;
}

void image_list_add(const struct blob_store *store, struct image_record *record,
                    struct image_list *list)
{
    CLEANUP(error_clear) struct error failure = {0};
    struct listed_image image = {.name = xstrdup(""), .record = TAKE(*record)};
    if (!read_content(store, &image, &failure))
        image.damage = xstrdup(failure.message);
    list->items = xrealloc_array(list->items, list->count + 1, sizeof(*list->items));
    list->items[list->count++] = image;
}

void image_list_clear(struct image_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        listed_image_clear(&list->items[i]);
    mem_free(&list->items);
    list->count = 0;
}

uint64_t listed_image_size(const struct listed_image *image)
{
    uint64_t size = image->record.size + image->manifest.config.size;
    for (size_t i = 0; i < image->manifest.layers.count; i++)
        size += image->manifest.layers.items[i].size;
    return size;
}

/* ---- finding ---- */

static void add_match(struct image_matches *matches, size_t index)
{
    matches->items = xrealloc_array(matches->items, matches->count + 1, sizeof(*matches->items));
    matches->items[matches->count++] = index;
}

/* "host/a@sha256:..." is also what "host/a:1" stands for, if it has that digest. */
static bool is_pinned(const struct listed_image *image, const struct reference *reference)
{
    CLEANUP(reference_clear) struct reference own = {0};
    CLEANUP(error_clear) struct error ignored = {0};
    return digest_is_set(&reference->digest)
        && (digest_equal(&reference->digest, &image->record.digest)
            || digest_equal(&reference->digest, &image->record.index_digest))
        && reference_parse(image->record.reference, &own, &ignored)
        && str_equal(own.domain, reference->domain) && str_equal(own.path, reference->path);
}

static void match_reference(const struct image_list *list, const struct reference *reference,
                            struct image_matches *matches)
{
    CLEANUP(str_free) char *canonical = reference_format(reference);
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].record.reference
            && str_equal(list->items[i].record.reference, canonical))
            add_match(matches, i);
    for (size_t i = 0; i < list->count && matches->count == 0; i++)
        if (list->items[i].record.reference && is_pinned(&list->items[i], reference))
            add_match(matches, i);
}

static bool has_id(const struct listed_image *image, const char *hex)
{
    if (!image->record.reference)
        return str_starts_with(image->name, hex);
    return str_starts_with(digest_hex(&image->record.digest), hex)
        || (digest_is_set(&image->manifest.config.digest)
            && str_starts_with(digest_hex(&image->manifest.config.digest), hex));
}

static bool is_same_image(const struct listed_image *a, const struct listed_image *b)
{
    return a->record.reference && b->record.reference
        && digest_equal(&a->record.digest, &b->record.digest);
}

/* False when more than one image begins like that. */
static bool match_id(const struct image_list *list, const char *hex, struct image_matches *matches)
{
    for (size_t i = 0; i < list->count; i++) {
        if (!has_id(&list->items[i], hex))
            continue;
        if (matches->count > 0 && !is_same_image(&list->items[i], &list->items[matches->items[0]]))
            return false;
        add_match(matches, i);
    }
    return true;
}

static bool is_hex(const char *text)
{
    size_t length = strspn(text, "0123456789abcdef");
    return length >= 2 && length <= 64 && !text[length];
}

bool image_list_find(const struct image_list *list, const char *name, struct image_matches *ret,
                     struct error *err)
{
    CLEANUP(image_matches_clear) struct image_matches matches = {.by_reference = true};
    CLEANUP(reference_clear) struct reference reference = {0};
    CLEANUP(error_clear) struct error failure = {0};
    const char *hex = str_starts_with(name, "sha256:") ? name + strlen("sha256:") : name;
    if (reference_parse(name, &reference, &failure))
        match_reference(list, &reference, &matches);
    if (matches.count == 0 && is_hex(hex)) {
        matches.by_reference = false;
        if (!match_id(list, hex, &matches))
            return error_set(err, ERR_USAGE, "'%s' is the beginning of several images", name);
    } else if (error_is_set(&failure)) {
        *err = TAKE(failure);
        return false;
    }
    if (matches.count == 0) {
        error_set(err, ERR_NOT_FOUND, "the image '%s' is not in the store", name);
        return error_hint(err, "'wrun images' lists what is there");
    }
    *ret = TAKE(matches);
    return true;
}

void image_matches_clear(struct image_matches *matches)
{
    mem_free(&matches->items);
    *matches = (struct image_matches){0};
}
