/* SPDX-License-Identifier: MIT */
#include "runner/prompt.h"

#include <errno.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/secret.h"
#include "runner/stream.h"
#include "runner/terminal.h"

#define LINE_MAXIMUM 4096

struct echo {
    struct termios saved;
    bool off;
};

static bool echo_off(struct echo *ret, struct error *err)
{
    struct termios mode;
    if (tcgetattr(STDIN_FILENO, &mode))
        return error_errno(err, errno, "read the terminal's mode");
    *ret = (struct echo){.saved = mode, .off = true};
    mode.c_lflag &= ~(tcflag_t)ECHO;
    return tcsetattr(STDIN_FILENO, TCSAFLUSH, &mode) == 0
        || error_errno(err, errno, "switch the terminal's echo off");
}

static void echo_restore(struct echo *echo)
{
    if (!echo->off)
        return;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &echo->saved);
    terminal_error_text("\n"); /* the one that was typed was not shown */
    *echo = (struct echo){0};
}

static bool read_line(const struct cancel *cancel, struct buf *ret, struct error *err)
{
    for (;;) {
        char piece[256];
        size_t got = 0;
        if (!stream_read(piece, sizeof piece, cancel, &got, err))
            return false;
        bool kept = buf_append(ret, piece, got, err);
        bool ended = got == 0 || piece[got - 1] == '\n';
        secret_wipe(piece, sizeof piece);
        if (!kept || ended)
            return kept;
    }
}

bool prompt_ask(const char *question, enum prompt_echo echo, const struct cancel *cancel,
                char **ret, struct error *err)
{
    CLEANUP(echo_restore) struct echo changed = {0};
    CLEANUP(secret_buf_clear) struct buf line;
    buf_init(&line, LINE_MAXIMUM);
    if (echo == PROMPT_HIDDEN && !echo_off(&changed, err))
        return false;
    terminal_error_text(question);
    if (!read_line(cancel, &line, err))
        return false;
    while (line.length > 0 && strchr("\r\n", line.data[line.length - 1]))
        line.data[--line.length] = '\0';
    *ret = buf_take_str(&line);
    return true;
}
