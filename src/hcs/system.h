/* SPDX-License-Identifier: MIT */
/* system: a compute system (the container) from create to close.
 *
 * Follows hcsshim's use of vmcompute.dll: the call is made, then the callback registered, then the
 * notification awaited; HCS delivers what happened before the registration. */
#pragma once

#include "base/cancel.h"
#include "base/error.h"
#include "base/strlist.h"
#include "hcs/api.h"
#include "hcs/notifier.h"

/* {0} is closed. Do not move or copy it while a struct hcs_process refers to it. */
struct hcs_system {
    const struct hcs_api *api;
    char *id;
    HCS_SYSTEM handle;
    HCS_CALLBACK callback;
    struct hcs_notifier *notifier;
    bool was_terminated; /* it did not stop by itself: the scratch may lack what was not flushed */
};

/* Creates the system and waits until it is. When this fails or is cancelled nothing is left of it.
 */
bool hcs_system_create(const struct hcs_api *api, const char *id, const char *document,
                       const struct cancel *cancel, struct hcs_system *ret, struct error *err)
    MUST_USE;
/* Starts it and waits until it runs. When this fails the caller terminates and closes it. */
bool hcs_system_start(struct hcs_system *system, const struct cancel *cancel, struct error *err)
    MUST_USE;
/* Shuts the container down and waits until it is gone; when that takes longer than wait_ms it is
 * terminated (was_terminated is then set) and awaited for another 30 s. A system that stopped
 * already is success. */
bool hcs_system_shutdown(struct hcs_system *system, unsigned wait_ms, struct error *err) MUST_USE;
/* Kills the container with all its processes and waits until it is gone. Stopped already is
 * success. */
bool hcs_system_terminate(struct hcs_system *system, unsigned wait_ms, struct error *err) MUST_USE;
/* The container dies with its last handle, so this ends one that still runs. */
void hcs_system_close(struct hcs_system *system);

/* Ids of the systems of one owner on this host. On success *ret_ids is owned by the caller. */
bool hcs_enumerate(const struct hcs_api *api, const char *owner, struct strlist *ret_ids,
                   struct error *err) MUST_USE;
/* For leftovers: opens, terminates, waits, closes. A system that is not there is success. */
bool hcs_terminate_by_id(const struct hcs_api *api, const char *id, unsigned wait_ms,
                         struct error *err) MUST_USE;
