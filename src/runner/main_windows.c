/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "base/cancel.h"
#include "base/strlist.h"
#include "runner/exit_code.h"
#include "runner/invocation.h"
#include "runner/terminal.h"
#include "win32/console.h"
#include "win32/dll.h"
#include "win32/utf16.h"

static bool decode_arguments(int argc, wchar_t **argv, struct strlist *ret, struct error *err)
{
    for (int i = 0; i < argc; i++) {
        char *argument = NULL;
        if (!utf16_to_utf8(argv[i], &argument, err))
            return error_wrap(err, "argument %d", i);
        strlist_add_owned(ret, argument);
    }
    return true;
}

static int fail(const struct error *err)
{
    terminal_error_line("wrun: %s", err->message);
    return EXIT_FAILED;
}

int wmain(int argc, wchar_t **argv);

int wmain(int argc, wchar_t **argv)
{
    dll_harden_process();
    CLEANUP(error_clear) struct error err = {0};
    CLEANUP(strlist_clear) struct strlist arguments = {0};
    static struct cancel interruption; /* the console's thread may come after the end of main */
    if (!decode_arguments(argc, argv, &arguments, &err) || !cancel_open(&interruption, &err)
        || !console_route_ctrl(&interruption, &err))
        return fail(&err);
    int code = app_main((int)arguments.count, arguments.items, &interruption);
    console_unroute_ctrl();
    /* All 32 bits: the C runtime's exit path would do, but threads that wait for a console or a
     * pipe of ours must not hold up the end. */
    ExitProcess((UINT)code);
}
