/* SPDX-License-Identifier: MIT */
/* registry_error: an answer other than 2xx, as an error that says what to do. */
#pragma once

#include "registry/http.h"

/* Reports the status, the codes and messages of the registry's own error body (distribution-spec,
 * "Error Codes") and a hint: 'hint' if there is one, or else what the status suggests. 'subject' is
 * what was asked for. Returns false. */
bool registry_error(const struct http_response *response, const char *subject, const char *hint,
                    struct error *err);
