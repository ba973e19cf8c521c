/* SPDX-License-Identifier: MIT */
#include "win32/utf16.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/utf.h"

bool utf16_from_utf8(const char *text, wchar_t **ret, struct error *err)
{
    size_t count;
    return utf16_units_from_utf8(text, strlen(text), ret, &count, err);
}

bool utf16_to_utf8(const wchar_t *text, char **ret, struct error *err)
{
    return utf8_from_utf16_units(text, wcslen(text), ret, err);
}

void utf16_free(wchar_t **text)
{
    free(*text);
    *text = NULL;
}
