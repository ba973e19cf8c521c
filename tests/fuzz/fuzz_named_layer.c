/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#include "base/alloc.h"
#include "layers/named_layer.h"

/* What was read is written as what is read again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(error_clear) struct error err = {0};
    CLEANUP(named_layer_clear) struct named_layer layer = {0};
    CLEANUP(named_layer_clear) struct named_layer again = {0};
    CLEANUP(str_free) char *text = NULL;
    CLEANUP(str_free) char *second = NULL;
    if (!named_layer_parse((const char *)data, size, &layer, &err)) {
        if (!error_is_set(&err) || layer.name)
            abort();
        return 0;
    }
    CLEANUP(str_free) char *path = named_layer_path("root", &layer);
    if (strstr(path, "..") || !named_layer_check_name(layer.name, &err)
        || !named_layer_compose(&layer, &text, &err)
        || !named_layer_parse(text, strlen(text), &again, &err)
        || !named_layer_compose(&again, &second, &err) || strcmp(text, second) != 0)
        abort();
    return 0;
}
