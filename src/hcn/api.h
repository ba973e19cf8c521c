/* SPDX-License-Identifier: MIT */
/* api: the functions of computenetwork.dll that wrun calls, as one table.
 *
 * Types come from the SDK's computenetwork.h; a test fills the table itself. Returned strings are
 * freed with CoTaskMemFree; an error record may come with success too. */
#pragma once

#include "base/error.h"
#include "win32/windows_lean.h"

#include <computenetwork.h>

#define HCN_FUNCTIONS(X)                                                                           \
    X(HcnEnumerateNetworks)                                                                        \
    X(HcnCreateNetwork)                                                                            \
    X(HcnOpenNetwork)                                                                              \
    X(HcnQueryNetworkProperties)                                                                   \
    X(HcnCloseNetwork)                                                                             \
    X(HcnEnumerateNamespaces)                                                                      \
    X(HcnCreateNamespace)                                                                          \
    X(HcnOpenNamespace)                                                                            \
    X(HcnModifyNamespace)                                                                          \
    X(HcnQueryNamespaceProperties)                                                                 \
    X(HcnDeleteNamespace)                                                                          \
    X(HcnCloseNamespace)                                                                           \
    X(HcnEnumerateEndpoints)                                                                       \
    X(HcnCreateEndpoint)                                                                           \
    X(HcnOpenEndpoint)                                                                             \
    X(HcnQueryEndpointProperties)                                                                  \
    X(HcnDeleteEndpoint)                                                                           \
    X(HcnCloseEndpoint)

struct hcn_api {
#define X(name) __typeof__(&name) name;
    HCN_FUNCTIONS(X)
#undef X
    void(WINAPI *CoTaskMemFree)(void *memory); /* of ole32.dll: for every returned string */
};

/* Binds computenetwork.dll. ERR_UNSUPPORTED, with the feature to enable, where it is missing. The
 * table must live as long as the process: a call that hangs keeps using it. */
bool hcn_api_bind(struct hcn_api *ret, struct error *err) MUST_USE;
