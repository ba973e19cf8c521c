/* SPDX-License-Identifier: MIT */
/* What is accepted has a canonical text, and that text stands for itself. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#include "base/alloc.h"
#include "registry/reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(str_free) char *text = xstrndup((const char *)data, size);
    CLEANUP(error_clear) struct error err = {0};
    CLEANUP(reference_clear) struct reference reference = {0};
    if (!reference_parse(text, &reference, &err))
        return 0;
    CLEANUP(str_free) char *canonical = reference_format(&reference);
    CLEANUP(reference_clear) struct reference again = {0};
    if (!reference_parse(canonical, &again, &err))
        abort();
    CLEANUP(str_free) char *same = reference_format(&again);
    if (strcmp(canonical, same) != 0 || !reference.tag == !digest_is_set(&reference.digest))
        abort();
    (void)reference_domain_is_loopback(reference.domain);
    return 0;
}
