/* SPDX-License-Identifier: MIT */
/* What HCS answers, read in each of the ways wrun reads it. */
#include "fuzz.h"

#include "base/alloc.h"
#include "hcs/result.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(str_free) char *text = xstrndup((const char *)data, size);
    CLEANUP(error_clear) struct error err = {0};
    char *message = hcs_result_message(text);
    str_free(&message);

    struct hcs_process_status status = {0};
    if (!hcs_process_status_parse(text, &status, &err))
        error_clear(&err);
    CLEANUP(hcs_system_properties_clear) struct hcs_system_properties properties = {0};
    if (!hcs_system_properties_parse(text, &properties, &err))
        error_clear(&err);
    CLEANUP(strlist_clear) struct strlist ids = {0};
    if (!hcs_system_list_parse(text, "wrun", &ids, &err))
        error_clear(&err);
    return 0;
}
