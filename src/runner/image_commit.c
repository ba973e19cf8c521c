/* SPDX-License-Identifier: MIT */
#include "runner/image_commit.h"

#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "layers/chain.h"
#include "registry/archive_staging.h"
#include "registry/image_compose.h"
#include "registry/image_list.h"
#include "runner/image_unpack.h"

struct commit {
    const struct invocation *invocation;
    const struct blob_store *store;
    const struct image_commit_request *request;
    struct image_list images; /* all of the store: where blobs are named */
    struct archive_staging staging;
    struct staged_blob *staged; /* what was packed, before it is among the blobs */
    size_t staged_count;
    struct buf config; /* of the image it descends from */
    enum image_family family;
    struct strlist chain; /* directories of its layers, lowest first, without the scratch */
    /* Of the new image, lowest first. */
    struct descriptor_list layers;
    struct digest *diff_ids;
};

static void commit_clear(struct commit *commit)
{
    image_list_clear(&commit->images);
    for (size_t i = 0; i < commit->staged_count; i++)
        staged_blob_clear(&commit->staged[i]);
    mem_free(&commit->staged);
    archive_staging_close(&commit->staging);
    buf_clear(&commit->config);
    strlist_clear(&commit->chain);
    descriptor_list_clear(&commit->layers);
    mem_free(&commit->diff_ids);
}

/* ---- what it descends from ---- */

static const struct listed_image *image_of_run(const struct commit *commit)
{
    const struct digest *wanted = &commit->request->origin->run.image_digest;
    for (size_t i = 0; i < commit->images.count; i++) {
        const struct listed_image *image = &commit->images.items[i];
        if (!image->damage && digest_equal(&image->record.digest, wanted))
            return image;
    }
    return NULL;
}

static bool read_config(struct commit *commit, struct error *err)
{
    const struct layer_origin *origin = commit->request->origin;
    if (origin->claim.directory)
        return named_layer_read_config(commit->invocation->root, origin->claim.layer.name,
                                       &commit->config, err);
    const struct listed_image *image = image_of_run(commit);
    if (!image) {
        error_set(err, ERR_NOT_FOUND, "the image '%s' that it was run from is not in the store",
                  origin->run.image);
        return error_hint(err, "pull that very image again: %s", origin->run.image_digest.text);
    }
    buf_init(&commit->config, BUF_UNBOUNDED);
    buf_add_str(&commit->config, image->config.raw);
    return true;
}

/* A copy of the configuration does not say what kind of manifest led to it. */
static enum image_family find_family(const struct commit *commit)
{
    struct digest config = digest_of(commit->config.data, commit->config.length);
    for (size_t i = 0; i < commit->images.count; i++)
        if (digest_equal(&commit->images.items[i].manifest.config.digest, &config))
            return image_family_of(commit->images.items[i].record.media_type);
    return IMAGE_FAMILY_DOCKER;
}

static void list_chain(struct commit *commit)
{
    const struct layer_origin *origin = commit->request->origin;
    for (size_t i = 0; i < origin->parents.count; i++)
        strlist_insert_owned(&commit->chain, 0, xstrdup(origin->parents.items[i]));
    if (!origin->is_scratch)
        strlist_add(&commit->chain, origin->path);
}

/* ---- blobs ---- */

static struct descriptor describe(const char *media_type, const struct digest *digest,
                                  uint64_t size)
{
    return (struct descriptor){.media_type = xstrdup(media_type), .digest = *digest, .size = size};
}

static bool is_layer_of(const struct listed_image *image, size_t index,
                        const struct digest *chain_id)
{
    struct digest chain = chain_id_at(image->config.diff_ids, index);
    return digest_equal(&chain, chain_id);
}

/* The blob of a layer in an image that has it, if the store has that. */
static const struct descriptor *find_in_images(const struct commit *commit, size_t index,
                                               const struct digest *chain_id)
{
    for (size_t i = 0; i < commit->images.count; i++) {
        const struct listed_image *image = &commit->images.items[i];
        if (image->damage || index >= image->manifest.layers.count
            || index >= image->config.diff_id_count || !is_layer_of(image, index, chain_id))
            continue;
        const struct descriptor *blob = &image->manifest.layers.items[index];
        if (blob_store_has(commit->store, &blob->digest, blob->size))
            return blob;
    }
    return NULL;
}

