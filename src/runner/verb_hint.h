/* SPDX-License-Identifier: MIT */
/* verb_hint: what to use instead of a command that wrun does not have. */
#pragma once

#include "base/error.h"

/* For a mistyped name the one that was meant; for a command of docker, nerdctl or ctr what wrun has
 * in its place. Sets no hint when it knows neither. Returns false. */
bool verb_hint(const char *name, struct error *err);
