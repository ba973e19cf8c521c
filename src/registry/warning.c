/* SPDX-License-Identifier: MIT */
#include "registry/warning.h"

#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/scan.h"
#include "base/text.h"
#include "registry/quoted_text.h"

#define CODE 299 /* "Miscellaneous Persistent Warning", the only one that the spec knows */
#define BYTES_MAXIMUM 4096
#define HOST_MAXIMUM 255

static bool scan_quoted(struct scan *s, struct buf *ret)
{
    CLEANUP(error_clear) struct error malformed = {0};
    return scan_char(s, '"') && quoted_text_scan(s, ret, &malformed);
}

/* code SP agent SP text [SP date] */
static bool scan_value(struct scan *s, uint64_t *ret_code, struct buf *ret_text)
{
    scan_skip(s, " \t");
    if (!scan_uint64(s, ret_code) || !scan_char(s, ' '))
        return false;
    struct scan agent = scan_until(s, ' ');
    if (scan_at_end(&agent) || !scan_char(s, ' ') || !scan_quoted(s, ret_text))
        return false;
    CLEANUP(buf_clear) struct buf date;
    buf_init(&date, BUF_UNBOUNDED);
    scan_skip(s, " \t");
    (void)scan_quoted(s, &date);
    scan_skip(s, " \t");
    return true;
}

void warning_parse(const char *header, struct strlist *ret)
{
    struct scan s = scan_text(header);
    do {
        uint64_t code = 0;
        CLEANUP(buf_clear) struct buf text;
        buf_init(&text, BUF_UNBOUNDED);
        if (!scan_value(&s, &code, &text))
            return;
        if (code == CODE && text.length > 0)
            strlist_add(ret, buf_str(&text));
    } while (scan_char(&s, ','));
}

void warnings_tell(struct warnings *warnings, const struct context *context, const char *host,
                   const char *header)
{
    CLEANUP(strlist_clear) struct strlist texts = {0};
    warning_parse(header, &texts);
    for (size_t i = 0; i < texts.count; i++) {
        const char *text = texts.items[i];
        size_t length = strlen(text);
        if (length > BYTES_MAXIMUM - warnings->bytes || strlist_contains(&warnings->told, text))
            continue;
        CLEANUP(str_free) char *who = str_printable(host, HOST_MAXIMUM);
        CLEANUP(str_free) char *what = str_printable(text, BYTES_MAXIMUM);
        context_warn(context, "%s says: %s", who, what);
        strlist_add(&warnings->told, text);
        warnings->bytes += length;
    }
}

void warnings_clear(struct warnings *warnings)
{
    strlist_clear(&warnings->told);
    warnings->bytes = 0;
}
