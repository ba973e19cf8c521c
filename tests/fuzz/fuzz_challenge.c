/* SPDX-License-Identifier: MIT */
/* Each line of the input is a WWW-Authenticate header. */
#include <stdlib.h>

#include "fuzz.h"

#include "base/alloc.h"
#include "base/scan.h"
#include "registry/challenge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(strlist_clear) struct strlist lines = {0};
    CLEANUP(str_free) char *text = xstrndup((const char *)data, size);
    struct scan s = scan_text(text);
    do {
        struct scan line = scan_until(&s, '\n');
        strlist_add_owned(&lines, scan_rest(&line));
    } while (scan_char(&s, '\n'));

    CLEANUP(error_clear) struct error err = {0};
    CLEANUP(challenge_clear) struct challenge challenge = {0};
    bool parsed = challenge_parse(&lines, &challenge, &err);
    if (parsed == error_is_set(&err))
        abort();
    if (challenge.scheme == CHALLENGE_NONE
        && (challenge.realm || challenge.service || challenge.scope))
        abort();
    return 0;
}
