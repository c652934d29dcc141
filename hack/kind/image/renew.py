"""Make go.mod and go.sum of hyper and coredns anew for the versions of versions.py: `python3 -m hack.kind.image.renew`.

k8s.io/kubernetes takes its staging modules from folders that its module zip leaves out;
each is at the Go module proxy as v0.<minor>.<patch>.
"""

import json
import re
from pathlib import Path

from hack.kind.image.versions import KUBERNETES, LOCAL_PATH_PROVISIONER
from hack.kind.steps import main_with_reason, run, step

HERE = Path(__file__).resolve().parent
GO_LIMIT_S = 900.0
HYPER = """\
module edgepair.local/hyper

{go}

{godebug}

require (
\tk8s.io/kubernetes {kubernetes}
\tgithub.com/rancher/local-path-provisioner {provisioner}
)

replace (
{replace})
"""
COREDNS = """\
module edgepair.local/coredns

{go}

require github.com/coredns/coredns {coredns}
"""


def main() -> None:
    """Write both modules."""
    source = _module_folder(f"k8s.io/kubernetes@{KUBERNETES}")
    theirs = (source / "go.mod").read_text()
    go = re.findall(r"^go \S+", theirs, re.MULTILINE)[0]
    with step("hyper"):
        _tidy(HERE / "hyper", _hyper(theirs, go))
    with step("coredns"):
        constants = (source / "cmd" / "kubeadm" / "app" / "constants" / "constants.go").read_text()
        asked = re.findall(r'CoreDNSVersion = "(\S+)"', constants)[0]
        _tidy(HERE / "coredns", COREDNS.format(go=go, coredns=asked))


def _module_folder(module: str) -> Path:
    return Path(json.loads(run("go", "mod", "download", "-json", module, limit_s=GO_LIMIT_S))["Dir"])


def _hyper(theirs: str, go: str) -> str:
    staging = re.findall(r"^\s(k8s\.io/\S+) => \./staging", theirs, re.MULTILINE)
    return HYPER.format(
        go=go,
        godebug=re.findall(r"^godebug .*$", theirs, re.MULTILINE)[0],
        kubernetes=KUBERNETES,
        provisioner=LOCAL_PATH_PROVISIONER,
        replace="".join(f"\t{module} => {module} v0{KUBERNETES[2:]}\n" for module in staging),
    )


def _tidy(folder: Path, text: str) -> None:
    (folder / "go.mod").write_text(text)
    (folder / "go.sum").unlink(missing_ok=True)
    run("go", "mod", "tidy", limit_s=GO_LIMIT_S, cwd=folder)


if __name__ == "__main__":
    main_with_reason(main)
