/* SPDX-License-Identifier: MIT */
#include "registry/image.h"

#include "base/alloc.h"

bool image_read_manifest(const struct blob_store *store, const struct image_record *record,
                         struct manifest *ret, struct error *err)
{
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, MANIFEST_MAXIMUM);
    return blob_store_read(store, &record->digest, MANIFEST_MAXIMUM, &text, err)
        && manifest_parse(buf_str(&text), text.length, record->media_type, ret, err);
}

bool image_read_config(const struct blob_store *store, const struct manifest *manifest,
                       struct image_config *ret, struct error *err)
{
    CLEANUP(buf_clear) struct buf text;
    CLEANUP(image_config_clear) struct image_config config = {0};
    buf_init(&text, IMAGE_CONFIG_MAXIMUM);
    if (!blob_store_read(store, &manifest->config.digest, IMAGE_CONFIG_MAXIMUM, &text, err)
        || !image_config_parse(buf_str(&text), text.length, &config, err))
        return false;
    if (config.diff_id_count != manifest->layers.count)
        return error_set(err, ERR_INTEGRITY,
                         "the configuration names %zu layers where the manifest has %zu",
                         config.diff_id_count, manifest->layers.count);
    *ret = TAKE(config);
    return true;
}

static bool check_layers(const struct blob_store *store, const struct manifest *manifest,
                         struct error *err)
{
    for (size_t i = 0; i < manifest->layers.count; i++) {
        const struct descriptor *layer = &manifest->layers.items[i];
        if (blob_store_has(store, &layer->digest, layer->size))
            continue;
        error_set(err, ERR_NOT_FOUND, "the layer %s is not in the store", layer->digest.text);
        return error_hint(err, "'wrun pull --no-unpack' fetches it again");
    }
    return true;
}

bool image_read(const struct blob_store *store, const struct reference *reference,
                struct image *ret, struct error *err)
{
    CLEANUP(image_record_clear) struct image_record record = {0};
    CLEANUP(image_clear) struct image image = {0};
    if (!image_record_read(store, reference, &record, err))
        return false;
    if (!image_read_manifest(store, &record, &image.manifest, err)
        || !image_read_config(store, &image.manifest, &image.config, err))
        return error_wrap(err, "image %s", record.reference);
    image.reference = reference_copy(reference);
    image.digest = record.digest;
    *ret = TAKE(image);
    return true;
}

bool image_open(const struct blob_store *store, const struct reference *reference,
                struct image *ret, struct error *err)
{
    CLEANUP(image_clear) struct image image = {0};
    if (!image_read(store, reference, &image, err))
        return false;
    if (!check_layers(store, &image.manifest, err)) {
        CLEANUP(str_free) char *name = reference_format(reference);
        return error_wrap(err, "image %s", name);
    }
    *ret = TAKE(image);
    return true;
}

void image_clear(struct image *image)
{
    reference_clear(&image->reference);
    manifest_clear(&image->manifest);
    image_config_clear(&image->config);
    *image = (struct image){0};
}
