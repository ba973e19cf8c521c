/* SPDX-License-Identifier: MIT */
/* Three lines: the version of a host and those of two images. The verdict has a reason if and only
 * if it is a refusal, and the order does not depend on who is asked first. */
#include <stdlib.h>

#include "fuzz.h"

#include "base/alloc.h"
#include "base/scan.h"
#include "registry/platform.h"

static char windows[] = "windows";
static char amd64[] = "amd64";

static char *next_line(struct scan *s)
{
    struct scan line = scan_until(s, '\n');
    (void)scan_char(s, '\n');
    return scan_rest(&line);
}

static void judge(const struct platform_host *host, const struct platform *image)
{
    CLEANUP(platform_verdict_clear)
    struct platform_verdict verdict = platform_judge(host, image);
    if (verdict.accepted == (verdict.reason != NULL))
        abort();
    CLEANUP(str_free) char *text = platform_format(image);
    if (!*text)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(str_free) char *text = xstrndup((const char *)data, size);
    struct scan s = scan_text(text);
    CLEANUP(str_free) char *version = next_line(&s);
    CLEANUP(str_free) char *first = next_line(&s);
    CLEANUP(str_free) char *second = next_line(&s);
    const struct platform a = {.os = windows, .architecture = amd64, .os_version = first};
    const struct platform b = {.os = windows, .architecture = amd64, .os_version = second};

    static const enum isolation isolations[] = {ISOLATION_PROCESS, ISOLATION_HYPERV};
    for (size_t i = 0; i < ARRAY_SIZE(isolations); i++) {
        const struct platform_host host = {.version = os_version_parse(version),
                                           .architecture = amd64,
                                           .isolation = isolations[i]};
        judge(&host, &a);
        judge(&host, &b);
        int there = platform_compare(&host, &a, &b);
        int back = platform_compare(&host, &b, &a);
        if ((there > 0) != (back < 0) || (there == 0) != (back == 0))
            abort();
    }
    return 0;
}
