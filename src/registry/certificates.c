/* SPDX-License-Identifier: MIT */
#include "registry/certificates.h"

#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"

#define FILE_MAXIMUM ((size_t)4 << 20)

bool certificates_add(const char *path, char **text, struct error *err)
{
    CLEANUP(buf_clear) struct buf file;
    CLEANUP(error_clear) struct error cause = {0};
    buf_init(&file, FILE_MAXIMUM);
    if (!fs_read_file(path, FILE_MAXIMUM, &file, &cause))
        return error_set(err, ERR_USAGE, "%s", cause.message);
    if (!strstr(buf_str(&file), "-----BEGIN CERTIFICATE-----"))
        return error_set(err, ERR_USAGE, "'%s' holds no certificate in PEM", path);
    char *joined = str_format("%s%s\n", *text ? *text : "", buf_str(&file));
    str_free(text);
    *text = joined;
    return true;
}
