/* SPDX-License-Identifier: MIT */
/* Which blobs and layers go, decided on views made by hand. */
#include "layers/chain.h"
#include "runner/duration.h"
#include "runner/store_cleanup.h"
#include "stored_image.h"

struct fixture {
    char *root;
    struct blob_store store;
    struct invocation invocation;
    struct store_view view;
    struct cleanup cleanup;
    char names[4][LAYER_DIRECTORY_NAME_SIZE];
};

static struct digest diff_id_of(const char *text)
{
    return digest_of(text, strlen(text));
}

/* A directory as a complete layer has it, on top of the layer before it. */
static void put_layer(struct fixture *f, size_t depth, const struct digest *chain)
{
    struct error err = {0};
    struct layer_record record = {.diff_id = *chain, .chain_id = *chain};
    CLEANUP(str_free) char *text = NULL;
    layer_directory_name(chain, f->names[depth]);
    for (size_t i = depth; i > 0; i--)
        strlist_add(&record.parents, f->names[i - 1]);
    assert_ok(layer_record_compose(&record, &text, &err));
    CLEANUP(str_free) char *path = str_format("%s/layers/%s", f->root, f->names[depth]);
    CLEANUP(str_free) char *file = fs_join(path, LAYER_RECORD_NAME);
    assert_ok(fs_make_directories(path, &err));
    assert_ok(fs_write_file(file, text, strlen(text), &err));
    layer_record_clear(&record);
}

/* Four layers on each other: the lowest is that of an image of the layer "base". */
static void open_fixture(struct fixture *f)
{
    struct error err = {0};
    struct digest chain = {0};
    static const char *const texts[] = {"base", "one", "two", "three"};
    f->root = make_scratch();
    f->invocation.root = f->root;
    assert_ok(blob_store_open(f->root, &f->store, &err));
    struct stored_image image = put_image(&f->store, "base", "");
    put_reference(&f->store, &image, "localhost:5000/a:1");
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct digest diff_id = diff_id_of(texts[i]);
        chain = chain_id_next(&chain, &diff_id);
        put_layer(f, i, &chain);
    }
    assert_ok(store_view_read(&f->invocation, &f->store, &f->view, &err));
    layer_list_clear(&f->view.layers);
    assert_ok(layer_list_read(f->root, &f->view.layers, &err));
    assert_int_equal(f->view.layers.count, 4);
}

static void close_fixture(struct fixture *f)
{
    store_view_clear(&f->view);
    store_cleanup_clear(&f->cleanup);
    blob_store_close(&f->store);
    remove_scratch(&f->root);
}

static void plan(struct fixture *f, const struct cleanup_rule *rule)
{
    struct error err = {0};
    store_cleanup_clear(&f->cleanup);
    assert_ok(store_cleanup_plan(&f->invocation, &f->store, &f->view, rule, &f->cleanup, &err));
}

/* The layers above 'lowest' go, the topmost first. */
static void check_layers(const struct fixture *f, size_t lowest)
{
    assert_int_equal(f->cleanup.layers.count, 4 - lowest);
    for (size_t i = 0; i < f->cleanup.layers.count; i++)
        assert_string_equal(f->cleanup.layers.items[i], f->names[3 - i]);
}

static void add_run(struct fixture *f, const char *layer)
{
    run_record_list_clear(&f->view.runs);
    f->view.runs.items = xcalloc(1, sizeof(*f->view.runs.items));
    f->view.runs.count = 1;
    strlist_add(&f->view.runs.items[0].layers, layer);
}

static struct listed_layer *layer_at(struct fixture *f, size_t depth)
{
    for (size_t i = 0; i < f->view.layers.count; i++)
        if (!strcmp(f->view.layers.items[i].name, f->names[depth]))
            return &f->view.layers.items[i];
    fail_msg("no layer at depth %zu", depth);
    return NULL;
}

TEST(layers_that_no_image_needs_go_children_first)
{
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    plan(&f, &(struct cleanup_rule){0});
    check_layers(&f, 1);
    assert_int_equal(f.cleanup.files.count, 0);
    f.view.leaving[0] = true;
    plan(&f, &(struct cleanup_rule){0});
    check_layers(&f, 0);
    assert_int_equal(f.cleanup.files.count, 3);
}

TEST(removing_an_image_takes_its_own_layers_only)
{
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    plan(&f, &(struct cleanup_rule){.leaving_only = true});
    assert_int_equal(f.cleanup.layers.count, 0);
    /* Nobody needs those above it, but they are not this image's, and they need its layer. */
    f.view.leaving[0] = true;
    plan(&f, &(struct cleanup_rule){.leaving_only = true});
    assert_int_equal(f.cleanup.layers.count, 0);
    assert_int_equal(f.cleanup.files.count, 3);
    for (size_t i = 0; i < 4; i++)
        if (!strcmp(f.view.layers.items[i].name, f.names[0])) {
            struct listed_layer base = f.view.layers.items[i];
            f.view.layers.items[i] = f.view.layers.items[0];
            f.view.layers.items[0] = base;
        }
    f.view.layers.count = 1;
    plan(&f, &(struct cleanup_rule){.leaving_only = true});
    f.view.layers.count = 4;
    assert_int_equal(f.cleanup.layers.count, 1);
    assert_string_equal(f.cleanup.layers.items[0], f.names[0]);
}

TEST(the_layers_of_a_run_stay_with_those_below)
{
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    f.view.leaving[0] = true;
    add_run(&f, f.names[2]);
    plan(&f, &(struct cleanup_rule){0});
    check_layers(&f, 3);
}

static void add_name(struct fixture *f, const char *parent, const char *layer)
{
    named_layer_list_clear(&f->view.names);
    f->view.names.items = xcalloc(1, sizeof(*f->view.names.items));
    f->view.names.count = 1;
    strlist_add(&f->view.names.items[0].parents, parent);
    f->view.names.items[0].layer = layer ? xstrdup(layer) : NULL;
}

