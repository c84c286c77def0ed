"""How long a TLS handshake stalls the guard's timer; what memory is left with Wi-Fi and TLS up.

Set before: HOST, PORT (a TLS server), SSID, PASSWORD, and CA (PEM) or None.
Holds: nothing; 1 s is expected, which is why boards without hardware pause charging first. The
largest free block of the C heap tells whether a second handshake would fit: 45 KB.
"""

import esp32
import gc
import network
import probe
import socket
import time
import tls

_DATA = 4  # esp32.HEAP_DATA

box = probe.board()
gaps = probe.Gaps(box)


def blocks():
    """Return (free bytes, largest block) of the C heap."""
    regions = esp32.idf_heap_info(_DATA)
    return sum(region[1] for region in regions), max(region[2] for region in regions)


def handshake():
    """Connect; returns what has to stay open."""
    connection = socket.socket()
    connection.connect(socket.getaddrinfo(HOST, PORT)[0][-1])  # noqa: F821
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    if CA:  # noqa: F821
        context.verify_mode = tls.CERT_REQUIRED
        context.load_verify_locations(CA)  # noqa: F821
    else:
        context.verify_mode = tls.CERT_NONE
    gaps.begin()
    began = time.ticks_us()
    secured = context.wrap_socket(connection, server_hostname=HOST)  # noqa: F821
    secured.write(b"\0")
    return secured, time.ticks_diff(time.ticks_us(), began), gaps.end()


before = blocks()
link = network.WLAN(network.STA_IF)
link.active(True)
link.connect(SSID, PASSWORD)  # noqa: F821
for _ in range(200):
    if link.isconnected():
        break
    time.sleep_ms(100)
with_wifi = blocks()
secured, took_us, gap_ms = handshake()
gc.collect()
free, largest = blocks()
probe.report(
    "tls_stall", handshake_ms=took_us // 1000, gap_ms_max=gap_ms, c_heap_before=before[0],
    c_heap_wifi=with_wifi[0], c_heap_tls=free, c_block_tls=largest, heap_free=gc.mem_free(),
    heap_allocated=gc.mem_alloc(), holds=largest >= 45 * 1024,
)  # fmt: skip
secured.close()
