/* SPDX-License-Identifier: MIT */
/* layer_retired: the names of directories that are nobody's layer or scratch any more. */
#pragma once

#include <stdbool.h>

#include "base/text.h"

#define LAYER_RETIRED_PREFIX "rm-"

/* True for the name of something on its way out. */
static inline bool layer_is_retired(const char *name)
{
    return str_starts_with(name, LAYER_RETIRED_PREFIX);
}
