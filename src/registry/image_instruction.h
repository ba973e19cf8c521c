/* SPDX-License-Identifier: MIT */
/* image_instruction: what a Dockerfile's instruction changes in an image's configuration
 * ('docker commit --change'; moby, builder/dockerfile/dispatchers.go).
 *
 * Known are CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME and WORKDIR,
 * each with the meaning that a Dockerfile of Windows gives it: the shell form of CMD and ENTRYPOINT
 * is one command line, passed on as it is. How their words are read is in
 * registry/instruction_words.h. */
#pragma once

#include "registry/image_edit.h"

/* ERR_USAGE, naming the instruction, when it is not understood; the edit is then of no use. */
bool image_instruction_apply(struct image_edit *edit, const char *text, struct error *err) MUST_USE;
/* Those of --change, one after the other. */
bool image_instruction_apply_all(struct image_edit *edit, const struct strlist *changes,
                                 struct error *err) MUST_USE;
