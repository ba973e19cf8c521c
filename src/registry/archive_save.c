/* SPDX-License-Identifier: MIT */
#include "registry/archive_save.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "registry/docker_archive.h"
#include "registry/image.h"
#include "registry/image_record.h"
#include "registry/oci_layout.h"

#define PIECE_SIZE ((size_t)256 * 1024)

/* What is going to be written. */
struct save {
    const struct blob_store *store;
    const struct archive_sink *sink;
    const struct context *context;
    struct layout_index index;
    struct docker_archive docker;
    struct descriptor_list blobs; /* sorted, each once; only digest and size are set */
};

static void save_clear(struct save *save)
{
    layout_index_clear(&save->index);
    docker_archive_clear(&save->docker);
    descriptor_list_clear(&save->blobs);
}

/* ---- the plan ---- */

static void add_blob(struct save *save, const struct digest *digest, uint64_t size)
{
    struct descriptor_list *list = &save->blobs;
    for (size_t i = 0; i < list->count; i++)
        if (digest_equal(&list->items[i].digest, digest))
            return;
    list->items = xrealloc_array(list->items, list->count + 1, sizeof(*list->items));
    list->items[list->count++] = (struct descriptor){.digest = *digest, .size = size};
}

static char *blob_name(const struct digest *digest)
{
    return str_format("blobs/sha256/%s", digest_hex(digest));
}

static struct platform copy_platform(const struct image_config *config)
{
    struct platform platform = {
        .os = xstrdup(config->os),
        .architecture = xstrdup(config->architecture),
        .variant = config->variant ? xstrdup(config->variant) : NULL,
        .os_version = config->os_version ? xstrdup(config->os_version) : NULL,
    };
    strlist_add_all(&platform.os_features, &config->os_features);
    return platform;
}

/* A reference by the digest of an index is kept as one by the digest of the manifest: the index is
 * not in the archive, so nobody could tell that the name is right. */
static struct reference name_of(const struct image *image)
{
    struct reference name = reference_copy(&image->reference);
    if (digest_is_set(&name.digest))
        name.digest = image->digest;
    return name;
}

static void add_to_layout(struct save *save, const struct image *image,
                          const struct image_record *record)
{
    struct layout_index *index = &save->index;
    index->items = xrealloc_array(index->items, index->count + 1, sizeof(*index->items));
    index->items[index->count++] = (struct layout_entry){
        .reference = name_of(image),
        .descriptor = {.media_type = xstrdup(record->media_type),
                       .digest = record->digest,
                       .size = record->size,
                       .has_platform = true,
                       .platform = copy_platform(&image->config)},
    };
}

/* The entry of the configuration in manifest.json; images with equal layers are one with several
 * tags. */
static struct docker_image *docker_entry(struct docker_archive *docker, const struct image *image)
{
    CLEANUP(str_free) char *config = blob_name(&image->manifest.config.digest);
    CLEANUP(strlist_clear) struct strlist layers = {0};
    for (size_t i = 0; i < image->manifest.layers.count; i++)
        strlist_add_owned(&layers, blob_name(&image->manifest.layers.items[i].digest));
    CLEANUP(str_free) char *joined = strlist_join(&layers, ",");
    for (size_t i = 0; i < docker->count; i++) {
        CLEANUP(str_free) char *other = strlist_join(&docker->items[i].layers, ",");
        if (str_equal(docker->items[i].config, config) && str_equal(other, joined))
            return &docker->items[i];
    }
    docker->items = xrealloc_array(docker->items, docker->count + 1, sizeof(*docker->items));
    docker->items[docker->count++] =
        (struct docker_image){.config = TAKE(config), .layers = TAKE(layers)};
    return &docker->items[docker->count - 1];
}

static void add_to_docker(struct save *save, const struct image *image)
{
    struct docker_image *entry = docker_entry(&save->docker, image);
    if (image->reference.tag)
        strlist_add_owned(&entry->tags, reference_format(&image->reference));
}

static bool is_listed(const struct save *save, const struct reference *reference)
{
    CLEANUP(str_free) char *wanted = reference_format(reference);
    for (size_t i = 0; i < save->index.count; i++) {
        CLEANUP(str_free) char *name = reference_format(&save->index.items[i].reference);
        if (str_equal(name, wanted))
            return true;
    }
    return false;
}

