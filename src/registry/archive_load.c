/* SPDX-License-Identifier: MIT */
#include "registry/archive_load.h"

#include "base/alloc.h"
#include "base/text.h"
#include "registry/blob_ingest.h"
#include "registry/image_record.h"

#define SHOWN_MAXIMUM 120

static bool read_content(const struct load_request *request, const struct blob_store *store,
                         const struct context *context, struct archive_content *ret,
                         struct error *err)
{
    return request->source
        ? archive_content_read(store, request->source, context, ret, err)
        : archive_content_read_directory(store, request->directory, context, ret, err);
}

static bool find_images(struct archive_content *content, const struct archive_choice *choice,
                        struct archive_images *ret, struct error *err)
{
    if (content->layout.length > 0 && content->index.length > 0)
        return archive_images_of_layout(content, choice, ret, err);
    if (content->manifest.length > 0)
        return archive_images_of_docker(content, choice, ret, err);
    error_set(err, ERR_INTEGRITY, "there is neither an OCI layout nor a manifest.json in it");
    return error_hint(err,
                      "wrun load takes what 'docker save', 'ctr images export' and 'wrun save' "
                      "write; 'wrun import' takes the tar file of a layer");
}

/* ---- names ---- */

static bool set_name(struct archive_images *images, const struct reference *name, struct error *err)
{
    if (images->count != 1)
        return error_set(err, ERR_USAGE,
                         "the archive holds %zu images, and a name can be given to one only",
                         images->count);
    struct archive_image *image = &images->items[0];
    for (size_t i = 0; i < image->name_count; i++)
        reference_clear(&image->names[i]);
    image->name_count = 0;
    struct reference copy = reference_copy(name);
    archive_image_add_name(image, &copy);
    return true;
}

/* A name with a digest must not come to mean something else. */
static bool check_name(const struct archive_image *image, const struct reference *name,
                       struct error *err)
{
    if (!digest_is_set(&name->digest) || digest_equal(&name->digest, &image->manifest.digest)
        || digest_equal(&name->digest, &image->index))
        return true;
    CLEANUP(str_free) char *text = reference_format(name);
    return error_set(err, ERR_INTEGRITY, "the archive has %s under the name %s",
                     image->manifest.digest.text, text);
}

static bool check_names(const struct archive_image *image, struct error *err)
{
    for (size_t i = 0; i < image->name_count; i++)
        if (!check_name(image, &image->names[i], err))
            return false;
    if (image->name_count > 0)
        return true;
    CLEANUP(str_free) char *label = str_printable(image->label ? image->label : "", SHOWN_MAXIMUM);
    error_set(err, ERR_USAGE, "the archive has no full name for the image %s%s%s%s",
              image->manifest.digest.text, *label ? " (only '" : "", label, *label ? "')" : "");
    return error_hint(err, "name it with --tag REFERENCE");
}

static bool check_all(struct archive_images *images, const struct reference *name,
                      struct error *err)
{
    if (images->count == 0)
        return error_set(err, ERR_INTEGRITY, "there is no image in the archive");
    if (name && !set_name(images, name, err))
        return false;
    for (size_t i = 0; i < images->count; i++)
        if (!check_names(&images->items[i], err))
            return false;
    return true;
}

/* ---- into the store ---- */

static bool publish(struct archive_content *content, const struct digest *digest, struct error *err)
{
    struct archive_item *item = NULL;
    return archive_content_need(content, digest, 0, &item, err)
        && archive_staging_publish(&content->staging, &item->blob, err);
}

static bool publish_image(struct archive_content *content, const struct archive_image *image,
                          struct error *err)
{
    for (size_t i = 0; i < image->layer_count; i++)
        if (!publish(content, &image->layers[i], err))
            return false;
    return publish(content, &image->config, err)
        && (!digest_is_set(&image->index) || publish(content, &image->index, err))
        && blob_ingest_put(content->staging.store, &image->manifest_text, err);
}

static bool record_image(const struct blob_store *store, const struct archive_image *image,
                         struct loaded_list *ret, struct error *err)
{
    const struct image_record record = {
        .digest = image->manifest.digest,
        .media_type = image->manifest.media_type,
        .size = image->manifest.size,
        .index_digest = image->index,
    };
    for (size_t i = 0; i < image->name_count; i++) {
        if (!image_record_write(store, &image->names[i], &record, err))
            return false;
        ret->items = xrealloc_array(ret->items, ret->count + 1, sizeof(*ret->items));
        ret->items[ret->count++] = (struct loaded_image){.name = reference_copy(&image->names[i]),
                                                         .digest = image->manifest.digest};
    }
    return true;
}

static bool keep(struct archive_content *content, const struct archive_images *images,
                 struct loaded_list *ret, struct error *err)
{
    for (size_t i = 0; i < images->count; i++)
        if (!publish_image(content, &images->items[i], err))
            return false;
    for (size_t i = 0; i < images->count; i++)
        if (!record_image(content->staging.store, &images->items[i], ret, err))
            return false;
    return true;
}

bool archive_load(const struct load_request *request, const struct blob_store *store,
                  const struct context *context, struct loaded_list *ret, struct error *err)
{
    CLEANUP(archive_content_close) struct archive_content content = {0};
    CLEANUP(archive_images_clear) struct archive_images images = {0};
    CLEANUP(loaded_list_clear) struct loaded_list loaded = {0};
    if (!read_content(request, store, context, &content, err)
        || !find_images(&content, &request->choice, &images, err)
        || !check_all(&images, request->name, err) || !keep(&content, &images, &loaded, err))
        return false;
    *ret = TAKE(loaded);
    return true;
}

void loaded_list_clear(struct loaded_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        reference_clear(&list->items[i].name);
    mem_free(&list->items);
    list->count = 0;
}
