/* SPDX-License-Identifier: MIT */
#include "registry/archive_content.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

#define ITEMS_MAXIMUM 5000
#define LINKS_MAXIMUM 4 /* from link to link */
#define COPY_SIZE ((size_t)256 * 1024)

/* ---- the list ---- */

static struct archive_item *find_exact(const struct archive_content *content, const char *name)
{
    for (size_t i = 0; i < content->count; i++)
        if (str_equal(content->items[i].name.text, name))
            return &content->items[i];
    return NULL;
}

struct archive_item *archive_content_find(const struct archive_content *content, const char *name)
{
    struct archive_item *item = find_exact(content, name);
    for (unsigned links = 0; item && item->target.kind != ARCHIVE_NAME_OTHER; links++)
        item = links < LINKS_MAXIMUM ? find_exact(content, item->target.text) : NULL;
    return item;
}

static struct archive_item *find_digest(const struct archive_content *content,
                                        const struct digest *digest)
{
    for (size_t i = 0; i < content->count; i++)
        if (content->items[i].target.kind == ARCHIVE_NAME_OTHER
            && digest_equal(&content->items[i].blob.digest, digest))
            return &content->items[i];
    return NULL;
}

static struct archive_item *add_item(struct archive_content *content, struct archive_item item)
{
    content->items = xrealloc_array(content->items, content->count + 1, sizeof(*content->items));
    content->items[content->count] = item;
    return &content->items[content->count++];
}

static bool check_count(const struct archive_content *content, struct error *err)
{
    return content->count < ITEMS_MAXIMUM
        || error_set(err, ERR_INTEGRITY, "the archive holds more than %d files of images",
                     ITEMS_MAXIMUM);
}

/* ---- from a tar file ---- */

/* The member that is being read. */
struct reading {
    struct archive_content *content;
    struct archive_name name;
    struct buf *document; /* NULL: it is staged */
    struct staged_writer writer;
};

static bool twice(const struct archive_name *name, struct error *err)
{
    return error_set(err, ERR_INTEGRITY, "the archive holds '%s' twice", name->text);
}

static bool is_staged(enum archive_name_kind kind)
{
    return kind == ARCHIVE_NAME_CONTENT || kind == ARCHIVE_NAME_LAYER;
}

static struct buf *document_of(struct archive_content *content, enum archive_name_kind kind)
{
    return kind == ARCHIVE_NAME_LAYOUT ? &content->layout
        : kind == ARCHIVE_NAME_INDEX   ? &content->index
                                       : &content->manifest;
}

static bool begin_document(struct reading *reading, uint64_t size, struct error *err)
{
    if (reading->document->length > 0)
        return twice(&reading->name, err);
    return size <= ARCHIVE_DOCUMENT_MAXIMUM
        || error_set(err, ERR_INTEGRITY, "'%s' in the archive is larger than %zu bytes",
                     reading->name.text, ARCHIVE_DOCUMENT_MAXIMUM);
}

static bool begin_content(struct reading *reading, uint64_t size, bool *ret_wanted,
                          struct error *err)
{
    struct archive_content *content = reading->content;
    bool by_digest = reading->name.kind == ARCHIVE_NAME_CONTENT;
    if (find_exact(content, reading->name.text)) {
        *ret_wanted = false; /* the same digest names the same content */
        return by_digest || twice(&reading->name, err);
    }
    return check_count(content, err)
        && staged_writer_open(&content->staging, by_digest ? &reading->name.digest : NULL, size,
                              &reading->writer, err);
}

/* Equal layers of one archive may be links to the first. */
static bool add_link(struct archive_content *content, const struct archive_name *name,
                     const struct archive_member *member, struct error *err)
{
    struct archive_item item = {
        .name = *name,
        .target = member->type == ARCHIVE_MEMBER_SYMLINK
            ? archive_name_of_link(name, member->target)
            : archive_name_parse(member->target),
    };
    if (!is_staged(name->kind) || item.target.kind == ARCHIVE_NAME_OTHER)
        return true; /* leads nowhere: as if it were absent */
    if (find_exact(content, name->text))
        return twice(name, err);
    if (!check_count(content, err))
        return false;
    add_item(content, item);
    return true;
}

static bool on_begin(void *user, const struct archive_member *member, bool *ret_wanted,
                     struct error *err)
{
    struct reading *reading = user;
    reading->name = archive_name_parse(member->name);
    if (reading->name.kind == ARCHIVE_NAME_OTHER || member->type == ARCHIVE_MEMBER_OTHER)
        return true;
    if (member->type != ARCHIVE_MEMBER_FILE)
        return add_link(reading->content, &reading->name, member, err);
    *ret_wanted = true;
    reading->document = NULL;
    if (is_staged(reading->name.kind))
        return begin_content(reading, member->size, ret_wanted, err);
    reading->document = document_of(reading->content, reading->name.kind);
    return begin_document(reading, member->size, err);
}

static bool on_data(void *user, const void *data, size_t length, struct error *err)
{
    struct reading *reading = user;
    if (reading->document)
        return buf_append(reading->document, data, length, err);
    return staged_writer_write(&reading->writer, data, length, err);
}

/* Adds what is complete under its name, once it is what the name says. */
static bool take(struct archive_content *content, const struct archive_name *name,
                 struct staged_writer *writer, struct archive_item **ret, struct error *err)
{
    CLEANUP(staged_blob_clear) struct staged_blob blob = staged_writer_finish(writer);
    if (name->kind == ARCHIVE_NAME_CONTENT && !digest_equal(&blob.digest, &name->digest))
        return error_set(err, ERR_INTEGRITY, "'%s' in the archive holds other content: %s",
                         name->text, blob.digest.text);
    *ret = add_item(content, (struct archive_item){.name = *name, .blob = TAKE(blob)});
    return true;
}

