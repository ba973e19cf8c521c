/* SPDX-License-Identifier: MIT */
#include "registry/credential_key.h"

#include <string.h>

#include "base/alloc.h"
#include "base/scan.h"
#include "base/text.h"

#define HUB "docker.io"

static const char *const hub_names[] = {HUB, "index.docker.io", "registry-1.docker.io"};

static bool scan_scheme(struct scan *s)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
        size_t length = strlen(schemes[i]);
        CLEANUP(str_free)
        char *start = xstrndup(s->at, length < scan_length(s) ? length : scan_length(s));
        if (str_equal_nocase(start, schemes[i])) {
            s->at += length;
            return true;
        }
    }
    return false;
}

static char *lower_host(const struct scan *host)
{
    char *text = scan_rest(host);
    for (char *c = text; *c; c++)
        *c = char_to_lower(*c);
    for (size_t i = 0; i < ARRAY_SIZE(hub_names); i++) {
        if (str_equal(text, hub_names[i])) {
            str_free(&text);
            return xstrdup(HUB);
        }
    }
    return text;
}

bool credential_key_parse(const char *text, struct credential_key *ret)
{
    struct scan s = scan_text(text);
    bool is_url = scan_scheme(&s);
    struct scan host = scan_until(&s, '/');
    if (scan_length(&host) == 0)
        return false;
    while (scan_char(&s, '/'))
        ;
    while (s.end > s.at && s.end[-1] == '/')
        s.end--;
    /* The path of a URL, and the bare version of the protocol, never meant a repository. */
    bool whole = is_url || scan_equals(&s, "v1") || scan_equals(&s, "v2");
    *ret = (struct credential_key){
        .host = lower_host(&host),
        .path = whole ? xstrdup("") : scan_rest(&s),
    };
    return true;
}

void credential_key_clear(struct credential_key *key)
{
    str_free(&key->host);
    str_free(&key->path);
}

size_t credential_key_match(const struct credential_key *key, const char *host,
                            const char *repository)
{
    struct scan whole = scan_text(host);
    CLEANUP(str_free) char *wanted = lower_host(&whole);
    if (!str_equal(key->host, wanted))
        return 0;
    size_t length = strlen(key->path);
    if (length == 0)
        return 1;
    bool below = repository && str_starts_with(repository, key->path)
        && (repository[length] == '\0' || repository[length] == '/');
    return below ? length + 1 : 0;
}

char *credential_key_server(const char *host)
{
    struct scan whole = scan_text(host);
    char *known = lower_host(&whole);
    if (!str_equal(known, HUB))
        return known;
    str_free(&known);
    return xstrdup("https://index.docker.io/v1/");
}
