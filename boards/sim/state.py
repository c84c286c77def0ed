"""The whole truth about the simulated charger, for the control port's `state` and the panel."""


def state(app, world, shares):
    """Return the state as a dict of plain values; `shares` is the Simulator."""
    return {
        "uptime_ms": shares.uptime_ms(),
        "online": app.client.connected,
        "registration": app.client.registration,
        "queue": app.transactions.pending,
        "heap": shares.heap(),
        "guard": {
            "gap_ms_max": app.guard_loop.gap_ms_max,
            "gaps_over_50_closed": app.guard_loop.gaps_over_50_closed,
        },
        "led": app.lights and app.lights.patterns,
        "parts_read": shares.parts_read,
        "flash": {"erases": shares.flash.erases, "writes": shares.flash.writes},
        "connectors": [
            _connector(app, world, index) for index in range(len(app.station.connectors))
        ],
    }


def _connector(app, world, index):
    connector = app.station.connectors[index]
    guard = app.guards[index]
    meter = connector.meter
    transaction = connector.transaction
    outlet = world.outlets[index]
    socket = outlet.socket
    return {
        "connector": connector.id,
        "cp": connector.cp_name,
        "cp_high_mv": guard.high_mv,
        "cp_low_mv": guard.low_mv,
        "duty_permille": duty_permille(guard.duty),
        "contactor": outlet.contactor.closed,
        "guard": guard.state,
        "current_ma": list(meter.current_ma),
        "voltage_mv": list(meter.voltage_mv),
        "power_w": meter.power_w,
        "energy_wh": connector.energy.register_wh,
        "meter_wh": outlet.energy_mwh // 1000,
        "status": connector.status,
        "error_code": connector.error_code,
        "transaction": transaction.transaction_id if transaction else None,
        "session": connector.session.state,
        "id_tag": connector.session.id_token,
        "limit_ma": connector.limit_ma,
        "locked": connector.locked,
        "bolt": socket.lock.locked if socket else None,
        "cable_a": socket.cable_a if socket else None,
        "faults": [fault.name for fault in connector.faults + connector.warnings],
        "why": connector.why(),
        "soc_permille": outlet.ev.soc_permille,
    }


def duty_permille(duty):
    """Return a duty of 0..65535 in permille; 65535 is a steady high."""
    return (duty * 1000 + 32767) // 65535
