/* SPDX-License-Identifier: MIT */
/* fake_layer_api: the layer calls as a recorder. It does to the directories what later steps rely
 * on, and fails where it is told to. */
#pragma once

#include "base/strlist.h"
#include "check.h"
#include "layers/layer_id.h"
#include "layers/vmcompute_api.h"
#include "win32/utf16.h"

#define FAKE_VOLUME "\\\\?\\Volume{02da95cc-0af1-59c4-bcff-5e7d4cf45ead}"

static struct {
    struct strlist calls; /* "Function last\name" or what is noted in the function */
    const char *failing;  /* function that fails */
    unsigned failures;    /* how many times more */
    HRESULT failure;      /* with what */
    void (*on_import)(const char *layer, const char *folder); /* during ImportLayer */
    void (*on_export)(const char *folder);                    /* during ExportLayer */
} fake;

static inline void fake_reset(void)
{
    strlist_clear(&fake.calls);
    memset(&fake, 0, sizeof(fake));
}

static inline void fake_fail(const char *function, HRESULT failure, unsigned failures)
{
    fake.failing = function;
    fake.failure = failure;
    fake.failures = failures;
}

static __attribute__((noinline)) char *fake_text(const wchar_t *wide)
{
    struct error err = {0};
    char *text = NULL;
    assert_ok(utf16_to_utf8(wide, &text, &err));
    return text;
}

static inline HRESULT fake_result(const char *function)
{
    if (!fake.failing || strcmp(fake.failing, function) != 0 || fake.failures == 0)
        return S_OK;
    fake.failures--;
    return fake.failure;
}

static inline HRESULT fake_call(const char *function, const struct layer_driver *driver,
                                const wchar_t *id)
{
    CLEANUP(str_free) char *path = fake_text(id);
    if (driver) {
        assert_int_equal(driver->flavour, 1);
        assert_int_equal(driver->home[0], 0);
    }
    strlist_addf(&fake.calls, "%s %s", function, path);
    return fake_result(function);
}

static inline void fake_check_id(const GUID *id, const char *directory_name)
{
    struct error err = {0};
    struct guid expected;
    char text[GUID_TEXT_SIZE];
    char given[GUID_TEXT_SIZE];
    assert_ok(layer_id_from_name(directory_name, &expected, &err));
    guid_format(&expected, text);
    snprintf(given, sizeof(given), "%08lx-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x", id->Data1,
             id->Data2, id->Data3, id->Data4[0], id->Data4[1], id->Data4[2], id->Data4[3],
             id->Data4[4], id->Data4[5], id->Data4[6], id->Data4[7]);
    assert_string_equal(given, text);
}

static inline void fake_note_parents(const struct layer_descriptor *parents, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        CLEANUP(str_free) char *path = fake_text(parents[i].path);
        fake_check_id(&parents[i].id, strrchr(path, '\\') + 1);
        assert_int_equal(parents[i].flags, 0);
        strlist_addf(&fake.calls, "  parent %s", path);
    }
}

static inline HRESULT WINAPI fake_ActivateLayer(const struct layer_driver *driver,
                                                const wchar_t *id)
{
    return fake_call("ActivateLayer", driver, id);
}

static inline HRESULT WINAPI fake_DeactivateLayer(const struct layer_driver *driver,
                                                  const wchar_t *id)
{
    return fake_call("DeactivateLayer", driver, id);
}

static inline HRESULT WINAPI fake_PrepareLayer(const struct layer_driver *driver, const wchar_t *id,
                                               const struct layer_descriptor *parents, size_t count)
{
    HRESULT result = fake_call("PrepareLayer", driver, id);
    fake_note_parents(parents, count);
    return result;
}

static inline HRESULT WINAPI fake_UnprepareLayer(const struct layer_driver *driver,
                                                 const wchar_t *id)
{
    return fake_call("UnprepareLayer", driver, id);
}

