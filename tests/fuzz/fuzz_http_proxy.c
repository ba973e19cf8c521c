/* SPDX-License-Identifier: MIT */
/* The first line is the list of servers, the second the exceptions, the third a target. */
#include <stdlib.h>

#include "fuzz.h"

#include "base/alloc.h"
#include "base/scan.h"
#include "registry/http_proxy.h"

static char *take_line(struct scan *s)
{
    struct scan line = scan_until(s, '\n');
    (void)scan_char(s, '\n');
    return scan_rest(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(str_free) char *text = xstrndup((const char *)data, size);
    struct scan s = scan_text(text);
    CLEANUP(str_free) char *servers = take_line(&s);
    CLEANUP(str_free) char *bypass = take_line(&s);
    CLEANUP(str_free) char *url = take_line(&s);
    CLEANUP(http_proxies_clear)
    struct http_proxies proxies = http_proxies_parse_windows(servers, bypass);
    CLEANUP(origin_clear) struct origin origin = {0};
    CLEANUP(error_clear) struct error err = {0};
    if (!origin_parse(url, &origin, &err))
        return 0;
    const char *proxy = http_proxies_choose(&proxies, &origin);
    proxies.notation = HTTP_BYPASS_ENVIRONMENT;
    if (proxy && !*proxy)
        abort();
    (void)http_proxies_choose(&proxies, &origin);
    return 0;
}
