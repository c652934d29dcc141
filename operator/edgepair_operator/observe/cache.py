"""What the watches have brought: our kinds and pods whole, other children as little as is needed of them."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from edgepair_operator.api.keys import Kind, Label, ObjectKey, server_key
from edgepair_operator.api.manifests import Manifest, key_of
from edgepair_operator.plan.children.config_map import CONFIG_KEY
from edgepair_operator.plan.digests import digest_of

SERVER = Kind.APPLIANCE_DHCP_SERVER.kind
GROUP = Kind.DHCP_FAILOVER_GROUP.kind
WHOLE = (SERVER, GROUP, "Pod")
DELETED = "DELETED"
GONE_MAX = 4096  # ends remembered; one matters only while an older listing or answer is on its way


@dataclass(frozen=True, slots=True)
class Child:
    """One of our children as it stands. `digest` names its content without status and bookkeeping.

    `document`: a ConfigMap's configuration. `claim`: the first claim's spec of a StatefulSet. Both are what a plan has
    to build upon; everything else of a child is only ever compared.
    """

    uid: str
    version: int
    digest: str
    server: str | None
    document: str | None = None
    claim: Mapping[str, Any] | None = None


class Cache:
    """The objects by key. `changed` is told every key whose plan may be another now."""

    def __init__(self, changed: Callable[[ObjectKey], None]) -> None:
        self._changed = changed
        self._whole: dict[ObjectKey, Manifest] = {}
        self._children: dict[ObjectKey, Child] = {}
        self._names: dict[tuple[str, str], set[str]] = defaultdict(set)  # (kind, namespace) -> names
        self._owned: dict[tuple[str, str], set[ObjectKey]] = defaultdict(set)  # (namespace, server) -> children
        self._members: dict[tuple[str, str], set[str]] = defaultdict(set)  # (namespace, server) -> its groups' names
        self._gone: OrderedDict[ObjectKey, int] = OrderedDict()  # the version at which it ended

    def take(self, event_type: str | None, manifest: Manifest) -> None:
        """Note what a watch, a listing or an answer says of one object; what is older than we know is passed over."""
        key, version = key_of(manifest), _version(manifest)
        if event_type == DELETED and version >= self._version_of(key):
            self._drop(key)
            self._bury(key, version)
        elif event_type != DELETED and version > max(self._version_of(key), self._gone.get(key, -1)):
            self._store(key, manifest)

    def keys(self, kind: str) -> frozenset[ObjectKey]:
        """Return the keys of a kind, to be taken before a listing and given to `replace` with it."""
        return frozenset(key for key in (*self._whole, *self._children) if key.kind == kind)

    def replace(self, known: frozenset[ObjectKey], manifests: Iterable[Manifest]) -> None:
        """Note a whole listing: of what was known before it was asked for, what it lacks is gone."""
        listed = {key_of(manifest): manifest for manifest in manifests}
        for key in known - listed.keys():
            self._drop(key)
        for manifest in listed.values():
            self.take(None, manifest)

    def get(self, key: ObjectKey) -> Manifest | None:
        """Return an object that is kept whole."""
        return self._whole.get(key)

    def child(self, key: ObjectKey) -> Child | None:
        """Return what is known of a child."""
        return self._children.get(key)

    def digest(self, key: ObjectKey) -> str | None:
        """Return what a child's content is now."""
        child = self._children.get(key)
        return None if child is None else child.digest

    def names(self, kind: str, namespace: str) -> frozenset[str]:
        """Return the names of all objects of one of our kinds in a namespace."""
        return frozenset(self._names.get((kind, namespace), ()))

    def owned(self, namespace: str, server: str) -> frozenset[ObjectKey]:
        """Return the keys of a server's children and pods."""
        return frozenset(self._owned.get((namespace, server), ()))

    def groups_of(self, namespace: str, server: str) -> frozenset[str]:
        """Return the names of the groups that name this server, whether it exists or not."""
        return frozenset(self._members.get((namespace, server), ()))

    def connected(self, key: ObjectKey) -> tuple[frozenset[str], frozenset[str]]:
        """Return the names of all servers and groups that one of our objects is tied to by groups, itself included."""
        servers: set[str] = set()
        groups: set[str] = set()
        waiting = [key]
        while waiting:
            at = waiting.pop()
            found, names = (servers, groups) if at.kind == SERVER else (groups, servers)
            if at.name in found:
                continue
            found.add(at.name)
            if at.kind == SERVER:
                kin = (ObjectKey(at.api_version, GROUP, at.namespace, name) for name in self._kin_of_server(at))
            else:
                kin = (server_key(at.namespace, name) for name in self._kin_of_group(at))
            waiting += [each for each in kin if each.name not in names]
        return frozenset(servers), frozenset(groups)

    def subjects(self) -> frozenset[ObjectKey]:
        """Return every object of ours to look at, and servers that are gone while something of theirs is left."""
        ours = {key for key in self._whole if key.kind in (SERVER, GROUP)}
        left = {server_key(namespace, server) for (namespace, server), keys in self._owned.items() if keys}
        return frozenset(ours | left)

    def touch(self, key: ObjectKey) -> None:
        """Tell that something is new about one of our objects that no watch brings: its engine has spoken."""
        self._tell(self._affected(key))

    def _kin_of_server(self, key: ObjectKey) -> frozenset[str]:
        return self.groups_of(key.namespace, key.name)

    def _kin_of_group(self, key: ObjectKey) -> frozenset[str]:
        manifest = self._whole.get(key)
        return frozenset() if manifest is None else frozenset(servers_named_in(manifest))

    def _version_of(self, key: ObjectKey) -> int:
        if key in self._children:
            return self._children[key].version
        manifest = self._whole.get(key)
        return -1 if manifest is None else _version(manifest)

    def _store(self, key: ObjectKey, manifest: Manifest) -> None:
        before = self._affected(key)
        if key.kind in WHOLE:
            self._unlink(key)
            kept = _trimmed(manifest)
            same = _same(self._whole.get(key), kept)
            self._whole[key] = kept
            self._link(key, kept)
        else:
            child = _child(manifest)
            known = self._children.get(key)
            same = known is not None and known.digest == child.digest
            self._children[key] = child
            if child.server is not None:
                self._owned[key.namespace, child.server].add(key)
        if not same:
            self._tell(before | self._affected(key))

    def _bury(self, key: ObjectKey, version: int) -> None:
        """Remember an end: a listing or an answer from before it must not bring the object back."""
        self._gone[key] = version
        self._gone.move_to_end(key)
        if len(self._gone) > GONE_MAX:
            self._gone.popitem(last=False)

    def _drop(self, key: ObjectKey) -> None:
        if key not in self._whole and key not in self._children:
            return
        affected = self._affected(key)
        self._unlink(key)
        self._whole.pop(key, None)
        child = self._children.pop(key, None)
        if child is not None and child.server is not None:
            self._owned[key.namespace, child.server].discard(key)
        self._tell(affected)

    def _link(self, key: ObjectKey, manifest: Manifest) -> None:
        if key.kind == "Pod":
            server = _server_label(manifest)
            if server is not None:
                self._owned[key.namespace, server].add(key)
            return
        self._names[key.kind, key.namespace].add(key.name)
        if key.kind == GROUP:
            for server in servers_named_in(manifest):
                self._members[key.namespace, server].add(key.name)

    def _unlink(self, key: ObjectKey) -> None:
        manifest = self._whole.get(key)
        if manifest is None:
            return
        if key.kind == "Pod":
            self._owned[key.namespace, _server_label(manifest) or ""].discard(key)
            return
        self._names[key.kind, key.namespace].discard(key.name)
        if key.kind == GROUP:
            for server in servers_named_in(manifest):
                self._members[key.namespace, server].discard(key.name)

    def _affected(self, key: ObjectKey) -> set[ObjectKey]:
        """Return which of our objects' plans read this one."""
        if key.kind in (SERVER, GROUP):
            servers, groups = self.connected(key)
            kin = {server_key(key.namespace, name) for name in servers}
            kin |= {ObjectKey(key.api_version, GROUP, key.namespace, name) for name in groups}
            return {key} | {each for each in kin if each in self._whole}
        server = self._server_of(key)
        if server is None:
            return set()
        subject = server_key(key.namespace, server)
        return {subject} | (self._affected(subject) if key.kind == "Pod" else set())

    def _server_of(self, key: ObjectKey) -> str | None:
        if key in self._children:
            return self._children[key].server
        manifest = self._whole.get(key)
        return None if manifest is None else _server_label(manifest)

    def _tell(self, keys: set[ObjectKey]) -> None:
        for key in sorted(keys):
            self._changed(key)


