/* SPDX-License-Identifier: MIT */
/* handle: HANDLE values with one spelling of "none", NULL. */
#pragma once

#include <stdint.h>

#include "base/cleanup.h"
#include "win32/windows_lean.h"

/* INVALID_HANDLE_VALUE becomes NULL here, where the handle is acquired, and nowhere else. */
HANDLE handle_or_null(HANDLE handle);
/* For CLEANUP(handle_close) HANDLE; leaves NULL. */
void handle_close(HANDLE *handle);

/* The portable structs of base keep a HANDLE as a number. */
HANDLE handle_from_number(intptr_t number);
intptr_t handle_to_number(HANDLE handle);
