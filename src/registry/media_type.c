/* SPDX-License-Identifier: MIT */
#include "registry/media_type.h"

#include "base/scan.h"
#include "base/text.h"

#define DOCKER "application/vnd.docker."
#define OCI "application/vnd.oci."

static const struct {
    const char *name;
    enum media_kind kind;
} media_types[] = {
    {DOCKER "distribution.manifest.list.v2+json", MEDIA_INDEX},
    {OCI "image.index.v1+json", MEDIA_INDEX},
    {DOCKER "distribution.manifest.v2+json", MEDIA_MANIFEST},
    {OCI "image.manifest.v1+json", MEDIA_MANIFEST},
    {DOCKER "distribution.manifest.v1+json", MEDIA_MANIFEST_SCHEMA1},
    {DOCKER "distribution.manifest.v1+prettyjws", MEDIA_MANIFEST_SCHEMA1},
    {DOCKER "container.image.v1+json", MEDIA_CONFIG},
    {OCI "image.config.v1+json", MEDIA_CONFIG},
    {DOCKER "image.rootfs.diff.tar", MEDIA_LAYER},
    {DOCKER "image.rootfs.diff.tar.gzip", MEDIA_LAYER},
    {DOCKER "image.rootfs.diff.tar.zstd", MEDIA_LAYER},
    {OCI "image.layer.v1.tar", MEDIA_LAYER},
    {OCI "image.layer.v1.tar+gzip", MEDIA_LAYER},
    {OCI "image.layer.v1.tar+zstd", MEDIA_LAYER},
    {DOCKER "image.rootfs.foreign.diff.tar", MEDIA_FOREIGN_LAYER},
    {DOCKER "image.rootfs.foreign.diff.tar.gzip", MEDIA_FOREIGN_LAYER},
    {DOCKER "image.rootfs.foreign.diff.tar.zstd", MEDIA_FOREIGN_LAYER},
    {OCI "image.layer.nondistributable.v1.tar", MEDIA_FOREIGN_LAYER},
    {OCI "image.layer.nondistributable.v1.tar+gzip", MEDIA_FOREIGN_LAYER},
    {OCI "image.layer.nondistributable.v1.tar+zstd", MEDIA_FOREIGN_LAYER},
};

const char media_type_accept_manifest[] =
    DOCKER "distribution.manifest.list.v2+json, " DOCKER "distribution.manifest.v2+json, " OCI
           "image.index.v1+json, " OCI "image.manifest.v1+json";

/* The type without parameters and the blanks before them. */
static struct scan essence(const char *media_type)
{
    struct scan s = scan_text(media_type);
    struct scan type = scan_until(&s, ';');
    while (scan_peek(&type) == ' ' || scan_peek(&type) == '\t')
        type.at++;
    while (type.end > type.at && (type.end[-1] == ' ' || type.end[-1] == '\t'))
        type.end--;
    return type;
}

bool media_type_equal(const char *a, const char *b)
{
    if (!a || !b)
        return false;
    struct scan left = essence(a);
    struct scan right = essence(b);
    size_t length = scan_length(&left);
    if (length != scan_length(&right))
        return false;
    for (size_t i = 0; i < length; i++)
        if (char_to_lower(left.at[i]) != char_to_lower(right.at[i]))
            return false;
    return true;
}

enum media_kind media_type_kind(const char *media_type)
{
    for (size_t i = 0; i < sizeof(media_types) / sizeof(media_types[0]); i++)
        if (media_type_equal(media_type, media_types[i].name))
            return media_types[i].kind;
    return MEDIA_UNKNOWN;
}
