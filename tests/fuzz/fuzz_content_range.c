/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "fuzz.h"

#include "base/alloc.h"
#include "registry/content_range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(str_free) char *text = xstrndup((const char *)data, size);
    struct http_content_range range = content_range_parse(text);
    if (range.present ? range.first > range.last : range.first || range.last || range.total)
        abort();
    if (range.total_known && range.total <= range.last)
        abort();
    return 0;
}
