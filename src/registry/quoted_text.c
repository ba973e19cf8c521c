/* SPDX-License-Identifier: MIT */
#include "registry/quoted_text.h"

#include <string.h>

void scan_skip(struct scan *s, const char *characters)
{
    while (scan_peek(s) != '\0' && strchr(characters, scan_peek(s)))
        s->at++;
}

bool quoted_text_scan(struct scan *s, struct buf *ret, struct error *err)
{
    while (!scan_char(s, '"')) {
        (void)scan_char(s, '\\');
        if (scan_at_end(s))
            return error_set(err, ERR_NETWORK, "unterminated quoted text");
        if (!buf_append(ret, s->at, 1, err))
            return false;
        s->at++;
    }
    return true;
}
