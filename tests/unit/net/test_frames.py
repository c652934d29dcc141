"""Packets for clients without an address have the bytes that a client's kernel accepts."""

from __future__ import annotations

from edgepair_engine.net.frames import BROADCAST_HARDWARE, checksum, ethernet_frame, udp_packet

ROUTER = 0x0A010001
CLIENT = 0x0A010032


def test_the_checksum_of_rfc_1071s_example() -> None:
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0x220D


def test_a_packet_byte_by_byte() -> None:
    packet = udp_packet(b"offer", source=ROUTER, destination=CLIENT, port=68)
    assert packet.hex(" ", -4) == ("45000021 00004000 40112698 0a010001 0a010032 00430044 000da34c 6f666665 72")


def test_both_checksums_add_up_for_odd_and_even_lengths() -> None:
    for length in (0, 1, 300, 301):
        packet = udp_packet(b"\xa7" * length, source=ROUTER, destination=CLIENT, port=68)
        pseudo_header = packet[12:20] + b"\0\x11" + packet[24:26]
        assert checksum(packet[:20]) == 0
        assert checksum(pseudo_header + packet[20:]) == 0


def test_a_sum_of_nought_is_sent_as_all_ones() -> None:
    found = [
        packet[26:28]
        for number in range(65536)
        if (packet := udp_packet(number.to_bytes(2, "big"), source=0, destination=0, port=68))[26:28] == b"\xff\xff"
    ]
    assert len(found) == 1


def test_a_frame_begins_with_where_it_goes() -> None:
    frame = ethernet_frame(b"packet", source=b"\x02\0\0\0\0\x01", destination=BROADCAST_HARDWARE)
    assert frame == b"\xff\xff\xff\xff\xff\xff\x02\0\0\0\0\x01\x08\x00packet"
