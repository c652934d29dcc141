"""Builders: a dhcpd.conf in a few words, and what becomes of it."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from edgepair_contract.config import SubnetConfig
from edgepair_engine.importing.dhcpd_conf import Attachment, ImportedConfig, Wishes, import_config
from edgepair_engine.importing.loss import Loss

LAN = {IPv4Network("10.0.0.0/24"): Attachment("eth0", IPv4Address("10.0.0.1"))}


def imported(text: str, wishes: Wishes | None = None, **files: str) -> ImportedConfig:
    """Return what a configuration becomes; it can include the files given by name."""

    def include(name: str) -> bytes:
        if name not in files:
            raise FileNotFoundError(2, "No such file or directory")
        return files[name].encode()

    return import_config(text.encode(), name="dhcpd.conf", wishes=wishes or Wishes("a", LAN), include=include)


def subnet_of(statements: str, around: str = "") -> SubnetConfig:
    """Return what 10.0.0.0/24 with these statements becomes; nothing may be lost."""
    result = imported(f"{around} subnet 10.0.0.0 netmask 255.255.255.0 {{ {statements} }}")
    assert result.losses == ()
    (subnet,) = result.config.subnets
    return subnet


def lost(result: ImportedConfig) -> list[tuple[int, str, str]]:
    """Return the losses as line, statement and reason."""
    return [(loss.line, loss.statement, loss.why) for loss in result.losses]


def only_loss(text: str) -> Loss:
    """Return the one loss of a configuration."""
    (loss,) = imported(text).losses
    return loss