static bool find_blob(const struct commit *commit, size_t index, const struct layer_record *record,
                      struct descriptor *ret)
{
    const struct descriptor *found = find_in_images(commit, index, &record->chain_id);
    if (found) {
        *ret = describe(found->media_type, &found->digest, found->size);
        strlist_add_all(&ret->urls, &found->urls);
        return true;
    }
    const struct layer_record_blob *blob = &record->blob;
    if (!blob->media_type || !blob_store_has(commit->store, &blob->digest, blob->size))
        return false;
    *ret = describe(blob->media_type, &blob->digest, blob->size);
    return true;
}

/* ---- packing ---- */

static bool write_staged(void *user, const void *data, size_t length, struct error *err)
{
    return staged_writer_write(user, data, length, err);
}

/* One pass over the content: tar, its hash, the compression, and the hash of that. Adds the layer.
 */
static bool pack(struct commit *commit, const struct layer_reading *reading, const char *subject,
                 struct error *err)
{
    CLEANUP(staged_writer_close) struct staged_writer writer = {0};
    struct layer_export_result result = {0};
    if (!staged_writer_open(&commit->staging, NULL, 0, &writer, err))
        return false;
    const struct byte_sink sink = {write_staged, &writer};
    const struct layer_export_request request = {
        .folder = &reading->folder,
        .form = reading->form,
        .compression = COMPRESS_GZIP,
        .sink = &sink,
        .subject = subject,
    };
    if (!layer_export(&request, &result, &commit->invocation->context, err))
        return false;
    struct staged_blob *blob = &commit->staged[commit->staged_count++];
    *blob = staged_writer_finish(&writer);
    commit->diff_ids[commit->layers.count] = result.diff_id;
    commit->layers.items[commit->layers.count++] =
        describe(image_family_gzip_layer(commit->family), &blob->digest, blob->size);
    return true;
}

/* A layer below; those below it are the first ones of the chain. The new tar need not be the old
 * one, byte for byte; then the image has the new one, and what is on top of it is unpacked on it.
 */
static bool pack_again(struct commit *commit, size_t index, const struct layer_record *record,
                       struct error *err)
{
    CLEANUP(layer_reading_close) struct layer_reading reading = {0};
    CLEANUP(strlist_clear) struct strlist parents = {0};
    const char *path = commit->chain.items[index];
    const struct layer_place place = {path, &parents, /* is_scratch= */ false};
    for (size_t i = 0; i < index; i++)
        strlist_insert_owned(&parents, 0, xstrdup(commit->chain.items[i]));
    if (!host_layer_read(commit->invocation, &place, &reading, err)
        || !pack(commit, &reading, record->diff_id.text, err))
        return false;
    const struct descriptor *blob = &commit->layers.items[index];
    const struct layer_record_blob known = {blob->media_type, blob->digest, blob->size};
    return !digest_equal(&record->diff_id, &commit->diff_ids[index])
        || host_layer_note_blob(commit->invocation, fs_name_of(path), &known, err);
}

static bool pack_scratch(struct commit *commit, struct error *err)
{
    CLEANUP(layer_reading_close) struct layer_reading reading = {0};
    struct layer_origin *origin = commit->request->origin;
    const char *name = origin->claim.directory ? origin->claim.layer.name : origin->run.name;
    return layer_origin_read(commit->invocation, origin, &reading, err)
        && pack(commit, &reading, name, err);
}

/* ---- the layers ---- */

/* What the configuration names must be what is there. */
static bool check_layer(const struct image_config *config, size_t index,
                        const struct layer_record *record, struct error *err)
{
    return index >= config->diff_id_count
        || digest_equal(&config->diff_ids[index], &record->diff_id)
        || error_set(err, ERR_INTEGRITY, "layer %zu is %s instead of %s", index + 1,
                     record->diff_id.text, config->diff_ids[index].text);
}

