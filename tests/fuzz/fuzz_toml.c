/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "fuzz.h"

#include "registry/toml.h"

/* Every value is what its type says. */
static void walk(const struct toml_value *value)
{
    if ((value->type == TOML_STRING) != (value->text != NULL))
        abort();
    if (value->first && value->type != TOML_ARRAY && value->type != TOML_TABLE)
        abort();
    for (const struct toml_value *item = value->first; item; item = item->next) {
        if ((value->type == TOML_TABLE) != (item->key != NULL))
            abort();
        walk(item);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(error_clear) struct error err = {0};
    CLEANUP(toml_free) struct toml_value *top = NULL;
    bool parsed = toml_parse((const char *)data, size, &top, &err);
    if (parsed == error_is_set(&err) || parsed != (top != NULL))
        abort();
    if (top)
        walk(top);
    return 0;
}
