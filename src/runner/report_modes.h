/* SPDX-License-Identifier: MIT */
/* report_modes: the ways to tell events, for report.c only; the lock is held by the caller.
 *
 * 'item' is what the event changed (NULL when it is about no blob or layer). */
#pragma once

#include "runner/report.h"

void report_plain_event(struct report *report, const struct event *event,
                        struct progress_item *item, uint64_t now_ms);
/* What has been silent for ten seconds gets a line. */
void report_plain_tick(struct report *report, uint64_t now_ms);

void report_tty_open(struct report *report);
void report_tty_event(struct report *report, const struct event *event, struct progress_item *item,
                      uint64_t now_ms);
void report_tty_tick(struct report *report, uint64_t now_ms);
/* The terminal is as it was before. */
void report_tty_close(struct report *report);

void report_json_event(struct report *report, const struct event *event, struct progress_item *item,
                       uint64_t now_ms);
void report_json_summary(struct report *report, uint64_t now_ms);
