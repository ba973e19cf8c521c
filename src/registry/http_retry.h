/* SPDX-License-Identifier: MIT */
/* http_retry: what is tried again, how often, after which pause, and what the user can do about it
 * when it does not help. All of it is data. */
#pragma once

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

/* As many bytes of content make the failures before them forgotten. */
#define HTTP_RETRY_PROGRESS ((uint64_t)1 << 20)
/* A registry that wants to be left alone for longer is not waited for. */
#define HTTP_RETRY_AFTER_MAXIMUM_S 120

struct http_retry {
    unsigned repeats_first; /* while nobody has ever answered: names and ports may be wrong */
    unsigned repeats;
    const char *hint; /* or NULL */
};

/* 'text' is libcurl's own account; 'connect_status' what a proxy has answered to CONNECT, or 0. */
const struct http_retry *http_retry_of_failure(CURLcode code, const char *text,
                                               long connect_status);

/* How often a request with this answer is repeated. */
unsigned http_retry_of_status(long status);

/* Before repetition 1, 2, 3 ...: 0.5, 1, 2 ... 16 seconds, each up to a fifth more or less, so that
 * many clients do not come back together. */
uint64_t http_retry_pause_ms(unsigned repetition);
