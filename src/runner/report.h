/* SPDX-License-Identifier: MIT */
/* report: observers that tell a person, a log or a program what is going on, always on stderr.
 *
 * On a terminal: a line for each blob and layer under way and one for the whole, redrawn at most
 * ten times a second; on one that cannot move its cursor, the one for the whole. Elsewhere: a plain
 * line at the start and end of each and every ten seconds in between (CI systems kill silent
 * jobs). As JSON: one object per event and line (docs/registry.md, "Progress"). */
#pragma once

#include "base/monitor.h"
#include "base/os.h"
#include "runner/progress.h"
#include "runner/terminal.h"

enum report_mode { REPORT_AUTO, REPORT_TTY, REPORT_PLAIN, REPORT_JSON, REPORT_NONE };

/* auto, tty, plain, json, none. ERR_USAGE otherwise. */
bool report_mode_parse(const char *text, enum report_mode *ret, struct error *err) MUST_USE;

/* What stands on the terminal. */
struct report_screen {
    struct terminal_mode mode;
    bool moves_cursor;
    size_t lines;   /* 0 = nothing */
    size_t columns; /* of the last line */
    uint64_t drawn_ms;
    char *retry; /* what failed and is tried again, or NULL */
    uint64_t retry_at_ms;
};

struct report {
    enum report_mode mode; /* never REPORT_AUTO once open */
    bool verbose;
    struct observer observer;
    struct monitor lock; /* events come from several threads */
    struct os_thread ticker;
    bool ticks; /* false = the ticker is to end */
    struct progress progress;
    struct report_screen screen;
    uint64_t opened_ms;
    uint64_t fetched_bytes; /* of blobs, until the last report_finish() */
};

/* *report must not move while the observer is in use. */
void report_open(struct report *report, enum report_mode mode, bool verbose);
/* For verbs whose result says it all: from now on only warnings are told, unless more was asked
 * for. */
void report_mute(struct report *report);
/* Ends the progress lines and sums up what was fetched, if anything was: nothing of wrun's is on
 * the terminal afterwards. Later events begin anew. */
void report_finish(struct report *report);
/* Ends the progress lines without summing up. */
void report_close(struct report *report);
