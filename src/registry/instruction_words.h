/* SPDX-License-Identifier: MIT */
/* instruction_words: the arguments of a Dockerfile instruction.
 *
 * Words are separated by blanks and may be quoted with " or '. A backtick takes the special meaning
 * from what follows it, as under "# escape=`"; a backslash is an ordinary character, for the paths
 * of Windows are full of them. $NAME and ${NAME} stand for variables, except inside '. */
#pragma once

#include "base/error.h"
#include "base/strlist.h"

/* 'environment' are the variables, "NAME=value", whose names are found whatever their case; one
 * that is not there is empty. ERR_USAGE for a quote that does not end, and for what else a shell
 * would know to do with a variable. */
bool instruction_words_split(const char *text, const struct strlist *environment,
                             struct strlist *ret, struct error *err) MUST_USE;

/* The first blank-separated word alone; the rest begins after the blanks. Both are not changed. */
struct instruction_pair {
    char *first; /* owned */
    const char *rest;
};
struct instruction_pair instruction_words_head(const char *text);
