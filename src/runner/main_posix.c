/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

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

/* A standard stream that is closed must not become the number of a file in the store, which would
 * then be sent what is meant for the reader. */
static bool occupy_standard_streams(void)
{
    int descriptor = 0;
    while (descriptor >= 0 && descriptor <= STDERR_FILENO)
        descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return descriptor > STDERR_FILENO && close(descriptor) == 0;
}

int main(int argc, char **argv)
{
    if (!occupy_standard_streams())
        return EXIT_FAILED;
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
