/* SPDX-License-Identifier: MIT */
/* removal_print: what rmi and prune removed, or would remove. */
#pragma once

#include "runner/removal.h"

/* On stdout, unless --quiet. */
bool removal_print(const struct removal *removal, struct error *err) MUST_USE;
