/* SPDX-License-Identifier: MIT */
/* Where the system's own parser takes the text, ours gives the same bytes; what it alone takes is
 * no address for us either way. */
#include <stdlib.h>
#include <string.h>
#ifndef _WIN32
#include <arpa/inet.h>
#endif

#include "fuzz.h"

#include "base/alloc.h"
#include "registry/http_address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(str_free) char *text = xstrndup((const char *)data, size);
    uint8_t ours[16] = {0};
    bool parsed = http_address_parse(text, ours);
    if (parsed)
        (void)http_address_scope(ours);
#ifndef _WIN32
    uint8_t theirs[16] = {0};
    if (inet_pton(AF_INET6, text, theirs) == 1 && (!parsed || memcmp(ours, theirs, 16) != 0))
        abort();
    if (inet_pton(AF_INET, text, theirs + 12) == 1
        && (!parsed || memcmp(ours + 12, theirs + 12, 4) != 0))
        abort();
#endif
    return 0;
}
