/* SPDX-License-Identifier: MIT */
#include "registry/origin.h"

#include "base/alloc.h"
#include "base/text.h"
#include "registry/curl_url.h"

#define SHOWN_MAXIMUM 300

/* A part of the URL in our own memory, or NULL. */
static char *get_part(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    if (curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK)
        return NULL;
    char *copy = xstrdup(text);
    curl_free(text);
    for (char *c = copy; *c; c++)
        *c = char_to_lower(*c);
    return copy;
}

static bool has_part(CURLU *url, CURLUPart part)
{
    CLEANUP(str_free) char *text = get_part(url, part);
    return text != NULL;
}

static bool parse(const char *text, struct origin *ret)
{
    CLEANUP(curl_url_close) CURLU *url = curl_url();
    if (!url)
        out_of_memory();
    if (curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK || has_part(url, CURLUPART_USER)
        || has_part(url, CURLUPART_PASSWORD))
        return false;
    ret->scheme = get_part(url, CURLUPART_SCHEME);
    ret->host = get_part(url, CURLUPART_HOST);
    ret->port = get_part(url, CURLUPART_PORT);
    return ret->host && ret->port
        && (str_equal(ret->scheme, "http") || str_equal(ret->scheme, "https"));
}

bool origin_parse(const char *url, struct origin *ret, struct error *err)
{
    CLEANUP(origin_clear) struct origin origin = {0};
    if (!parse(url, &origin)) {
        CLEANUP(str_free) char *shown = str_printable(url, SHOWN_MAXIMUM);
        return error_set(err, ERR_NETWORK, "'%s' is not an http or https URL without a user",
                         shown);
    }
    *ret = TAKE(origin);
    return true;
}

bool origin_equal(const struct origin *a, const struct origin *b)
{
    return str_equal(a->scheme, b->scheme) && str_equal(a->host, b->host)
        && str_equal(a->port, b->port);
}

bool origin_is_secure(const struct origin *origin)
{
    return str_equal(origin->scheme, "https");
}

void origin_clear(struct origin *origin)
{
    str_free(&origin->scheme);
    str_free(&origin->host);
    str_free(&origin->port);
}
