/* SPDX-License-Identifier: MIT */
#include "hcs/notifier.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "win32/handle.h"
#include "win32/hresult.h"

bool hcs_notifier_open(struct hcs_notifier **ret, struct error *err)
{
    CLEANUP(hcs_notifier_close) struct hcs_notifier *notifier = xcalloc(1, sizeof(*notifier));
    for (size_t i = 0; i < HCS_NOTICE_COUNT; i++) {
        notifier->events[i] = CreateEventW(NULL, /* bManualReset= */ TRUE, FALSE, NULL);
        if (!notifier->events[i])
            return error_win32(err, GetLastError(), "create an event");
    }
    *ret = TAKE(notifier);
    return true;
}

void hcs_notifier_close(struct hcs_notifier **notifier)
{
    struct hcs_notifier *closing = TAKE(*notifier);
    for (size_t i = 0; closing && i < HCS_NOTICE_COUNT; i++)
        handle_close(&closing->events[i]);
    free(closing);
}

void hcs_notifier_set(struct hcs_notifier *notifier, enum hcs_notice notice, HRESULT status)
{
    /* The first word counts, and nobody reads the status before the event is set. */
    if (InterlockedExchange(&notifier->recorded[notice], 1) != 0)
        return;
    notifier->status[notice] = status;
    SetEvent(notifier->events[notice]);
}

bool hcs_notifier_has(const struct hcs_notifier *notifier, enum hcs_notice notice)
{
    return WaitForSingleObject(notifier->events[notice], 0) == WAIT_OBJECT_0;
}

void CALLBACK hcs_notifier_record(DWORD type, void *context, HRESULT status, PCWSTR data)
{
    static const struct {
        DWORD type;
        enum hcs_notice notice;
    } notices[] = {
        {HcsNotificationSystemExited, HCS_NOTICE_EXITED},
        {HcsNotificationProcessExited, HCS_NOTICE_EXITED},
        {HcsNotificationSystemCreateCompleted, HCS_NOTICE_CREATED},
        {HcsNotificationSystemStartCompleted, HCS_NOTICE_STARTED},
        {HcsNotificationServiceDisconnect, HCS_NOTICE_DISCONNECTED},
    };
    (void)data;
    DWORD plain = type & ~(DWORD)HcsNotificationFlagsReserved;
    for (size_t i = 0; i < ARRAY_SIZE(notices); i++)
        if (notices[i].type == plain)
            hcs_notifier_set(context, notices[i].notice, status);
}
