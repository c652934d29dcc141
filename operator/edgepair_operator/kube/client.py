"""The port over `kubernetes.aio`: one method of it carries plain JSON, its models are not used."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import aiohttp
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.config import ConfigException, load_incluster_config, load_kube_config

from edgepair_contract.errors import ConfigError
from edgepair_operator.api.keys import FIELD_MANAGER, ObjectKey
from edgepair_operator.api.manifests import Manifest, key_of
from edgepair_operator.kube.errors import Conflict, NotFound, Unreachable, error_for
from edgepair_operator.kube.resources import RESOURCES, collection_path, object_path

REQUEST_LIMIT_S = 20.0  # the API server's own limit is 60; a caller of ours would rather try again
LIST_PAGE = 500  # objects a page: keeps one answer under a few megabytes
_JSON = "application/json"
_APPLY = "application/apply-patch+yaml"  # JSON is YAML
_SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount/token"


async def connect() -> AioClient:
    """Return a client logged in as the pod's service account, or as the kubeconfig says where there is none.

    Raises:
        ConfigError: neither names a cluster.
    """
    configuration = Configuration()
    try:
        if _runs_in_a_pod():
            load_incluster_config(client_configuration=configuration)
        else:
            await load_kube_config(client_configuration=configuration)
    except ConfigException as error:
        kubeconfig = os.environ.get("KUBECONFIG", "~/.kube/config")
        raise ConfigError("KUBECONFIG", kubeconfig, f"must name a cluster and how to log in: {error}") from error
    return AioClient(ApiClient(configuration))


def _runs_in_a_pod() -> bool:
    return os.path.exists(_SERVICE_ACCOUNT) and not os.environ.get("KUBECONFIG")


class AioClient:
    """`KubeClient` against a real API server."""

    def __init__(self, api: ApiClient) -> None:
        self._api = api

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()

    async def list(self, kind: str, *, namespace: str | None, labels: str = "", fields: str = "") -> Sequence[Manifest]:
        """Return all objects of a kind, page by page. List items carry no kind, so it is put back."""
        found: list[Manifest] = []
        selectors = {"labelSelector": labels, "fieldSelector": fields}
        query = {"limit": str(LIST_PAGE)} | {name: value for name, value in selectors.items() if value}
        while True:
            page = await self._call("GET", collection_path(kind, namespace), query=query)
            stamp = {"apiVersion": RESOURCES[kind].api_version, "kind": kind}
            found += [{**item, **stamp} for item in page.get("items") or []]
            token = page.get("metadata", {}).get("continue")
            if not token:
                return found
            query["continue"] = token

    async def apply(self, manifest: Manifest) -> Manifest:
        """Apply one of our children server-side; `force` because their fields are ours alone."""
        query = {"fieldManager": FIELD_MANAGER, "force": "true"}
        return await self._call("PATCH", object_path(key_of(manifest)), query=query, body=manifest)

    async def apply_status(self, key: ObjectKey, status: Mapping[str, Any]) -> Manifest:
        """Apply the whole status: what we leave out, and only we wrote, goes away."""
        body = {
            "apiVersion": key.api_version,
            "kind": key.kind,
            "metadata": {"name": key.name, "namespace": key.namespace},
            "status": status,
        }
        query = {"fieldManager": FIELD_MANAGER, "force": "true"}
        return await self._call("PATCH", f"{object_path(key)}/status", query=query, body=body)

    async def delete(self, key: ObjectKey) -> None:
        """Delete an object, its dependents after it."""
        with suppress(NotFound):
            await self._call("DELETE", object_path(key), query={"propagationPolicy": "Background"})

    async def create_event(self, event: Manifest) -> None:
        """Post an Event once: its name tells whether it was posted before."""
        with suppress(Conflict):
            await self._call("POST", collection_path("Event", event["metadata"]["namespace"]), body=event)

    async def _call(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: Manifest | None = None
    ) -> dict[str, Any]:
        headers = {"Accept": _JSON, "Content-Type": _APPLY if method == "PATCH" else _JSON}
        serialized = await self._api.param_serialize(
            method,
            path,
            query_params=list((query or {}).items()),
            header_params=headers,
            body=body,
            auth_settings=["BearerToken"],
        )
        try:
            answer = await self._api.call_api(*serialized, _request_timeout=REQUEST_LIMIT_S)
            payload = await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unreachable(f"{method} {path}", status=0, why=f"{type(error).__name__} {error}") from error
        if answer.status >= 400:
            retry_after_s = _seconds(answer.getheader("Retry-After"))
            raise error_for(f"{method} {path}", status=answer.status, why=_why(payload), retry_after_s=retry_after_s)
        result: dict[str, Any] = json.loads(payload)
        return result


def _seconds(header: str | None) -> float | None:
    return float(header) if header is not None and header.isdigit() else None


def _why(payload: bytes) -> str:
    """Return the sentence of a Status object, or the beginning of whatever else came."""
    with suppress(ValueError, AttributeError):
        message = json.loads(payload).get("message")
        if message:
            return str(message)
    return payload[:200].decode(errors="replace")
