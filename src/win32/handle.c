/* SPDX-License-Identifier: MIT */
#include "win32/handle.h"

HANDLE handle_or_null(HANDLE handle)
{
    return handle == INVALID_HANDLE_VALUE ? NULL : handle;
}

void handle_close(HANDLE *handle)
{
    if (*handle)
        CloseHandle(*handle);
    *handle = NULL;
}

union number_or_handle {
    intptr_t number;
    HANDLE handle;
};

HANDLE handle_from_number(intptr_t number)
{
    return (union number_or_handle){.number = number}.handle;
}

intptr_t handle_to_number(HANDLE handle)
{
    return (union number_or_handle){.handle = handle}.number;
}
