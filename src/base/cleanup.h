/* SPDX-License-Identifier: MIT */
/* cleanup: scope-bound ownership and the attributes every declaration may carry.
 *
 * Every owner type has X_close (OS state) or X_clear/X_free (memory) that takes a pointer, accepts
 * {0} and leaves {0}, so that it can be named in CLEANUP() and called again at will. */
#pragma once

#include <stddef.h>

/* Runs fn(&variable) when the variable leaves its scope. */
#define CLEANUP(fn) __attribute__((cleanup(fn)))

/* Moves ownership out of a variable: yields its value and leaves it zero. */
#define TAKE(x)                                                                                    \
    __extension__({                                                                                \
        __typeof__(x) *take_from_ = &(x);                                                          \
        __typeof__(x) taken_ = *take_from_;                                                        \
        *take_from_ = (__typeof__(x)){0};                                                          \
        taken_;                                                                                    \
    })

#define MUST_USE __attribute__((warn_unused_result))
#define NORETURN __attribute__((noreturn))
#ifdef __MINGW32__
#define PRINTF_LIKE(text, first) __attribute__((format(gnu_printf, text, first)))
#else
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#endif

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
