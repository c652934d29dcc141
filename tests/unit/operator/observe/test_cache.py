"""What the cache keeps of what the watches bring, and whom it tells."""

from __future__ import annotations

from typing import Any

import pytest

from edgepair_operator.api.keys import API_VERSION, ObjectKey, group_key, server_key
from edgepair_operator.observe.cache import Cache

POD = ObjectKey("v1", "Pod", "site", "a-0")
CONFIG = ObjectKey("v1", "ConfigMap", "site", "a-config")


def server(name: str, version: int = 1, **more: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "site", "resourceVersion": str(version), "managedFields": [1]}
    return {"apiVersion": API_VERSION, "kind": "ApplianceDhcpServer", "metadata": metadata, "spec": more}


def group(name: str, primary: str, secondary: str, version: int = 1, **more: Any) -> dict[str, Any]:
    sides = {"primary": {"serverRef": {"name": primary}}, "secondary": {"serverRef": {"name": secondary}}}
    metadata = {"name": name, "namespace": "site", "resourceVersion": str(version)}
    return {"apiVersion": API_VERSION, "kind": "DhcpFailoverGroup", "metadata": metadata, "spec": sides, **more}


def owned(kind: str, name: str, of: str, version: int = 1, **more: Any) -> dict[str, Any]:
    labels = {"dhcp.edgepair.io/server": of}
    metadata = {"name": name, "namespace": "site", "resourceVersion": str(version), "labels": labels}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **more}


class Told:
    """A cache, and the names it has told of since it was asked last."""

    def __init__(self) -> None:
        self._keys: list[ObjectKey] = []
        self.cache = Cache(self._keys.append)

    def names(self) -> list[str]:
        found = [key.name for key in self._keys]
        self._keys.clear()
        return found


@pytest.fixture
def told() -> Told:
    """The pair a, b in group g, beside a server on its own."""
    made = Told()
    for manifest in (server("a"), server("b"), server("alone"), group("g", "a", "b")):
        made.cache.take("ADDED", manifest)
    made.names()
    return made


def test_an_edit_concerns_everything_that_groups_tie_together(told: Told) -> None:
    told.cache.take("MODIFIED", server("a", 2, suspend=True))
    assert told.names() == ["a", "b", "g"]


def test_what_is_older_than_known_is_passed_over(told: Told) -> None:
    told.cache.take("MODIFIED", server("a", 5, suspend=True))
    told.names()
    told.cache.take("MODIFIED", server("a", 4))
    assert told.names() == []
    kept = told.cache.get(server_key("site", "a"))
    assert kept is not None
    assert kept["spec"] == {"suspend": True}


def test_a_new_version_without_a_difference_is_no_news(told: Told) -> None:
    told.cache.take("MODIFIED", server("a", 2))
    assert told.names() == []


def test_a_group_that_is_deleted_concerns_the_servers_it_tied(told: Told) -> None:
    told.cache.take("DELETED", group("g", "a", "b", 9))
    assert told.names() == ["a", "b", "g"]
    assert told.cache.connected(server_key("site", "a")) == (frozenset({"a"}), frozenset())


def test_a_group_that_names_another_server_concerns_the_one_it_left(told: Told) -> None:
    told.cache.take("MODIFIED", group("g", "a", "alone", 2))
    assert told.names() == ["a", "alone", "b", "g"]


def test_a_server_that_a_groups_status_shows_is_still_tied_to_it(told: Told) -> None:
    told.cache.take("MODIFIED", group("g", "a", "missing", 2, status={"secondary": {"server": "b"}}))
    servers, _ = told.cache.connected(group_key("site", "g"))
    assert servers == {"a", "b", "missing"}


def test_of_a_child_only_its_digest_and_its_document_are_kept(told: Told) -> None:
    told.cache.take("ADDED", owned("ConfigMap", "a-config", "a", data={"member.json": "{}"}))
    child = told.cache.child(CONFIG)
    assert child is not None
    assert (child.server, child.document, child.claim) == ("a", "{}", None)
    assert told.cache.get(CONFIG) is None
    assert told.names() == ["a"]


def test_a_childs_status_is_no_news(told: Told) -> None:
    told.cache.take("ADDED", owned("ConfigMap", "a-config", "a"))
    told.names()
    told.cache.take("MODIFIED", owned("ConfigMap", "a-config", "a", 2, status={"x": 1}))
    assert told.names() == []


def test_a_pod_concerns_its_server_and_the_groups(told: Told) -> None:
    told.cache.take("ADDED", owned("Pod", "a-0", "a"))
    assert told.names() == ["a", "b", "g"]
    assert told.cache.owned("site", "a") == {POD}


def test_what_a_listing_lacks_is_gone_unless_it_came_meanwhile(told: Told) -> None:
    known = told.cache.keys("ApplianceDhcpServer")
    told.cache.take("ADDED", server("new"))
    told.names()
    told.cache.replace(known, [server("a"), server("b")])
    assert told.names() == ["alone"]
    assert told.cache.names("ApplianceDhcpServer", "site") == {"a", "b", "new"}


def test_a_server_that_is_gone_is_looked_at_while_something_of_it_is_left(told: Told) -> None:
    told.cache.take("ADDED", owned("ConfigMap", "gone-config", "gone"))
    assert server_key("site", "gone") in told.cache.subjects()
    told.cache.take("DELETED", owned("ConfigMap", "gone-config", "gone", 2))
    assert server_key("site", "gone") not in told.cache.subjects()


def test_what_was_deleted_does_not_come_back_by_a_listing_or_an_answer_from_before(told: Told) -> None:
    known = told.cache.keys("ApplianceDhcpServer")
    told.cache.take("DELETED", server("alone", 7))
    told.names()
    told.cache.replace(known, [server("a"), server("b"), server("alone")])
    told.cache.take(None, server("alone", 6))
    assert told.names() == []
    assert told.cache.names("ApplianceDhcpServer", "site") == {"a", "b"}


def test_what_was_made_again_stays_when_its_former_end_is_told_late(told: Told) -> None:
    told.cache.take(None, server("alone", 9, suspend=True))
    told.names()
    told.cache.take("DELETED", server("alone", 7))
    assert told.names() == []
    told.cache.take("DELETED", server("alone", 10))
    told.cache.take("ADDED", server("alone", 11))
    assert told.names() == ["alone", "alone"]
