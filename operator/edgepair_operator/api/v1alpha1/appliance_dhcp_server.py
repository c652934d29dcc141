"""ApplianceDhcpServer, as users write it: one appliance's DHCP server, its interfaces, where it runs."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from edgepair_contract.config import NetworkMode
from edgepair_operator.api.markers import AtomicList, IntOrString, MapList, Rule
from edgepair_operator.api.v1alpha1.addresses import Address, InterfaceAddress
from edgepair_operator.api.v1alpha1.model import Model, Resource
from edgepair_operator.api.v1alpha1.scope import InterfaceName, Scope
from edgepair_operator.api.v1alpha1.server_status import ServerStatus

QUANTITY_PATTERN = r"^([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$"
SERVER_NAME_PATTERN = r"^[a-z]([a-z0-9-]*[a-z0-9])?$"
SERVER_NAME_LENGTH_MAX = 52  # a StatefulSet's revision label adds 11 characters, and a label holds 63

Quantity = Annotated[int | str, IntOrString(QUANTITY_PATTERN)]
Device = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$", min_length=1, max_length=15)]
ServerName = Annotated[str, Field(pattern=SERVER_NAME_PATTERN, min_length=1, max_length=SERVER_NAME_LENGTH_MAX)]


class ServiceType(Enum):
    """The kind of Service that relays reach."""

    CLUSTER_IP = "ClusterIP"
    LOAD_BALANCER = "LoadBalancer"


class Spread(Enum):
    """Whether the two servers of a pair must stand on different nodes, or only should."""

    REQUIRED = "Required"
    PREFERRED = "Preferred"


class LogLevel(Enum):
    """What the engine's log holds: this severity and everything above."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Appliance(Model):
    """The appliance this server belongs to, as people know it."""

    name: str | None = Field(
        None, min_length=1, max_length=253, description="Shown in the column Appliance; metadata.name when absent."
    )
    ne_pk: str | None = Field(None, max_length=64, description="The appliance's key in EdgeConnect, such as 3.NE.")
    serial: str | None = Field(None, max_length=64, description="The appliance's serial number.")


class Attachment(Model):
    """One attachment of the pod to a network beside the cluster's."""

    name: str = Field(
        min_length=1, max_length=253, description="The NetworkAttachmentDefinition: name or namespace/name."
    )
    device: Device = Field(description="The attachment's device in the pod.")


class RelayService(Model):
    """The Service that DHCP relays send to."""

    type: ServiceType = Field(ServiceType.CLUSTER_IP, description="ClusterIP or LoadBalancer.")
    load_balancer_ip: Address | None = Field(
        None, alias="loadBalancerIP", description="The address asked of the load balancer."
    )
    annotations: dict[str, str] = Field(default_factory=dict, max_length=64, description="Annotations of the Service.")

    rules: ClassVar = (
        Rule(
            "!has(self.loadBalancerIP) || self.type == 'LoadBalancer'",
            "loadBalancerIP needs type: LoadBalancer",
        ),
    )


class Network(Model):
    """How DHCP packets reach the server."""

    mode: NetworkMode = Field(
        description="HostNetwork: the node's devices, broadcasts and relayed packets. Multus: attachments of the pod."
        " Relay: the pod network, relayed unicast only."
    )
    attachments: Annotated[tuple[Attachment, ...], Field(max_length=64), MapList("name")] = Field(
        (), description="The pod's attachments, with mode Multus."
    )
    service: RelayService | None = Field(None, description="The Service that relays send to, with mode Relay.")
    server_identifier: Address | None = Field(
        None, description="Address that clients know the server by (option 54); by mode when absent, never a pod's."
    )
    admin_port: int = Field(8443, ge=1, le=65535, description="Port of the engine's admin interface.")

    rules: ClassVar = (
        Rule(
            "(self.mode == 'Multus') == (has(self.attachments) && size(self.attachments) > 0)",
            "attachments and mode: Multus belong together: write both or neither",
        ),
        Rule(
            "!has(self.service) || self.mode == 'Relay'",
            "service belongs to mode: Relay: remove it, or write mode: Relay",
        ),
    )


