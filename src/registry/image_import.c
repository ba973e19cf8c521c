/* SPDX-License-Identifier: MIT */
#include "registry/image_import.h"

#include <string.h>

#include "base/alloc.h"
#include "base/json_write.h"
#include "registry/blob_ingest.h"
#include "registry/docker_archive.h"
#include "registry/image_edit.h"
#include "registry/image_instruction.h"
#include "registry/image_record.h"

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

/* Stores a document; digest and size of the descriptor are set. */
static bool put(const struct import *import, const char *text, struct descriptor *ret,
                struct error *err)
{
    CLEANUP(buf_clear) struct buf content;
    buf_init(&content, BUF_UNBOUNDED);
    buf_add_str(&content, text);
    ret->digest = digest_of(text, strlen(text));
    ret->size = strlen(text);
    return blob_ingest_put(import->staging.store, &content, err);
}

static bool put_manifest(const struct import *import, struct descriptor *ret, struct error *err)
{
    CLEANUP(str_free) char *config_text = NULL;
    CLEANUP(str_free) char *manifest_text = NULL;
    CLEANUP(descriptor_clear)
    struct descriptor config = {.media_type = xstrdup(DOCKER_CONFIG_TYPE)};
    CLEANUP(descriptor_clear)
    struct descriptor layer = {.digest = import->blob.digest, .size = import->blob.size};
    const struct descriptor_list layers = {.items = &layer, .count = 1};
    ret->media_type = xstrdup(DOCKER_MANIFEST_TYPE);
    return archive_layer_type(import->blob.path, &layer.media_type, err)
        && compose_config(import, &config_text, err) && put(import, config_text, &config, err)
        && docker_manifest_compose(&config, &layers, &manifest_text, err)
        && put(import, manifest_text, ret, err);
}

/* The record is last: before it nothing leads to the rest. */
static bool keep(struct import *import, struct digest *ret, struct error *err)
{
    CLEANUP(descriptor_clear) struct descriptor manifest = {0};
    if (!put_manifest(import, &manifest, err)
        || !archive_staging_publish(&import->staging, &import->blob, err))
        return false;
    const struct image_record record = {
        .digest = manifest.digest, .media_type = manifest.media_type, .size = manifest.size};
    if (!image_record_write(import->staging.store, &import->request->name, &record, err))
        return false;
    *ret = manifest.digest;
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
