/* SPDX-License-Identifier: MIT */
#include "registry/store_format.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/scan.h"

#define FORMAT 1
#define FORMAT_TEXT "1\n"
#define FORMAT_FILE "VERSION"
#define FORMAT_MAXIMUM 64 /* bytes */

#define LAYOUT_FILE "oci-layout"
#define LAYOUT_TEXT "{\"imageLayoutVersion\":\"1.0.0\"}\n"

bool store_format_check(const char *root, struct error *err)
{
    CLEANUP(str_free) char *path = fs_join(root, FORMAT_FILE);
    CLEANUP(buf_clear) struct buf text = {0};
    uint64_t format = 0;
    if (fs_type_of(root) == FS_FILE) {
        error_set(err, ERR_USAGE, "the store '%s' is a file", root);
        return error_hint(err, "name a directory with --root");
    }
    if (fs_type_of(path) == FS_ABSENT)
        return true;
    if (!fs_read_file(path, FORMAT_MAXIMUM, &text, err))
        return error_wrap(err, "the store '%s'", root);
    struct scan line = scan_text(buf_str(&text));
    if (!scan_uint64(&line, &format))
        return error_set(err, ERR_INTEGRITY, "'%s' is damaged: it is not the number of a format",
                         path);
    if (format <= FORMAT)
        return true;
    error_set(err, ERR_UNSUPPORTED,
              "the store '%s' has format %" PRIu64 "; this wrun knows formats up to %d", root,
              format, FORMAT);
    return error_hint(err, "use the newer wrun that made it, or another store with --root");
}

static bool write_missing(const char *root, const char *name, const char *text, struct error *err)
{
    CLEANUP(str_free) char *path = fs_join(root, name);
    return fs_type_of(path) != FS_ABSENT || fs_write_file(path, text, strlen(text), err);
}

bool store_format_write(const char *root, struct error *err)
{
    return write_missing(root, LAYOUT_FILE, LAYOUT_TEXT, err)
        && write_missing(root, FORMAT_FILE, FORMAT_TEXT, err);
}
