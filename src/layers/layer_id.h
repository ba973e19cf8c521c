/* SPDX-License-Identifier: MIT */
/* layer_id: the GUID by which Windows knows a layer. */
#pragma once

#include "base/guid.h"

/* What vmcompute's NameToGuid answers for the last component of a layer's path: a version 5 UUID
 * over the UTF-16LE name. How NameToGuid treats letters beyond lower-case ASCII is not known, so
 * names with others are refused (ERR_USAGE). */
bool layer_id_from_name(const char *directory_name, struct guid *ret, struct error *err) MUST_USE;
