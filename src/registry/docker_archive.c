/* SPDX-License-Identifier: MIT */
#include "registry/docker_archive.h"

#include "base/alloc.h"
#include "base/json_read.h"
#include "base/json_write.h"

#define IMAGES_MAXIMUM 1000

static const struct json_field image_fields[] = {
    {"Config", json_to_string, offsetof(struct docker_image, config), JSON_REQUIRED},
    {"RepoTags", json_to_strlist, offsetof(struct docker_image, tags), JSON_OPTIONAL},
    {"Layers", json_to_strlist, offsetof(struct docker_image, layers), JSON_REQUIRED},
};

static bool read_images(const struct json_value *root, struct docker_archive *ret,
                        struct error *err)
{
    if (root->type != JSON_LIST)
        return json_error(root, err, "not a list");
    if (root->count > IMAGES_MAXIMUM)
        return json_error(root, err, "more than %d images", IMAGES_MAXIMUM);
    ret->items = xcalloc(root->count + 1, sizeof(*ret->items));
    for (const struct json_value *item = root->first; item; item = item->next)
        if (!json_read_fields(item, image_fields, ARRAY_SIZE(image_fields),
                              &ret->items[ret->count++], err))
            return false;
    return true;
}

bool docker_archive_parse(const struct buf *text, struct docker_archive *ret, struct error *err)
{
    CLEANUP(json_document_clear) struct json_document document = {0};
    CLEANUP(docker_archive_clear) struct docker_archive archive = {0};
    if (!json_parse(buf_str(text), text->length, &json_default_limits, &document, err)
        || !read_images(document.root, &archive, err))
        return error_wrap(err, "manifest.json");
    *ret = TAKE(archive);
    return true;
}

static void image_clear(struct docker_image *image)
{
    str_free(&image->config);
    strlist_clear(&image->tags);
    strlist_clear(&image->layers);
}

void docker_archive_clear(struct docker_archive *archive)
{
    for (size_t i = 0; i < archive->count; i++)
        image_clear(&archive->items[i]);
    mem_free(&archive->items);
    archive->count = 0;
}

static void put_list(struct json_writer *w, const char *key, const struct strlist *list)
{
    JSON_ARRAY(w, key) {
        for (size_t i = 0; i < list->count; i++)
            json_string(w, NULL, list->items[i]);
    }
}

bool docker_archive_compose(const struct docker_archive *archive, char **ret, struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);
    JSON_ARRAY(&w, NULL) {
        for (size_t i = 0; i < archive->count; i++) {
            JSON_OBJECT(&w, NULL) {
                json_string(&w, "Config", archive->items[i].config);
                put_list(&w, "RepoTags", &archive->items[i].tags);
                put_list(&w, "Layers", &archive->items[i].layers);
            }
        }
    }
    return json_writer_finish(&w, ret, err);
}
