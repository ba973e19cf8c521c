/* SPDX-License-Identifier: MIT */
#include "registry/image_record.h"

#include "base/alloc.h"
#include "base/fs.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/os.h"
#include "base/text.h"

#define RECORD_MAXIMUM ((size_t)64 << 10)

#define RECORD_SUFFIX ".json"
#define NAME_LENGTH 64

static char *named_path(const struct blob_store *store, const char *name)
{
    CLEANUP(str_free) char *file = str_format("%s" RECORD_SUFFIX, name);
    return blob_store_file(store, "refs", file);
}

static char *record_path(const struct blob_store *store, const char *canonical)
{
    struct digest name = digest_of(canonical, strlen(canonical));
    return named_path(store, digest_hex(&name));
}

static const struct json_field record_fields[] = {
    {"reference", json_to_string, offsetof(struct image_record, reference), JSON_REQUIRED},
    {"digest", json_to_digest, offsetof(struct image_record, digest), JSON_REQUIRED},
    {"mediaType", json_to_string, offsetof(struct image_record, media_type), JSON_REQUIRED},
    {"size", json_to_uint64, offsetof(struct image_record, size), JSON_REQUIRED},
    {"indexDigest", json_to_digest, offsetof(struct image_record, index_digest), JSON_OPTIONAL},
    {"fetched", json_to_string, offsetof(struct image_record, fetched), JSON_OPTIONAL},
};

/* 'canonical' may be NULL when it is not known what the record should say. */
static bool parse(const struct buf *text, const char *canonical, struct image_record *ret,
                  struct error *err)
{
    CLEANUP(json_document_clear) struct json_document document = {0};
    CLEANUP(image_record_clear) struct image_record record = {0};
    if (!json_parse(buf_str(text), text->length, &json_default_limits, &document, err)
        || !json_read_fields(document.root, record_fields, ARRAY_SIZE(record_fields), &record, err))
        return false;
    if (canonical && !str_equal(record.reference, canonical))
        return error_set(err, ERR_INTEGRITY, "the record names another image, '%s'",
                         record.reference);
    *ret = TAKE(record);
    return true;
}

bool image_record_read(const struct blob_store *store, const struct reference *reference,
                       struct image_record *ret, struct error *err)
{
    CLEANUP(str_free) char *canonical = reference_format(reference);
    CLEANUP(str_free) char *path = record_path(store, canonical);
    if (fs_type_of(path) == FS_ABSENT) {
        error_set(err, ERR_NOT_FOUND, "the image %s is not in the store", canonical);
        return error_hint(err, "pull it first");
    }
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, RECORD_MAXIMUM);
    if (fs_read_file(path, RECORD_MAXIMUM, &text, err) && parse(&text, canonical, ret, err))
        return true;
    error_hint(err, "pull the image again");
    return error_wrap(err, "read the record of %s", canonical);
}

bool image_record_load(const char *path, struct image_record *ret, struct error *err)
{
    CLEANUP(image_record_clear) struct image_record record = {0};
    CLEANUP(reference_clear) struct reference reference = {0};
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, RECORD_MAXIMUM);
    if (!fs_read_file(path, RECORD_MAXIMUM, &text, err) || !parse(&text, NULL, &record, err)
        || !reference_parse(record.reference, &reference, err))
        return error_wrap(err, "read the record '%s'", path);
    *ret = TAKE(record);
    return true;
}

/* The name of a record's file is made of its reference. */
static bool leads_to(const struct image_record *record, const char *name)
{
    if (!record->reference)
        return false;
    struct digest expected = digest_of(record->reference, strlen(record->reference));
    return str_equal(digest_hex(&expected), name);
}

bool image_record_read_named(const struct blob_store *store, const char *name,
                             struct image_record *ret, struct error *err)
{
    CLEANUP(str_free) char *path = named_path(store, name);
    CLEANUP(image_record_clear) struct image_record record = {0};
    if (!image_record_load(path, &record, err))
        return false;
    if (!leads_to(&record, name))
        return error_set(err, ERR_INTEGRITY, "the record '%s' names another image, '%s'", path,
                         record.reference);
    *ret = TAKE(record);
    return true;
}

static bool is_record_name(const char *file)
{
    size_t digits = strspn(file, "0123456789abcdef");
    return digits == NAME_LENGTH && str_equal(file + digits, RECORD_SUFFIX);
}

bool image_record_list(const struct blob_store *store, struct strlist *ret, struct error *err)
{
    CLEANUP(str_free) char *folder = fs_join(store->root, "refs");
    CLEANUP(strlist_clear) struct strlist files = {0};
    if (!fs_list(folder, &files, err))
        return false;
    for (size_t i = 0; i < files.count; i++)
        if (is_record_name(files.items[i]))
            strlist_add_owned(ret, xstrndup(files.items[i], NAME_LENGTH));
    return true;
}

bool image_record_age(const struct blob_store *store, const char *name, uint64_t *ret_seconds,
                      struct error *err)
{
    CLEANUP(str_free) char *path = named_path(store, name);
    return fs_age(path, ret_seconds, err);
}

bool image_record_remove(const struct blob_store *store, const char *name, struct error *err)
{
    CLEANUP(str_free) char *path = named_path(store, name);
    return fs_remove_file(path, err);
}

bool image_record_save(const char *path, const struct reference *reference,
                       const struct image_record *record, struct error *err)
{
    CLEANUP(str_free) char *canonical = reference_format(reference);
    CLEANUP(str_free) char *text = NULL;
    char now[32];
    os_timestamp(now);

    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open_pretty(&w);
    JSON_OBJECT(&w, NULL) {
        json_string(&w, "reference", canonical);
        json_string(&w, "digest", record->digest.text);
        json_string(&w, "mediaType", record->media_type);
        json_uint(&w, "size", record->size);
        json_opt_string(&w, "indexDigest", record->index_digest.text);
        json_string(&w, "fetched", now);
    }
    if (!json_writer_finish(&w, &text, err) || !fs_write_file(path, text, strlen(text), err))
        return error_wrap(err, "write the record of %s", canonical);
    return true;
}

bool image_record_write(const struct blob_store *store, const struct reference *reference,
                        const struct image_record *record, struct error *err)
{
    CLEANUP(str_free) char *canonical = reference_format(reference);
    CLEANUP(str_free) char *path = record_path(store, canonical);
    return image_record_save(path, reference, record, err);
}

void image_record_clear(struct image_record *record)
{
    str_free(&record->reference);
    str_free(&record->media_type);
    str_free(&record->fetched);
    *record = (struct image_record){0};
}
