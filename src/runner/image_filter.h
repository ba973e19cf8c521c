/* SPDX-License-Identifier: MIT */
/* image_filter: which references a pattern of the command line means, and how a reference is shown
 * in a table. */
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"

/* True when the pattern ('*' any text, '?' one character) is the whole canonical reference, or that
 * without its tag or digest, each also without the "docker.io/" or "docker.io/library/" that Docker
 * leaves out. */
bool image_filter_matches(const char *pattern, const char *canonical);

/* The repository as Docker shows it, and the tag or "<none>"; owned by the caller. */
char *image_repository_shown(const char *canonical) __attribute__((returns_nonnull));
char *image_tag_shown(const char *canonical) __attribute__((returns_nonnull));
