/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/json_write.h"
#include "base/text.h"
#include "hcn/document.h"
#include "runner/plan.h"

#define STEP_MAX 16

struct step {
    const char *what;   /* what is done, for people */
    const char *calls;  /* the Windows functions, in order */
    char *document;     /* owned; NULL = none */
    const char *remark; /* NULL = none */
};

struct step_list {
    struct step items[STEP_MAX];
    size_t count;
};

static void step_list_clear(struct step_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        str_free(&list->items[i].document);
    list->count = 0;
}

/* Takes the document. */
static void add(struct step_list *list, const char *what, const char *calls, char *document,
                const char *remark)
{
    if (list->count == STEP_MAX)
        error_bug("the plan has too many steps");
    list->items[list->count++] = (struct step){what, calls, document, remark};
}

static bool add_network(const struct run_plan *plan, struct step_list *list, struct error *err)
{
    char *endpoint = NULL;
    char *attach = NULL;
    if (!plan->use_network)
        return true;
    if (!plan_endpoint_document(plan, NULL, &endpoint, err))
        return false;
    if (!hcn_document_modify(HCN_ADD, &plan->endpoint, &attach, err)) {
        str_free(&endpoint);
        return false;
    }
    add(list, "find the host's NAT network, or make one",
        "HcnEnumerateNetworks, HcnOpenNetwork, HcnQueryNetworkProperties", NULL, NULL);
    add(list, "make a network namespace", "HcnCreateNamespace", xstrdup(HCN_DOCUMENT_NAMESPACE),
        NULL);
    add(list, "make an endpoint on the network", "HcnCreateEndpoint", endpoint,
        "HostComputeNetwork will be the network that was found");
    add(list, "put the endpoint into the namespace", "HcnModifyNamespace", attach, NULL);
    return true;
}

static void add_mount(const struct run_plan *plan, struct step_list *list)
{
    static const char *const mount = "ActivateLayer, PrepareLayer, GetLayerMountPath";
    static const char *const expand =
        "ExpandSandboxSize, ActivateLayer, PrepareLayer, GetLayerMountPath";
    add(list,
        plan->layer ? "mount the named layer"
                    : "make the writable layer and mount it over the image",
        plan->storage_bytes ? expand : mount, NULL, NULL);
}

static bool list_steps(const struct run_plan *plan, struct step_list *list, struct error *err)
{
    char *container = NULL;
    char *process = NULL;
    add(list, "record the run, so that the next wrun can clean up after a kill", "run.json", NULL,
        NULL);
    add_mount(plan, list);
    if (!add_network(plan, list, err) || !plan_container_document(plan, &container, err))
        return false;
    add(list, "create and start the container", "HcsCreateComputeSystem, HcsStartComputeSystem",
        container, "Storage.Path will be the volume of the mounted layer");
    if (!plan_process_document(plan, &process, err))
        return false;
    add(list, "run the process", "HcsCreateProcess", process, NULL);
    add(list, "shut the container down", "HcsShutdownComputeSystem", NULL, NULL);
    if (plan->use_network)
        add(list, "remove endpoint and namespace",
            "HcnModifyNamespace, HcnDeleteEndpoint, HcnDeleteNamespace", NULL, NULL);
    add(list, "unmount the writable layer", "UnprepareLayer, DeactivateLayer", NULL, NULL);
    if (!plan->keep && !plan->layer)
        add(list, "remove the writable layer", "DestroyLayer", NULL, NULL);
    return true;
}

static void put_step(struct json_writer *w, const struct step *step)
{
    JSON_OBJECT(w, NULL) {
        json_string(w, "step", step->what);
        json_opt_string(w, "calls", step->calls);
        json_opt_string(w, "remark", step->remark);
        if (step->document)
            json_raw(w, "document", step->document);
    }
}

bool plan_print_json(const struct run_plan *plan, char **ret, struct error *err)
{
    CLEANUP(step_list_clear) struct step_list list = {0};
    if (!list_steps(plan, &list, err))
        return false;
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open_pretty(&w);
    JSON_OBJECT(&w, NULL) {
        json_string(&w, "id", plan->container_id);
        json_string(&w, "name", plan->name);
        json_string(&w, "image", plan->image);
        json_opt_string(&w, "digest", plan->image_digest.text);
        json_opt_string(&w, "layer", plan->layer);
        json_string(&w, "scratch", plan->scratch_directory);
        json_opt_uint(&w, "storageBytes", plan->storage_bytes);
        JSON_ARRAY(&w, "steps") {
            for (size_t i = 0; i < list.count; i++)
                put_step(&w, &list.items[i]);
        }
    }
    return json_writer_finish(&w, ret, err);
}

bool plan_print_text(const struct run_plan *plan, char **ret, struct error *err)
{
    CLEANUP(step_list_clear) struct step_list list = {0};
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, BUF_UNBOUNDED);
    if (!list_steps(plan, &list, err))
        return false;
    buf_addf(&text, "run %s of %s", plan->name, plan->image);
    if (digest_is_set(&plan->image_digest))
        buf_addf(&text, " (%s)", plan->image_digest.text);
    buf_addf(&text, "\n%s layer %s\n", plan->layer ? "named" : "writable", plan->scratch_directory);
    for (size_t i = 0; i < list.count; i++) {
        const struct step *step = &list.items[i];
        buf_addf(&text, "%zu. %s\n   %s\n", i + 1, step->what, step->calls);
        if (step->document) {
            CLEANUP(str_free) char *shown = str_printable(step->document, strlen(step->document));
            buf_addf(&text, "   %s\n", shown);
        }
        if (step->remark)
            buf_addf(&text, "   (%s)\n", step->remark);
    }
    *ret = buf_take_str(&text);
    return true;
}
