/* SPDX-License-Identifier: MIT */
/* prompt: a question to the person at the terminal (prompt_posix.c natively, prompt_windows.c in
 * the product). */
#pragma once

#include "base/cancel.h"
#include "base/error.h"

enum prompt_echo { PROMPT_ECHO, PROMPT_HIDDEN };

/* One line without its end, owned by the caller, who wipes it if need be. Only where
 * stream_input_is_console(). ERR_CANCELLED when 'cancel' is requested meanwhile; the terminal's
 * mode is restored in any case. */
bool prompt_ask(const char *question, enum prompt_echo echo, const struct cancel *cancel,
                char **ret, struct error *err) MUST_USE;
