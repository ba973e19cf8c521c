/* SPDX-License-Identifier: MIT */
#include "runner/gone_print.h"

#include "base/alloc.h"
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

static bool print(const struct invocation *invocation, const struct strlist *gone,
                  const char *failures, struct error *err)
{
    if (invocation->global.json)
        return print_json(gone, failures, err);
    CLEANUP(str_free) char *names = strlist_join(gone, "\n");
    CLEANUP(str_free) char *text = str_format("%s\n", names);
    return gone->count == 0 || terminal_result(text, err);
}

bool gone_finish(struct json_writer *failures, const struct strlist *gone, struct tally *tally,
                 struct error *err)
{
    CLEANUP(str_free) char *text = NULL;
    struct error failure = {0};
    if (!json_writer_finish(failures, &text, &failure)
        || !print(tally->invocation, gone, text, &failure))
        tally_add(tally, &failure);
    return tally_finish(tally, err);
}
