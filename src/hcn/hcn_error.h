/* SPDX-License-Identifier: MIT */
/* hcn_error: what HNS's result codes mean and what to do about them.
 *
 * Codes are normalized: 0x803Bxxxx for HCN's own, the bare Win32 code for 0x8007xxxx. Names and
 * texts follow Microsoft's HCNHResult.md; HNS's own texts are localized and only ever shown. */
#pragma once

#include <stdint.h>

#include "base/error.h"

#define HCN_E_NETWORK_NOT_FOUND 0x803B0001u
#define HCN_E_ENDPOINT_NOT_FOUND 0x803B0002u
#define HCN_E_NETWORK_ALREADY_EXISTS 0x803B0010u
#define HCN_E_PORT_ALREADY_EXISTS 0x803B0013u
#define HCN_E_ENDPOINT_ALREADY_ATTACHED 0x803B0014u
#define HCN_E_REQUEST_UNSUPPORTED 0x803B0015u
#define HCN_E_INVALID_JSON 0x803B001Bu
#define HCN_E_MANAGER_STOPPED 0x803B0020u
#define HCN_E_ENDPOINT_NAMESPACE_ALREADY_EXISTS 0x803B002Bu
#define HCN_E_ENTITY_HAS_REFERENCES 0x803B002Cu
#define HCN_E_OBJECT_USED_AFTER_UNLOAD 0x803B0031u

struct hcn_error_info {
    uint32_t code;
    const char *name; /* NULL for Win32 codes */
    enum err_kind kind;
    const char *text;
    const char *hint; /* NULL = none */
};

/* NULL = a code this table has no better words for than the system's. */
const struct hcn_error_info *hcn_error_find(uint32_t code);

/* Fills *err for a known code: "function: text (NAME, 0x803B0001)", HNS's sentence when the error
 * record (may be NULL) has one, the record as detail. With an unknown code a bug. Returns false. */
bool hcn_error_raise(struct error *err, const char *function, uint32_t code, const char *record);

/* The thing is not there: success for whoever wanted it gone. */
bool hcn_error_is_not_found(const struct error *err);
/* HNS does not run or has just been restarted: start it and try once more. */
bool hcn_error_is_service_down(const struct error *err);
