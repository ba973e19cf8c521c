/* SPDX-License-Identifier: MIT */
/* stream: bytes through wrun's own standard input and output, as they are (stream_posix.c natively,
 * stream_windows.c in the product). */
#pragma once

#include "base/cancel.h"
#include "base/error.h"

bool stream_input_is_console(void);
bool stream_output_is_console(void);

/* Waits until there is something; *ret_length is 0 only at the end. ERR_CANCELLED when 'cancel'
 * (may be NULL) interrupts the wait. */
bool stream_read(void *data, size_t capacity, const struct cancel *cancel, size_t *ret_length,
                 struct error *err) MUST_USE;
/* Writes everything. */
bool stream_write(const void *data, size_t length, struct error *err) MUST_USE;
