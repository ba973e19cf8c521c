/* SPDX-License-Identifier: MIT */
#include "runner/gone_print.h"

#include "base/alloc.h"
#include "base/json_write.h"
#include "runner/terminal.h"

static bool print_json(const struct strlist *gone, const char *failures, struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    CLEANUP(str_free) char *text = NULL;
    json_writer_open(&w);
    JSON_OBJECT(&w, NULL) {
        JSON_ARRAY(&w, "removed") {
            for (size_t i = 0; i < gone->count; i++)
                json_string(&w, NULL, gone->items[i]);
        }
        json_raw(&w, "failed", failures);
    }
    return json_writer_finish_line(&w, &text, err) && terminal_result(text, err);
}

bool gone_print(const struct invocation *invocation, const struct strlist *gone,
                const char *failures, struct error *err)
{
    if (invocation->global.json)
        return print_json(gone, failures, err);
    CLEANUP(str_free) char *names = strlist_join(gone, "\n");
    CLEANUP(str_free) char *text = str_format("%s\n", names);
    return gone->count == 0 || terminal_result(text, err);
}