class Interface(Model):
    """One LAN interface of the appliance, untagged (lan0) or tagged (lan0.10)."""

    name: InterfaceName = Field(description="The appliance's name of it: lan0, or lan0.10 for VLAN 10 on lan0.")
    vlan: int | None = Field(None, ge=1, le=4094, description="VLAN of a tagged interface: the number after the dot.")
    device: Device | None = Field(None, description="The node's or pod's device; the same as name when absent.")
    address: InterfaceAddress | None = Field(
        None, description="The device's address with prefix length. It must be there already: the engine never adds it."
    )
    failover: bool = Field(False, description="Whether a failover group gives this interface its scopes.")
    scope: Scope | None = Field(None, description="What is given on this interface, without failover.")
    label: str | None = Field(None, max_length=64, description="EdgeConnect's interface label, for people.")
    segment: str | None = Field(None, max_length=64, description="EdgeConnect's segment, for people.")

    rules: ClassVar = (
        Rule(
            "!self.name.contains('.') || int(self.name.split('.')[1]) <= 4094",
            "the number after the dot is a VLAN: 1 to 4094",
        ),
        Rule(
            "!has(self.vlan) || (self.name.contains('.') && int(self.name.split('.')[1]) == self.vlan)",
            "name and vlan must agree: write name: lan0.10 with vlan: 10, or leave vlan out",
        ),
        Rule(
            "!self.failover || !has(self.scope)",
            "with failover: true the scope stands in the DhcpFailoverGroup: move it there",
        ),
        Rule(
            "!has(self.scope) || !has(self.scope.interface) || self.scope.interface == self.name",
            "scope.interface is this interface: leave it out",
        ),
        Rule(
            "!has(self.scope) || !has(self.address) || !isCIDR(self.address) || !isCIDR(self.scope.prefix)"
            " || cidr(self.scope.prefix).containsIP(cidr(self.address).ip())",
            "scope.prefix must hold the interface's address",
        ),
    )


class Toleration(Model):
    """A taint that the server's pod bears, as in a pod."""

    key: str | None = Field(None, max_length=316, description="The taint's key; every taint when absent.")
    operator: Literal["Exists", "Equal"] | None = Field(None, description="Exists or Equal.")
    value: str | None = Field(None, max_length=63, description="The taint's value, with Equal.")
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = Field(
        None, description="The taint's effect; every effect when absent."
    )
    toleration_seconds: int | None = Field(None, description="How long NoExecute is borne.")


class Placement(Model):
    """Where the server's pod stands. An appliance stands on one LAN: it never moves by itself."""

    node_name: str | None = Field(None, min_length=1, max_length=253, description="The node's name.")
    node_selector: dict[str, str] = Field(
        default_factory=dict, max_length=16, description="Labels of the node, instead of its name."
    )
    tolerations: Annotated[tuple[Toleration, ...], Field(max_length=16), AtomicList()] = Field(
        (), description="Taints that the pod bears."
    )
    spread: Spread = Field(
        Spread.REQUIRED, description="Whether the servers of a pair must, or only should, stand on different nodes."
    )


class ConflictProbe(Model):
    """Whether an address is pinged before it is offered."""

    enabled: bool = Field(False, description="Ping an address before it is offered the first time.")
    timeout_milliseconds: int = Field(500, ge=10, le=5000, description="How long an answer is waited for.")


class Limits(Model):
    """How many packets are answered before the rest is dropped."""

    per_client_per_second: int = Field(10, ge=1, le=100000, description="From one client.")
    per_relay_per_second: int = Field(1000, ge=1, le=1000000, description="From one relay.")


