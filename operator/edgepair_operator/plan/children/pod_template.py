"""The pod of one engine. It holds no digest of the configuration: an edit never restarts a pod by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgepair_contract.config import FAILOVER_PORT
from edgepair_operator.api.keys import Label
from edgepair_operator.api.v1alpha1.appliance_dhcp_server import ApplianceDhcpServer, Placement, Spread
from edgepair_operator.plan.children.metadata import ENGINE, config_map_name, labels
from edgepair_operator.plan.world import EngineDefaults

DHCP_PORT = 67
CONFIG_FOLDER = "/etc/edgepair"
STORE_FOLDER = "/var/lib/edgepair"
STORE = "store"
HOSTNAME = "kubernetes.io/hostname"
GRACE_S = 15  # the engine tells its partners SHUTDOWN and commits what waits


def pod_template(server: ApplianceDhcpServer, partners: Sequence[str], defaults: EngineDefaults) -> dict[str, Any]:
    """Return the template of a server's pod; `partners` are the servers it must not share a node with."""
    spec = server.spec
    template: dict[str, Any] = {
        "metadata": {"labels": labels(server.metadata.name)},
        "spec": {
            "serviceAccountName": ENGINE,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "hostNetwork": True,
            "dnsPolicy": "ClusterFirstWithHostNet",
            "terminationGracePeriodSeconds": GRACE_S,
            "securityContext": {"runAsUser": 0, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [_container(server, defaults)],
            "volumes": [
                {"name": "config", "configMap": {"name": config_map_name(server.metadata.name)}},
                {"name": "tmp", "emptyDir": {"sizeLimit": "16Mi"}},
            ],
        },
    }
    if spec.pod_annotations:
        template["metadata"]["annotations"] = dict(spec.pod_annotations)
    if spec.image_pull_secrets:
        template["spec"]["imagePullSecrets"] = [{"name": secret.name} for secret in spec.image_pull_secrets]
    template["spec"] |= _placement(spec.placement, partners)
    return template


def _container(server: ApplianceDhcpServer, defaults: EngineDefaults) -> dict[str, Any]:
    spec = server.spec
    port = spec.network.admin_port
    container: dict[str, Any] = {
        "name": "engine",
        "image": spec.image or defaults.image,
        "imagePullPolicy": defaults.image_pull_policy,
        # An engine that cannot start says why in its last line: it becomes the server's condition.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "args": ["run", "--config", f"{CONFIG_FOLDER}/member.json", "--store", STORE_FOLDER],
        "env": [
            _from_field("EDGEPAIR_ADMIN_ADDRESS", "status.hostIP"),
            _from_field("EDGEPAIR_POD_UID", "metadata.uid"),
            {"name": "EDGEPAIR_LOG_LEVEL", "value": spec.log_level.value},
        ],
        # Host ports also tell the scheduler that a node takes one server only.
        "ports": [
            {"name": "dhcp", "containerPort": DHCP_PORT, "hostPort": DHCP_PORT, "protocol": "UDP"},
            {"name": "failover", "containerPort": FAILOVER_PORT, "hostPort": FAILOVER_PORT, "protocol": "TCP"},
            {"name": "admin", "containerPort": port, "hostPort": port, "protocol": "TCP"},
        ],
        "livenessProbe": _probe("/livez", period_s=5, failures=6),
        "readinessProbe": _probe("/readyz", period_s=2, failures=2),
        # uid 0: Kubernetes gives a process of another uid none of the added capabilities.
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE", "NET_RAW"]},
        },
        "volumeMounts": [
            {"name": "config", "mountPath": CONFIG_FOLDER, "readOnly": True},
            {"name": STORE, "mountPath": STORE_FOLDER},
            {"name": "tmp", "mountPath": "/tmp"},
        ],
    }
    if spec.resources is not None:
        container["resources"] = spec.resources.manifest()
    return container


def _from_field(name: str, path: str) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


def _probe(path: str, *, period_s: int, failures: int) -> dict[str, Any]:
    return {
        "httpGet": {"path": path, "port": "admin"},
        "periodSeconds": period_s,
        "timeoutSeconds": 2,
        "failureThreshold": failures,
    }


def _placement(placement: Placement, partners: Sequence[str]) -> dict[str, Any]:
    """Return where the pod may stand. Never spec.nodeName: only the scheduler binds a local volume."""
    affinity: dict[str, Any] = {}
    if placement.node_name is not None:
        terms = [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [placement.node_name]}]}]
        affinity["nodeAffinity"] = {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms},
        }
    if partners:
        affinity["podAntiAffinity"] = _apart_from(partners, placement.spread)
    found: dict[str, Any] = {"affinity": affinity} if affinity else {}
    if placement.node_selector:
        found["nodeSelector"] = dict(placement.node_selector)
    if placement.tolerations:
        found["tolerations"] = [toleration.manifest() for toleration in placement.tolerations]
    return found


def _apart_from(partners: Sequence[str], spread: Spread) -> dict[str, Any]:
    expression = {"key": Label.SERVER, "operator": "In", "values": list(partners)}
    term = {"labelSelector": {"matchExpressions": [expression]}, "topologyKey": HOSTNAME}
    if spread is Spread.REQUIRED:
        return {"requiredDuringSchedulingIgnoredDuringExecution": [term]}
    return {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}]}
