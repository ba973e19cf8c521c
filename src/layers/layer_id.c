/* SPDX-License-Identifier: MIT */
#include "layers/layer_id.h"

#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

/* Of NameToGuid; found by the hcs-rs project and confirmed by layer names and GUIDs in public logs.
 */
static const struct guid name_space = {{0x80, 0x08, 0x72, 0xc5, 0x90, 0x9c, 0x40, 0x3a, 0x89, 0xc9,
                                        0x93, 0x1f, 0xe5, 0xe2, 0xfd, 0x08}};

bool layer_id_from_name(const char *directory_name, struct guid *ret, struct error *err)
{
    size_t length = strlen(directory_name);
    if (length == 0)
        return error_set(err, ERR_USAGE, "a layer directory needs a name");

    CLEANUP(str_free) char *utf16le = xmalloc(length * 2);
    for (size_t i = 0; i < length; i++) {
        char c = directory_name[i];
        bool known = char_is_digit(c) || (c >= 'a' && c <= 'z') || strchr("-_.", c);
        if (!known)
            return error_set(err, ERR_USAGE,
                             "layer directory '%s': only a-z, 0-9, '-', '_' and '.' have a known "
                             "layer id",
                             directory_name);
        utf16le[i * 2] = c;
        utf16le[i * 2 + 1] = '\0';
    }
    *ret = guid_from_name(&name_space, utf16le, length * 2);
    return true;
}
