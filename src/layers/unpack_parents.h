/* SPDX-License-Identifier: MIT */
/* unpack_parents: what a layer takes from those below it. Part of unpack_rules. */
#pragma once

#include "layers/unpack_rules.h"

/* For 'parent' of a link, until the parents have been looked at. */
#define LINK_IN_SOME_PARENT (-2)

/* Finds the target, a file, in the parent layers, which are complete. */
bool unpack_find_in_parents(struct unpack_rules *rules, struct layer_link *link, struct error *err)
    MUST_USE;
