/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stddef.h>

#include "base/cancel.h"
#include "runner/exit_code.h"
#include "runner/invocation.h"
#include "runner/terminal.h"

static struct cancel interruption; /* a signal handler can reach nothing else */

static void on_signal(int number)
{
    (void)number;
    cancel_request(&interruption);
}

int main(int argc, char **argv)
{
    CLEANUP(error_clear) struct error err = {0};
    if (!cancel_open(&interruption, &err)) {
        terminal_error_line("wrun: %s", err.message);
        return EXIT_FAILED;
    }
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    int code = app_main(argc, argv, &interruption);
    cancel_close(&interruption);
    return code;
}
