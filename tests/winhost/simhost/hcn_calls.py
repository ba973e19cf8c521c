# SPDX-License-Identifier: MIT
"""The calls of computenetwork.dll, and HNSCall of vmcompute.dll, on the objects of hcn.py."""

import functools
import json

from . import hcn_documents as documents
from . import hcn_views as views
from . import hresult
from .hcn import Hcn
from .server import Refusal, Reply, call

CLEAN_BUILD = 20348
KINDS = {"Network": "network", "Endpoint": "endpoint", "Namespace": "namespace"}


def hcn_call(function, dll="computenetwork"):
    """Register a call that runs under the host's lock and is given the Hcn."""

    def register(implementation):
        @functools.wraps(implementation)
        def locked(ctx):
            with ctx.host.lock:
                return implementation(ctx, ctx.host.part(Hcn))

        return call(dll, function)(locked)

    return register


def need_document(ctx, name):
    """A document that must be there."""
    document = ctx.document(name)
    if document is None:
        raise Refusal(hresult.INVALID_ARGUMENT)
    return document


def opened(ctx, kind, record):
    """A handle holds the GUID, not the object: the object may be deleted while handles are open."""
    return {"handle": ctx.open(kind, record["id"], record["id"])}


def created(ctx, kind, record):
    ctx.notes["created"] = record["id"]
    return Reply(opened(ctx, kind, record))


def record_of(ctx, hcn, kind, name="object"):
    return hcn.find(kind, ctx.handle(name, kind))


@hcn_call("HcnCreateNetwork")
def create_network(ctx, hcn):
    settings = need_document(ctx, "settings")
    documents.check_settings(documents.NETWORK, settings, ctx.host.build)
    return created(ctx, "network", hcn.create_network(ctx.arg("id"), settings))


@hcn_call("HcnCreateEndpoint")
def create_endpoint(ctx, hcn):
    if not ctx.number("network"):
        raise Refusal(hresult.INVALID_ARGUMENT)
    network = record_of(ctx, hcn, "network", "network")
    settings = need_document(ctx, "settings")
    documents.check_settings(documents.ENDPOINT, settings, ctx.host.build)
    return created(ctx, "endpoint", hcn.create_endpoint(network, ctx.arg("id"), settings))


@hcn_call("HcnCreateNamespace")
def create_namespace(ctx, hcn):
    settings = need_document(ctx, "settings")
    documents.check_settings(documents.NAMESPACE, settings, ctx.host.build)
    return created(ctx, "namespace", hcn.create_namespace(ctx.arg("id"), settings))


@hcn_call("HcnDeleteNetwork")
def delete_network(ctx, hcn):
    hcn.delete_network(ctx.arg("id"))


@hcn_call("HcnDeleteEndpoint")
def delete_endpoint(ctx, hcn):
    hcn.delete_endpoint(ctx.arg("id"))


@hcn_call("HcnDeleteNamespace")
def delete_namespace(ctx, hcn):
    hcn.delete_namespace(ctx.arg("id"))


@hcn_call("HcnModifyNamespace")
def modify_namespace(ctx, hcn):
    namespace = record_of(ctx, hcn, "namespace")
    request = need_document(ctx, "settings")
    documents.check(documents.MODIFY_NAMESPACE, request, ctx.host.build)
    if request["ResourceType"] == "Container":
        documents.check(documents.NAMESPACE_CONTAINER, request["Settings"], ctx.host.build)
        raise Refusal(hresult.HCN_REQUEST_UNSUPPORTED)  # the compute service's business
    documents.check(documents.NAMESPACE_ENDPOINT, request["Settings"], ctx.host.build)
    endpoint = hcn.find("endpoint", request["Settings"]["EndpointId"])
    change = {"Add": hcn.attach, "Remove": hcn.detach}.get(request["RequestType"])
    if not change:
        raise Refusal(hresult.HCN_REQUEST_UNSUPPORTED)
    change(namespace, endpoint)


@hcn_call("HcnModifyEndpoint")
def modify_endpoint(ctx, hcn):
    endpoint = record_of(ctx, hcn, "endpoint")
    request = need_document(ctx, "settings")
    documents.check(documents.MODIFY_ENDPOINT, request, ctx.host.build)
    hcn.modify_endpoint(endpoint, request)


@hcn_call("HcnModifyNetwork")
def modify_network(ctx, hcn):
    record_of(ctx, hcn, "network")
    documents.check(documents.MODIFY_NETWORK, need_document(ctx, "settings"), ctx.host.build)
    raise Refusal(hresult.HCN_REQUEST_UNSUPPORTED)


def register_common(noun, kind):
    """Open, query, enumerate and close are the same for the three kinds."""

    @hcn_call(f"HcnOpen{noun}")
    def open_object(ctx, hcn):
        return Reply(opened(ctx, kind, hcn.find(kind, ctx.arg("id"))))

    @hcn_call(f"HcnClose{noun}")
    def close_object(ctx, _):
        ctx.close("object", kind)

    @hcn_call(f"HcnQuery{noun}Properties")
    def query_object(ctx, hcn):
        record = record_of(ctx, hcn, kind)
        version_2, _ = documents.query(ctx.document("query"), ctx.host.build)
        return Reply({"response": json.dumps(views.view(kind, record, hcn, version_2))})

    @hcn_call(f"HcnEnumerate{noun}s")
    def enumerate_objects(ctx, hcn):
        _, wanted = documents.query(ctx.document("query"), ctx.host.build)
        table = {"network": hcn.networks, "endpoint": hcn.endpoints, "namespace": hcn.namespaces}[kind]
        found = [each["id"].upper() for each in table.values() if views.matches(kind, each, hcn, wanted)]
        if not found and ctx.host.build < CLEAN_BUILD:
            return Reply()  # older builds leave the out parameter NULL when there is nothing
        return Reply({"response": json.dumps(found)})


for a_noun, a_kind in KINDS.items():
    register_common(a_noun, a_kind)


@hcn_call("HNSCall", "vmcompute")
def hns_call(ctx, hcn):
    """The older interface: a method and a path. Failures are in the answer, the HRESULT stays S_OK."""
    try:
        output = old_request(hcn, ctx.arg("method"), (ctx.arg("path") or "").strip("/").split("/"))
        answer = {"Success": True, "Output": output}
    except Refusal as refusal:
        answer = {"Success": False, "Error": refusal.message, "ErrorCode": refusal.hr}
    return Reply({"response": json.dumps(answer)})


def old_request(hcn, method, path):
    if (method, path) == ("GET", ["globals", "version"]):
        major, minor = views.hns_version(hcn.host.build)
        return {"Major": major, "Minor": minor}
    kind = path[0].removesuffix("s")
    table = {"network": hcn.networks, "endpoint": hcn.endpoints, "namespace": hcn.namespaces}.get(kind)
    if table is None or len(path) > 2:
        raise Refusal(hresult.NOT_FOUND)
    if method == "GET" and len(path) == 1:
        return [views.view(kind, each, hcn, False) for each in table.values()]
    if method == "GET":
        return views.view(kind, hcn.find(kind, path[1]), hcn, False)
    if method == "DELETE" and len(path) == 2:
        {"network": hcn.delete_network, "endpoint": hcn.delete_endpoint, "namespace": hcn.delete_namespace}[kind](path[1])
        return {}
    raise Refusal(hresult.HCN_REQUEST_UNSUPPORTED)