def _child(manifest: Manifest) -> Child:
    claims = manifest.get("spec", {}).get("volumeClaimTemplates") or [{}] if manifest["kind"] == "StatefulSet" else [{}]
    return Child(
        uid=manifest["metadata"].get("uid", ""),
        version=_version(manifest),
        digest=digest_of(manifest),
        server=_server_label(manifest),
        document=(manifest.get("data") or {}).get(CONFIG_KEY) if manifest["kind"] == "ConfigMap" else None,
        claim=claims[0].get("spec"),
    )


def _trimmed(manifest: Manifest) -> Manifest:
    metadata = {name: value for name, value in manifest["metadata"].items() if name != "managedFields"}
    return {**manifest, "metadata": metadata}


def _same(before: Manifest | None, after: Manifest) -> bool:
    """Return whether two versions of an object differ in nothing but their version."""
    return before is not None and _unversioned(before) == _unversioned(after)


def _unversioned(manifest: Manifest) -> Manifest:
    metadata = {name: value for name, value in manifest["metadata"].items() if name != "resourceVersion"}
    return {**manifest, "metadata": metadata}


def _version(manifest: Manifest) -> int:
    return int(manifest["metadata"].get("resourceVersion") or 0)


def _server_label(manifest: Manifest) -> str | None:
    label: str | None = (manifest["metadata"].get("labels") or {}).get(Label.SERVER)
    return label


def servers_named_in(manifest: Manifest) -> set[str]:
    """Return the servers that a group names, and those that its status shows: they may run it still."""
    spec, status = manifest.get("spec") or {}, manifest.get("status") or {}
    named = [(spec.get(side) or {}).get("serverRef") or {} for side in ("primary", "secondary")]
    shown = [status.get(side) or {} for side in ("primary", "secondary")]
    return {name for name in (*(each.get("name") for each in named), *(each.get("server") for each in shown)) if name}