static inline HRESULT WINAPI fake_GetLayerMountPath(const struct layer_driver *driver,
                                                    const wchar_t *id, size_t *units, wchar_t *path)
{
    HRESULT result = fake_call("GetLayerMountPath", driver, id);
    size_t needed = strlen(FAKE_VOLUME) + 1;
    if (path) {
        assert_int_equal(*units, needed);
        for (size_t i = 0; i < needed; i++)
            path[i] = (wchar_t)FAKE_VOLUME[i];
    } else {
        assert_int_equal(*units, 0);
    }
    *units = needed;
    return result;
}

static inline HRESULT WINAPI fake_ImportLayer(const struct layer_driver *driver, const wchar_t *id,
                                              const wchar_t *folder,
                                              const struct layer_descriptor *parents, size_t count)
{
    CLEANUP(str_free) char *layer = fake_text(id);
    CLEANUP(str_free) char *source = fake_text(folder);
    HRESULT result = fake_call("ImportLayer", driver, id);
    fake_note_parents(parents, count);
    if (fake.on_import)
        fake.on_import(layer, source);
    return result;
}

static inline HRESULT WINAPI fake_ExportLayer(const struct layer_driver *driver, const wchar_t *id,
                                              const wchar_t *folder,
                                              const struct layer_descriptor *parents, size_t count)
{
    CLEANUP(str_free) char *target = fake_text(folder);
    HRESULT result = fake_call("ExportLayer", driver, id);
    fake_note_parents(parents, count);
    assert_int_equal(fs_type_of(target), FS_DIRECTORY);
    if (fake.on_export && SUCCEEDED(result))
        fake.on_export(target);
    return result;
}

static inline HRESULT WINAPI fake_ProcessBaseImage(const wchar_t *path)
{
    struct error err = {0};
    CLEANUP(str_free) char *layer = fake_text(path);
    CLEANUP(str_free) char *template = fs_join(layer, "blank.vhdx");
    assert_ok(fs_write_file(template, "template", 8, &err));
    return fake_call("ProcessBaseImage", NULL, path);
}

static inline HRESULT WINAPI fake_ProcessUtilityImage(const wchar_t *path)
{
    return fake_call("ProcessUtilityImage", NULL, path);
}

static inline HRESULT WINAPI fake_DestroyLayer(const struct layer_driver *driver, const wchar_t *id)
{
    struct error err = {0};
    CLEANUP(str_free) char *path = fake_text(id);
    HRESULT result = fake_call("DestroyLayer", driver, id);
    if (SUCCEEDED(result))
        assert_ok(fs_remove_tree(path, &err));
    return result;
}

static inline HRESULT WINAPI fake_ExpandSandboxSize(const struct layer_driver *driver,
                                                    const wchar_t *id, UINT64 bytes)
{
    HRESULT result = fake_call("ExpandSandboxSize", driver, id);
    strlist_addf(&fake.calls, "  to %llu", (unsigned long long)bytes);
    return result;
}

static const struct layer_api fake_api = {
    .ActivateLayer = fake_ActivateLayer,
    .DeactivateLayer = fake_DeactivateLayer,
    .PrepareLayer = fake_PrepareLayer,
    .UnprepareLayer = fake_UnprepareLayer,
    .GetLayerMountPath = fake_GetLayerMountPath,
    .ImportLayer = fake_ImportLayer,
    .ExportLayer = fake_ExportLayer,
    .ProcessBaseImage = fake_ProcessBaseImage,
    .ProcessUtilityImage = fake_ProcessUtilityImage,
    .DestroyLayer = fake_DestroyLayer,
    .ExpandSandboxSize = fake_ExpandSandboxSize,
};

/* The calls so far, each a line, with 'root' shortened to "~"; then forgets them. */
static inline char *fake_take_calls(const char *root)
{
    CLEANUP(strlist_clear) struct strlist lines = {0};
    for (size_t i = 0; i < fake.calls.count; i++) {
        const char *line = fake.calls.items[i];
        const char *at = root ? strstr(line, root) : NULL;
        if (at)
            strlist_addf(&lines, "%.*s~%s", (int)(at - line), line, at + strlen(root));
        else
            strlist_add(&lines, line);
    }
    strlist_clear(&fake.calls);
    return lines.count ? strlist_join(&lines, "\n") : xstrdup("");
}
