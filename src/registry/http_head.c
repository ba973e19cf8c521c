/* SPDX-License-Identifier: MIT */
#include "registry/http_head.h"

#include <time.h>

#include "base/alloc.h"
#include "base/text.h"
#include "registry/retry_after.h"

#define STATUS_PARTIAL_CONTENT 206
#define SHOWN_MAXIMUM 300

/* The index-th header of that name, or NULL. Owned by libcurl. */
static const char *get_header(CURL *easy, const char *name, size_t index)
{
    struct curl_header *header = NULL;
    if (curl_easy_header(easy, name, index, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return NULL;
    return header->value;
}

static char *copy_header(CURL *easy, const char *name)
{
    const char *value = get_header(easy, name, 0);
    return value ? str_printable(value, SHOWN_MAXIMUM) : NULL;
}

static void read_all(CURL *easy, const char *name, struct strlist *ret)
{
    for (size_t i = 0; get_header(easy, name, i); i++)
        strlist_add(ret, get_header(easy, name, i));
}

void http_head_read(CURL *easy, const char *url, struct http_response *ret)
{
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &ret->status);
    ret->url = xstrdup(url);
    const char *range = get_header(easy, "Content-Range", 0);
    if (range && ret->status == STATUS_PARTIAL_CONTENT)
        ret->content_range = content_range_parse(range);
    curl_off_t length = -1;
    curl_easy_getinfo(easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    ret->length_known = length >= 0;
    ret->length = length >= 0 ? (uint64_t)length : 0;
}

void http_head_complete(CURL *easy, struct http_response *response)
{
    const char *type = NULL;
    curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
    response->content_type = type ? xstrdup(type) : NULL;
    read_all(easy, "WWW-Authenticate", &response->challenges);
    response->rate_limit = copy_header(easy, "RateLimit-Limit");
    response->rate_remaining = copy_header(easy, "RateLimit-Remaining");
    const char *retry_after = get_header(easy, "Retry-After", 0);
    if (retry_after)
        (void)!retry_after_parse(retry_after, (int64_t)time(NULL), &response->retry_after_s);
}

bool http_head_check_encoding(CURL *easy, struct error *err)
{
    const char *encoding = get_header(easy, "Content-Encoding", 0);
    if (!encoding || str_equal_nocase(encoding, "identity"))
        return true;
    CLEANUP(str_free) char *shown = str_printable(encoding, SHOWN_MAXIMUM);
    return error_set(err, ERR_NETWORK,
                     "the answer has the Content-Encoding '%s', which was not asked for", shown);
}
