"""The named cars: each a row of what it does otherwise than the ordinary one.

What real cars are reported to do, by behaviour and not by make. The figures of the ordinary car
say what each name means; `end` is how a session with the car ends: it charges, or the text that
`why` gives for not doing so.
"""

ORDINARY = {
    "max_ma": 32_000,  # per phase
    "phases": 3,
    "capacity_wh": 60_000,
    "taper_permille": 800,  # from this state of charge on the current falls linearly
    "end_ma": 0,  # kept flowing when full, for balancing; 0: S2 opens
    "min_ma": 6000,  # an offer below this is ignored
    "gain_permille": 1000,  # what is drawn of what is offered
    "wake_ms": 800,  # S2 closes after the offer
    "start_ms": 600,  # current begins after the mains
    "ramp_ma": 80,  # per 10 ms
    "linger_ms": 0,  # goes on drawing after the offer
    "stop_ms": 400,  # S2 opens after the current is gone
    "jump_ms": 0,  # S2 is closed already when the plug goes in
    "glitch_ms": 0,  # looks like B after a new duty cycle
    "cycle_ms": 0,  # cold: S2 opens and closes at this pace unless 6 A or less are offered
    "sleep_ms": 0,  # so long without an offer, and only a break of the pilot wakes it
    "replug_ms": 0,  # new phases are taken only after so long without a pilot
    "pulse_ms": 0,  # looks like C after new phases
    "has_diode": True,
    "has_s2": True,
    "heeds_x1": True,  # False: draws until the mains is gone
    "resumes": True,  # False: asks once, never again after a pause
    "likes_f": True,  # False: takes steady -12 V for a broken charger, until the next plug
    "ventilation": False,
    "follows_pilot": True,
    "soc": None,  # permille at the plug; None: as full as it came
    "end": "charges",
}

# New ones at the end: a stored car is the number of its row.
CARS = (
    ("ordinary", {}),
    ("one-phase", {"phases": 1}),
    ("small", {"max_ma": 16_000, "phases": 1, "wake_ms": 1500, "start_ms": 2000, "ramp_ma": 30,
               "stop_ms": 800}),
    ("glitchy", {"glitch_ms": 500, "max_ma": 16_000}),
    ("late-wake", {"wake_ms": 45_000, "max_ma": 16_000}),
    ("over-draw", {"gain_permille": 1080, "min_ma": 7900}),
    ("slow-phase", {"replug_ms": 45_000, "pulse_ms": 250, "max_ma": 16_000}),
    ("no-diode", {"has_diode": False, "end": "EV diode is missing"}),
    ("keeps-drawing", {"heeds_x1": False, "phases": 1}),
    ("sleeper", {"sleep_ms": 20_000, "max_ma": 16_000}),
    ("no-resume", {"resumes": False}),
    ("simplified", {"has_s2": False, "follows_pilot": False, "max_ma": 10_000, "phases": 1}),
    ("ventilated", {"ventilation": True, "end": "EV needs ventilation"}),
    ("jumper", {"jump_ms": 4000}),
    ("slow-stop", {"linger_ms": 4500, "stop_ms": 800}),
    ("full", {"soc": 1000, "end": "EV does not ask for energy (pilot B)"}),
    ("balancing", {"end_ma": 500, "max_ma": 16_000, "phases": 1}),
    ("cycling", {"cycle_ms": 2500, "max_ma": 16_000}),
    ("no-f", {"likes_f": False, "max_ma": 16_000, "phases": 1}),
    ("needs-8a", {"min_ma": 7900, "start_ms": 12_000}),
    ("slow-start", {"start_ms": 40_000, "ramp_ma": 300}),
)


def names():
    """Return the names of all cars."""
    return [row[0] for row in CARS]


def figure(name, key):
    """Return one figure of a named car. Raises ValueError if nobody knows the car."""
    for row in CARS:
        if row[0] == name:
            return row[1].get(key, ORDINARY[key])
    raise ValueError("no car named %s; there are: %s" % (name, ", ".join(names())))
