/* SPDX-License-Identifier: MIT */
#include "runner/image_name_print.h"

#include "base/alloc.h"
#include "base/json_write.h"
#include "runner/terminal.h"

bool image_name_print(const struct invocation *invocation, const struct reference *name,
                      const struct digest *digest, struct error *err)
{
    CLEANUP(str_free) char *text = NULL;
    CLEANUP(str_free) char *reference = reference_format(name);
    if (invocation->global.json) {
        CLEANUP(json_writer_close) struct json_writer w;
        json_writer_open(&w);
        JSON_OBJECT(&w, NULL) {
            json_string(&w, "ref", reference);
            json_string(&w, "digest", digest->text);
        }
        if (!json_writer_finish(&w, &text, err))
            return false;
    } else {
        text = invocation->global.quiet ? xstrdup(digest->text)
                                        : str_format("%s@%s", reference, digest->text);
    }
    CLEANUP(str_free) char *line = str_format("%s\n", text);
    return terminal_result(line, err);
}
