/* SPDX-License-Identifier: MIT */
/* The layers of the store as the image commands see them. */
#include "runner/windows_host.h"

bool host_layers_list(const struct invocation *invocation, struct layer_list *ret,
                      struct error *err)
{
    return layer_list_read(invocation->root, ret, err);
}

bool host_layer_is_held(const struct invocation *invocation, const char *name)
{
    return layer_store_is_held(&invocation->host->layers, name);
}

bool host_layer_retire(const struct invocation *invocation, const char *name, struct error *err)
{
    return layer_store_retire(&invocation->host->layers, name, err);
}

bool host_layers_clean(const struct invocation *invocation, uint64_t *ret_bytes, struct error *err)
{
    uint64_t before = layer_retired_size(invocation->root);
    bool cleaned = layer_store_clean(&invocation->host->layers, &invocation->context, err);
    uint64_t after = cleaned ? 0 : layer_retired_size(invocation->root);
    *ret_bytes = before > after ? before - after : 0;
    return cleaned;
}
