/* SPDX-License-Identifier: MIT */
/* guid: a GUID in the byte order of its text form (RFC 4122), and the two ways wrun makes one. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define GUID_TEXT_SIZE 37 /* with the NUL */
#define GUID_HEX_SIZE 33  /* with the NUL */

struct guid {
    uint8_t bytes[16]; /* in the order the text form prints them */
};

/* Accepts upper and lower case, with or without braces. */
bool guid_parse(const char *text, struct guid *ret, struct error *err) MUST_USE;
/* Lower case, no braces: the form that HCS and HCN are sent. */
void guid_format(const struct guid *guid, char text[GUID_TEXT_SIZE]);
/* The same without the dashes. */
void guid_format_hex(const struct guid *guid, char text[GUID_HEX_SIZE]);
bool guid_equal(const struct guid *a, const struct guid *b);
bool guid_is_zero(const struct guid *guid);
/* Version 4, from the system's random source. */
bool guid_random(struct guid *ret, struct error *err) MUST_USE;
/* Version 5 (RFC 4122 section 4.3): SHA-1 over the namespace and the name's bytes. */
struct guid guid_from_name(const struct guid *name_space, const void *name, size_t length);
