/* SPDX-License-Identifier: MIT */
/* curl_url: libcurl's parsed URLs, closed as everything here is. */
#pragma once

#include <curl/curl.h>

static inline void curl_url_close(CURLU **url)
{
    curl_url_cleanup(*url);
    *url = NULL;
}