static bool add_layer(struct commit *commit, const struct image_config *config, size_t index,
                      struct error *err)
{
    CLEANUP(layer_record_clear) struct layer_record record = {0};
    if (!host_layer_record(commit->invocation, fs_name_of(commit->chain.items[index]), &record, err)
        || !check_layer(config, index, &record, err))
        return false;
    struct descriptor *blob = &commit->layers.items[index];
    if (!find_blob(commit, index, &record, blob))
        return pack_again(commit, index, &record, err);
    commit->diff_ids[index] = record.diff_id;
    commit->layers.count++;
    return true;
}

static bool add_layers(struct commit *commit, struct error *err)
{
    CLEANUP(image_config_clear) struct image_config config = {0};
    size_t count = commit->chain.count + 1;
    commit->layers.items = xcalloc(count, sizeof(*commit->layers.items));
    commit->diff_ids = xcalloc(count, sizeof(*commit->diff_ids));
    commit->staged = xcalloc(count, sizeof(*commit->staged));
    if (!image_config_parse(buf_str(&commit->config), commit->config.length, &config, err))
        return false;
    for (size_t i = 0; i < commit->chain.count; i++)
        if (!add_layer(commit, &config, i, err))
            return false;
    return !commit->request->origin->is_scratch || pack_scratch(commit, err);
}

/* ---- the image ---- */

static bool compose(const struct commit *commit, struct composed_image *ret, struct error *err)
{
    const struct image_compose_request request = {
        .config = buf_str(&commit->config),
        .config_length = commit->config.length,
        .family = commit->family,
        .layers = &commit->layers,
        .diff_ids = commit->diff_ids,
        .created = commit->request->created,
        .message = commit->request->message,
        .author = commit->request->author,
        .changes = commit->request->changes,
    };
    return image_compose(&request, ret, err);
}

/* Those that are there stay what they are: as a rule only what was written is unpacked. */
static bool unpack(const struct commit *commit, const struct composed_image *composed,
                   struct error *err)
{
    CLEANUP(image_clear) struct image image = {.reference = reference_copy(commit->request->name)};
    CLEANUP(image_unpacking_clear)
    struct image_unpacking unpacking = {.invocation = commit->invocation};
    image.digest = composed->descriptor.digest;
    return manifest_parse(composed->manifest, strlen(composed->manifest),
                          composed->descriptor.media_type, &image.manifest, err)
        && image_config_parse(composed->config, strlen(composed->config), &image.config, err)
        && image_unpack_stored(&unpacking, &image, err);
}

static bool publish(struct commit *commit, struct error *err)
{
    for (size_t i = 0; i < commit->staged_count; i++)
        if (!archive_staging_publish(&commit->staging, &commit->staged[i], err))
            return false;
    return true;
}

/* From the promise on, what is left of a process that dies is taken back (runner/image_pending.h).
 */
static bool store_image(struct commit *commit, const struct composed_image *composed,
                        struct error *err)
{
    const struct reference *name = commit->request->name;
    return image_compose_promise(composed, name, &commit->staging, err)
        && image_compose_store(composed, &commit->staging, err) && publish(commit, err)
        && unpack(commit, composed, err)
        && image_compose_name(composed, name, &commit->staging, err);
}

bool image_commit(const struct invocation *invocation, const struct blob_store *store,
                  const struct image_commit_request *request, struct digest *ret, struct error *err)
{
    CLEANUP(commit_clear)
    struct commit commit = {.invocation = invocation, .store = store, .request = request};
    CLEANUP(composed_image_clear) struct composed_image composed = {0};
    list_chain(&commit);
    if (!image_list_read(store, &commit.images, err) || !read_config(&commit, err))
        return false;
    commit.family = find_family(&commit);
    if (!archive_staging_open(store, &invocation->context, &commit.staging, err)
        || !add_layers(&commit, err) || !compose(&commit, &composed, err)
        || !store_image(&commit, &composed, err))
        return false;
    *ret = composed.descriptor.digest;
    return true;
}
