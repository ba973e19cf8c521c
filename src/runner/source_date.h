/* SPDX-License-Identifier: MIT */
/* source_date: the time that new documents say they were made at. */
#pragma once

#include "base/error.h"

#define SOURCE_DATE_SIZE 32

/* RFC 3339 in UTC: SOURCE_DATE_EPOCH (seconds since 1970; reproducible-builds.org) or now.
 * ERR_USAGE when the variable is not such a number. */
bool source_date_find(char text[SOURCE_DATE_SIZE], struct error *err) MUST_USE;
/* The same for what the variable says; NULL = it is not set. */
bool source_date_of(const char *epoch, char text[SOURCE_DATE_SIZE], struct error *err) MUST_USE;
