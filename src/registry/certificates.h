/* SPDX-License-Identifier: MIT */
/* certificates: files with the certificates of authorities, in PEM. */
#pragma once

#include "base/error.h"

/* Adds a file's text to *text, an owned string or NULL. ERR_USAGE when it cannot be read, is larger
 * than 4 MiB or holds no certificate. */
bool certificates_add(const char *path, char **text, struct error *err) MUST_USE;
