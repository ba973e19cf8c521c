/* SPDX-License-Identifier: MIT */
/* process_document: the documents around one process of a container: ProcessParameters and the
 * requests that change it. Schema 2.0, Microsoft's HCS API documentation. */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "base/strlist.h"

/* All pointers are borrowed; NULL, 0 and {0} leave the member out. */
struct hcs_process_spec {
    const char *command_line;
    const char *user; /* NULL or "" = the image's default account */
    const char *working_directory;
    const struct strlist *environment; /* NAME=VALUE; see below */
    bool emulate_console;              /* a pseudo console: stdin and stdout, no stderr */
    bool create_stdin;
    bool create_stdout;
    bool create_stderr;
    uint16_t console_height; /* characters; both or none */
    uint16_t console_width;
};

/* Names of variables differ regardless of case in Windows but not in JSON, so of several entries
 * for one name only the last is sent. Entries without a name or without '=' are left out; empty
 * values are sent. The caller owns *ret. */
bool hcs_process_document_compose(const struct hcs_process_spec *spec, char **ret,
                                  struct error *err) MUST_USE;

/* The requests have no free text in them and so cannot fail to compose. */
#define HCS_DOCUMENT_CLOSE_STDIN                                                                   \
    "{\"Operation\":\"CloseHandle\",\"CloseHandle\":{\"Handle\":\"StdIn\"}}"
#define HCS_DOCUMENT_CTRL_C "{\"Signal\":\"CtrlC\"}"
#define HCS_DOCUMENT_CTRL_BREAK "{\"Signal\":\"CtrlBreak\"}"
#define HCS_DOCUMENT_CTRL_SHUTDOWN "{\"Signal\":\"CtrlShutdown\"}"

/* {"Operation":"ConsoleSize",...}; the caller owns the result. */
char *hcs_process_document_console_size(uint16_t height, uint16_t width);
