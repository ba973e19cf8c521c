/* SPDX-License-Identifier: MIT */
#include "runner/layer_host.h"

#include "runner/host.h"

bool host_layer_open(const struct invocation *invocation, const char *name,
                     struct named_layer_claim *ret, struct error *err)
{
    (void)invocation;
    (void)name;
    (void)ret;
    return host_can_run(err);
}

bool host_layer_claim(const struct invocation *invocation, const char *name,
                      struct named_layer_claim *ret, struct error *err)
{
    (void)invocation;
    (void)name;
    (void)ret;
    return host_can_run(err);
}

bool host_layer_prepare(const struct invocation *invocation,
                        const struct named_layer_request *request, struct named_layer_claim *claim,
                        struct error *err)
{
    (void)invocation;
    (void)request;
    (void)claim;
    return host_can_run(err);
}

bool host_layer_discard(const struct invocation *invocation, struct named_layer_claim *claim,
                        struct error *err)
{
    (void)invocation;
    (void)claim;
    return host_can_run(err);
}

bool host_layer_finish(const struct invocation *invocation, const char *name, struct error *err)
{
    (void)invocation;
    (void)name;
    return host_can_run(err);
}
