/* SPDX-License-Identifier: MIT */
#include "registry/image_import.h"

#include "base/alloc.h"
#include "base/json_write.h"
#include "registry/docker_archive.h"
#include "registry/image_compose.h"
#include "registry/image_edit.h"
#include "registry/image_instruction.h"

#define PIECE_SIZE ((size_t)256 * 1024)

struct import {
    const struct import_request *request;
    struct archive_staging staging;
    struct staged_blob blob;
    struct digest diff_id;
    struct image_edit edit;
};

static void import_close(struct import *import)
{
    image_edit_clear(&import->edit);
    staged_blob_clear(&import->blob);
    archive_staging_close(&import->staging);
}

static const struct cancel *cancel_of(const struct import *import)
{
    return import->staging.context ? import->staging.context->cancel : NULL;
}

/* ---- the layer ---- */

static bool copy(const struct import *import, struct staged_writer *writer, struct error *err)
{
    const struct archive_source *source = import->request->source;
    CLEANUP(mem_free) unsigned char *piece = xmalloc(PIECE_SIZE);
    size_t length = 0;
    do {
        if (!cancel_check(cancel_of(import), err)
            || !source->read(source->user, piece, PIECE_SIZE, &length, err)
            || !staged_writer_write(writer, piece, length, err))
            return false;
    } while (length > 0);
    return true;
}

static bool stage(struct import *import, struct error *err)
{
    const struct archive_inflater *inflater = &import->request->inflater;
    CLEANUP(staged_writer_close) struct staged_writer writer = {0};
    if (!staged_writer_open(&import->staging, NULL, 0, &writer, err) || !copy(import, &writer, err))
        return false;
    import->blob = staged_writer_finish(&writer);
    if (import->blob.size == 0)
        return error_set(err, ERR_INTEGRITY, "the file is empty");
    return inflater->diff_id(inflater->user, import->blob.path, &import->diff_id, err);
}

/* ---- the documents ---- */

static bool compose_config(const struct import *import, char **ret, struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    const char *message = import->request->message;
    json_writer_open(&w);
    JSON_OBJECT(&w, NULL) {
        json_string(&w, "architecture", import->request->architecture);
        image_edit_put(&import->edit, &w, "config", NULL);
        JSON_ARRAY(&w, "history") {
            JSON_OBJECT(&w, NULL) {
                json_string(&w, "comment", message ? message : "wrun import");
            }
        }
        json_string(&w, "os", "windows");
        json_string(&w, "os.version", import->request->os_version);
        JSON_OBJECT(&w, "rootfs") {
            json_string(&w, "type", "layers");
            JSON_ARRAY(&w, "diff_ids") {
                json_string(&w, NULL, import->diff_id.text);
            }
        }
    }
    return json_writer_finish(&w, ret, err);
}

static bool compose(const struct import *import, struct composed_image *ret, struct error *err)
{
    CLEANUP(composed_image_clear) struct composed_image image = {0};
    CLEANUP(descriptor_clear) struct descriptor config = {0};
    CLEANUP(descriptor_clear)
    struct descriptor layer = {.digest = import->blob.digest, .size = import->blob.size};
    const struct descriptor_list layers = {.items = &layer, .count = 1};
    if (!archive_layer_type(import->blob.path, &layer.media_type, err)
        || !compose_config(import, &image.config, err))
        return false;
    config = descriptor_of_text(DOCKER_CONFIG_TYPE, image.config);
    if (!manifest_compose(DOCKER_MANIFEST_TYPE, &config, &layers, &image.manifest, err))
        return false;
    image.descriptor = descriptor_of_text(DOCKER_MANIFEST_TYPE, image.manifest);
    *ret = TAKE(image);
    return true;
}

/* The record is last: before it nothing leads to the rest. */
static bool keep(struct import *import, struct digest *ret, struct error *err)
{
    CLEANUP(composed_image_clear) struct composed_image image = {0};
    if (!compose(import, &image, err) || !image_compose_store(&image, &import->staging, err)
        || !archive_staging_publish(&import->staging, &import->blob, err)
        || !image_compose_name(&image, &import->request->name, &import->staging, err))
        return false;
    *ret = image.descriptor.digest;
    return true;
}

bool image_import(const struct import_request *request, const struct blob_store *store,
                  const struct context *context, struct digest *ret, struct error *err)
{
    CLEANUP(import_close) struct import import = {.request = request};
    if (digest_is_set(&request->name.digest))
        return error_set(err, ERR_USAGE, "a new image is named by a tag, not by a digest");
    return image_edit_open(NULL, &import.edit, err)
        && image_instruction_apply_all(&import.edit, request->changes, err)
        && archive_staging_open(store, context, &import.staging, err) && stage(&import, err)
        && keep(&import, ret, err);
}
