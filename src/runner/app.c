/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "registry/store_format.h"
#include "runner/error_print.h"
#include "runner/exit_code.h"
#include "runner/help.h"
#include "runner/host.h"
#include "runner/invocation.h"
#include "runner/root.h"
#include "runner/terminal.h"
#include "runner/verbs.h"

static bool open_invocation(struct invocation *invocation, const struct verb *verb,
                            struct error *err)
{
    const struct global_options *global = &invocation->global;
    CLEANUP(str_free) char *variable = root_getenv("WRUN_PROGRESS");
    const char *progress = global->progress ? global->progress : variable;
    enum report_mode mode = REPORT_AUTO;
    if (progress && !report_mode_parse(progress, &mode, err))
        return error_wrap(err, "%s", global->progress ? "--progress" : "WRUN_PROGRESS");
    if (global->quiet)
        mode = REPORT_NONE;
    report_open(&invocation->report, mode, global->verbose || global->debug);
    invocation->context.observer = &invocation->report.observer;
    return !verb->uses_root
        || (root_find(global->root, &invocation->root, err)
            && store_format_check(invocation->root, err));
}

static bool check_arg_count(const struct verb *verb, const struct strlist *args, struct error *err)
{
    if (args->count >= verb->minimum_args && args->count <= verb->maximum_args)
        return true;
    if (args->count < verb->minimum_args)
        error_set(err, ERR_USAGE, "an argument is missing");
    else
        error_set(err, ERR_USAGE, "unexpected argument '%s'", args->items[verb->maximum_args]);
    return error_hint(err, "usage: wrun %s%s%s", verb->name, *verb->synopsis ? " " : "",
                      verb->synopsis);
}

/* Where nobody nearer to the failure knew better. */
static bool add_general_hint(struct error *err)
{
    if (err->kind != ERR_NO_SPACE)
        return false;
    return error_hint(err, "free some space there, or keep images on another disk with --root");
}

/* What follows the verb's name. */
struct words {
    char *const *items;
    size_t count;
};

static bool run_verb(struct invocation *invocation, const struct verb *verb, void *options,
                     const struct words *words, int *ret_code, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist args = {0};
    struct cli_table tables[] = {
        {verb->options, verb->option_count, options},
        global_options_table(&invocation->global),
    };
    struct cli_request request = {.verb = verb->name,
                                  .tables = tables,
                                  .table_count = ARRAY_SIZE(tables),
                                  .command_follows = verb->command_follows};
    if (!cli_parse(&request, words->items, words->count, &args, err))
        return false;
    if (invocation->global.help) {
        CLEANUP(str_free) char *text = help_of_verb(verb);
        return terminal_result(text, err);
    }
    return check_arg_count(verb, &args, err) && open_invocation(invocation, verb, err)
        && (verb->run(invocation, options, &args, ret_code, err) || add_general_hint(err));
}

static int fail(const struct invocation *invocation, const struct verb *verb, int code,
                const struct error *err)
{
    error_print(&invocation->global, verb ? verb->name : NULL, err);
    if (code != EXIT_OK)
        return code;
    return verb && verb->failure_code ? verb->failure_code : exit_code_of(err->kind);
}

static int dispatch(struct invocation *invocation, const struct strlist *words)
{
    CLEANUP(error_clear) struct error err = {0};
    const struct verb *verb = NULL;
    size_t used = 0;
    if (!verb_find_words(words, &used, &verb, &err))
        return fail(invocation, NULL, EXIT_OK, &err);
    const struct words rest = {words->items + used, words->count - used};

    void *options = xcalloc(1, verb->options_size ? verb->options_size : 1);
    int code = EXIT_OK;
    bool done = run_verb(invocation, verb, options, &rest, &code, &err);
    report_close(&invocation->report);
    if (!done)
        code = fail(invocation, verb, code, &err);
    if (verb->clear_options)
        verb->clear_options(options);
    mem_free(&options);
    return code;
}

/* What there is to say when no command is given. */
static bool answer_without_verb(const struct invocation *invocation, struct error *err)
{
    if (invocation->global.version)
        return terminal_result("wrun " WRUN_VERSION_TEXT "\n", err);
    if (invocation->global.help) {
        CLEANUP(str_free) char *text = help_general();
        return terminal_result(text, err);
    }
    error_set(err, ERR_USAGE, "a command is missing");
    return error_hint(err, "'wrun --help' lists the commands");
}

static int run_words(struct invocation *invocation, char *const *arguments, size_t count)
{
    CLEANUP(error_clear) struct error err = {0};
    CLEANUP(strlist_clear) struct strlist words = {0};
    struct cli_table table = global_options_table(&invocation->global);
    struct cli_request request = {
        .verb = "", .tables = &table, .table_count = 1, .command_follows = true};
    if (!cli_parse(&request, arguments, count, &words, &err))
        return fail(invocation, NULL, EXIT_OK, &err);
    bool has_verb = words.count > 0 && !invocation->global.version;
    if (has_verb)
        return dispatch(invocation, &words);
    return answer_without_verb(invocation, &err) ? EXIT_OK : fail(invocation, NULL, EXIT_OK, &err);
}

int app_main(int argc, char **argv, const struct cancel *cancel)
{
    struct invocation invocation = {.context = {.cancel = cancel}};
    int code = run_words(&invocation, argv + 1, argc > 0 ? (size_t)argc - 1 : 0);
    host_close(&invocation);
    str_free(&invocation.root);
    global_options_clear(&invocation.global);
    return code;
}
