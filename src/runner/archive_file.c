/* SPDX-License-Identifier: MIT */
#include "runner/archive_file.h"

#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/guid.h"
#include "base/text.h"
#include "runner/stream.h"

static bool is_stream(const char *path)
{
    return !path || str_equal(path, "-");
}

/* ---- output ---- */

/* It is not the store that is full. */
static bool hint_room(struct error *err)
{
    return err->kind == ERR_NO_SPACE
        ? error_hint(err, "free some space there, or write to another disk")
        : false;
}

static bool write_stream(void *user, const void *data, size_t length, struct error *err)
{
    (void)user;
    return stream_write(data, length, err) || hint_room(err);
}

static bool write_file(void *user, const void *data, size_t length, struct error *err)
{
    struct archive_output *output = user;
    if (!fs_write_at(&output->file, output->written, data, length, err)) {
        error_wrap(err, "'%s'", output->path);
        return hint_room(err);
    }
    output->written += length;
    return true;
}

static bool open_stream(struct archive_output *output, enum archive_shape shape, struct error *err)
{
    if (shape == ARCHIVE_SHAPE_DIRECTORY) {
        error_set(err, ERR_USAGE, "a directory needs a name");
        return error_hint(err, "add -o DIR");
    }
    if (stream_output_is_console()) {
        error_set(err, ERR_USAGE, "the archive would be written to the terminal");
        return error_hint(err, "add -o FILE, or send the output into a file or a pipe");
    }
    output->tar = (struct archive_tar){.write = write_stream};
    output->sink = archive_tar_sink(&output->tar);
    return true;
}

/* Devices and links are not replaced: the administrator who saves to /dev/null wants to keep it. */
static bool check_target(const char *path, enum archive_shape shape, struct error *err)
{
    enum fs_type type = fs_type_of(path);
    if (type == FS_ABSENT || (type == FS_FILE && shape == ARCHIVE_SHAPE_TAR))
        return true;
    if (shape == ARCHIVE_SHAPE_DIRECTORY)
        return error_set(err, ERR_USAGE, "'%s' exists already", path);
    error_set(err, ERR_USAGE, "'%s' is not a file", path);
    return error_hint(err,
                      type == FS_DIRECTORY ? "for a directory add --format oci-dir"
                                           : "write to standard output with -o -");
}

/* ---- what killed processes have left ---- */

#define TEMPORARY_INFIX ".part-"

/* Its writer holds the lock for as long as it lives. */
static void remove_orphan(const char *path)
{
    CLEANUP(fs_unlock) struct fs_lock lock = {0};
    CLEANUP(error_clear) struct error left = {0};
    if (fs_lock(path, FS_LOCK_EXCLUSIVE, /* wait= */ false, NULL, &lock, &left))
        (void)!fs_remove_file(path, &left);
}

static bool is_temporary(const char *name, const char *prefix)
{
    CLEANUP(error_clear) struct error other = {0};
    struct guid unique;
    return str_starts_with(name, prefix) && guid_parse(name + strlen(prefix), &unique, &other);
}

/* Another wrun that wrote the same file: the store knows nothing of what lies outside it. */
static void sweep_beside(const char *path)
{
    CLEANUP(error_clear) struct error ignored = {0};
    CLEANUP(str_free) char *absolute = NULL;
    CLEANUP(strlist_clear) struct strlist names = {0};
    if (!fs_absolute(path, &absolute, &ignored))
        return;
    const char *name = fs_name_of(absolute);
    CLEANUP(str_free) char *directory = xstrndup(absolute, (size_t)(name - absolute));
    CLEANUP(str_free) char *prefix = str_format("%s" TEMPORARY_INFIX, name);
    if (!fs_list(directory, &names, &ignored))
        return;
    for (size_t i = 0; i < names.count; i++) {
        CLEANUP(str_free) char *sibling = fs_join(directory, names.items[i]);
        if (is_temporary(names.items[i], prefix) && fs_type_of(sibling) == FS_FILE)
            remove_orphan(sibling);
    }
}

