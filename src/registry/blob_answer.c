/* SPDX-License-Identifier: MIT */
#include "registry/blob_answer.h"

#define STATUS_PARTIAL_CONTENT 206

static enum blob_answer judge_part(const struct http_content_range *got,
                                   const struct http_range *asked, uint64_t size)
{
    uint64_t length = asked->length ? asked->length : size;
    if (!got->present || got->first != asked->first || got->last - got->first >= length
        || (got->total_known && got->total != size))
        return BLOB_ANSWER_USELESS;
    return BLOB_ANSWER_PART;
}

enum blob_answer blob_answer_judge(const struct http_response *response,
                                   const struct http_range *asked, uint64_t size)
{
    if (response->status == STATUS_PARTIAL_CONTENT)
        return judge_part(&response->content_range, asked, size);
    if (response->length_known && response->length != size)
        return BLOB_ANSWER_WRONG_SIZE;
    return BLOB_ANSWER_WHOLE;
}
