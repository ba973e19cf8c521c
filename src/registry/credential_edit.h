/* SPDX-License-Identifier: MIT */
/* credential_edit: changes to a credential file that leave everything else in it as it was: other
 * hosts, settings of docker that wrun knows nothing of, the order and the exact digits of numbers.
 */
#pragma once

#include "registry/credential.h"

/* 'text' is the file as it is, "" for none. *ret is owned by the caller, to be wiped. ERR_AUTH when
 * the text is not such a document. */
bool credential_edit_set(const char *text, size_t length, const char *host,
                         const struct credential *credential, char **ret, struct error *err)
    MUST_USE;
/* Takes out every entry for the whole host, however its key is written. *ret_found: there was one;
 * else *ret is left alone. */
bool credential_edit_remove(const char *text, size_t length, const char *host, char **ret,
                            bool *ret_found, struct error *err) MUST_USE;
