/* SPDX-License-Identifier: MIT */
/* call: one exchange with the host network service, under a deadline.
 *
 * HCN calls are synchronous RPC, cannot be cancelled, and have been seen to block for ever. So each
 * exchange (open, do, query, close) runs on a thread of its own; when the deadline passes the
 * thread is given up together with everything it may still touch. */
#pragma once

#include "base/error.h"
#include "base/guid.h"
#include "hcn/api.h"

#define HCN_DEADLINE_MS 60000

struct hcn_call;

/* The part that runs on the thread. It makes the API calls and leaves in 'call' what they returned;
 * it stops at the first that fails and names it. */
typedef HRESULT (*hcn_exchange)(struct hcn_call *call);

/* What an exchange is given and what it answers. On the heap, owned by caller and thread together.
 */
struct hcn_call {
    const struct hcn_api *api;
    GUID id;
    GUID network;         /* HcnCreateEndpoint */
    wchar_t *settings;    /* owned; NULL = none */
    const char *function; /* the last API function that was called */
    PWSTR answer;         /* CoTaskMem */
    PWSTR record;         /* CoTaskMem: error record */

    hcn_exchange exchange;
    HRESULT hr;
    HANDLE done; /* event */
    volatile LONG owners;
};

struct hcn_call_spec {
    hcn_exchange exchange;
    const struct guid *id;      /* may be NULL */
    const struct guid *network; /* may be NULL */
    const char *settings;       /* UTF-8; may be NULL */
    unsigned deadline_ms;       /* 0 = HCN_DEADLINE_MS */
};

/* Runs the exchange. When the service turns out not to run it is started and the exchange repeated
 * once. *ret_answer (may be NULL) is the answer as owned UTF-8, "" when there was none. A call that
 * does not return in time fails with ERR_OS and a hint; errors otherwise follow hcn_error.h. */
bool hcn_call_with_deadline(const struct hcn_api *api, const struct hcn_call_spec *spec,
                            char **ret_answer, struct error *err) MUST_USE;

GUID hcn_guid_to_windows(const struct guid *guid);
