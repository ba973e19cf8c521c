/* SPDX-License-Identifier: MIT */
/* env_list: the container's environment as -e and --env-file say it.
 *
 * Names are compared without case, as Windows does: a later setting replaces an earlier one. */
#pragma once

#include "base/error.h"
#include "base/strlist.h"

/* "NAME=VALUE", or "NAME" to copy wrun's own variable (left out when unset). */
bool env_list_add(struct strlist *list, const char *text, struct error *err) MUST_USE;

/* A file with one setting a line; empty lines and lines that start with '#' are skipped, a UTF-8
 * byte order mark and CRLF are accepted. Errors name the line. */
bool env_list_add_file(struct strlist *list, const char *path, struct error *err) MUST_USE;

/* Sets without parsing; replaces an entry of the same name. */
void env_list_set(struct strlist *list, const char *assignment);
/* Every entry of 'from' in turn. */
void env_list_set_all(struct strlist *list, const struct strlist *from);
