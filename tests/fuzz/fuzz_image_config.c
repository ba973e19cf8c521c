/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#include "base/alloc.h"
#include "registry/image_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(error_clear) struct error err = {0};
    CLEANUP(image_config_clear) struct image_config config = {0};
    if (!image_config_parse((const char *)data, size, &config, &err))
        return 0;
    if (!config.os || !config.architecture || strlen(config.raw) != size)
        abort();
    struct platform platform = image_config_platform(&config);
    CLEANUP(str_free) char *text = platform_format(&platform);
    if (!*text)
        abort();
    return 0;
}
