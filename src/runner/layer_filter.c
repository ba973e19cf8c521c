/* SPDX-License-Identifier: MIT */
#include "runner/layer_filter.h"

#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

static bool is_state(const char *text)
{
    for (int i = NAMED_LAYER_PREPARING; i <= NAMED_LAYER_REMOVING; i++)
        if (str_equal(text, named_layer_state_name((enum named_layer_state)i)))
            return true;
    return false;
}

static bool matches_label(const struct named_layer *layer, const char *label)
{
    size_t length = strcspn(label, "=");
    CLEANUP(str_free) char *key = xstrndup(label, length);
    const char *value = named_layer_label(layer, key);
    return value && (!label[length] || str_equal(value, label + length + 1));
}

static bool matches_state(const struct named_layer *layer, const char *state)
{
    return str_equal(named_layer_state_name(layer->state), state);
}

static bool matches_name(const struct named_layer *layer, const char *name)
{
    return str_equal_nocase(layer->name, name);
}

static const struct {
    const char *prefix;
    bool (*matches)(const struct named_layer *layer, const char *value);
} kinds[] = {
    {"label=", matches_label},
    {"state=", matches_state},
    {"name=", matches_name},
};

bool layer_filter_check(const char *filter, struct error *err)
{
    const char *value = strchr(filter, '=');
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (!str_starts_with(filter, kinds[i].prefix) || !value[1] || value[1] == '=')
            continue;
        if (kinds[i].matches != matches_state || is_state(value + 1))
            return true;
        return error_set(err, ERR_USAGE, "'%.64s' is no state of a layer", value + 1);
    }
    error_set(err, ERR_USAGE, "'%.64s' is no filter", filter);
    return error_hint(err, "write label=KEY, label=KEY=VALUE, state=STATE or name=NAME");
}

bool layer_filter_matches(const struct strlist *filters, const struct named_layer *layer)
{
    for (size_t i = 0; i < filters->count; i++) {
        const char *filter = filters->items[i];
        for (size_t j = 0; j < ARRAY_SIZE(kinds); j++)
            if (str_starts_with(filter, kinds[j].prefix)
                && !kinds[j].matches(layer, filter + strlen(kinds[j].prefix)))
                return false;
    }
    return true;
}
