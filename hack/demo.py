"""The demo: a pair on kind, a real client's lease, the table, a killed server, the table again.

usage: make demo (python3 -m hack.demo, once the images are built); make demo-down deletes the cluster.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from hack.install import main as install_operator
from hack.kind.cache import LINK, ROOT
from hack.kind.cluster import KUBECONFIG, kubectl, up
from hack.kind.steps import main_with_reason, step
from tests.e2e.kube import Kube
from tests.e2e.lan import places
from tests.e2e.pair import SECONDARY, Pair

AFTER_THE_KILL_S = 15
BACK_LIMIT_S = 120.0


def main() -> None:
    """Show the whole line once."""
    up()
    install_operator()
    pair = Pair(Kube(LINK / "kubectl", KUBECONFIG, "default"))
    with step("kubectl apply -f examples/pair.yaml, until both servers are Normal"):
        pair.apply()
        pair.wait_until_normal()
    _lease()
    _table("both servers run")
    with step(f"kill {SECONDARY} and wait {AFTER_THE_KILL_S} s"):
        pair.keep_away(SECONDARY)
        time.sleep(AFTER_THE_KILL_S)  # what people are shown is the table at this moment
    _table(f"{SECONDARY} is dead")
    with step(f"let {SECONDARY} back, until both servers are Normal"):
        pair.let_back(SECONDARY)
        pair.wait_until_normal(within_s=BACK_LIMIT_S)
    _table("both servers run again")
    relative = KUBECONFIG.relative_to(ROOT)
    print(f"\nThe cluster stays: export KUBECONFIG=$PWD/{relative}; `make demo-down` deletes it.")


def _lease() -> None:
    with (
        step("a client on the LAN asks for an address"),
        tempfile.TemporaryDirectory() as folder,
        places(Path(folder)) as lans,
    ):
        client = lans.client()
        client.start()
        address, server = client.bound()
        client.release()
    print(f"  it got {address} from {server}, and gave it back")


def _table(title: str) -> None:
    print(f"\n$ kubectl get dhcpfailovergroups    # {title}\n{kubectl('get', 'dhcpfailovergroups')}", flush=True)


if __name__ == "__main__":
    main_with_reason(main)
