/* SPDX-License-Identifier: MIT */
/* stored_image: small images put straight into a store, for the tests of what is done with them. */
#pragma once

#include "base/strlist.h"
#include "check.h"
#include "registry/blob_ingest.h"
#include "registry/image_record.h"

#define STORED_MANIFEST_TYPE "application/vnd.docker.distribution.manifest.v2+json"

struct stored_image {
    struct digest layer; /* also its diff id: the layer is not compressed */
    struct digest config;
    struct digest manifest;
    size_t manifest_size;
};

static inline struct digest put_content(const struct blob_store *store, const char *content)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, BUF_UNBOUNDED);
    buf_add_str(&text, content);
    assert_ok(blob_ingest_put(store, &text, &err));
    return digest_of(content, strlen(content));
}

/* An image of one layer with this content; 'note' makes its configuration, and so the image, its
 * own. */
static inline struct stored_image put_image(const struct blob_store *store, const char *layer,
                                            const char *note)
{
    struct stored_image image = {.layer = put_content(store, layer)};
    CLEANUP(str_free)
    char *config = str_format("{\"os\":\"windows\",\"architecture\":\"amd64\",\"os.version\":"
                              "\"10.0.20348.1\",\"created\":\"2026-01-02T03:04:05Z\",\"author\":"
                              "\"%s\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\"]}}",
                              note, image.layer.text);
    image.config = put_content(store, config);
    CLEANUP(str_free)
    char *manifest = str_format(
        "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/"
        "vnd.docker.container.image.v1+json\",\"size\":%zu,\"digest\":\"%s\"},\"layers\":["
        "{\"mediaType\":\"application/vnd.docker.image.rootfs.diff.tar\",\"size\":%zu,\"digest\":"
        "\"%s\"}]}",
        strlen(config), image.config.text, strlen(layer), image.layer.text);
    image.manifest = put_content(store, manifest);
    image.manifest_size = strlen(manifest);
    return image;
}

static inline void put_reference(const struct blob_store *store, const struct stored_image *image,
                                 const char *text)
{
    struct error err = {0};
    CLEANUP(reference_clear) struct reference reference = {0};
    CLEANUP(str_free) char *type = xstrdup(STORED_MANIFEST_TYPE);
    const struct image_record record = {
        .digest = image->manifest, .media_type = type, .size = image->manifest_size};
    assert_ok(reference_parse(text, &reference, &err));
    assert_ok(image_record_write(store, &reference, &record, &err));
}
