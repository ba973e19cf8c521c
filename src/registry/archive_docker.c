/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "base/text.h"
#include "registry/archive_image.h"
#include "registry/docker_archive.h"

#define SHOWN_MAXIMUM 120

struct search {
    const struct archive_content *content;
    const struct archive_choice *choice;
};

static bool find_member(const struct search *search, const char *name, struct archive_item **ret,
                        struct error *err)
{
    const struct archive_name parsed = archive_name_parse(name);
    struct archive_item *item = parsed.kind == ARCHIVE_NAME_OTHER
        ? NULL
        : archive_content_find(search->content, parsed.text);
    if (!item) {
        CLEANUP(str_free) char *shown = str_printable(name, SHOWN_MAXIMUM);
        return error_set(err, ERR_INTEGRITY, "the archive lacks '%s'", shown);
    }
    *ret = item;
    return true;
}

/* ---- layers ---- */

static bool check_diff_id(const struct digest *found, const struct digest *expected,
                          struct error *err)
{
    return digest_equal(found, expected)
        || error_set(err, ERR_INTEGRITY, "its content is %s where the configuration says %s",
                     found->text, expected->text);
}

/* Proves that a member is the layer of the diff id. */
static bool check_layer(const struct search *search, const struct archive_item *item,
                        const struct digest *diff_id, struct descriptor *ret, struct error *err)
{
    CLEANUP(str_free) char *media_type = xstrdup(DOCKER_LAYER_TYPE);
    if (item->blob.size == 0)
        return error_set(err, ERR_INTEGRITY, "it is empty");
    if (!digest_equal(&item->blob.digest, diff_id)) {
        CLEANUP(str_free)
        char *path = item->blob.path
            ? xstrdup(item->blob.path)
            : blob_store_path(search->content->staging.store, &item->blob.digest);
        const struct archive_inflater *inflater = &search->choice->inflater;
        struct digest found = item->blob.digest;
        str_free(&media_type);
        if (!archive_layer_type(path, &media_type, err)
            || (!str_equal(media_type, DOCKER_LAYER_TYPE)
                && !inflater->diff_id(inflater->user, path, &found, err))
            || !check_diff_id(&found, diff_id, err))
            return false;
    }
    *ret = (struct descriptor){
        .media_type = TAKE(media_type), .digest = item->blob.digest, .size = item->blob.size};
    return true;
}

static bool find_layers(const struct search *search, const struct docker_image *source,
                        struct archive_image *image, struct descriptor_list *ret, struct error *err)
{
    size_t count = source->layers.count;
    if (count == 0 || count != image->description.diff_id_count)
        return error_set(err, ERR_INTEGRITY,
                         "the configuration names %zu layers where manifest.json has %zu",
                         image->description.diff_id_count, count);
    ret->items = xcalloc(count, sizeof(*ret->items));
    image->layers = xcalloc(count, sizeof(*image->layers));
    for (size_t i = 0; i < count; i++) {
        struct archive_item *item = NULL;
        if (!find_member(search, source->layers.items[i], &item, err)
            || !check_layer(search, item, &image->description.diff_ids[i], &ret->items[i], err))
            return error_wrap(err, "layer %zu of %zu", i + 1, count);
        ret->count++;
        image->layers[image->layer_count++] = item->blob.digest;
    }
    return true;
}

/* ---- the image ---- */

static bool read_config(const struct search *search, const struct docker_image *source,
                        struct archive_image *image, struct descriptor *ret, struct error *err)
{
    CLEANUP(buf_clear) struct buf text;
    struct archive_item *item = NULL;
    buf_init(&text, IMAGE_CONFIG_MAXIMUM);
    if (!find_member(search, source->config, &item, err)
        || !archive_content_read_item(search->content, item, IMAGE_CONFIG_MAXIMUM, &text, err)
        || !image_config_parse(buf_str(&text), text.length, &image->description, err))
        return error_wrap(err, "configuration");
    image->config = item->blob.digest;
    *ret = (struct descriptor){.media_type = xstrdup(DOCKER_CONFIG_TYPE),
                               .digest = item->blob.digest,
                               .size = item->blob.size};
    return true;
}

static bool compose_manifest(struct archive_image *image, const struct descriptor *config,
                             const struct descriptor_list *layers, struct error *err)
{
    CLEANUP(str_free) char *text = NULL;
    if (!manifest_compose(DOCKER_MANIFEST_TYPE, config, layers, &text, err))
        return false;
    buf_init(&image->manifest_text, BUF_UNBOUNDED);
    buf_add_str(&image->manifest_text, text);
    image->manifest = descriptor_of_text(DOCKER_MANIFEST_TYPE, text);
    return true;
}

static bool read_names(const struct docker_image *source, struct archive_image *image,
                       struct error *err)
{
    for (size_t i = 0; i < source->tags.count; i++) {
        struct reference name = {0};
        if (!reference_parse(source->tags.items[i], &name, err))
            return error_wrap(err, "RepoTags");
        archive_image_add_name(image, &name);
    }
    return true;
}

static bool find_image(const struct search *search, const struct docker_image *source,
                       struct archive_image *image, struct error *err)
{
    CLEANUP(descriptor_clear) struct descriptor config = {0};
    CLEANUP(descriptor_list_clear) struct descriptor_list layers = {0};
    return read_names(source, image, err) && read_config(search, source, image, &config, err)
        && archive_image_check_platform(image, search->content, search->choice, err)
        && find_layers(search, source, image, &layers, err)
        && compose_manifest(image, &config, &layers, err);
}

bool archive_images_of_docker(struct archive_content *content, const struct archive_choice *choice,
                              struct archive_images *ret, struct error *err)
{
    CLEANUP(docker_archive_clear) struct docker_archive archive = {0};
    CLEANUP(archive_images_clear) struct archive_images images = {0};
    const struct search search = {content, choice};
    if (!docker_archive_parse(&content->manifest, &archive, err))
        return false;
    images.items = xcalloc(archive.count + 1, sizeof(*images.items));
    for (size_t i = 0; i < archive.count; i++)
        if (!find_image(&search, &archive.items[i], &images.items[images.count++], err))
            return error_wrap(err, "image %zu of manifest.json", i + 1);
    *ret = TAKE(images);
    return true;
}
