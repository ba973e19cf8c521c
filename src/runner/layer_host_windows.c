/* SPDX-License-Identifier: MIT */
#include "runner/layer_host.h"

#include "layers/named_layer_work.h"
#include "runner/layer_user.h"
#include "runner/windows_host.h"

static bool recover(const struct invocation *invocation, struct named_layer_claim *claim,
                    struct error *err)
{
    return named_layer_recover(&invocation->host->layers, claim, &invocation->context, err);
}

bool host_layer_claim(const struct invocation *invocation, const char *name,
                      struct named_layer_claim *ret, struct error *err)
{
    CLEANUP(named_layer_close) struct named_layer_claim claim = {0};
    if (!named_layer_claim(invocation->root, name, &claim, err))
        return layer_user_explain(invocation, name, err);
    if (claim.layer.state != NAMED_LAYER_NONE && !recover(invocation, &claim, err))
        return false;
    /* Recovering may have left nothing of it. */
    if (!claim.directory && !named_layer_claim(invocation->root, name, &claim, err))
        return layer_user_explain(invocation, name, err);
    *ret = TAKE(claim);
    return true;
}

bool host_layer_open(const struct invocation *invocation, const char *name,
                     struct named_layer_claim *ret, struct error *err)
{
    CLEANUP(named_layer_close) struct named_layer_claim claim = {0};
    if (!named_layer_open(invocation->root, name, &claim, err))
        return layer_user_explain(invocation, name, err);
    if (!recover(invocation, &claim, err))
        return false;
    if (!claim.directory)
        return named_layer_not_found(name, err);
    *ret = TAKE(claim);
    return true;
}

bool host_layer_prepare(const struct invocation *invocation,
                        const struct named_layer_request *request, struct named_layer_claim *claim,
                        struct error *err)
{
    return named_layer_prepare(&invocation->host->layers, request, claim, &invocation->context,
                               err);
}

bool host_layer_discard(const struct invocation *invocation, struct named_layer_claim *claim,
                        struct error *err)
{
    return named_layer_discard(&invocation->host->layers, claim, &invocation->context, err);
}

bool host_layer_finish(const struct invocation *invocation, const char *name, struct error *err)
{
    return layer_store_finish(&invocation->host->layers, name, &invocation->context, err);
}
