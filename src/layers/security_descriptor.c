/* SPDX-License-Identifier: MIT */
/* Layouts: [MS-DTYP] 2.4.2.2 (SID), 2.4.4 (ACE), 2.4.5 (ACL), 2.4.6 (SECURITY_DESCRIPTOR). */
#include "layers/win_meta.h"

#include <string.h>

#include "layers/little_endian.h"

#define DESCRIPTOR_HEADER 20
#define DESCRIPTOR_MAXIMUM 65535
#define CONTROL_DACL_PRESENT 0x0004u
#define CONTROL_SACL_PRESENT 0x0010u
#define CONTROL_SELF_RELATIVE 0x8000u

#define SID_HEADER 8
#define SID_MAXIMUM_PARTS 15
#define ACL_HEADER 8
#define ACE_HEADER 4
#define ACE_MASK 4
#define ACE_OBJECT_FLAGS 4
#define ACE_GUID 16

struct bytes {
    const unsigned char *data;
    size_t length;
};

/* What lies at 'offset' to the end; length 0 when that is outside. */
static struct bytes tail(struct bytes all, size_t offset)
{
    if (offset > all.length)
        return (struct bytes){0};
    return (struct bytes){all.data + offset, all.length - offset};
}

static bool sid_is_valid(struct bytes sid)
{
    if (sid.length < SID_HEADER || sid.data[0] != 1 || sid.data[1] > SID_MAXIMUM_PARTS)
        return false;
    return sid.length >= SID_HEADER + (size_t)sid.data[1] * 4;
}

/* Where the SID of an access entry starts; 0 = this type has none that we know of. */
static size_t sid_offset_of(struct bytes ace)
{
    static const unsigned char plain[] = {0x00, 0x01, 0x02, 0x03, 0x09, 0x0A,
                                          0x0D, 0x0E, 0x11, 0x12, 0x13};
    static const unsigned char object[] = {0x05, 0x06, 0x07, 0x08, 0x0B, 0x0C, 0x0F, 0x10};
    if (memchr(plain, ace.data[0], sizeof(plain)))
        return ACE_HEADER + ACE_MASK;
    if (!memchr(object, ace.data[0], sizeof(object)))
        return 0;
    size_t offset = ACE_HEADER + ACE_MASK + ACE_OBJECT_FLAGS;
    uint32_t flags = ace.length >= offset ? get_le32(ace.data + ACE_HEADER + ACE_MASK) : 0;
    offset += flags & 1 ? ACE_GUID : 0;
    offset += flags & 2 ? ACE_GUID : 0;
    return offset;
}

static bool ace_is_valid(struct bytes ace)
{
    size_t sid = sid_offset_of(ace);
    return sid == 0 || sid_is_valid(tail(ace, sid));
}

static bool acl_is_valid(struct bytes acl)
{
    if (acl.length < ACL_HEADER || acl.data[0] < 2 || acl.data[0] > 4)
        return false;
    size_t size = get_le16(acl.data + 2);
    unsigned count = get_le16(acl.data + 4);
    if (size < ACL_HEADER || size > acl.length)
        return false;

    struct bytes left = {acl.data + ACL_HEADER, size - ACL_HEADER};
    for (unsigned i = 0; i < count; i++) {
        if (left.length < ACE_HEADER)
            return false;
        size_t ace_size = get_le16(left.data + 2);
        if (ace_size < ACE_HEADER || ace_size % 4 || ace_size > left.length)
            return false;
        if (!ace_is_valid((struct bytes){left.data, ace_size}))
            return false;
        left = tail(left, ace_size);
    }
    return true;
}

bool security_descriptor_check(const void *data, size_t length, struct error *err)
{
    static const struct {
        size_t field;     /* where the offset of the part is */
        unsigned control; /* bit that says whether the part counts; 0 = always */
        bool (*is_valid)(struct bytes part);
    } parts[] = {
        {4, 0, sid_is_valid},
        {8, 0, sid_is_valid},
        {12, CONTROL_SACL_PRESENT, acl_is_valid},
        {16, CONTROL_DACL_PRESENT, acl_is_valid},
    };
    struct bytes all = {data, length};
    if (length < DESCRIPTOR_HEADER || length > DESCRIPTOR_MAXIMUM || all.data[0] != 1)
        return error_set(err, ERR_INTEGRITY, "not a security descriptor");
    unsigned control = get_le16(all.data + 2);
    if (!(control & CONTROL_SELF_RELATIVE))
        return error_set(err, ERR_INTEGRITY, "the security descriptor is not self-relative");

    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        size_t offset = get_le32(all.data + parts[i].field);
        /* No offset: there is no owner, or the list is the one that allows everything. */
        if (offset == 0 || (parts[i].control && !(control & parts[i].control)))
            continue;
        if (offset < DESCRIPTOR_HEADER || offset % 4 || !parts[i].is_valid(tail(all, offset)))
            return error_set(err, ERR_INTEGRITY, "the security descriptor is malformed");
    }
    return true;
}
