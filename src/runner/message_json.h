/* SPDX-License-Identifier: MIT */
/* message_json: messages as members of a JSON object.
 *
 * A message may quote bytes that are not UTF-8 (an argument of a native shell, a registry's answer)
 * and must be told all the same. */
#pragma once

#include "base/json_write.h"

/* Left out when the text is NULL; what is not UTF-8 is made printable. */
void message_json_text(struct json_writer *w, const char *key, const char *text);

/* The members kind, message, code, hint and detail of an open object; absent ones are left out. */
void message_json_error(struct json_writer *w, const struct error *err);
