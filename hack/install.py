"""Put the operator on the cluster from the chart, as the README says: `python3 -m hack.install`."""

from __future__ import annotations

from hack.kind.cache import LINK, ROOT
from hack.kind.cluster import KUBECONFIG, image_id, load
from hack.kind.steps import main_with_reason, run, step

NAMESPACE = "edgepair-system"
RELEASE = "edgepair"
TAG = "dev"
ENGINE, OPERATOR = f"edgepair/engine:{TAG}", f"edgepair/operator:{TAG}"
HELM_LIMIT_S = 240.0
HELM_WAIT = "180s"


def main() -> None:
    """Load the images into the workers and install or upgrade the release."""
    load([ENGINE, OPERATOR])
    # The tag stays when the image changes; the annotation changes with it, so that the Deployment rolls.
    image = f"operator.podAnnotations.edgepair-image={image_id(OPERATOR)}"
    with step("helm upgrade --install edgepair"):
        helm(
            *("upgrade", "--install", RELEASE, str(ROOT / "charts" / "edgepair")),
            *("--namespace", NAMESPACE, "--create-namespace", "--wait", "--timeout", HELM_WAIT),
            *("--set", f"operator.image.tag={TAG}", "--set", f"engine.image.tag={TAG}"),
            *("--set-string", image),
            "--take-ownership",  # of CRDs that somebody applied by hand
        )


def helm(*arguments: str) -> str:
    """Return what helm says about the cluster."""
    return run(LINK / "helm", "--kubeconfig", KUBECONFIG, *arguments, limit_s=HELM_LIMIT_S)


if __name__ == "__main__":
    main_with_reason(main)