static bool on_end(void *user, struct error *err)
{
    struct reading *reading = user;
    struct archive_item *ignored = NULL;
    return reading->document
        || take(reading->content, &reading->name, &reading->writer, &ignored, err);
}

static bool open_content(const struct blob_store *store, const struct context *context,
                         struct archive_content *ret, struct error *err)
{
    buf_init(&ret->layout, ARCHIVE_DOCUMENT_MAXIMUM);
    buf_init(&ret->index, ARCHIVE_DOCUMENT_MAXIMUM);
    buf_init(&ret->manifest, ARCHIVE_DOCUMENT_MAXIMUM);
    return archive_staging_open(store, context, &ret->staging, err);
}

bool archive_content_read(const struct blob_store *store, const struct archive_source *source,
                          const struct context *context, struct archive_content *ret,
                          struct error *err)
{
    CLEANUP(archive_content_close) struct archive_content content = {0};
    struct reading reading = {.content = &content};
    const struct archive_visitor visitor = {on_begin, on_data, on_end, &reading};
    bool read = open_content(store, context, &content, err)
        && archive_walk(source, &visitor, context_cancel(context), err);
    staged_writer_close(&reading.writer);
    if (!read)
        return false;
    *ret = TAKE(content);
    return true;
}

/* ---- from a directory ---- */

static bool read_document(const char *directory, const char *name, struct buf *ret,
                          struct error *err)
{
    CLEANUP(str_free) char *path = fs_join(directory, name);
    return fs_type_of(path) != FS_FILE || fs_read_file(path, ARCHIVE_DOCUMENT_MAXIMUM, ret, err);
}

bool archive_content_read_directory(const struct blob_store *store, const char *path,
                                    const struct context *context, struct archive_content *ret,
                                    struct error *err)
{
    CLEANUP(archive_content_close) struct archive_content content = {.directory = xstrdup(path)};
    if (!open_content(store, context, &content, err)
        || !read_document(path, "oci-layout", &content.layout, err)
        || !read_document(path, "index.json", &content.index, err))
        return false;
    *ret = TAKE(content);
    return true;
}

static bool copy_file(const char *path, struct staged_writer *writer, const struct cancel *cancel,
                      struct error *err)
{
    CLEANUP(fs_close) struct fs_file file = {0};
    CLEANUP(mem_free) unsigned char *piece = xmalloc(COPY_SIZE);
    if (!fs_open(path, FS_READ, &file, err))
        return false;
    size_t length = 0;
    do {
        if (!cancel_check(cancel, err)
            || !fs_read_at(&file, writer->written, piece, COPY_SIZE, &length, err)
            || !staged_writer_write(writer, piece, length, err))
            return false;
    } while (length == COPY_SIZE);
    return true;
}

/* *ret stays NULL when the directory does not have it. */
static bool stage_file(struct archive_content *content, const struct digest *digest,
                       struct archive_item **ret, struct error *err)
{
    const struct context *context = content->staging.context;
    CLEANUP(str_free) char *text = str_format("blobs/sha256/%s", digest_hex(digest));
    CLEANUP(str_free) char *path = fs_join(content->directory, text);
    const struct archive_name name = archive_name_parse(text);
    uint64_t size = 0;
    if (fs_type_of(path) != FS_FILE)
        return true;
    CLEANUP(staged_writer_close) struct staged_writer writer = {0};
    return check_count(content, err) && fs_file_size(path, &size, err)
        && staged_writer_open(&content->staging, digest, size, &writer, err)
        && copy_file(path, &writer, context_cancel(context), err)
        && take(content, &name, &writer, ret, err);
}

/* ---- what is needed ---- */

bool archive_content_need(struct archive_content *content, const struct digest *digest,
                          uint64_t size, struct archive_item **ret, struct error *err)
{
    struct archive_item *item = find_digest(content, digest);
    if (!item && content->directory && !stage_file(content, digest, &item, err))
        return false;
    if (!item && size > 0 && blob_store_has(content->staging.store, digest, size))
        item = add_item(content, (struct archive_item){.blob = {.digest = *digest, .size = size}});
    if (!item) {
        error_set(err, ERR_INTEGRITY, "the archive lacks %s", digest->text);
        return error_hint(err, "make the archive again with all layers in it, or pull the image");
    }
    if (size > 0 && item->blob.size != size)
        return error_set(err, ERR_INTEGRITY,
                         "%s has %" PRIu64 " bytes in the archive where %" PRIu64 " were promised",
                         digest->text, item->blob.size, size);
    *ret = item;
    return true;
}

bool archive_content_read_item(const struct archive_content *content,
                               const struct archive_item *item, size_t maximum, struct buf *ret,
                               struct error *err)
{
    if (!item->blob.path)
        return blob_store_read(content->staging.store, &item->blob.digest, maximum, ret, err);
    return fs_read_file(item->blob.path, maximum, ret, err);
}

void archive_content_close(struct archive_content *content)
{
    for (size_t i = 0; i < content->count; i++)
        staged_blob_clear(&content->items[i].blob);
    mem_free(&content->items);
    buf_clear(&content->layout);
    buf_clear(&content->index);
    buf_clear(&content->manifest);
    str_free(&content->directory);
    archive_staging_close(&content->staging);
    content->count = 0;
}
