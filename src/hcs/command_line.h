/* SPDX-License-Identifier: MIT */
/* command_line: from an image and what the user gives to the one string that a Windows process is
 * started with.
 *
 * Arguments are escaped as base/command_line.h says. cmd.exe has rules of its own: for it there is
 * the raw command line. */
#pragma once

#include "base/command_line.h"
#include "base/error.h"
#include "base/strlist.h"

/* What CreateProcess accepts, counted in UTF-16 units with the final NUL. */
#define COMMAND_LINE_MAXIMUM 32767

/* What a command line is made of; every pointer is borrowed and may be NULL (= not given). */
struct command_line_spec {
    const struct strlist *image_entrypoint;
    const struct strlist *image_command;
    bool image_args_escaped;          /* the image's first element is a ready command line */
    const struct strlist *entrypoint; /* --entrypoint; given but empty (or [""]) = none at all */
    const struct strlist *arguments;  /* after the image's name; empty = not given */
    const char *raw;                  /* --cmdline: used as it is, nothing is added to it */
};

/* Docker's rule: the entrypoint (the user's, else the image's) followed by the arguments (the
 * user's, else the image's command unless the user gave an entrypoint). Everything is escaped but
 * the first element of an image whose ArgsEscaped is set. ERR_USAGE when nothing is left to run or
 * the result is longer than Windows accepts. The caller owns *ret. */
bool command_line_compose(const struct command_line_spec *spec, char **ret, struct error *err)
    MUST_USE;
