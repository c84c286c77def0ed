"""Energy meters: drivers that give every meter the same face; a board loads those it names.

    modbus_meter    any meter on a Modbus line, with its map from a module of `maps`
    cse7766         CSE7766 and HLW8032, chips that send frames by themselves
    pulse           meters with a pulse output
    probe           finds out which of the maps fits

A meter is an object with

    tick(now)          move on; every 5 to 20 ms. Never waits, and takes 10 ms at most
                       (tests/sim/blocking.py). It also ticks the bus that it owns or shares.
    poll_now(now)      take a fresh reading as soon as possible, for the begin and the end of a
                       transaction: wait for a `sampled_at` that is not before `now`
    silent_ms(now)     ms since the last good reading, or since the first tick

and these attributes, all of the same good reading. What the meter does not measure is None, in a
list for a phase that it does not have; before the first reading everything is None.

    name               of the type
    reading_id         0 before the first good reading, then one more with each (wraps at 2**30)
    sampled_at         ticks: the reading is not older than this (the request went out then)
    online             whether readings come in
    voltage_mv         [L1, L2, L3] against N
    current_ma         [L1, L2, L3]
    power_w            all phases, signed: positive is import
    power_phase_w      [L1, L2, L3], signed
    power_factor_permille  [L1, L2, L3], signed
    frequency_mhz      mHz
    energy_wh          the import register as it stands in the meter. It may fall or start anew:
                       to make it monotonic is not the driver's business

A reading that cannot be true as a whole (no number, out of every range) is refused as a whole
and counted in `implausible`; the attributes keep the last good one. Further counters: `refused`
(the meter answered with an exception), `missed` (no legible answer in time).

The lists are updated in place: copy what must not change.

A meter on a Modbus line has `address` and `line`, a modbus.master.Master: whoever borrows its port
puts something there that refuses requests, and brings the line back.
"""
