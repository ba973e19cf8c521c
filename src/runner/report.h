/* SPDX-License-Identifier: MIT */
/* report: observers that tell a person, a log or a program what is going on, always on stderr.
 *
 * On a terminal: one status line that is redrawn at most ten times a second. Elsewhere: a plain
 * line at the start and end of each layer and every ten seconds in between (CI systems kill silent
 * jobs). As JSON: one object per event and line. */
#pragma once

#include "base/event.h"
#include "base/monitor.h"

enum report_mode { REPORT_AUTO, REPORT_TTY, REPORT_PLAIN, REPORT_JSON, REPORT_NONE };

/* auto, tty, plain, json, none. ERR_USAGE otherwise. */
bool report_mode_parse(const char *text, enum report_mode *ret, struct error *err) MUST_USE;

struct report_item {
    char *subject; /* digest or diff id */
    bool unpacking;
    uint64_t done;
    uint64_t total;
    uint64_t told_ms; /* when a plain line was printed last */
};

struct report {
    enum report_mode mode; /* never REPORT_AUTO once open */
    bool verbose;
    struct observer observer;
    struct monitor lock; /* events come from several threads */
    struct report_item *items;
    size_t count;
    uint64_t started_ms;
    uint64_t drawn_ms;
    size_t line_length; /* columns of the status line that stands on the screen */
};

/* *report must not move while the observer is in use. */
void report_open(struct report *report, enum report_mode mode, bool verbose);
/* Ends the status line. */
void report_close(struct report *report);
