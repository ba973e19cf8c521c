/* SPDX-License-Identifier: MIT */
#include "layers/printable.h"

#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

#define MAXIMUM 160

_Static_assert(PRINTABLE_SIZE > MAXIMUM + 3, "the name, three dots and a NUL");

struct printable printable_name(const char *name)
{
    struct printable ret = {0};
    CLEANUP(str_free) char *text = str_printable(name, MAXIMUM);
    memcpy(ret.text, text, strnlen(text, PRINTABLE_SIZE - 1));
    return ret;
}
