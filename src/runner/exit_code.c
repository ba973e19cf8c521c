/* SPDX-License-Identifier: MIT */
#include "runner/exit_code.h"

int exit_code_of(enum err_kind kind)
{
    static const struct {
        enum err_kind kind;
        int code;
    } codes[] = {
        {ERR_USAGE, EXIT_BAD_USAGE},
        {ERR_NOT_FOUND, EXIT_NOT_FOUND},
        {ERR_DENIED, EXIT_HOST_NOT_READY},
        {ERR_AUTH, EXIT_REGISTRY},
        {ERR_NETWORK, EXIT_REGISTRY},
        {ERR_INTEGRITY, EXIT_INTEGRITY},
        {ERR_UNSUPPORTED, EXIT_HOST_NOT_READY},
        {ERR_MISMATCH, EXIT_NO_IMAGE},
        {ERR_BUSY, EXIT_IN_USE},
        {ERR_NO_SPACE, EXIT_NO_SPACE},
        {ERR_CANCELLED, EXIT_INTERRUPTED},
    };
    for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
        if (codes[i].kind == kind)
            return codes[i].code;
    return EXIT_FAILED;
}
