/* SPDX-License-Identifier: MIT */
/* vmcompute_api: the layer calls of vmcompute.dll, the interface beneath Docker and containerd.
 *
 * Microsoft has documented neither the calls nor the structures; both follow hcsshim's
 * internal/wclayer. Every call takes the driver and, as 'id', the absolute path of a layer's
 * directory. All are synchronous, may take minutes, and cannot be cancelled. */
#pragma once

#include "base/error.h"
#include "base/strlist.h"
#include "win32/windows_lean.h"

#define LAYER_DRIVER_FILTER 1

struct layer_driver {
    int flavour;         /* LAYER_DRIVER_FILTER */
    const wchar_t *home; /* L"": ids are whole paths. NULL crashes the DLL */
};

struct layer_descriptor {
    GUID id; /* layer_id of the directory's name */
    ULONG flags;
    const wchar_t *path; /* plain form, C:\... */
};

_Static_assert(sizeof(struct layer_driver) == 16, "DriverInfo of vmcompute.dll");
_Static_assert(sizeof(struct layer_descriptor) == 32, "WC_LAYER_DESCRIPTOR of vmcompute.dll");
_Static_assert(offsetof(struct layer_descriptor, path) == 24, "WC_LAYER_DESCRIPTOR.Path");

/* Arrays of descriptors run from the topmost layer to the base layer. */
#define LAYER_FUNCTIONS(X)                                                                         \
    X(ActivateLayer, DLL_REQUIRED, const struct layer_driver *driver, const wchar_t *id)           \
    X(DeactivateLayer, DLL_REQUIRED, const struct layer_driver *driver, const wchar_t *id)         \
    X(PrepareLayer, DLL_REQUIRED, const struct layer_driver *driver, const wchar_t *id,            \
      const struct layer_descriptor *parents, size_t count)                                        \
    X(UnprepareLayer, DLL_REQUIRED, const struct layer_driver *driver, const wchar_t *id)          \
    X(GetLayerMountPath, DLL_REQUIRED, const struct layer_driver *driver, const wchar_t *id,       \
      size_t *units, wchar_t *path)                                                                \
    X(ImportLayer, DLL_REQUIRED, const struct layer_driver *driver, const wchar_t *id,             \
      const wchar_t *folder, const struct layer_descriptor *parents, size_t count)                 \
    X(ExportLayer, DLL_REQUIRED, const struct layer_driver *driver, const wchar_t *id,             \
      const wchar_t *folder, const struct layer_descriptor *parents, size_t count)                 \
    X(ProcessBaseImage, DLL_REQUIRED, const wchar_t *path)                                         \
    X(ProcessUtilityImage, DLL_REQUIRED, const wchar_t *path)                                      \
    X(DestroyLayer, DLL_REQUIRED, const struct layer_driver *driver, const wchar_t *id)            \
    X(NameToGuid, DLL_REQUIRED, const wchar_t *name, GUID *guid)                                   \
    X(CreateSandboxLayer, DLL_OPTIONAL, const struct layer_driver *driver, const wchar_t *id,      \
      const wchar_t *parent, const struct layer_descriptor *parents, size_t count)                 \
    X(ExpandSandboxSize, DLL_OPTIONAL, const struct layer_driver *driver, const wchar_t *id,       \
      UINT64 bytes)                                                                                \
    X(GrantVmAccess, DLL_OPTIONAL, const wchar_t *vm_id, const wchar_t *path)

struct layer_api {
#define X(name, presence, ...) HRESULT(WINAPI *name)(__VA_ARGS__);
    LAYER_FUNCTIONS(X)
#undef X
};

/* The driver to pass to every call. */
extern const struct layer_driver layer_driver;

/* Binds vmcompute.dll, and makes sure that this Windows numbers layers the way layer_id_from_name()
 * does. ERR_UNSUPPORTED, with a hint, when containers are not installed. */
bool layer_api_load(struct layer_api *ret, struct error *err) MUST_USE;

struct layer_descriptors {
    struct layer_descriptor *items;
    size_t count;
};

/* For layer directories, topmost first (empty for a base layer). */
bool layer_descriptors_make(const struct strlist *parents, struct layer_descriptors *ret,
                            struct error *err) MUST_USE;
void layer_descriptors_clear(struct layer_descriptors *descriptors);
