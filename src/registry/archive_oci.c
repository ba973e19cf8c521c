/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "base/text.h"
#include "registry/archive_image.h"
#include "registry/media_type.h"
#include "registry/oci_layout.h"
#include "registry/selection.h"

/* An index may point to an index. */
#define DEPTH_MAXIMUM 3

struct search {
    struct archive_content *content;
    const struct archive_choice *choice;
};

/* ---- one image ---- */

static bool read_config(const struct search *search, const struct manifest *manifest,
                        struct archive_image *image, struct error *err)
{
    CLEANUP(buf_clear) struct buf text;
    struct archive_item *item = NULL;
    buf_init(&text, IMAGE_CONFIG_MAXIMUM);
    image->config = manifest->config.digest;
    if (!archive_content_need(search->content, &manifest->config.digest, manifest->config.size,
                              &item, err)
        || !archive_content_read_item(search->content, item, IMAGE_CONFIG_MAXIMUM, &text, err)
        || !image_config_parse(buf_str(&text), text.length, &image->description, err))
        return error_wrap(err, "configuration");
    size_t count = image->description.diff_id_count;
    return count == manifest->layers.count
        || error_set(err, ERR_INTEGRITY,
                     "the configuration names %zu layers where the manifest has %zu", count,
                     manifest->layers.count);
}

static bool find_layers(const struct search *search, const struct manifest *manifest,
                        struct archive_image *image, struct error *err)
{
    image->layers = xcalloc(manifest->layers.count, sizeof(*image->layers));
    for (size_t i = 0; i < manifest->layers.count; i++) {
        const struct descriptor *layer = &manifest->layers.items[i];
        struct archive_item *ignored = NULL;
        if (!archive_content_need(search->content, &layer->digest, layer->size, &ignored, err))
            return error_wrap(err, "layer %zu of %zu", i + 1, manifest->layers.count);
        image->layers[image->layer_count++] = layer->digest;
    }
    return true;
}

static bool read_document(const struct search *search, const struct descriptor *descriptor,
                          struct buf *ret, struct error *err)
{
    struct archive_item *item = NULL;
    return archive_content_need(search->content, &descriptor->digest, descriptor->size, &item, err)
        && archive_content_read_item(search->content, item, MANIFEST_MAXIMUM, ret, err);
}

static bool read_image(const struct search *search, struct archive_image *image, struct error *err)
{
    CLEANUP(manifest_clear) struct manifest manifest = {0};
    buf_init(&image->manifest_text, MANIFEST_MAXIMUM);
    return read_document(search, &image->manifest, &image->manifest_text, err)
        && manifest_parse(buf_str(&image->manifest_text), image->manifest_text.length,
                          image->manifest.media_type, &manifest, err)
        && read_config(search, &manifest, image, err)
        && archive_image_check_platform(image, search->content, search->choice, err)
        && find_layers(search, &manifest, image, err);
}

/* ---- the choice ---- */

static bool choose(const struct search *search, const struct index *index, size_t *ret,
                   struct error *err)
{
    if (index->manifests.count != 1)
        return selection_choose(index, &search->choice->host, ret, err);
    *ret = 0;
    return true;
}

static void take_descriptor(struct archive_image *image, struct descriptor *chosen)
{
    descriptor_clear(&image->manifest);
    image->manifest = TAKE(*chosen);
}

/* From the candidates in 'index' (emptied) down to one manifest. */
static bool resolve(const struct search *search, struct index *index, struct archive_image *image,
                    struct error *err)
{
    for (unsigned depth = 0; depth <= DEPTH_MAXIMUM; depth++) {
        size_t chosen = 0;
        if (!choose(search, index, &chosen, err))
            return false;
        take_descriptor(image, &index->manifests.items[chosen]);
        if (media_type_kind(image->manifest.media_type) != MEDIA_INDEX)
            return read_image(search, image, err);
        if (depth == 0)
            image->index = image->manifest.digest;
        CLEANUP(buf_clear) struct buf text;
        buf_init(&text, MANIFEST_MAXIMUM);
        index_clear(index);
        if (!read_document(search, &image->manifest, &text, err)
            || !index_parse(buf_str(&text), text.length, image->manifest.media_type, index, err))
            return false;
    }
    return error_set(err, ERR_INTEGRITY, "more than %d indexes inside each other", DEPTH_MAXIMUM);
}

/* ---- all of them ---- */

static bool is_same_name(const struct layout_entry *a, const struct layout_entry *b)
{
    if (!a->reference.path || !b->reference.path)
        return a->reference.path == b->reference.path && str_equal(a->label, b->label);
    CLEANUP(str_free) char *left = reference_format(&a->reference);
    CLEANUP(str_free) char *right = reference_format(&b->reference);
    return str_equal(left, right);
}

/* Moves all entries that are called as the first is into 'ret', as the candidates for that name. */
static void take_candidates(struct layout_index *layout, size_t first, struct index *ret)
{
    ret->manifests.items = xcalloc(layout->count, sizeof(*ret->manifests.items));
    for (size_t i = first; i < layout->count; i++) {
        struct layout_entry *entry = &layout->items[i];
        if (entry->descriptor.media_type && is_same_name(&layout->items[first], entry))
            ret->manifests.items[ret->manifests.count++] = TAKE(entry->descriptor);
    }
}

static bool find_image(const struct search *search, struct layout_index *layout, size_t first,
                       struct archive_image *image, struct error *err)
{
    CLEANUP(index_clear) struct index index = {0};
    struct layout_entry *entry = &layout->items[first];
    take_candidates(layout, first, &index);
    if (entry->reference.path) {
        struct reference name = reference_copy(&entry->reference);
        archive_image_add_name(image, &name);
    } else {
        image->label = entry->label ? xstrdup(entry->label) : NULL;
    }
    if (resolve(search, &index, image, err))
        return true;
    CLEANUP(str_free)
    char *name = image->name_count
        ? reference_format(&image->names[0])
        : str_printable(image->label ? image->label : "the image in the archive", 200);
    return error_wrap(err, "%s", name);
}

bool archive_images_of_layout(struct archive_content *content, const struct archive_choice *choice,
                              struct archive_images *ret, struct error *err)
{
    CLEANUP(layout_index_clear) struct layout_index layout = {0};
    CLEANUP(archive_images_clear) struct archive_images images = {0};
    const struct search search = {content, choice};
    if (!oci_layout_check(&content->layout, err)
        || !layout_index_parse(&content->index, &layout, err))
        return false;
    images.items = xcalloc(layout.count + 1, sizeof(*images.items));
    for (size_t i = 0; i < layout.count; i++) {
        if (!layout.items[i].descriptor.media_type)
            continue; /* was a candidate for an earlier name */
        if (!find_image(&search, &layout, i, &images.items[images.count++], err))
            return false;
    }
    *ret = TAKE(images);
    return true;
}
