/* SPDX-License-Identifier: MIT */
#include "registry/image_compose.h"

#include <string.h>

#include "base/alloc.h"
#include "base/json_copy.h"
#include "base/text.h"
#include "registry/blob_ingest.h"
#include "registry/docker_archive.h"
#include "registry/image_config.h"
#include "registry/image_instruction.h"
#include "registry/image_record.h"
#include "registry/manifest.h"

static const struct json_limits limits = {
    .maximum_bytes = IMAGE_CONFIG_MAXIMUM,
    .maximum_depth = 32,
    .maximum_values = 200000,
};

static const struct {
    const char *manifest;
    const char *config;
    const char *gzip_layer;
} families[] = {
    [IMAGE_FAMILY_DOCKER] = {DOCKER_MANIFEST_TYPE, DOCKER_CONFIG_TYPE, DOCKER_LAYER_TYPE ".gzip"},
    [IMAGE_FAMILY_OCI] = {"application/vnd.oci.image.manifest.v1+json",
                          "application/vnd.oci.image.config.v1+json",
                          "application/vnd.oci.image.layer.v1.tar+gzip"},
};

enum image_family image_family_of(const char *manifest_type)
{
    return manifest_type && str_starts_with(manifest_type, "application/vnd.oci.")
        ? IMAGE_FAMILY_OCI
        : IMAGE_FAMILY_DOCKER;
}

const char *image_family_gzip_layer(enum image_family family)
{
    return families[family].gzip_layer;
}

/* ---- what the older image says ---- */

struct older {
    const struct image_compose_request *request;
    struct json_document document;
    struct image_config config;
    struct image_edit edit;
};

static void older_clear(struct older *older)
{
    json_document_clear(&older->document);
    image_config_clear(&older->config);
    image_edit_clear(&older->edit);
}

static bool check_layers(const struct older *older, struct error *err)
{
    size_t count = older->request->layers->count;
    return older->config.diff_id_count <= count
        || error_set(err, ERR_INTEGRITY, "it names %zu layers, of which there are %zu",
                     older->config.diff_id_count, count);
}

static bool read_older(const struct image_compose_request *request, struct older *ret,
                       struct error *err)
{
    CLEANUP(older_clear) struct older older = {.request = request};
    if (!image_config_parse(request->config, request->config_length, &older.config, err)
        || !json_parse(request->config, request->config_length, &limits, &older.document, err)
        || !check_layers(&older, err)
        || !image_edit_open(json_member(older.document.root, "config"), &older.edit, err)) {
        error_wrap(err, "the image to build on");
        return false;
    }
    if (!image_instruction_apply_all(&older.edit, request->changes, err))
        return false;
    *ret = TAKE(older);
    return true;
}

bool image_compose_check_changes(const struct strlist *changes, struct error *err)
{
    CLEANUP(image_edit_clear) struct image_edit edit = {0};
    return image_edit_open(NULL, &edit, err) && image_instruction_apply_all(&edit, changes, err);
}

/* ---- the configuration ---- */

static bool is_empty_layer(const struct json_value *entry)
{
    const struct json_value *flag = json_member(entry, "empty_layer");
    return flag && flag->type == JSON_BOOLEAN && flag->boolean;
}

static size_t count_layers(const struct json_value *history)
{
    size_t count = 0;
    for (const struct json_value *entry = history ? history->first : NULL; entry;
         entry = entry->next)
        count += !is_empty_layer(entry);
    return count;
}

static void put_entry(struct json_writer *w, const struct image_compose_request *request)
{
    JSON_OBJECT(w, NULL) {
        json_string(w, "created", request->created);
        json_opt_string(w, "created_by", request->created_by);
        json_opt_string(w, "author", request->author);
        json_opt_string(w, "comment", request->message);
    }
}

/* Readers match the entries with the layers, so there is one for each layer, also where the older
 * image tells less. */
static void put_history(struct json_writer *w, const struct older *older)
{
    const struct image_compose_request *request = older->request;
    const struct json_value *history = json_member(older->document.root, "history");
    if (history && history->type != JSON_LIST)
        history = NULL;
    JSON_ARRAY(w, "history") {
        for (const struct json_value *entry = history ? history->first : NULL; entry;
             entry = entry->next)
            json_copy(w, NULL, entry);
        for (size_t i = count_layers(history); i < older->config.diff_id_count; i++) {
            JSON_OBJECT(w, NULL) {
                json_string(w, "comment", "not known");
            }
        }
        for (size_t i = older->config.diff_id_count; i < request->layers->count; i++)
            put_entry(w, request);
    }
}

static void put_rootfs(struct json_writer *w, const struct older *older)
{
    JSON_OBJECT(w, "rootfs") {
        json_string(w, "type", "layers");
        JSON_ARRAY(w, "diff_ids") {
            for (size_t i = 0; i < older->request->layers->count; i++)
                json_string(w, NULL, older->request->diff_ids[i].text);
        }
    }
}

