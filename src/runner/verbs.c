/* SPDX-License-Identifier: MIT */
#include "runner/verbs.h"

const struct verb *const verbs[] = {&verb_pull, &verb_run, &verb_rm, &verb_version};
const size_t verb_count = ARRAY_SIZE(verbs);