class Storage(Model):
    """The lease store's own volume. Local storage is right: DHCP must not wait for a network disk."""

    size: Quantity = Field("1Gi", description="The volume's size. It cannot be changed later: claims are immutable.")
    storage_class_name: str | None = Field(
        None, min_length=1, max_length=253, description="The StorageClass; the cluster's default when absent."
    )


class Resources(Model):
    """What the engine's container asks for and may use, as in a pod."""

    requests: dict[str, Quantity] = Field(default_factory=dict, max_length=16, description="What is reserved.")
    limits: dict[str, Quantity] = Field(default_factory=dict, max_length=16, description="What cannot be exceeded.")


class PullSecret(Model):
    """A Secret with credentials of the image's registry."""

    name: str = Field(min_length=1, max_length=253, description="The Secret's name.")


class ServerSpec(Model):
    """What is asked of one appliance's DHCP server."""

    appliance: Appliance = Field(Appliance(), description="The appliance, as people know it.")
    network: Network = Field(description="How DHCP packets reach the server.")
    interfaces: Annotated[tuple[Interface, ...], Field(min_length=1, max_length=64), MapList("name")] = Field(
        description="The LAN interfaces it serves."
    )
    placement: Placement = Field(Placement(), description="Where the server's pod stands.")
    conflict_probe: ConflictProbe = Field(ConflictProbe(), description="Whether addresses are pinged before an offer.")
    limits: Limits = Field(Limits(), description="How many packets are answered.")
    storage: Storage = Field(Storage(), description="The lease store's volume.")
    resources: Resources | None = Field(None, description="What the engine's container asks for and may use.")
    image: str | None = Field(
        None, min_length=1, max_length=512, description="The engine's image; the operator's setting when absent."
    )
    image_pull_secrets: Annotated[tuple[PullSecret, ...], Field(max_length=16), MapList("name")] = Field(
        (), description="Secrets for the image's registry."
    )
    pod_annotations: dict[str, str] = Field(default_factory=dict, max_length=64, description="Annotations of the pod.")
    log_level: LogLevel = Field(LogLevel.INFO, description="What the engine's log holds.")
    utilization_threshold_percent: int = Field(
        80, ge=61, le=99, description="From this part of its addresses in use on, a scope counts as nearly full."
    )
    suspend: bool = Field(
        False, description="Whether the pod is scaled to nought, after telling its partners. The store is kept."
    )

    rules: ClassVar = (
        Rule(
            "self.network.mode != 'Relay' || self.interfaces.all(i, !has(i.device) && !has(i.address))",
            "with mode: Relay the server has no devices: remove device and address from each interface",
        ),
        Rule(
            "self.network.mode == 'Relay' || self.interfaces.all(i, has(i.address))",
            "each interface needs the address its device has, such as address: 10.1.0.2/24 (only mode: Relay has none)",
        ),
        Rule(
            "self.network.mode != 'HostNetwork' || has(self.placement.nodeName)"
            " != (has(self.placement.nodeSelector) && size(self.placement.nodeSelector) > 0)",
            "with mode: HostNetwork say where the appliance stands: write placement.nodeName or placement.nodeSelector",
        ),
    )


class ApplianceDhcpServer(Resource):
    """An appliance's DHCP server: one engine, its lease store, its interfaces."""

    kind: Literal["ApplianceDhcpServer"] = "ApplianceDhcpServer"
    spec: ServerSpec
    status: ServerStatus = Field(ServerStatus(), description="What the operator and the engine say of it.")

    rules: ClassVar = (
        Rule(
            f"size(self.metadata.name) <= {SERVER_NAME_LENGTH_MAX} && !self.metadata.name.contains('.')"
            " && self.metadata.name.matches('^[a-z]')",
            "a server's name begins with a letter, has no dots and at most 52 characters: Services are named after it",
        ),
    )

    @property
    def appliance_name(self) -> str:
        """Return the name in the column Appliance."""
        return self.spec.appliance.name or self.metadata.name
