/* SPDX-License-Identifier: MIT */
/* image_name_print: the answer of commands that make an image: its name and what it stands for. */
#pragma once

#include "registry/reference.h"
#include "runner/invocation.h"

/* On stdout: "REFERENCE@DIGEST", with --quiet the digest alone, or JSON. */
bool image_name_print(const struct invocation *invocation, const struct reference *name,
                      const struct digest *digest, struct error *err) MUST_USE;
