/* SPDX-License-Identifier: MIT */
#include "base/cancel.h"

#include "win32/handle.h"
#include "win32/hresult.h"

bool cancel_open(struct cancel *cancel, struct error *err)
{
    HANDLE event = CreateEventW(NULL, /* bManualReset= */ TRUE, FALSE, NULL);
    if (!event)
        return error_win32(err, GetLastError(), "create a wake-up event");
    *cancel = (struct cancel){.wakeup = handle_to_number(event)};
    return true;
}

void cancel_close(struct cancel *cancel)
{
    HANDLE event = handle_from_number(cancel->wakeup);
    handle_close(&event);
    *cancel = (struct cancel){0};
}

void cancel_request(struct cancel *cancel)
{
    __atomic_add_fetch(&cancel->requested, 1, __ATOMIC_SEQ_CST);
    if (cancel->wakeup)
        SetEvent(handle_from_number(cancel->wakeup));
}

void cancel_pause(const struct cancel *cancel, unsigned milliseconds)
{
    HANDLE event = handle_from_number(cancel ? cancel->wakeup : 0);
    if (event)
        WaitForSingleObject(event, milliseconds);
    else
        Sleep(milliseconds);
}
