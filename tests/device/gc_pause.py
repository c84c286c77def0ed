"""How long a collection takes, with little and with much in the heap.

Holds: 20 ms at most, which is what the opening within 100 ms has room for.
"""

import gc
import probe

box = probe.board()
gc.collect()
empty_us = max(probe.timed_us(gc.collect) for _ in range(10))
kept = []
try:
    while gc.mem_free() > 24 * 1024:
        kept.append([len(kept), str(len(kept)), {"a": len(kept)}])
        if len(kept) >= globals().get("OBJECTS", 20_000):
            break
except MemoryError:
    kept.pop()
full_us = max(probe.timed_us(gc.collect) for _ in range(10))
probe.report(
    "gc_pause", collect_empty_us=empty_us, collect_full_us=full_us, objects=len(kept),
    allocated=gc.mem_alloc(), free=gc.mem_free(), holds=full_us <= 20_000,
)  # fmt: skip
