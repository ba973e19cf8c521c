/* SPDX-License-Identifier: MIT */
/* What HNS answers, read in each of the ways wrun reads it. */
#include "fuzz.h"

#include "base/alloc.h"
#include "hcn/result.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(str_free) char *text = xstrndup((const char *)data, size);
    CLEANUP(error_clear) struct error err = {0};
    struct hcn_error_record record = hcn_error_record_parse(text);
    hcn_error_record_clear(&record);
    char *field = hcn_error_unknown_field(text);
    str_free(&field);

    CLEANUP(hcn_id_list_clear) struct hcn_id_list list = {0};
    if (!hcn_id_list_parse(text, &list, &err))
        error_clear(&err);
    CLEANUP(hcn_network_clear) struct hcn_network network = {0};
    if (!hcn_network_parse(text, &network, &err))
        error_clear(&err);
    CLEANUP(hcn_endpoint_clear) struct hcn_endpoint endpoint = {0};
    if (!hcn_endpoint_parse(text, &endpoint, &err))
        error_clear(&err);
    CLEANUP(hcn_namespace_clear) struct hcn_namespace name_space = {0};
    if (!hcn_namespace_parse(text, &name_space, &err))
        error_clear(&err);
    return 0;
}
