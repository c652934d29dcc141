"""The cluster as a person at kubectl sees it, and waiting with a deadline."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

KUBECTL_LIMIT_S = 90.0
POLL_S = 0.25

Found = TypeVar("Found")
Object = dict[str, Any]


class NotInTime(AssertionError):
    """What was waited for did not come; the text ends with what was seen last."""


@dataclass(frozen=True, slots=True)
class Kube:
    """kubectl against one cluster and namespace."""

    kubectl: Path
    kubeconfig: Path
    namespace: str

    def try_run(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Return kubectl's outcome, whatever it is."""
        return subprocess.run(
            [self.kubectl, "--kubeconfig", self.kubeconfig, "--namespace", self.namespace, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=KUBECTL_LIMIT_S,
            check=False,
        )

    def run(self, *arguments: str, stdin: str | None = None) -> str:
        """Return what kubectl prints; a refusal fails the test with kubectl's own words."""
        done = self.try_run(*arguments, stdin=stdin)
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr.strip()}"
        return done.stdout

    def apply(self, manifest: str) -> None:
        """Apply a manifest as a GitOps tool does."""
        self.run("apply", "--server-side", "-f", "-", stdin=manifest)

    def get(self, kind: str, name: str) -> Object | None:
        """Return an object, or None when there is none."""
        text = self.run("get", kind, name, "--ignore-not-found", "-o", "json")
        return json.loads(text) if text else None

    def items(self, kind: str, *arguments: str) -> list[Object]:
        """Return the objects of a kind."""
        found: list[Object] = json.loads(self.run("get", kind, *arguments, "-o", "json"))["items"]
        return found

    def names(self, kind: str, *arguments: str) -> set[str]:
        """Return the names of the objects of a kind."""
        return {each["metadata"]["name"] for each in self.items(kind, *arguments)}

    def status(self, kind: str, name: str) -> Object:
        """Return an object's status, empty when it or its status is missing."""
        found = self.get(kind, name)
        status: Object = (found or {}).get("status", {})
        return status


def eventually(
    what: str, look: Callable[[], Found | None], *, within_s: float, seen: Callable[[], object] | None = None
) -> Found:
    """Return what `look` finds; it is asked until it finds something other than None or False.

    Raises:
        NotInTime: nothing was found within that time; `seen` tells what is there instead.
    """
    give_up_at = time.monotonic() + within_s
    while True:
        found = look()
        if found is not None and found is not False:
            return found
        if time.monotonic() > give_up_at:
            raise NotInTime(f"not within {within_s:.0f} s: {what}" + (f"; there is {seen()}" if seen else ""))
        time.sleep(POLL_S)


def condition(status: Object, kind: str) -> Object:
    """Return a condition of a status, empty when it is absent."""
    return next((each for each in status.get("conditions", []) if each["type"] == kind), {})


MASKS = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "<time>"),
    (re.compile(r"(?<=\s)(\d+[smhd])+(?=\s*$)", re.MULTILINE), "<age>"),
)


def masked(table: str) -> str:
    """Return a table of kubectl with times and ages masked and runs of blanks folded to one."""
    for pattern, mask in MASKS:
        table = pattern.sub(mask, table)
    return "\n".join(re.sub(r" +", " ", line).strip() for line in table.strip().splitlines())
