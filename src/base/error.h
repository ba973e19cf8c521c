/* SPDX-License-Identifier: MIT */
/* error: one value that says what failed, on which object, why, and what to do about it.
 *
 * Contract: a fallible function returns bool (true = success), takes 'struct error *err' last and
 * is MUST_USE. It returns false if and only if it has filled *err; filling an error twice is a bug
 * and aborts. Each layer adds its own noun once with error_wrap(). Nothing below src/runner prints.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

/* What callers and exit codes branch on. */
enum err_kind {
    ERR_NONE = 0,    /* nothing has failed */
    ERR_USAGE = 1,   /* the user asked for something malformed or impossible */
    ERR_NOT_FOUND,   /* the named thing does not exist */
    ERR_DENIED,      /* not elevated, access denied */
    ERR_AUTH,        /* registry credentials missing or refused */
    ERR_NETWORK,     /* registry unreachable or misbehaving on the wire */
    ERR_INTEGRITY,   /* digest, size or format is not what was promised */
    ERR_UNSUPPORTED, /* this host or this wrun cannot do it */
    ERR_MISMATCH,    /* no image for this host */
    ERR_BUSY,        /* in use by another process, or has children */
    ERR_NO_SPACE,    /* the volume is full */
    ERR_CANCELLED,   /* the user or the caller asked to stop */
    ERR_OS,          /* any other failure of the operating system */
    ERR_BUG,         /* wrun contradicts itself */
};

enum err_domain {
    ERR_DOMAIN_NONE = 0,
    ERR_DOMAIN_ERRNO,
    ERR_DOMAIN_WIN32,
    ERR_DOMAIN_HRESULT,
    ERR_DOMAIN_NTSTATUS,
    ERR_DOMAIN_CURL,
    ERR_DOMAIN_HTTP,
};

struct error {
    enum err_kind kind; /* ERR_NONE = empty */
    enum err_domain domain;
    uint32_t code;
    char *message;      /* outermost context first, joined by ": " */
    char *detail;       /* verbatim evidence (HCS result document, registry error body) or NULL */
    char *hint;         /* one imperative sentence, or NULL */
    const char *origin; /* "file:line" of the first report */
};

/* A remedy for one code; tables of these stand beside the call that fails. */
struct error_hint {
    uint32_t code;
    const char *hint;
};

#define ERROR_QUOTE(x) #x
#define ERROR_STRINGIFY(x) ERROR_QUOTE(x)
#define ERROR_ORIGIN __FILE__ ":" ERROR_STRINGIFY(__LINE__)

/* What reporting returns; inline, so that compilers and analysers know it as well. */
static inline bool error_false(bool reported)
{
    (void)reported;
    return false;
}

/* Each fills *err and returns false, so that reporting is one statement:
 *     return error_set(err, ERR_NOT_FOUND, "image '%s' is not in the store", name); */
#define error_set(err, kind, ...)                                                                  \
    error_false(error_raise((err), (kind), ERR_DOMAIN_NONE, 0, ERROR_ORIGIN, __VA_ARGS__))
#define error_code(err, kind, domain, code, ...)                                                   \
    error_false(error_raise((err), (kind), (domain), (code), ERROR_ORIGIN, __VA_ARGS__))
/* The kind follows from errno (ENOENT -> NOT_FOUND, EACCES -> DENIED, ENOSPC -> NO_SPACE ...); the
 * system's text is appended to the message. */
#define error_errno(err, number, ...)                                                              \
    error_false(error_raise_errno((err), (number), ERROR_ORIGIN, __VA_ARGS__))

bool error_raise(struct error *err, enum err_kind kind, enum err_domain domain, uint32_t code,
                 const char *origin, const char *format, ...) PRINTF_LIKE(6, 7);
bool error_raise_errno(struct error *err, int number, const char *origin, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* Puts "text: " before the message of a filled error. Returns false. */
bool error_wrap(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Sets the hint unless there is one already (the place nearest to the failure knows best).
 * Returns false. */
bool error_hint(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* error_hint() with the first row whose code equals err->code; no row, no hint. Returns false. */
bool error_hint_from(struct error *err, const struct error_hint *hints, size_t count);

/* Attaches evidence unless there is some already; NULL or "" attaches nothing. Returns false. */
bool error_detail(struct error *err, const char *text);

/* Fills *err with a copy of another error, for whoever is told of the same failure. Returns false.
 */
bool error_copy(struct error *err, const struct error *original);

bool error_is_set(const struct error *err);
void error_clear(struct error *err);

/* Ends the process because wrun contradicts itself; 'what' is one plain sentence. For broken
 * contracts only, never for anything that input or the system can cause. */
NORETURN void error_bug(const char *what);
