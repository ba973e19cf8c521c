/* SPDX-License-Identifier: MIT */
#include "registry/image_compose.h"

#include "registry/image.h"
#include "registry/image_instruction.h"
#include "stored_image.h"

#define DIGEST_A "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define DIGEST_B "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define CREATED "2026-02-03T04:05:06Z"
#define OLDER                                                                                      \
    "{\"architecture\":\"amd64\",\"os\":\"windows\",\"os.version\":\"10.0.20348.2322\","           \
    "\"x.unknown\":{\"n\":1.50,\"l\":[null,true]},\"container\":\"c0ffee\",\"created\":\"old\","   \
    "\"container_config\":{\"Cmd\":[\"x\"]},"                                                      \
    "\"config\":{\"Env\":[\"Path=C:\\\\Windows\"],\"Foo\":7,\"Cmd\":[\"c:\\\\windows\\\\cmd\"]},"  \
    "\"history\":[{\"created_by\":\"Apply image\"},{\"empty_layer\":true}],"                       \
    "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" DIGEST_A "\"]}}"

/* An older image of one layer, and two layers. */
struct fixture {
    struct descriptor layers[2];
    struct descriptor_list list;
    struct digest diff_ids[2];
    struct strlist changes;
    struct image_compose_request request;
};

static void open_fixture(struct fixture *f, const char *config)
{
    struct error err = {0};
    *f = (struct fixture){0};
    for (size_t i = 0; i < 2; i++) {
        assert_ok(digest_parse(i ? DIGEST_B : DIGEST_A, &f->diff_ids[i], &err));
        f->layers[i].media_type = xstrdup(image_family_gzip_layer(IMAGE_FAMILY_DOCKER));
        f->layers[i].digest = digest_of(&i, 1);
        f->layers[i].size = 100 + i;
    }
    f->list = (struct descriptor_list){f->layers, 2};
    f->request = (struct image_compose_request){
        .config = config,
        .config_length = strlen(config),
        .layers = &f->list,
        .diff_ids = f->diff_ids,
        .created = CREATED,
        .message = "what it is",
        .author = "A <a@example.com>",
        .changes = &f->changes,
    };
}

static void close_fixture(struct fixture *f)
{
    for (size_t i = 0; i < 2; i++)
        descriptor_clear(&f->layers[i]);
    strlist_clear(&f->changes);
}

TEST(the_configuration_is_the_older_one_with_what_is_new)
{
    struct error err = {0};
    CLEANUP(composed_image_clear) struct composed_image image = {0};
    CLEANUP(close_fixture) struct fixture f;
    open_fixture(&f, OLDER);
    assert_ok(image_compose(&f.request, &image, &err));
    assert_string_equal(
        image.config,
        "{\"architecture\":\"amd64\",\"os\":\"windows\",\"os.version\":\"10.0.20348.2322\","
        "\"x.unknown\":{\"n\":1.50,\"l\":[null,true]},\"created\":\"" CREATED "\","
        "\"config\":{\"Env\":[\"Path=C:\\\\Windows\"],\"Foo\":7,\"Cmd\":[\"c:\\\\windows\\\\cmd\"]}"
        ","
        "\"history\":[{\"created_by\":\"Apply image\"},{\"empty_layer\":true},"
        "{\"created\":\"" CREATED "\",\"author\":\"A <a@example.com>\","
        "\"comment\":\"what it is\"}],"
        "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" DIGEST_A "\",\"" DIGEST_B "\"]},"
        "\"author\":\"A <a@example.com>\"}");
}

TEST(the_manifest_leads_to_it_and_to_all_layers)
{
    struct error err = {0};
    CLEANUP(composed_image_clear) struct composed_image image = {0};
    CLEANUP(manifest_clear) struct manifest manifest = {0};
    CLEANUP(close_fixture) struct fixture f;
    open_fixture(&f, OLDER);
    strlist_add(&f.layers[0].urls, "https://example.com/layer");
    assert_ok(image_compose(&f.request, &image, &err));
    assert_ok(manifest_parse(image.manifest, strlen(image.manifest), image.descriptor.media_type,
                             &manifest, &err));
    struct digest config = digest_of(image.config, strlen(image.config));
    assert_true(digest_equal(&manifest.config.digest, &config));
    assert_int_equal(manifest.config.size, strlen(image.config));
    assert_int_equal(manifest.layers.count, 2);
    assert_string_equal(manifest.layers.items[0].urls.items[0], "https://example.com/layer");
    assert_int_equal(manifest.layers.items[1].size, 101);
    struct digest own = digest_of(image.manifest, strlen(image.manifest));
    assert_true(digest_equal(&image.descriptor.digest, &own));
}

