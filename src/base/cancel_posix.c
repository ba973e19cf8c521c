/* SPDX-License-Identifier: MIT */
#include "base/cancel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Descriptor 0 would mean "none", and a closed standard stream must not be taken over. */
#define LOWEST_DESCRIPTOR 3

bool cancel_open(struct cancel *cancel, struct error *err)
{
    int made = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (made < 0)
        return error_errno(err, errno, "create a wake-up descriptor");
    int descriptor = fcntl(made, F_DUPFD_CLOEXEC, LOWEST_DESCRIPTOR);
    int reason = errno;
    close(made);
    if (descriptor < 0)
        return error_errno(err, reason, "create a wake-up descriptor");
    *cancel = (struct cancel){.wakeup = descriptor};
    return true;
}

void cancel_close(struct cancel *cancel)
{
    if (cancel->wakeup)
        close((int)cancel->wakeup);
    *cancel = (struct cancel){0};
}

void cancel_request(struct cancel *cancel)
{
    /* A signal handler must leave errno as it found it. */
    int saved = errno;
    __atomic_add_fetch(&cancel->requested, 1, __ATOMIC_SEQ_CST);
    if (cancel->wakeup) {
        /* Fails only when the counter is full, and then every waiter is awake already. */
        ssize_t written = write((int)cancel->wakeup, &(uint64_t){1}, sizeof(uint64_t));
        (void)written;
    }
    errno = saved;
}

void cancel_pause(const struct cancel *cancel, unsigned milliseconds)
{
    /* poll() passes over a negative descriptor. A signal ends the pause as well, which is early but
     * never wrong. */
    struct pollfd wakeup = {
        .fd = cancel && cancel->wakeup ? (int)cancel->wakeup : -1,
        .events = POLLIN,
    };
    (void)poll(&wakeup, 1, (int)milliseconds);
}