static bool add_image(struct save *save, const struct reference *reference, struct error *err)
{
    CLEANUP(image_clear) struct image image = {0};
    CLEANUP(image_record_clear) struct image_record record = {0};
    if (!image_open(save->store, reference, &image, err)
        || !image_record_read(save->store, reference, &record, err))
        return false;
    CLEANUP(reference_clear) struct reference name = name_of(&image);
    if (is_listed(save, &name))
        return true;
    add_blob(save, &record.digest, record.size);
    add_blob(save, &image.manifest.config.digest, image.manifest.config.size);
    for (size_t i = 0; i < image.manifest.layers.count; i++)
        add_blob(save, &image.manifest.layers.items[i].digest, image.manifest.layers.items[i].size);
    add_to_layout(save, &image, &record);
    add_to_docker(save, &image);
    return true;
}

static int compare_blobs(const void *a, const void *b)
{
    const struct descriptor *left = a;
    const struct descriptor *right = b;
    return strcmp(left->digest.text, right->digest.text);
}

/* ---- the archive ---- */

static bool damaged(const struct descriptor *blob, const char *what, struct error *err)
{
    error_set(err, ERR_INTEGRITY, "the stored content %s is damaged: %s", blob->digest.text, what);
    return error_hint(err, "'wrun verify' tells which images have it; pull them again");
}

/* The content with its hash; what comes out is compared only at the end. */
static bool copy_blob(const struct save *save, const struct fs_file *file, uint64_t size,
                      struct sha256 *hash, struct error *err)
{
    CLEANUP(mem_free) unsigned char *piece = xmalloc(PIECE_SIZE);
    for (uint64_t done = 0; done < size;) {
        size_t wanted = size - done < PIECE_SIZE ? (size_t)(size - done) : PIECE_SIZE;
        size_t length = 0;
        if (!cancel_check(save->context ? save->context->cancel : NULL, err)
            || !fs_read_at(file, done, piece, wanted, &length, err))
            return false;
        if (length == 0)
            return true; /* shorter than it was: the hash tells */
        sha256_update(hash, piece, length);
        if (!save->sink->write(save->sink->user, piece, length, err))
            return false;
        done += length;
    }
    return true;
}

static bool put_blob(const struct save *save, const struct descriptor *blob, struct error *err)
{
    CLEANUP(str_free) char *path = blob_store_path(save->store, &blob->digest);
    CLEANUP(str_free) char *name = blob_name(&blob->digest);
    CLEANUP(fs_close) struct fs_file file = {0};
    struct sha256 hash;
    uint64_t size = 0;
    sha256_init(&hash);
    if (!fs_open(path, FS_READ, &file, err) || !fs_size(&file, &size, err))
        return false;
    if (size != blob->size)
        return damaged(blob, "its size is wrong", err);
    context_step(save->context, "writing %s (%" PRIu64 " bytes)", blob->digest.text, size);
    if (!save->sink->begin(save->sink->user, name, size, err)
        || !copy_blob(save, &file, size, &hash, err))
        return false;
    struct digest found = sha256_final_digest(&hash);
    if (!digest_equal(&found, &blob->digest)) {
        CLEANUP(str_free) char *text = str_format("it hashes to %s", found.text);
        return damaged(blob, text, err);
    }
    return save->sink->end(save->sink->user, err);
}

static bool put_text(const struct save *save, const char *name, const char *text, struct error *err)
{
    const struct archive_sink *sink = save->sink;
    return sink->begin(sink->user, name, strlen(text), err)
        && sink->write(sink->user, text, strlen(text), err) && sink->end(sink->user, err);
}

static bool put_documents(const struct save *save, struct error *err)
{
    CLEANUP(str_free) char *index = NULL;
    CLEANUP(str_free) char *docker = NULL;
    return layout_index_compose(&save->index, &index, err)
        && docker_archive_compose(&save->docker, &docker, err)
        && put_text(save, "index.json", index, err) && put_text(save, "manifest.json", docker, err)
        && put_text(save, "oci-layout", OCI_LAYOUT_TEXT, err);
}

static bool write_all(const struct save *save, struct error *err)
{
    const struct archive_sink *sink = save->sink;
    if (!sink->directory(sink->user, "blobs", err)
        || !sink->directory(sink->user, "blobs/sha256", err))
        return false;
    for (size_t i = 0; i < save->blobs.count; i++)
        if (!put_blob(save, &save->blobs.items[i], err))
            return false;
    return put_documents(save, err) && sink->finish(sink->user, err);
}

bool archive_save(const struct blob_store *store, const struct reference *references, size_t count,
                  const struct archive_sink *sink, const struct context *context, struct error *err)
{
    CLEANUP(save_clear) struct save save = {.store = store, .sink = sink, .context = context};
    for (size_t i = 0; i < count; i++)
        if (!add_image(&save, &references[i], err))
            return false;
    if (save.blobs.count == 0)
        return error_set(err, ERR_USAGE, "no image is named");
    qsort(save.blobs.items, save.blobs.count, sizeof(*save.blobs.items), compare_blobs);
    return write_all(&save, err);
}
