/* SPDX-License-Identifier: MIT */
/* fs_posix: what the POSIX files of base/fs.h share; not for anybody else. */
#pragma once

struct strlist;

/* close() for CLEANUP(posix_close) int; a negative descriptor is none. Keeps errno. */
void posix_close(int *descriptor);

/* Adds the names in an open directory, in no order, and closes the descriptor in any case. Returns
 * 0 or an errno. */
int posix_list(int descriptor, struct strlist *names);
