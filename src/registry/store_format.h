/* SPDX-License-Identifier: MIT */
/* store_format: what a store says about itself, so that other programs and later versions of wrun
 * know what they look at.
 *
 *     <root>/oci-layout   {"imageLayoutVersion":"1.0.0"} (OCI image-spec, image-layout.md)
 *     <root>/VERSION      the number of wrun's own format */
#pragma once

#include "base/error.h"

/* ERR_UNSUPPORTED when a newer wrun made the store; one that is absent or says nothing is fine. */
bool store_format_check(const char *root, struct error *err) MUST_USE;

/* Writes what is missing of the two files. */
bool store_format_write(const char *root, struct error *err) MUST_USE;
