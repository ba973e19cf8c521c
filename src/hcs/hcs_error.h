/* SPDX-License-Identifier: MIT */
/* hcs_error: what HCS's result codes mean and what to do about them.
 *
 * Codes here are normalized: 0x8037xxxx for HCS's own (also where the DLL said 0xC037xxxx), the
 * bare Win32 code for 0x8007xxxx. Names are those of Microsoft's HCSHResult.md; the remedies come
 * from public issues of hcsshim, containerd and Docker. */
#pragma once

#include <stdint.h>

#include "base/error.h"

#define HCS_E_TERMINATED_DURING_START 0x80370100u
#define HCS_E_IMAGE_MISMATCH 0x80370101u
#define HCS_E_HYPERV_NOT_INSTALLED 0x80370102u
#define HCS_E_V1_PENDING 0x80370103u /* ERROR_VMCOMPUTE_OPERATION_PENDING: no error */
#define HCS_E_INVALID_STATE 0x80370105u
#define HCS_E_UNEXPECTED_EXIT 0x80370106u
#define HCS_E_TERMINATED 0x80370107u
#define HCS_E_CONNECT_FAILED 0x80370108u
#define HCS_E_CONNECTION_TIMEOUT 0x80370109u
#define HCS_E_CONNECTION_CLOSED 0x8037010Au
#define HCS_E_UNKNOWN_MESSAGE 0x8037010Bu
#define HCS_E_UNSUPPORTED_PROTOCOL_VERSION 0x8037010Cu
#define HCS_E_INVALID_JSON 0x8037010Du
#define HCS_E_SYSTEM_NOT_FOUND 0x8037010Eu
#define HCS_E_SYSTEM_ALREADY_EXISTS 0x8037010Fu
#define HCS_E_SYSTEM_ALREADY_STOPPED 0x80370110u
#define HCS_E_PROTOCOL_ERROR 0x80370111u
#define HCS_E_INVALID_LAYER 0x80370112u
#define HCS_E_WINDOWS_INSIDER_REQUIRED 0x80370113u
#define HCS_E_SERVICE_NOT_AVAILABLE 0x80370114u
#define HCS_E_OPERATION_TIMEOUT 0x80370118u
#define HCS_E_ACCESS_DENIED 0x8037011Bu
#define HCS_E_GUEST_CRITICAL_ERROR 0x8037011Cu
#define HCS_E_SERVICE_DISCONNECT 0x8037011Eu
#define HCS_E_PROCESS_ALREADY_STOPPED 0x8037011Fu

/* The calls whose failures have remedies of their own. */
enum hcs_call {
    HCS_CALL_OTHER,
    HCS_CALL_CREATE,
    HCS_CALL_START,
    HCS_CALL_PROCESS,
};

struct hcs_error_info {
    uint32_t code;
    const char *name;
    enum err_kind kind;
    const char *text;
};

/* NULL = a code this table has no better words for than the system's. */
const struct hcs_error_info *hcs_error_find(uint32_t code);

/* Fills *err for a known code: "function: text (NAME, 0x80370101)", HCS's own sentence when the
 * result document (may be NULL) has one, the document as detail, the remedy as hint. Calling it
 * with a code that hcs_error_find() does not know is a bug. Returns false. */
bool hcs_error_raise(struct error *err, enum hcs_call call, const char *function, uint32_t code,
                     const char *document);

/* Adds the remedy for err->code in this call, if there is one. Returns false. */
bool hcs_error_hint(struct error *err, enum hcs_call call);

/* Why hcs_process_create() failed, in the terms of a shell's exit codes. */
enum hcs_start_failure {
    HCS_START_FAILED,       /* not the command's fault (125) */
    HCS_START_NOT_RUNNABLE, /* the command exists but cannot be run so: user, directory, format,
                               rights (126) */
    HCS_START_NOT_FOUND,    /* no such command in the container (127) */
};

enum hcs_start_failure hcs_error_start_failure(const struct error *err);
