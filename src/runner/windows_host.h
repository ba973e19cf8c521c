/* SPDX-License-Identifier: MIT */
/* windows_host: the parts of the Windows host port that its files share. */
#pragma once

#include "hcn/api.h"
#include "hcs/api.h"
#include "layers/layer_store.h"
#include "runner/host.h"

/* Every system DLL that a run needs. The tables live until the process ends, because an HCN call
 * that hangs keeps using them. */
struct windows_apis {
    struct layer_api layers;
    struct hcs_api hcs;
    struct hcn_api hcn;
};

struct host {
    const struct windows_apis *apis;
    struct layer_store layers;
};

/* Ends and removes what runs left behind whose wrun was killed: container, endpoint, namespace,
 * mounted layer. What cannot be removed now is told as a warning and tried again next time. */
bool sweep_runs(const struct invocation *invocation, struct error *err) MUST_USE;

/* The same for one run that the caller names. With 'forget' a kept layer goes too. ERR_BUSY while
 * its owner lives. */
bool sweep_run(const struct invocation *invocation, const char *run_id, bool forget,
               struct error *err) MUST_USE;