static void put_process(struct json_writer *w, const struct older *older)
{
    const struct json_value *process = json_member(older->document.root, "config");
    image_edit_put(&older->edit, w, "config",
                   process && process->type == JSON_MAP ? process : NULL);
}

static void put_created(struct json_writer *w, const struct older *older)
{
    json_string(w, "created", older->request->created);
}

static void put_author(struct json_writer *w, const struct older *older)
{
    const struct json_value *author = json_member(older->document.root, "author");
    if (older->request->author)
        json_string(w, "author", older->request->author);
    else if (author)
        json_copy(w, "author", author);
}

static void put_nothing(struct json_writer *w, const struct older *older)
{
    (void)w;
    (void)older;
}

/* Members that are not copied. */
static const struct {
    const char *key;
    void (*put)(struct json_writer *w, const struct older *older);
} own_members[] = {
    {"author", put_author},   {"config", put_process},  {"container", put_nothing},
    {"created", put_created}, {"history", put_history}, {"container_config", put_nothing},
    {"rootfs", put_rootfs},
};

static size_t own_member_of(const char *key)
{
    size_t i = 0;
    while (i < ARRAY_SIZE(own_members) && !str_equal(own_members[i].key, key))
        i++;
    return i;
}

static bool compose_config(const struct older *older, char **ret, struct error *err)
{
    const struct json_value *root = older->document.root;
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);
    JSON_OBJECT(&w, NULL) {
        for (const struct json_value *item = root->first; item; item = item->next) {
            size_t own = own_member_of(item->key);
            if (own < ARRAY_SIZE(own_members))
                own_members[own].put(&w, older);
            else
                json_copy(&w, item->key, item);
        }
        for (size_t i = 0; i < ARRAY_SIZE(own_members); i++)
            if (!json_member(root, own_members[i].key))
                own_members[i].put(&w, older);
    }
    return json_writer_finish(&w, ret, err);
}

/* ---- the manifest ---- */

static bool compose_manifest(const struct image_compose_request *request, const char *config_text,
                             char **ret, struct error *err)
{
    CLEANUP(descriptor_clear)
    struct descriptor config = descriptor_of_text(families[request->family].config, config_text);
    return manifest_compose(families[request->family].manifest, &config, request->layers, ret, err);
}

bool image_compose(const struct image_compose_request *request, struct composed_image *ret,
                   struct error *err)
{
    CLEANUP(older_clear) struct older older = {0};
    CLEANUP(composed_image_clear) struct composed_image image = {0};
    if (!read_older(request, &older, err) || !compose_config(&older, &image.config, err)
        || !compose_manifest(request, image.config, &image.manifest, err))
        return false;
    image.descriptor = descriptor_of_text(families[request->family].manifest, image.manifest);
    *ret = TAKE(image);
    return true;
}

void composed_image_clear(struct composed_image *image)
{
    str_free(&image->config);
    str_free(&image->manifest);
    descriptor_clear(&image->descriptor);
}

/* ---- into the store ---- */

/* Flushed, for it cannot be fetched again; in the staging folder first, where half a file goes with
 * its process. */
static bool put(const struct archive_staging *staging, const char *text, struct error *err)
{
    CLEANUP(staged_blob_clear)
    struct staged_blob blob = {.digest = digest_of(text, strlen(text)), .size = strlen(text)};
    if (blob_store_has(staging->store, &blob.digest, blob.size))
        return true;
    blob.path = fs_join(staging->folder, digest_hex(&blob.digest));
    return fs_write_file(blob.path, text, blob.size, err)
        && archive_staging_publish(staging, &blob, err);
}

static struct image_record record_of(const struct composed_image *image)
{
    return (struct image_record){
        .media_type = image->descriptor.media_type,
        .digest = image->descriptor.digest,
        .size = image->descriptor.size,
    };
}

bool image_compose_promise(const struct composed_image *image, const struct reference *name,
                           struct archive_staging *staging, struct error *err)
{
    const struct image_record record = record_of(image);
    if (digest_is_set(&name->digest))
        return error_set(err, ERR_USAGE, "a new image is named by a tag, not by a digest");
    return archive_staging_promise(staging, name, &record, err);
}

bool image_compose_store(const struct composed_image *image, const struct archive_staging *staging,
                         struct error *err)
{
    return put(staging, image->manifest, err) && put(staging, image->config, err);
}

bool image_compose_name(const struct composed_image *image, const struct reference *name,
                        struct archive_staging *staging, struct error *err)
{
    const struct image_record record = record_of(image);
    if (!image_record_write(staging->store, name, &record, err))
        return false;
    staging->promised = false;
    return true;
}
