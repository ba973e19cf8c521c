/* SPDX-License-Identifier: MIT */
/* blob_answer: whether a 2xx answer has the bytes that were asked for.
 *
 * Caches answer 206 with other bytes than those asked for, or 200 to a request for a part; what
 * they say is believed only as far as it fits, and never that the rest of the blob is elsewhere. */
#pragma once

#include "registry/http.h"

enum blob_answer {
    BLOB_ANSWER_PART,       /* what was asked for, or the beginning of it */
    BLOB_ANSWER_WHOLE,      /* the blob from its first byte */
    BLOB_ANSWER_USELESS,    /* neither: parts cannot be had here */
    BLOB_ANSWER_WRONG_SIZE, /* the whole of something of another size */
};

/* 'size' is the blob's. */
enum blob_answer blob_answer_judge(const struct http_response *response,
                                   const struct http_range *asked, uint64_t size);
