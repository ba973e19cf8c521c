/* SPDX-License-Identifier: MIT */
#include "layers/ea_list.h"

#include <string.h>

#include "layers/little_endian.h"

#define HEADER_SIZE 8 /* next, flags, length of the name, length of the value */

static bool damaged(struct error *err)
{
    return error_set(err, ERR_INTEGRITY, "the list of extended attributes is malformed");
}

bool ea_list_next(const void *data, size_t length, size_t *at, struct ea_item *ret,
                  struct error *err)
{
    const unsigned char *item = (const unsigned char *)data + *at;
    size_t left = length - *at;
    if (left < HEADER_SIZE)
        return damaged(err);
    size_t next = get_le32(item);
    size_t name_length = item[5];
    size_t value_length = get_le16(item + 6);
    size_t size = HEADER_SIZE + name_length + 1 + value_length;
    if (size > left || (next != 0 && (next < size || next > left)))
        return damaged(err);
    const char *name = (const char *)item + HEADER_SIZE;
    if (strnlen(name, name_length + 1) != name_length || name_length == 0)
        return damaged(err);
    *ret = (struct ea_item){
        .name = name,
        .value = item + HEADER_SIZE + name_length + 1,
        .value_length = value_length,
    };
    *at = next ? *at + next : length;
    return true;
}
