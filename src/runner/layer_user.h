/* SPDX-License-Identifier: MIT */
/* layer_user: who works on a named layer. */
#pragma once

#include "runner/invocation.h"
#include "runner/run_record.h"

/* The record of the run that works on the layer, alive or not yet cleaned up after. ERR_NOT_FOUND
 * when there is none. */
bool layer_user_find(const char *root, const char *layer, struct run_record *ret, struct error *err)
    MUST_USE;

/* Puts the run that has the layer into an ERR_BUSY of named_layer.h; leaves other errors alone.
 * Returns false. */
bool layer_user_explain(const struct invocation *invocation, const char *layer, struct error *err);
