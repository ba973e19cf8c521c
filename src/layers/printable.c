/* SPDX-License-Identifier: MIT */
#include "layers/printable.h"

#include <stdbool.h>
#include <string.h>

#include "base/utf.h"

#define MAXIMUM 160

struct printable printable_name(const char *name)
{
    struct printable ret = {0};
    size_t length = strnlen(name, MAXIMUM + 1);
    bool cut = length > MAXIMUM;
    if (cut)
        length = MAXIMUM - 3;
    /* Not in the middle of a character. */
    while (cut && length > 0 && ((unsigned char)name[length] & 0xC0) == 0x80)
        length--;

    bool utf8 = utf8_is_valid(name, length);
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)name[i];
        /* C2 80 to C2 9F are control characters too. */
        bool control = byte < 0x20 || byte == 0x7F
            || (byte >= 0x80 && byte < 0xA0 && i > 0 && (unsigned char)name[i - 1] == 0xC2);
        ret.text[i] = name[i];
        if (control || (byte >= 0x80 && !utf8))
            ret.text[i] = '?';
    }
    /* A replaced continuation byte leaves its lead byte alone. */
    for (size_t i = 0; i + 1 < length; i++) {
        if ((unsigned char)ret.text[i] == 0xC2 && ret.text[i + 1] == '?')
            ret.text[i] = '?';
    }
    if (cut)
        memcpy(ret.text + length, "...", 3);
    return ret;
}
