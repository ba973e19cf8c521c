/* SPDX-License-Identifier: MIT */
/* result: reading what HCS answers.
 *
 * The shapes are those of Microsoft's HCS schema reference: ResultError, ProcessStatus,
 * SystemExitStatus, Properties. Members with the value 0 or false may be absent. */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "base/strlist.h"

/* The sentence for people in a result document: its ErrorMessage, else the first event that has a
 * message. NULL when there is none or the text is no result document; the caller owns it. It is
 * localized: show it, never match it. */
char *hcs_result_message(const char *document);

struct hcs_process_status {
    uint32_t process_id;
    bool exited;
    uint32_t exit_code;        /* meaningful when exited and last_wait_result is 0 */
    uint32_t last_wait_result; /* HRESULT of HCS's own wait */
};

bool hcs_process_status_parse(const char *text, struct hcs_process_status *ret, struct error *err)
    MUST_USE;

struct hcs_system_properties {
    char *id;
    char *owner; /* NULL = none */
    char *state; /* "Created", "Running", "Paused", "Stopped" ...; NULL = not told */
};

bool hcs_system_properties_parse(const char *text, struct hcs_system_properties *ret,
                                 struct error *err) MUST_USE;
void hcs_system_properties_clear(struct hcs_system_properties *properties);

/* The ids in the answer to HcsEnumerateComputeSystems whose owner is 'owner' (ASCII case ignored).
 * NULL and "" are an empty list. On success *ret is owned by the caller. */
bool hcs_system_list_parse(const char *text, const char *owner, struct strlist *ret,
                           struct error *err) MUST_USE;
