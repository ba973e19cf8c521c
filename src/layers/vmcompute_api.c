/* SPDX-License-Identifier: MIT */
#include "layers/vmcompute_api.h"

#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "layers/layer_id.h"
#include "win32/dll.h"
#include "win32/hresult.h"
#include "win32/path.h"
#include "win32/utf16.h"

const struct layer_driver layer_driver = {.flavour = LAYER_DRIVER_FILTER, .home = L""};

static const struct dll_symbol symbols[] = {
#define X(name, presence, ...) {#name, offsetof(struct layer_api, name), presence},
    LAYER_FUNCTIONS(X)
#undef X
};

static ULONG big_endian(const uint8_t *bytes, size_t count)
{
    ULONG value = 0;
    for (size_t i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

static GUID to_windows(const struct guid *guid)
{
    GUID ret = {.Data1 = big_endian(guid->bytes, 4),
                .Data2 = (USHORT)big_endian(guid->bytes + 4, 2),
                .Data3 = (USHORT)big_endian(guid->bytes + 6, 2)};
    memcpy(ret.Data4, guid->bytes + 8, sizeof(ret.Data4));
    return ret;
}

#define PROBE_NAME "wrun-0123456789abcdef"

/* A layer under a GUID of another making would be refused with an unspecific error much later. */
static bool check_numbering(const struct layer_api *api, struct error *err)
{
    struct guid guid;
    if (!layer_id_from_name(PROBE_NAME, &guid, err))
        return false;
    GUID expected = to_windows(&guid);
    GUID answer = {0};
    HRESULT hr = api->NameToGuid(L"" PROBE_NAME, &answer);
    if (FAILED(hr))
        return error_hresult(err, hr, "NameToGuid");
    if (memcmp(&answer, &expected, sizeof(answer)) != 0)
        return error_set(err, ERR_UNSUPPORTED, "this Windows numbers layers in an unknown way");
    return true;
}

bool layer_api_load(struct layer_api *ret, struct error *err)
{
    struct layer_api api = {0};
    if (!dll_bind(L"vmcompute.dll", symbols, ARRAY_SIZE(symbols), &api, err)
        || !check_numbering(&api, err))
        return false;
    *ret = api;
    return true;
}

static bool describe(const char *path, struct layer_descriptor *ret, struct error *err)
{
    CLEANUP(str_free) char *plain = NULL;
    if (!path_to_plain(path, &plain, err))
        return false;
    struct guid id;
    wchar_t *wide;
    if (!layer_id_from_name(fs_name_of(plain), &id, err) || !utf16_from_utf8(plain, &wide, err))
        return false;
    *ret = (struct layer_descriptor){.id = to_windows(&id), .path = wide};
    return true;
}

bool layer_descriptors_make(const struct strlist *parents, struct layer_descriptors *ret,
                            struct error *err)
{
    CLEANUP(layer_descriptors_clear) struct layer_descriptors made = {0};
    if (parents->count > 0)
        made.items = xcalloc(parents->count, sizeof(*made.items));
    for (; made.count < parents->count; made.count++)
        if (!describe(parents->items[made.count], &made.items[made.count], err))
            return error_wrap(err, "parent layer '%s'", parents->items[made.count]);
    *ret = TAKE(made);
    return true;
}

void layer_descriptors_clear(struct layer_descriptors *descriptors)
{
    for (size_t i = 0; i < descriptors->count; i++) {
        union {
            const wchar_t *borrowed;
            wchar_t *owned;
        } path = {.borrowed = descriptors->items[i].path};
        utf16_free(&path.owned);
    }
    mem_free(&descriptors->items);
    descriptors->count = 0;
}
