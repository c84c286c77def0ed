"""What a frozen build of MicroPython takes in; made by `python -m tools.package`, not by hand.

    make -C ports/esp32 BOARD=ESP32_GENERIC FROZEN_MANIFEST=<this file>

or, from a manifest of your own, `include("<this file>", tier="stock")`. The board's own files,
board.json, boot.py and main.py, stay in the file system: `make deploy` puts them there.
"""

# ruff: noqa: F821  the names are those of MicroPython's manifests

include("$(PORT_DIR)/boards/manifest.py")
options.defaults(tier="full")

module("backoff.py", base_path="lib")
module("crc.py", base_path="lib")
module("csl.py", base_path="lib")
module("dns.py", base_path="lib")
module("fsm.py", base_path="lib")
module("jsonstream.py", base_path="lib")
module("kvstore.py", base_path="lib")
module("log.py", base_path="lib")
module("rfc3339.py", base_path="lib")
module("shape.py", base_path="lib")
module("ticks.py", base_path="lib")
package(
    "boards",
    (
        "__init__.py", "_esp32/__init__.py", "_esp32/board.py", "_esp32/net.py",
        "_esp32/start.py", "common/__init__.py", "common/connector_port.py",
        "common/ds18b20.py", "common/pilot_io.py", "common/socket_port.py",
        "common/thermistor.py",
    ),
    base_path=".",
)
package(
    "firmware",
    (
        "__init__.py", "access.py", "app.py", "auth/__init__.py",
        "auth/authorizer.py", "auth/cache.py", "auth/list_record.py",
        "auth/list_update.py", "auth/local_list.py", "boot_record.py", "clock.py",
        "config.py", "console/__init__.py", "console/commands.py",
        "console/configure.py", "console/doctor.py", "console/meter.py",
        "device_keys.py", "evse/__init__.py", "evse/admission.py",
        "evse/availability.py", "evse/connector.py", "evse/energy.py",
        "evse/faults.py", "evse/latches.py", "evse/lifecycle.py", "evse/limiter.py",
        "evse/lock.py", "evse/pilot.py", "evse/power.py", "evse/protection.py",
        "evse/proximity.py", "evse/session.py", "evse/socket_side.py",
        "evse/station.py", "evse/status.py", "evse/tap.py", "evse/why.py",
        "guard/__init__.py", "guard/guard.py", "guard/loop.py", "hal.py", "late.py",
        "local/__init__.py", "local/console_shell.py", "local/lights.py",
        "net/__init__.py", "net/names.py", "net/ocpp_link.py", "net/stream.py",
        "net/url.py", "ocpp/__init__.py", "ocpp/authorize.py", "ocpp/boot.py",
        "ocpp/client.py", "ocpp/config_keys.py", "ocpp/config_report.py",
        "ocpp/core.py", "ocpp/local_auth_list.py", "ocpp/measurands.py",
        "ocpp/meter_queue.py", "ocpp/metering.py", "ocpp/remote_trigger.py",
        "ocpp/sample_spool.py", "ocpp/status.py", "ocpp/transactions.py",
        "ocpp/tx_ledger.py", "ocpp/tx_messages.py", "ocpp/tx_record.py",
        "preload.py", "profiles.py",
    ),
    base_path=".",
)
package(
    "meters",
    (
        "__init__.py", "cse7766.py", "float32.py", "maps/__init__.py", "maps/abb.py",
        "maps/chint.py", "maps/eastron.py", "maps/eastron_single.py",
        "maps/gavazzi.py", "maps/pzem.py", "meter.py", "modbus_meter.py", "probe.py",
        "pulse.py", "registers.py",
    ),
    base_path="lib",
)
package(
    "modbus",
    (
        "__init__.py", "master.py", "rtu.py",
    ),
    base_path="lib",
)
package(
    "ocpp16",
    (
        "__init__.py", "core.py", "local_auth_list.py", "remote_trigger.py",
    ),
    base_path="lib",
)
package(
    "ocppj",
    (
        "__init__.py", "errors.py", "frame.py", "jsontext.py", "rpc.py",
    ),
    base_path="lib",
)
package(
    "rfid",
    (
        "__init__.py", "iso14443a.py", "mfrc522.py", "pn532.py", "pn532_i2c.py",
        "pn532_spi.py", "pn532_uart.py", "presence.py", "rdm6300.py", "repeats.py",
        "uid.py", "wiegand.py",
    ),
    base_path="lib",
)
package(
    "websock",
    (
        "__init__.py", "client.py", "frames.py", "handshake.py", "long_text.py",
    ),
    base_path="lib",
)
if options.tier == "full":
    package(
        "firmware",
        (
            "evse/composite.py", "evse/profile_store.py", "evse/reservations.py",
            "evse/schedule.py", "evse/sharing.py", "evse/smart_charging.py",
            "ocpp/reservation.py", "ocpp/smart_charging.py",
        ),
        base_path=".",
    )
    package(
        "ocpp16",
        (
            "charging_profile.py", "reservation.py", "smart_charging.py",
        ),
        base_path="lib",
    )