TEST(the_family_of_the_older_image_is_kept)
{
    struct error err = {0};
    CLEANUP(composed_image_clear) struct composed_image image = {0};
    CLEANUP(close_fixture) struct fixture f;
    open_fixture(&f, OLDER);
    f.request.family = image_family_of("application/vnd.oci.image.manifest.v1+json");
    assert_ok(image_compose(&f.request, &image, &err));
    assert_string_equal(image.descriptor.media_type, "application/vnd.oci.image.manifest.v1+json");
    assert_non_null(strstr(image.manifest, "\"application/vnd.oci.image.config.v1+json\""));
    assert_int_equal(image_family_of("application/vnd.docker.distribution.manifest.v2+json"),
                     IMAGE_FAMILY_DOCKER);
    assert_int_equal(image_family_of(NULL), IMAGE_FAMILY_DOCKER);
}

TEST(each_layer_has_a_line_of_history)
{
    static const char bare[] = "{\"os\":\"windows\",\"architecture\":\"amd64\",\"rootfs\":{"
                               "\"type\":\"layers\",\"diff_ids\":[\"" DIGEST_A "\"]}}";
    struct error err = {0};
    CLEANUP(composed_image_clear) struct composed_image image = {0};
    CLEANUP(close_fixture) struct fixture f;
    open_fixture(&f, bare);
    f.request.message = NULL;
    f.request.author = NULL;
    f.request.created_by = "cmd /c make";
    assert_ok(image_compose(&f.request, &image, &err));
    assert_non_null(strstr(image.config,
                           "\"history\":[{\"comment\":\"not known\"},{\"created\":\"" CREATED
                           "\",\"created_by\":\"cmd /c make\"}]"));
    assert_null(strstr(image.config, "author"));
}

