/* SPDX-License-Identifier: MIT */
/* verbs: every command wrun has; one file each. */
#pragma once

#include "runner/invocation.h"

extern const struct verb verb_pull;
extern const struct verb verb_run;
extern const struct verb verb_rm;
extern const struct verb verb_version;
