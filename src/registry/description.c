/* SPDX-License-Identifier: MIT */
#include "registry/description.h"

#include "base/alloc.h"
#include "registry/image_record.h"

/* The record does not say which; the document itself need not, either. */
static const char *const index_types[] = {
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
};

/* The index is kept for this purpose only, so it may be gone. */
static void read_index(const struct blob_store *store, struct description *description)
{
    CLEANUP(error_clear) struct error ignored = {0};
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, MANIFEST_MAXIMUM);
    if (!digest_is_set(&description->index_digest)
        || !blob_store_read(store, &description->index_digest, MANIFEST_MAXIMUM, &text, &ignored))
        return;
    for (size_t i = 0; i < ARRAY_SIZE(index_types); i++) {
        error_clear(&ignored);
        if (index_parse(buf_str(&text), text.length, index_types[i], &description->index, &ignored))
            return;
    }
}

bool description_read(const struct blob_store *store, const struct reference *reference,
                      struct description *ret, struct error *err)
{
    CLEANUP(image_record_clear) struct image_record record = {0};
    CLEANUP(description_clear) struct description description = {0};
    if (!image_record_read(store, reference, &record, err)
        || !image_read(store, reference, &description.image, err))
        return false;
    description.has_image = true;
    description.index_digest = record.index_digest;
    description.fetched = TAKE(record.fetched);
    read_index(store, &description);
    if (description.index.manifests.count == 0)
        description_make_index(&description);
    *ret = TAKE(description);
    return true;
}

void description_make_index(struct description *description)
{
    struct platform platform = image_config_platform(&description->image.config);
    struct descriptor *entry = xcalloc(1, sizeof(*entry));
    *entry = (struct descriptor){
        .digest = description->image.digest,
        .has_platform = true,
        .platform = platform_copy(&platform),
    };
    description->index.manifests = (struct descriptor_list){.items = entry, .count = 1};
}

void description_clear(struct description *description)
{
    index_clear(&description->index);
    image_clear(&description->image);
    str_free(&description->fetched);
    *description = (struct description){0};
}
