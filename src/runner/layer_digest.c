/* SPDX-License-Identifier: MIT */
#include "runner/layer_digest.h"

#include "base/alloc.h"
#include "base/scan.h"
#include "base/text.h"
#include "layers/decompress.h"
#include "layers/tar.h"

#define SHOWN_MAXIMUM 120

static const char *const roots[] = {"Files", "Hives", "UtilityVM"};

struct reading {
    struct sha256 hash;
    struct tar_reader *tar; /* NULL: only hashed */
    bool is_base;
    bool has_files;
};

/* The first element of a name, however it is written. */
static struct scan top_of(const char *name)
{
    struct scan s = scan_text(name);
    while (scan_literal(&s, "./") || scan_char(&s, '/'))
        ;
    return scan_until(&s, '/');
}

static bool check_base(const struct reading *reading, const struct scan *top, struct error *err)
{
    if (!reading->is_base || !scan_equals(top, "Hives"))
        return true;
    error_set(err, ERR_INTEGRITY, "it is no base layer: it changes the registry of another");
    return error_hint(err, "wrun layer import takes it, with --from for what it was made on");
}

static bool on_entry(void *user, const struct tar_entry *entry, struct error *err)
{
    struct reading *reading = user;
    const struct scan top = top_of(entry->name);
    if (scan_length(&top) == 0 || scan_equals(&top, "."))
        return true; /* the directory itself */
    for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
        if (scan_equals(&top, roots[i])) {
            reading->has_files = true;
            return check_base(reading, &top, err);
        }
    }
    CLEANUP(str_free) char *shown = str_printable(entry->name, SHOWN_MAXIMUM);
    error_set(err, ERR_INTEGRITY, "it is no layer of a Windows image: it has '%s'", shown);
    return error_hint(err, "in a Windows layer everything is below Files, Hives or UtilityVM");
}

static bool on_data(void *user, const unsigned char *data, size_t length, struct error *err)
{
    (void)user;
    (void)data;
    (void)length;
    (void)err;
    return true;
}

static bool consume(void *user, const struct decompress_slice *slice, struct error *err)
{
    struct reading *reading = user;
    return !reading->tar || tar_reader_feed(reading->tar, slice->data, slice->length, err);
}

static bool read_file(const char *path, struct reading *reading, const struct context *context,
                      struct error *err)
{
    CLEANUP(file_source_close) struct file_source file = {0};
    if (!file_source_open(path, &file, err))
        return false;
    const struct byte_source source = file_source_interface(&file);
    const struct decompress_options options = {.hash = &reading->hash};
    sha256_init(&reading->hash);
    return decompress_source_ahead(&source, &options, consume, reading, context, err);
}

bool layer_digest_of(const char *path, const struct context *context, struct digest *ret,
                     struct error *err)
{
    struct reading reading = {0};
    if (!read_file(path, &reading, context, err))
        return false;
    *ret = sha256_final_digest(&reading.hash);
    return true;
}

static bool read_layer(const char *path, bool is_base, const struct context *context,
                       struct digest *ret, struct error *err)
{
    struct reading reading = {.is_base = is_base};
    const struct tar_handler handler = {on_entry, on_data, &reading};
    CLEANUP(tar_reader_close) struct tar_reader *tar = tar_reader_open(&handler);
    reading.tar = tar;
    if (!read_file(path, &reading, context, err) || !tar_reader_finish(tar, err))
        return false;
    if (!reading.has_files)
        return error_set(err, ERR_INTEGRITY, "it is no layer of a Windows image: it is empty");
    *ret = sha256_final_digest(&reading.hash);
    return true;
}

bool layer_digest_of_windows(const char *path, const struct context *context, struct digest *ret,
                             struct error *err)
{
    return read_layer(path, /* is_base= */ false, context, ret, err);
}

bool layer_digest_of_base(const char *path, const struct context *context, struct digest *ret,
                          struct error *err)
{
    return read_layer(path, /* is_base= */ true, context, ret, err);
}