/* False when another wrun has taken it for an orphan; where there are no locks nobody can. */
static bool claim_temporary(const struct archive_output *output)
{
    CLEANUP(error_clear) struct error none = {0};
    bool taken = false;
    if (!fs_try_lock(&output->file, FS_LOCK_EXCLUSIVE, &taken, &none))
        return true;
    return taken && fs_type_of(output->temporary) == FS_FILE;
}

static bool name_temporary(struct archive_output *output, const char *path, struct error *err)
{
    struct guid unique;
    char suffix[GUID_TEXT_SIZE];
    if (!guid_random(&unique, err))
        return false;
    guid_format(&unique, suffix);
    output->path = xstrdup(path);
    output->temporary = str_format("%s" TEMPORARY_INFIX "%s", path, suffix);
    return true;
}

/* The name that the file has until it is complete would tell nobody anything. */
static bool create_temporary(struct archive_output *output, struct error *err)
{
    sweep_beside(output->path);
    if (fs_open(output->temporary, FS_CREATE_NEW, &output->file, err))
        return claim_temporary(output)
            || error_set(err, ERR_BUSY, "another wrun writes '%s', too", output->path);
    if (err->kind != ERR_NOT_FOUND)
        return error_wrap(err, "'%s'", output->path);
    error_clear(err);
    error_set(err, ERR_NOT_FOUND, "'%s' cannot be made: its directory is not there", output->path);
    return error_hint(err, "make the directory first, or name another file");
}

bool archive_output_open(struct archive_output *output, const char *path, enum archive_shape shape,
                         struct error *err)
{
    *output = (struct archive_output){0};
    if (is_stream(path))
        return open_stream(output, shape, err);
    if (!check_target(path, shape, err) || !name_temporary(output, path, err))
        return false;
    if (shape == ARCHIVE_SHAPE_DIRECTORY) {
        output->folder = (struct archive_folder){.path = output->temporary};
        output->sink = archive_folder_sink(&output->folder);
        return fs_make_directories(output->temporary, err);
    }
    output->tar = (struct archive_tar){.write = write_file, .user = output};
    output->sink = archive_tar_sink(&output->tar);
    return create_temporary(output, err);
}

bool archive_output_commit(struct archive_output *output, struct error *err)
{
    if (!output->path)
        return true;
    bool is_file = output->file.handle != 0;
    if (is_file && !fs_flush(&output->file, err))
        return error_wrap(err, "'%s'", output->path);
    fs_close(&output->file);
    if (!fs_rename(output->temporary, output->path, /* replace= */ is_file, err))
        return false;
    str_free(&output->temporary);
    return true;
}

void archive_output_close(struct archive_output *output)
{
    CLEANUP(error_clear) struct error ignored = {0};
    fs_close(&output->file);
    archive_folder_close(&output->folder);
    if (output->temporary)
        (void)!fs_remove_tree(output->temporary, &ignored);
    str_free(&output->temporary);
    str_free(&output->path);
}

/* ---- input ---- */

static bool read_stream(void *user, void *data, size_t capacity, size_t *ret_length,
                        struct error *err)
{
    const struct archive_input *input = user;
    return stream_read(data, capacity, input->cancel, ret_length, err);
}

static bool read_file(void *user, void *data, size_t capacity, size_t *ret_length,
                      struct error *err)
{
    struct archive_input *input = user;
    if (!fs_read_at(&input->file, input->read, data, capacity, ret_length, err))
        return false;
    input->read += *ret_length;
    return true;
}

bool archive_input_open(struct archive_input *input, const char *path, const struct cancel *cancel,
                        struct error *err)
{
    *input = (struct archive_input){.cancel = cancel};
    input->source = (struct archive_source){is_stream(path) ? read_stream : read_file, input};
    if (!is_stream(path)) {
        enum fs_type type = fs_type_of(path);
        if (type == FS_DIRECTORY)
            return error_set(err, ERR_USAGE, "'%s' is a directory, not a file", path);
        input->path = type == FS_FILE ? path : NULL;
        return fs_open(path, FS_READ, &input->file, err);
    }
    if (!stream_input_is_console())
        return true;
    error_set(err, ERR_USAGE, "no archive is given");
    return error_hint(err, "name a file, or send an archive to standard input");
}

void archive_input_close(struct archive_input *input)
{
    fs_close(&input->file);
}
