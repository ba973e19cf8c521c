/* SPDX-License-Identifier: MIT */
/* Whatever the header is, no more than four kilobytes are told, and each text once. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#include "base/alloc.h"
#include "base/utf.h"
#include "registry/warning.h"

static void count(void *user, const struct event *event)
{
    size_t *told = user;
    if (!utf8_is_valid(event->text, strlen(event->text)))
        abort();
    (*told)++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(str_free) char *header = xstrndup((const char *)data, size);
    CLEANUP(warnings_clear) struct warnings warnings = {0};
    size_t told = 0;
    const struct observer observer = {.on_event = count, .user = &told};
    const struct context context = {.observer = &observer};
    warnings_tell(&warnings, &context, "host", header);
    size_t first = told;
    warnings_tell(&warnings, &context, "host", header);
    if (warnings.bytes > 4096 || warnings.told.count != told || told != first)
        abort();
    return 0;
}
