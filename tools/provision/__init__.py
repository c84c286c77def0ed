"""Give boards their identity, network and keys, many in a row; hand out what goes on their labels.

make provision PORT=PORT[,PORT...] SITE=site.toml [ARGS="--secrets keys.csv --many"]

The firmware has to be on the board (make deploy). A board is known by the serial number of its
chip: when it comes again it gets the same identity, and if nothing is missing it is left as it is.
What was given to whom stands in SITE.boards.json, labels in SITE.labels.csv and .json. Keys are
made here, written to the file of --secrets (readable by its owner only) before they go to a board,
and shown nowhere.

site.toml:

    [site]
    id = "NORTH-{number:03}"             # {number} counts up, {serial} is the chip's
    qr = "https://example.com/cp/{id}"   # default: pilotwire:{id}?serial={serial}
    [network]                            # left out: Ethernet
    wifi_ssid = "chargers"
    wifi_password_file = "wifi.txt"      # or wifi_password, if the file is kept private
    [ocpp]
    url = "wss://csms.example.com/ocpp"
    security_profile = 2                 # 0 none, 1 key, 2 key and TLS
    ca_file = "ca.pem"                   # who signed the central system's certificate
    [config]                             # configuration keys, OCPP's and the device's
    InstallationCurrentMax = 16
"""
