/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static const struct {
    int number;
    enum err_kind kind;
} errno_kinds[] = {
    {ENOENT, ERR_NOT_FOUND},    {ENOTDIR, ERR_NOT_FOUND},   {EACCES, ERR_DENIED},
    {EPERM, ERR_DENIED},        {EROFS, ERR_DENIED},        {ENOSPC, ERR_NO_SPACE},
#ifdef EDQUOT
    {EDQUOT, ERR_NO_SPACE},
#endif
    {EBUSY, ERR_BUSY},          {EEXIST, ERR_BUSY},         {ENOTEMPTY, ERR_BUSY},
    {ETXTBSY, ERR_BUSY},        {ECANCELED, ERR_CANCELLED}, {ENOSYS, ERR_UNSUPPORTED},
    {ENOTSUP, ERR_UNSUPPORTED},
};

static enum err_kind kind_of_errno(int number)
{
    for (size_t i = 0; i < ARRAY_SIZE(errno_kinds); i++)
        if (errno_kinds[i].number == number)
            return errno_kinds[i].kind;
    return ERR_OS;
}

void error_bug(const char *what)
{
    fprintf(stderr, "wrun: bug: %s\n", what);
    abort();
}

bool error_copy(struct error *err, const struct error *original)
{
    error_raise(err, original->kind, original->domain, original->code, original->origin, "%s",
                original->message);
    error_detail(err, original->detail);
    return original->hint ? error_hint(err, "%s", original->hint) : false;
}

bool error_is_set(const struct error *err)
{
    return err->kind != ERR_NONE;
}

/* Puts an owned message into an empty error. */
static void fill(struct error *err, const struct error *filled)
{
    if (error_is_set(err)) {
        fprintf(stderr, "wrun: %s\nwrun: %s\n", err->message, filled->message);
        error_bug("an error was reported over another one");
    }
    *err = *filled;
}

static void require_filled(const struct error *err)
{
    if (!error_is_set(err))
        error_bug("an error was decorated before it was reported");
}

bool error_raise(struct error *err, enum err_kind kind, enum err_domain domain, uint32_t code,
                 const char *origin, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *message = str_vformat(format, args);
    va_end(args);

    fill(err,
         &(struct error){
             .kind = kind, .domain = domain, .code = code, .message = message, .origin = origin});
    return false;
}

bool error_raise_errno(struct error *err, int number, const char *origin, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    CLEANUP(str_free) char *what = str_vformat(format, args);
    va_end(args);

    fill(err,
         &(struct error){.kind = kind_of_errno(number),
                         .domain = ERR_DOMAIN_ERRNO,
                         .code = (uint32_t)number,
                         .message = str_format("%s: %s", what, strerror(number)),
                         .origin = origin});
    return false;
}

bool error_wrap(struct error *err, const char *format, ...)
{
    require_filled(err);
    va_list args;
    va_start(args, format);
    CLEANUP(str_free) char *context = str_vformat(format, args);
    va_end(args);

    char *message = str_format("%s: %s", context, err->message);
    free(err->message);
    err->message = message;
    return false;
}

bool error_hint(struct error *err, const char *format, ...)
{
    require_filled(err);
    if (err->hint)
        return false;
    va_list args;
    va_start(args, format);
    err->hint = str_vformat(format, args);
    va_end(args);
    return false;
}

bool error_hint_from(struct error *err, const struct error_hint *hints, size_t count)
{
    require_filled(err);
    for (size_t i = 0; i < count; i++)
        if (hints[i].code == err->code)
            return error_hint(err, "%s", hints[i].hint);
    return false;
}

bool error_detail(struct error *err, const char *text)
{
    require_filled(err);
    if (!err->detail && text && *text)
        err->detail = xstrdup(text);
    return false;
}

void error_clear(struct error *err)
{
    free(err->message);
    free(err->detail);
    free(err->hint);
    *err = (struct error){0};
}
