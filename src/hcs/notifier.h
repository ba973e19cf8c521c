/* SPDX-License-Identifier: MIT */
/* notifier: what HCS's callbacks said, as events that can be waited for.
 *
 * HCS calls back on threads of its own, also before the registering call has returned and until the
 * unregistering call has. The callback therefore only records the first status of each kind and
 * sets an event, and a notifier is on the heap: its address must not change while HCS knows it. */
#pragma once

#include "base/error.h"
#include "hcs/api.h"

enum hcs_notice {
    HCS_NOTICE_EXITED, /* of the system, or of the process: each has a notifier of its own */
    HCS_NOTICE_CREATED,
    HCS_NOTICE_STARTED,
    HCS_NOTICE_DISCONNECTED, /* the compute service stopped or crashed */
    HCS_NOTICE_COUNT,
};

struct hcs_notifier {
    HANDLE events[HCS_NOTICE_COUNT];  /* manual reset; set once and for ever */
    HRESULT status[HCS_NOTICE_COUNT]; /* valid once the event is set */
    volatile LONG recorded[HCS_NOTICE_COUNT];
};

bool hcs_notifier_open(struct hcs_notifier **ret, struct error *err) MUST_USE;
/* Only after the callback was unregistered, or was never registered. */
void hcs_notifier_close(struct hcs_notifier **notifier);
/* The HCS_NOTIFICATION_CALLBACK; 'context' is the notifier. */
void CALLBACK hcs_notifier_record(DWORD type, void *context, HRESULT status, PCWSTR data);
/* Records a notice that was learnt in another way. */
void hcs_notifier_set(struct hcs_notifier *notifier, enum hcs_notice notice, HRESULT status);
bool hcs_notifier_has(const struct hcs_notifier *notifier, enum hcs_notice notice);
