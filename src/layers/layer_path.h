/* SPDX-License-Identifier: MIT */
/* layer_path: a path inside a layer, safe to create under an unpack root.
 *
 * Layers come from strangers. A layer_path can only be made by the functions below, which refuse
 * anything that could leave the root or name a device or stream; code that creates files takes a
 * layer_path and so cannot be handed a raw string.
 *
 * Accepted is what lies at or below one of the three roots of the layer format, "Files", "Hives"
 * (directly in it, only the five *_Delta hives) and "UtilityVM" (below it, only "Files"). Roots are
 * compared without regard to case and stored in the spelling above. Refused are: the empty path,
 * absolute and drive paths, "\\?\", empty components, "." (but for one leading "./") and "..",
 * components of more than 255 UTF-16 units, malformed UTF-8, control characters and the characters
 * NTFS refuses (< > : " | ? *), names ending in a dot or space, DOS device names with or without
 * extension, names ending in ".$wcidirs$" (directory metadata of the import format), more than
 * 32000 bytes or 512 components.
 *
 * Device names and trailing dots are legal for NTFS itself, but cannot be opened, listed or deleted
 * with ordinary Windows calls, and no tool that builds Windows images can make them: refusing them
 * costs nothing that is known to exist. */
#pragma once

#include "base/error.h"

enum layer_root { LAYER_ROOT_FILES = 1, LAYER_ROOT_HIVES, LAYER_ROOT_UTILITY_VM };

struct layer_path {
    char *text; /* backslash-separated, relative, NUL-terminated UTF-8; NULL = none */
    enum layer_root root;
};

/* Parses the name of a tar entry; '/' and '\' both separate, one trailing separator is ignored.
 * Kind ERR_INTEGRITY; the message says "the path", the caller adds which. On success *ret is owned
 * by the caller. */
bool layer_path_parse(const char *name, struct layer_path *ret, struct error *err) MUST_USE;

/* The directory that contains it; false when the path is a root itself ("Files"). The parent of
 * "UtilityVM\Files" is "UtilityVM". */
bool layer_path_parent(const struct layer_path *path, struct layer_path *ret) MUST_USE;

/* What a directory has under a name that the file system told: checked like every name. */
bool layer_path_child(const struct layer_path *directory, const char *name, struct layer_path *ret,
                      struct error *err) MUST_USE;

/* The sibling "<path>.$wcidirs$" in which the import format keeps a directory's metadata. */
struct layer_path layer_path_metadata_file(const struct layer_path *directory);

struct layer_path layer_path_copy(const struct layer_path *path);
/* The last component; points into the path. */
const char *layer_path_name(const struct layer_path *path);
/* True for "Files", "Hives" and "UtilityVM". */
bool layer_path_is_root(const struct layer_path *path);
void layer_path_clear(struct layer_path *path);

/* Checks the name of an alternate data stream as it follows the colon ("Zone.Identifier"): no
 * separators, no colon, no control characters, 1 to 255 UTF-16 units of well-formed UTF-8. */
bool layer_stream_name_check(const char *name, struct error *err) MUST_USE;
