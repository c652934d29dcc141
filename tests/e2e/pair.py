"""The example pair: applied, watched, broken and mended as a person would do it."""

from __future__ import annotations

from dataclasses import dataclass

from hack.kind.cache import ROOT
from tests.e2e.kube import Kube, Object, condition, eventually

EXAMPLE = (ROOT / "examples" / "pair.yaml").read_text()
GROUP = "east-lan0"
PRIMARY = "ec-east-1"
SECONDARY = "ec-east-2"
NORMAL_LIMIT_S = 60.0  # the issue's own bound, from apply to Normal on both sides
GONE_LIMIT_S = 60.0
READY_LIMIT_S = 15.0
COUNTS_LIMIT_S = 75.0  # first counts wait for the balance, later ones are written once a minute at most


@dataclass(frozen=True, slots=True)
class Pair:
    """The servers ec-east-1 and ec-east-2 with their group east-lan0."""

    kube: Kube

    def apply(self) -> None:
        """Apply examples/pair.yaml."""
        self.kube.apply(EXAMPLE)

    def group(self) -> Object:
        """Return the group's status."""
        return self.kube.status("dfg", GROUP)

    def server(self, name: str) -> Object:
        """Return a server's status."""
        return self.kube.status("ads", name)

    def states(self) -> tuple[str, str]:
        """Return My State of primary and secondary as the group's status tells them."""
        status = self.group()
        return (
            status.get("primary", {}).get("myState", "none"),
            status.get("secondary", {}).get("myState", "none"),
        )

    def wait_for(self, primary: str, secondary: str, *, within_s: float = NORMAL_LIMIT_S) -> Object:
        """Return the group's status once both servers are in these states."""
        wanted = (primary, secondary)
        eventually(str(wanted), lambda: self.states() == wanted, within_s=within_s, seen=self.group)
        return self.group()

    def wait_until_normal(self, *, within_s: float = NORMAL_LIMIT_S) -> Object:
        """Return the group's status once both servers say Normal and the group is Ready."""
        self.wait_for("Normal", "Normal", within_s=within_s)
        return eventually(
            "the group is Ready",
            lambda: status if condition(status := self.group(), "Ready").get("status") == "True" else None,
            within_s=READY_LIMIT_S,
            seen=self.group,
        )

    def wait_for_counts(self) -> Object:
        """Return the group's status once its counts are told: a pair is Ready a few seconds before that."""
        return eventually(
            "the counts are told",
            lambda: status if (status := self.group()).get("backupCount") else None,
            within_s=COUNTS_LIMIT_S,
            seen=self.group,
        )

    def keep_away(self, server: str) -> None:
        """Kill a server's pod at once and keep a new one from starting: its node takes no pods."""
        self.kube.run("cordon", self.node_of(server))
        self.kube.run("delete", "pod", f"{server}-0", "--grace-period=0", "--force")

    def let_back(self, server: str) -> None:
        """Let a server's pod start again."""
        self.kube.run("uncordon", self.node_of(server))

    def node_of(self, server: str) -> str:
        """Return the node that a server's manifest names."""
        found = self.kube.get("ads", server)
        assert found is not None, f"no server {server}"
        node: str = found["spec"]["placement"]["nodeName"]
        return node

    def delete(self) -> None:
        """Delete group and servers with their volumes, and wait until nothing of them is left."""
        self.kube.run("delete", "dfg,ads", "--all", "--ignore-not-found")
        eventually(
            "pods of the pair gone",
            lambda: not self.kube.names("pods", "-l", "dhcp.edgepair.io/server"),
            within_s=GONE_LIMIT_S,
        )
        self.kube.run("delete", "pvc", "-l", "dhcp.edgepair.io/server", "--ignore-not-found")
