/* SPDX-License-Identifier: MIT */
/* progress_text: progress in words and bars. All text is ASCII; the caller owns what is returned.
 */
#pragma once

#include "base/strlist.h"
#include "runner/progress.h"

char *progress_format_duration(uint64_t time_ms); /* "0.4 s", "41 s", "3 min 20 s", "2 h 05 min" */

/* "sha256:4f5e..." to its first twelve digits, as docker shows ids. */
char *progress_short_id(const char *subject);

/* "500.0 kB of 2.0 MB (25 %), 35.0 MB/s, 41 s left"; what is not known is left out. */
char *progress_format_item(const struct progress_item *item, uint64_t now_ms);

/* What a terminal of this size shows: a line for each item under way and one for the whole, each
 * shorter than 'columns', fewer of them than 'rows'. Adds nothing when nothing is under way. */
void progress_compose_screen(const struct progress *progress, uint64_t now_ms, unsigned columns,
                             unsigned rows, struct strlist *ret);

/* The same in one line, with bars. */
char *progress_compose_line(const struct progress *progress, uint64_t now_ms, unsigned columns);

/* "2 blobs fetched: 5.1 GB in 58 s (88.0 MB/s), 1 present", or NULL when nothing was fetched. */
char *progress_format_summary(const struct progress *progress, uint64_t now_ms);
