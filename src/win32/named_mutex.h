/* SPDX-License-Identifier: MIT */
/* named_mutex: one at a time among all processes of the machine.
 *
 * For short stretches only (a call or two of the system); what protects files is an fs_lock. A
 * mutex whose owner died is taken over like a free one. Acquire and release on the same thread. */
#pragma once

#include "base/cancel.h"
#include "win32/windows_lean.h"

struct named_mutex {
    HANDLE handle; /* owned and held; NULL = none */
};

/* 'name' is made global to all sessions; only the system and administrators may open it. A wait
 * ends with ERR_CANCELLED when 'cancel' (may be NULL) is requested. */
bool named_mutex_acquire(const char *name, const struct cancel *cancel, struct named_mutex *ret,
                         struct error *err) MUST_USE;
void named_mutex_release(struct named_mutex *mutex);
