/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "fuzz.h"

#include "base/alloc.h"
#include "registry/retry_after.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(str_free) char *text = xstrndup((const char *)data, size);
    uint64_t early = 0;
    uint64_t late = 0;
    bool parsed = retry_after_parse(text, 0, &early);
    if (parsed != retry_after_parse(text, INT64_MAX / 2, &late) || late > early)
        abort();
    return 0;
}
