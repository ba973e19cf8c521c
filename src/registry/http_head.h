/* SPDX-License-Identifier: MIT */
/* http_head: the status line and the headers of an answer. */
#pragma once

#include <curl/curl.h>

#include "registry/http.h"

/* What is known when the content begins. */
void http_head_read(CURL *easy, const char *url, struct http_response *ret);

/* The rest, for when the answer is complete. */
void http_head_complete(CURL *easy, struct http_response *response);

/* The bytes of an encoded content would not be those of the digest. */
bool http_head_check_encoding(CURL *easy, struct error *err) MUST_USE;
