"""From the cache and the engines' reports to the world that a plan sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TypeVar

from pydantic import ValidationError

from edgepair_contract.config import parse_member_config
from edgepair_contract.errors import ConfigError
from edgepair_operator.api.keys import ObjectKey, group_key, server_key
from edgepair_operator.api.manifests import Manifest
from edgepair_operator.api.v1alpha1.appliance_dhcp_server import ApplianceDhcpServer
from edgepair_operator.api.v1alpha1.dhcp_failover_group import DhcpFailoverGroup
from edgepair_operator.observe.cache import SERVER, Cache, Child, servers_named_in
from edgepair_operator.plan.children.metadata import ENGINE, config_map_name
from edgepair_operator.plan.world import (
    ClaimFacts,
    ConfigFacts,
    EngineDefaults,
    PodFacts,
    Reach,
    ServerFacts,
    Unreadable,
    World,
)

LAST_WORDS_MAX = 300  # characters of one line of a log: what a condition can show
_REFUSALS = ("ErrImagePull", "ErrImageNeverPull", "ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError")
PARSED_MAX = 4096  # configurations kept parsed: two for each of 1,000 pairs, and room for edits

_Kind = TypeVar("_Kind", ApplianceDhcpServer, DhcpFailoverGroup)


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a world's parts come from."""

    cache: Cache
    reach: Callable[[ObjectKey], Reach]
    refusals: Callable[[ObjectKey], tuple[str, ...]]
    counts_at: Callable[[ObjectKey], datetime]
    engine: EngineDefaults


def gather(key: ObjectKey, sources: Sources, now: datetime) -> World:
    """Return an object's world; it may be gone itself."""
    cache = sources.cache
    server_names, group_names = cache.connected(key)
    servers: dict[str, ServerFacts] = {}
    groups: dict[str, DhcpFailoverGroup] = {}
    unreadable: dict[ObjectKey, Unreadable] = {}
    for at in [server_key(key.namespace, name) for name in sorted(server_names)]:
        manifest = cache.get(at)
        if manifest is not None and not _is_going(manifest):
            try:
                servers[at.name] = _server(_read(ApplianceDhcpServer, manifest), sources)
            except ValidationError as error:
                unreadable[at] = _unreadable(manifest, error, frozenset({at.name}))
    for at in [group_key(key.namespace, name) for name in sorted(group_names)]:
        manifest = cache.get(at)
        if manifest is not None and not _is_going(manifest):
            try:
                groups[at.name] = _read(DhcpFailoverGroup, manifest)
            except ValidationError as error:
                unreadable[at] = _unreadable(manifest, error, frozenset(servers_named_in(manifest)))
    return World(
        subject=key,
        now=now,
        engine=sources.engine,
        servers=servers,
        groups=groups,
        unreadable=unreadable,
        children=_children(key, cache),
        server_count=len(cache.names(SERVER, key.namespace)),
        counts_at=sources.counts_at(key),
    )


def _unreadable(manifest: Manifest, error: ValidationError, servers: frozenset[str]) -> Unreadable:
    first = error.errors(include_url=False)[0]
    metadata = manifest["metadata"]
    return Unreadable(
        why=f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}",
        generation=metadata.get("generation", 0),
        uid=metadata.get("uid", ""),
        servers=servers,
        status=manifest.get("status") or {},
    )


def _read(kind: type[_Kind], manifest: Manifest) -> _Kind:
    """Return the object; a status that another version wrote and we cannot read is ours to write anew.

    Raises:
        pydantic.ValidationError: anything else of it does not follow the schema.
    """
    try:
        return kind.read(dict(manifest))
    except ValidationError as error:
        if any(each["loc"][:1] != ("status",) for each in error.errors(include_url=False)):
            raise
        return kind.read({name: value for name, value in manifest.items() if name != "status"})


def _is_going(manifest: Manifest) -> bool:
    return manifest["metadata"].get("deletionTimestamp") is not None


def _children(key: ObjectKey, cache: Cache) -> frozenset[ObjectKey]:
    if key.kind != SERVER:
        return frozenset()
    account = ObjectKey("v1", "ServiceAccount", key.namespace, ENGINE)
    shared = {account} if cache.child(account) is not None else set()
    return cache.owned(key.namespace, key.name) | shared


def _server(resource: ApplianceDhcpServer, sources: Sources) -> ServerFacts:
    key = resource.key
    config_map = sources.cache.child(ObjectKey("v1", "ConfigMap", key.namespace, config_map_name(key.name)))
    stateful_set = sources.cache.child(ObjectKey("apps/v1", "StatefulSet", key.namespace, key.name))
    return ServerFacts(
        resource=resource,
        pod=_pod(key, sources.cache),
        config=None if config_map is None else _config(config_map.document or ""),
        claim=None if stateful_set is None else _claim(stateful_set),
        reach=sources.reach(key),
        refusals=sources.refusals(key),
    )


def _pod(server: ObjectKey, cache: Cache) -> PodFacts | None:
    """Return the server's pod; of two, the one that is not on its way out."""
    keys = sorted(key for key in cache.owned(server.namespace, server.name) if key.kind == "Pod")
    pods = [pod for pod in (cache.get(key) for key in keys) if pod is not None]
    pods.sort(key=_is_going)
    return pod_facts(pods[0]) if pods else None


def pod_facts(pod: Manifest) -> PodFacts:
    """Return what matters of a pod."""
    status = pod.get("status") or {}
    conditions = {each["type"]: each for each in status.get("conditions") or []}
    return PodFacts(
        name=pod["metadata"]["name"],
        uid=pod["metadata"].get("uid", ""),
        node=pod.get("spec", {}).get("nodeName"),
        address=status.get("hostIP"),
        ready=conditions.get("Ready", {}).get("status") == "True",
        refused=_refused(status, conditions.get("PodScheduled", {})),
    )


def _refused(status: Manifest, scheduled: Manifest) -> str | None:
    if scheduled.get("reason") == "Unschedulable":
        return str(scheduled.get("message", "no node takes it"))
    for container in status.get("containerStatuses") or []:
        waiting = container.get("state", {}).get("waiting") or {}
        if waiting.get("reason") == "CrashLoopBackOff":
            return _last_words(container.get("lastState", {}).get("terminated") or {})
        if waiting.get("reason") in _REFUSALS:
            return f"{waiting['reason']}: {waiting.get('message', '')}"
    return None


def _last_words(terminated: Manifest) -> str:
    """Return why an engine that is started again and again ends: the last line of its log, if the kubelet kept one."""
    lines = str(terminated.get("message") or "").strip().splitlines()
    said = lines[-1][:LAST_WORDS_MAX] if lines else "see kubectl logs --previous"
    return f"the engine ends again and again, with exit code {terminated.get('exitCode', 'unknown')}: {said}"


@lru_cache(maxsize=PARSED_MAX)
def _config(document: str) -> ConfigFacts:
    try:
        config = parse_member_config(document)
    except ConfigError:
        return ConfigFacts(revision=0, config=None)
    return ConfigFacts(revision=config.revision, config=config)


def _claim(child: Child) -> ClaimFacts | None:
    if child.claim is None:
        return None
    requests = child.claim.get("resources", {}).get("requests", {})
    return ClaimFacts(size=str(requests.get("storage", "0")), storage_class=child.claim.get("storageClassName"))
