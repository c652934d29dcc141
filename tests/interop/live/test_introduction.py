"""What two of ours tell each other at CONNECT is nothing to a dhcpd."""

from __future__ import annotations

import pytest

from tests.interop.live.pair import Pair, settled


@pytest.mark.protocol("I17")
def test_a_dhcpd_taken_for_one_of_ours_passes_over_the_introduction(pair: Pair) -> None:
    configuration = pair.terms.for_ours(pair.role)
    configuration["groups"][0]["partner_is_ours"] = True
    pair.ours.configure(configuration)
    pair.start()
    clients = [pair.crowd.client(of=server.role) for server in (pair.ours, pair.theirs)]
    addresses = [client.takes().address for client in clients]
    pair.equal()
    pair.ours.end()
    pair.ours.start()
    settled(pair)
    assert [client.renews().address for client in clients] == addresses
    group = pair.ours.group()
    assert group is not None
    assert group.partner_version is None
