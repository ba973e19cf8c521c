/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#include "registry/hosts_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(error_clear) struct error err = {0};
    CLEANUP(hosts_file_clear) struct hosts_file file = {0};
    bool parsed = hosts_file_parse((const char *)data, size, "/certs", &file, &err);
    if (parsed == error_is_set(&err))
        abort();
    for (size_t i = 0; i < file.count; i++) {
        if (!file.mirrors[i].url || strpbrk(file.mirrors[i].url, "?# "))
            abort();
        for (size_t j = 0; j < file.mirrors[i].headers.count; j++)
            if (strpbrk(file.mirrors[i].headers.items[j], "\r\n"))
                abort();
    }
    return 0;
}
