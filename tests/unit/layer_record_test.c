/* SPDX-License-Identifier: MIT */
#include "layers/layer_record.h"

#include "check.h"

#define DIFF "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define CHAIN "sha256:2222222222222222222222222222222222222222222222222222222222222222"

TEST(what_is_composed_is_read_back)
{
    struct error err = {0};
    CLEANUP(layer_record_clear) struct layer_record record = {.created = xstrdup("2026-11-22")};
    CLEANUP(layer_record_clear) struct layer_record read = {0};
    CLEANUP(str_free) char *text = NULL;
    assert_ok(digest_parse(DIFF, &record.diff_id, &err));
    assert_ok(digest_parse(CHAIN, &record.chain_id, &err));
    strlist_add(&record.parents, "top");
    strlist_add(&record.parents, "base");
    assert_ok(layer_record_compose(&record, &text, &err));
    assert_ok(layer_record_parse(text, strlen(text), &read, &err));
    assert_string_equal(read.diff_id.text, DIFF);
    assert_string_equal(read.chain_id.text, CHAIN);
    assert_int_equal(read.parents.count, 2);
    assert_string_equal(read.parents.items[0], "top");
    assert_string_equal(read.parents.items[1], "base");
    assert_string_equal(read.created, "2026-11-22");
}

TEST(the_blob_of_a_layer_is_remembered)
{
    struct error err = {0};
    CLEANUP(layer_record_clear) struct layer_record record = {.blob = {.size = 77}};
    CLEANUP(layer_record_clear) struct layer_record read = {0};
    CLEANUP(str_free) char *text = NULL;
    assert_ok(digest_parse(DIFF, &record.diff_id, &err));
    assert_ok(digest_parse(CHAIN, &record.chain_id, &err));
    assert_ok(digest_parse(CHAIN, &record.blob.digest, &err));
    record.blob.media_type = xstrdup("a/b");
    assert_ok(layer_record_compose(&record, &text, &err));
    assert_ok(layer_record_parse(text, strlen(text), &read, &err));
    assert_string_equal(read.blob.media_type, "a/b");
    assert_string_equal(read.blob.digest.text, CHAIN);
    assert_int_equal(read.blob.size, 77);
}

TEST(a_base_layer_has_an_empty_list)
{
    struct error err = {0};
    CLEANUP(layer_record_clear) struct layer_record read = {0};
    const char text[] =
        "{\"diffId\":\"" DIFF "\",\"chainId\":\"" CHAIN "\",\"parents\":[],\"later\":1}";
    assert_ok(layer_record_parse(text, strlen(text), &read, &err));
    assert_int_equal(read.parents.count, 0);
    assert_null(read.created);
}

TEST(what_became_of_the_utility_vm)
{
    for (int became = LAYER_UTILITY_VM_NONE; became <= LAYER_UTILITY_VM_KEPT; became++) {
        struct error err = {0};
        struct layer_record record = {.utility_vm = (enum layer_utility_vm)became};
        CLEANUP(layer_record_clear) struct layer_record read = {0};
        CLEANUP(str_free) char *text = NULL;
        assert_ok(digest_parse(DIFF, &record.diff_id, &err));
        assert_ok(digest_parse(CHAIN, &record.chain_id, &err));
        assert_ok(layer_record_compose(&record, &text, &err));
        assert_ok(layer_record_parse(text, strlen(text), &read, &err));
        assert_int_equal(read.utility_vm, became);
    }
}

TEST(broken_records_are_refused)
{
    static const struct {
        const char *text;
        const char *message;
    } table[] = {
        {"", ""},
        {"{", ""},
        {"[]", ""},
        {"{}", "diffId"},
        {"{\"diffId\":\"" DIFF "\",\"chainId\":\"" CHAIN "\"}", "parents"},
        {"{\"diffId\":\"" DIFF "\",\"chainId\":\"md5:0\",\"parents\":[]}", "chainId"},
        {"{\"diffId\":\"" DIFF "\",\"chainId\":\"" CHAIN "\",\"parents\":[1]}", "parents[0]"},
        {"{\"diffId\":\"" DIFF "\",\"chainId\":\"" CHAIN "\",\"parents\":\"x\"}", "parents"},
        {"{\"diffId\":\"" DIFF "\",\"chainId\":\"" CHAIN "\",\"parents\":[],\"blob\":7}", "blob"},
        {"{\"diffId\":\"" DIFF "\",\"chainId\":\"" CHAIN
         "\",\"parents\":[],\"blob\":{\"mediaType\":\"a/b\"}}",
         "blob: 'digest' is missing"},
        {"{\"diffId\":\"" DIFF "\",\"chainId\":\"" CHAIN "\",\"parents\":[],\"utilityVm\":\"x\"}",
         "utilityVm: 'x' is neither"},
        {"{\"diffId\":\"" DIFF "\",\"chainId\":\"" CHAIN "\",\"parents\":[],\"utilityVm\":true}",
         "utilityVm"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        struct error err = {0};
        struct layer_record read = {0};
        assert_fails(layer_record_parse(table[i].text, strlen(table[i].text), &read, &err),
                     ERR_INTEGRITY, table[i].message);
        assert_null(read.parents.items);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_composed_is_read_back),
        cmocka_unit_test(the_blob_of_a_layer_is_remembered),
        cmocka_unit_test(a_base_layer_has_an_empty_list),
        cmocka_unit_test(what_became_of_the_utility_vm),
        cmocka_unit_test(broken_records_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