TEST(what_does_not_fit_together_is_refused)
{
    static const struct {
        const char *config;
        enum err_kind kind;
        const char *text;
    } rows[] = {
        {"", ERR_INTEGRITY, "the image to build on"},
        {"[]", ERR_INTEGRITY, "the image to build on"},
        {"{\"os\":\"windows\",\"architecture\":\"amd64\",\"rootfs\":{\"type\":\"layers\","
         "\"diff_ids\":[\"" DIGEST_A "\",\"" DIGEST_B "\",\"" DIGEST_B "\"]}}",
         ERR_INTEGRITY, "it names 3 layers, of which there are 2"},
        {"{\"os\":\"windows\",\"architecture\":\"amd64\",\"config\":{\"ExposedPorts\":[]},"
         "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" DIGEST_A "\"]}}",
         ERR_INTEGRITY, "ExposedPorts: not an object"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(composed_image_clear) struct composed_image image = {0};
        CLEANUP(close_fixture) struct fixture f;
        open_fixture(&f, rows[i].config);
        assert_fails(image_compose(&f.request, &image, &err), rows[i].kind, rows[i].text);
        assert_null(image.config);
    }
}

/* ---- instructions ---- */

/* The object "config" after the instructions (a NULL ends them), starting from 'process'. */
static char *changed(const char *process, const char *const *instructions)
{
    struct error err = {0};
    char *text = NULL;
    CLEANUP(json_document_clear) struct json_document document = {0};
    CLEANUP(image_edit_clear) struct image_edit edit = {0};
    CLEANUP(json_writer_close) struct json_writer w;
    assert_ok(json_parse(process, strlen(process), &json_default_limits, &document, &err));
    assert_ok(image_edit_open(document.root, &edit, &err));
    for (; *instructions; instructions++)
        assert_ok(image_instruction_apply(&edit, *instructions, &err));
    json_writer_open(&w);
    image_edit_put(&edit, &w, NULL, document.root);
    assert_ok(json_writer_finish(&w, &text, &err));
    return text;
}

TEST(instructions_change_what_they_name)
{
    static const struct {
        const char *before;
        const char *instructions[4];
        const char *after;
    } rows[] = {
        {"{}", {"CMD [\"a b\", \"c\"]"}, "{\"Cmd\":[\"a b\",\"c\"]}"},
        {"{}",
         {"CMD echo \"hi\""},
         "{\"ArgsEscaped\":true,\"Cmd\":[\"cmd /S /C echo \\\"hi\\\"\"]}"},
        {"{\"Shell\":[\"powershell\",\"-Command\"]}",
         {"cmd dir"},
         "{\"Shell\":[\"powershell\",\"-Command\"],\"ArgsEscaped\":true,"
         "\"Cmd\":[\"powershell -Command dir\"]}"},
        {"{\"Cmd\":[\"x y\"],\"ArgsEscaped\":true}",
         {"CMD [\"z\"]"},
         "{\"Cmd\":[\"z\"],\"ArgsEscaped\":false}"},
        {"{\"Cmd\":[\"old\"]}", {"ENTRYPOINT [\"e\"]"}, "{\"Cmd\":[],\"Entrypoint\":[\"e\"]}"},
        {"{\"Cmd\":[\"old\"]}",
         {"CMD [\"new\"]", "ENTRYPOINT [\"e\"]"},
         "{\"Cmd\":[\"new\"],\"Entrypoint\":[\"e\"]}"},
        {"{\"Env\":[\"Path=C:\\\\W\",\"A=1\"]}",
         {"ENV PATH=C:\\app;${path} B='$x y'"},
         "{\"Env\":[\"PATH=C:\\\\app;C:\\\\W\",\"A=1\",\"B=$x y\"]}"},
        {"{\"Env\":null}", {"ENV NAME some value"}, "{\"Env\":[\"NAME=some value\"]}"},
        {"{\"Env\":[\"A=1\"]}", {"ENV A=\"$A$B`$C\""}, "{\"Env\":[\"A=1$C\"]}"},
        {"{\"Labels\":{\"a\":\"1\",\"A\":\"2\"}}",
         {"LABEL a=3 \"b c\"=\"d e\""},
         "{\"Labels\":{\"a\":\"3\",\"A\":\"2\",\"b c\":\"d e\"}}"},
        {"{\"ExposedPorts\":{\"80/tcp\":{}}}",
         {"EXPOSE 80 53/udp"},
         "{\"ExposedPorts\":{\"80/tcp\":{},\"53/udp\":{}}}"},
        {"{}", {"USER ContainerAdministrator"}, "{\"User\":\"ContainerAdministrator\"}"},
        {"{}", {"WORKDIR \"C:/a b\""}, "{\"WorkingDir\":\"C:\\\\a b\"}"},
        {"{\"WorkingDir\":\"C:\\\\a\"}", {"WORKDIR b/c"}, "{\"WorkingDir\":\"C:\\\\a\\\\b\\\\c\"}"},
        {"{}", {"WORKDIR app"}, "{\"WorkingDir\":\"C:\\\\app\"}"},
        {"{}", {"WORKDIR \\app"}, "{\"WorkingDir\":\"C:\\\\app\"}"},
        {"{}",
         {"VOLUME [\"C:\\\\d\"]", "VOLUME C:\\d C:\\e"},
         "{\"Volumes\":{\"C:\\\\d\":{},\"C:\\\\e\":{}}}"},
        {"{}", {"ONBUILD RUN x", "STOPSIGNAL 9"}, "{\"OnBuild\":[\"RUN x\"],\"StopSignal\":\"9\"}"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(str_free) char *after = changed(rows[i].before, rows[i].instructions);
        assert_string_equal(after, rows[i].after);
    }
}

TEST(instructions_that_are_not_understood_are_refused)
{
    static const struct {
        const char *instruction;
        const char *text;
    } rows[] = {
        {"", "'' is no instruction"},
        {"RUN x", "'RUN' is no instruction"},
        {"FROM x", "'FROM' is no instruction"},
        {"CMD [\"a\"", "must be a JSON list"},
        {"CMD [1]", "must be a JSON list"},
        {"ENV", "no NAME=VALUE"},
        {"ENV A", "'A' is not NAME=VALUE"},
        {"ENV A=1 =2", "'=2' is not NAME=VALUE"},
        {"ENV A=\"x", "a quotation has no end"},
        {"ENV A=${B:-c}", "only $NAME and ${NAME}"},
        {"ENV A=${", "only $NAME and ${NAME}"},
        {"LABEL =b", "'=b' is not NAME=VALUE"},
        {"EXPOSE", "names no port"},
        {"EXPOSE 0", "'0' is no port"},
        {"EXPOSE 65536", "no port"},
        {"EXPOSE 80/sctp", "no port"},
        {"EXPOSE 9-8", "no port"},
        {"EXPOSE http", "no port"},
        {"USER", "needs one value"},
        {"USER a b", "needs one value"},
        {"WORKDIR", "needs one value"},
        {"VOLUME", "names no directory"},
        {"ONBUILD", "has no instruction"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(strlist_clear) struct strlist changes = {0};
        strlist_add(&changes, rows[i].instruction);
        assert_fails(image_compose_check_changes(&changes, &err), ERR_USAGE, rows[i].text);
    }
}

static size_t count_pending(const struct blob_store *store, struct image_record *ret)
{
    struct error err = {0};
    CLEANUP(pending_images_close) struct pending_images pending = {0};
    assert_ok(pending_images_open(store, &pending, &err));
    if (pending.folders.count > 0)
        assert_ok(pending_images_read(&pending, 0, ret, &err));
    return pending.folders.count;
}

/* A new image that is about to be stored. */
struct stored {
    char *root;
    struct blob_store store;
    struct archive_staging staging;
    struct composed_image composed;
    struct reference name;
    struct fixture fixture;
};

static void open_stored(struct stored *s)
{
    struct error err = {0};
    *s = (struct stored){.root = make_scratch()};
    open_fixture(&s->fixture, OLDER);
    strlist_add(&s->fixture.changes, "USER me");
    assert_ok(blob_store_open(s->root, &s->store, &err));
    assert_ok(reference_parse("localhost/new:1", &s->name, &err));
    assert_ok(image_compose(&s->fixture.request, &s->composed, &err));
    assert_ok(archive_staging_open(&s->store, NULL, &s->staging, &err));
}

static void close_stored(struct stored *s)
{
    archive_staging_close(&s->staging);
    composed_image_clear(&s->composed);
    reference_clear(&s->name);
    close_fixture(&s->fixture);
    blob_store_close(&s->store);
    remove_scratch(&s->root);
}

TEST(an_image_that_is_stored_is_found_by_its_name)
{
    struct error err = {0};
    CLEANUP(reference_clear) struct reference digested = {0};
    CLEANUP(image_clear) struct image image = {0};
    CLEANUP(close_stored) struct stored s;
    open_stored(&s);
    assert_ok(reference_parse("localhost/new@" DIGEST_A, &digested, &err));
    assert_fails(image_compose_promise(&s.composed, &digested, &s.staging, &err), ERR_USAGE,
                 "not by a digest");
    assert_ok(image_compose_promise(&s.composed, &s.name, &s.staging, &err));
    assert_ok(image_compose_store(&s.composed, &s.staging, &err));
    assert_ok(image_compose_name(&s.composed, &s.name, &s.staging, &err));
    assert_ok(image_read(&s.store, &s.name, &image, &err));
    assert_string_equal(image.config.config.user, "me");
    assert_int_equal(image.config.diff_id_count, 2);
    assert_string_equal(image.config.os_version, "10.0.20348.2322");
    assert_true(digest_equal(&image.digest, &s.composed.descriptor.digest));
    archive_staging_close(&s.staging);
    assert_int_equal(count_pending(&s.store, NULL), 0);
}

TEST(a_promise_that_was_not_kept_is_found_when_nobody_stages)
{
    struct error err = {0};
    CLEANUP(archive_staging_close) struct archive_staging other = {0};
    CLEANUP(image_record_clear) struct image_record record = {0};
    CLEANUP(pending_images_close) struct pending_images pending = {0};
    CLEANUP(close_stored) struct stored s;
    open_stored(&s);
    assert_ok(image_compose_promise(&s.composed, &s.name, &s.staging, &err));
    assert_int_equal(count_pending(&s.store, &record), 0); /* it may still be kept */
    archive_staging_close(&s.staging);
    assert_ok(archive_staging_open(&s.store, NULL, &other, &err)); /* and sweeps */
    archive_staging_close(&other);
    assert_ok(archive_staging_sweep(&s.store, &err));
    assert_int_equal(count_pending(&s.store, &record), 1);
    assert_string_equal(record.reference, "localhost/new:1");
    assert_true(digest_equal(&record.digest, &s.composed.descriptor.digest));
    assert_int_equal(record.size, strlen(s.composed.manifest));
    assert_ok(pending_images_open(&s.store, &pending, &err));
    assert_ok(pending_images_remove(&pending, &err));
    pending_images_close(&pending);
    assert_int_equal(count_pending(&s.store, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_configuration_is_the_older_one_with_what_is_new),
        cmocka_unit_test(the_manifest_leads_to_it_and_to_all_layers),
        cmocka_unit_test(the_family_of_the_older_image_is_kept),
        cmocka_unit_test(each_layer_has_a_line_of_history),
        cmocka_unit_test(what_does_not_fit_together_is_refused),
        cmocka_unit_test(instructions_change_what_they_name),
        cmocka_unit_test(instructions_that_are_not_understood_are_refused),
        cmocka_unit_test(an_image_that_is_stored_is_found_by_its_name),
        cmocka_unit_test(a_promise_that_was_not_kept_is_found_when_nobody_stages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
