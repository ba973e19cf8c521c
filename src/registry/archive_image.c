/* SPDX-License-Identifier: MIT */
#include "registry/archive_image.h"

#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "registry/docker_archive.h"
#include "registry/selection.h"

bool archive_image_check_platform(const struct archive_image *image,
                                  const struct archive_content *content,
                                  const struct archive_choice *choice, struct error *err)
{
    struct platform platform = image_config_platform(&image->description);
    if (choice->is_strict || !str_equal(platform.os, "windows"))
        return selection_check(&platform, &choice->host, err);
    CLEANUP(platform_verdict_clear)
    struct platform_verdict verdict = platform_judge(&choice->host, &platform);
    CLEANUP(str_free) char *shown = platform_format(&platform);
    if (!verdict.accepted)
        context_warn(content->staging.context, "the image %s is for %s and does not fit here: %s",
                     image->manifest.digest.text, shown, verdict.reason);
    return true;
}

static const struct {
    unsigned char magic[4];
    size_t length;
    const char *media_type;
} compressions[] = {
    {{0x1f, 0x8b}, 2, DOCKER_LAYER_TYPE ".gzip"},
    {{0x28, 0xb5, 0x2f, 0xfd}, 4, DOCKER_LAYER_TYPE ".zstd"},
};

bool archive_layer_type(const char *path, char **ret, struct error *err)
{
    CLEANUP(fs_close) struct fs_file file = {0};
    unsigned char magic[4] = {0};
    size_t length = 0;
    const char *media_type = DOCKER_LAYER_TYPE;
    if (!fs_open(path, FS_READ, &file, err)
        || !fs_read_at(&file, 0, magic, sizeof(magic), &length, err))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(compressions); i++)
        if (length >= compressions[i].length
            && !memcmp(magic, compressions[i].magic, compressions[i].length))
            media_type = compressions[i].media_type;
    *ret = xstrdup(media_type);
    return true;
}

void archive_image_add_name(struct archive_image *image, struct reference *take)
{
    image->names = xrealloc_array(image->names, image->name_count + 1, sizeof(*image->names));
    image->names[image->name_count++] = TAKE(*take);
}

static void image_clear_one(struct archive_image *image)
{
    for (size_t i = 0; i < image->name_count; i++)
        reference_clear(&image->names[i]);
    mem_free(&image->names);
    str_free(&image->label);
    descriptor_clear(&image->manifest);
    buf_clear(&image->manifest_text);
    mem_free(&image->layers);
    image_config_clear(&image->description);
}

void archive_images_clear(struct archive_images *images)
{
    for (size_t i = 0; i < images->count; i++)
        image_clear_one(&images->items[i]);
    mem_free(&images->items);
    images->count = 0;
}
