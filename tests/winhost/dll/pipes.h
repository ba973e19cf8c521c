/* SPDX-License-Identifier: MIT */
/* pipes: the streams of a container's process as the caller gets them: overlapped named pipes, each
 * with a thread that moves the bytes to or from the host. */
#pragma once

#include "client.h"

enum pipe_stream { PIPE_INPUT, PIPE_OUTPUT, PIPE_ERROR };

/* The caller's end of a stream; NULL on failure. */
HANDLE pipe_open(enum pipe_stream stream, const char *token);