TEST(what_a_named_layer_stands_on_stays)
{
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    f.view.leaving[0] = true;
    add_name(&f, f.names[1], NULL);
    plan(&f, &(struct cleanup_rule){0});
    check_layers(&f, 2);
    add_name(&f, f.names[1], f.names[2]);
    plan(&f, &(struct cleanup_rule){0});
    check_layers(&f, 3);
    /* Also from an image that goes. */
    add_name(&f, f.names[0], NULL);
    plan(&f, &(struct cleanup_rule){.leaving_only = true});
    assert_int_equal(f.cleanup.layers.count, 0);
    assert_non_null(store_view_named_user(&f.view, &f.view.images.items[0]));
    add_name(&f, f.names[1], NULL);
    assert_null(store_view_named_user(&f.view, &f.view.images.items[0]));
}

TEST(a_damaged_name_may_need_any_layer)
{
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    strlist_add(&f.view.names.damaged, "one");
    plan(&f, &(struct cleanup_rule){0});
    assert_int_equal(f.cleanup.layers.count, 0);
}

TEST(an_unreadable_run_may_need_any_layer)
{
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    f.view.runs.unreadable = 1;
    plan(&f, &(struct cleanup_rule){0});
    assert_int_equal(f.cleanup.layers.count, 0);
}

TEST(young_layers_stay_with_those_below)
{
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    f.view.leaving[0] = true;
    for (size_t i = 0; i < 4; i++)
        layer_at(&f, i)->age = 1000;
    layer_at(&f, 1)->age = 10;
    plan(&f, &(struct cleanup_rule){.minimum_age = 100});
    check_layers(&f, 2);
}

TEST(a_damaged_layer_is_no_reason_to_keep_anything)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    CLEANUP(str_free)
    char *path = str_format("%s/layers/%s/%s", f.root, f.names[3], LAYER_RECORD_NAME);
    assert_ok(fs_write_file(path, "{", 1, &err));
    layer_list_clear(&f.view.layers);
    assert_ok(layer_list_read(f.root, &f.view.layers, &err));
    assert_non_null(layer_at(&f, 3)->damage);
    plan(&f, &(struct cleanup_rule){0});
    assert_int_equal(f.cleanup.layers.count, 3);
    assert_true(strlist_contains(&f.cleanup.layers, f.names[3]));
}

TEST(what_is_no_layer_is_not_listed)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    static const char *const names[] = {"rm-0123", "short", "0123456789abcdef0123456789abcdeF"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        CLEANUP(str_free) char *path = str_format("%s/layers/%s", f.root, names[i]);
        CLEANUP(str_free) char *file = fs_join(path, LAYER_RECORD_NAME);
        assert_ok(fs_make_directories(path, &err));
        assert_ok(fs_write_file(file, "{}", 2, &err));
    }
    CLEANUP(str_free)
    char *unfinished = str_format("%s/layers/%032d", f.root, 1);
    assert_ok(fs_make_directories(unfinished, &err));
    layer_list_clear(&f.view.layers);
    assert_ok(layer_list_read(f.root, &f.view.layers, &err));
    assert_int_equal(f.view.layers.count, 4);
    assert_true(layer_retired_size(f.root) == 2);
}

TEST(blobs_of_unpacked_layers_go_on_request)
{
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    struct digest base = diff_id_of("base");
    plan(&f, &(struct cleanup_rule){.unpacked_blobs = true});
    assert_int_equal(f.cleanup.files.count, 1);
    assert_non_null(strstr(f.cleanup.files.items[0].path, digest_hex(&base)));

    layer_at(&f, 0)->damage = xstrdup("damaged");
    plan(&f, &(struct cleanup_rule){.unpacked_blobs = true});
    assert_int_equal(f.cleanup.files.count, 0);
}

TEST(spans_of_time)
{
    static const struct {
        const char *text;
        uint64_t seconds; /* UINT64_MAX = refused */
    } rows[] = {
        {"0s", 0},
        {"90s", 90},
        {"45m", 2700},
        {"1h30m", 5400},
        {"7d", 604800},
        {"2w", 1209600},
        {"", UINT64_MAX},
        {"7", UINT64_MAX},
        {"d", UINT64_MAX},
        {"1d2", UINT64_MAX},
        {"1D", UINT64_MAX},
        {"-1d", UINT64_MAX},
        {"1.5h", UINT64_MAX},
        {"18446744073709551615w", UINT64_MAX},
        {"100000w", UINT64_MAX},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        uint64_t seconds = UINT64_MAX;
        if (rows[i].seconds == UINT64_MAX) {
            assert_fails(duration_parse(rows[i].text, &seconds, &err), ERR_USAGE,
                         "is not a span of time");
            continue;
        }
        assert_ok(duration_parse(rows[i].text, &seconds, &err));
        assert_true(seconds == rows[i].seconds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_that_no_image_needs_go_children_first),
        cmocka_unit_test(removing_an_image_takes_its_own_layers_only),
        cmocka_unit_test(the_layers_of_a_run_stay_with_those_below),
        cmocka_unit_test(what_a_named_layer_stands_on_stays),
        cmocka_unit_test(a_damaged_name_may_need_any_layer),
        cmocka_unit_test(an_unreadable_run_may_need_any_layer),
        cmocka_unit_test(young_layers_stay_with_those_below),
        cmocka_unit_test(a_damaged_layer_is_no_reason_to_keep_anything),
        cmocka_unit_test(what_is_no_layer_is_not_listed),
        cmocka_unit_test(blobs_of_unpacked_layers_go_on_request),
        cmocka_unit_test(spans_of_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
