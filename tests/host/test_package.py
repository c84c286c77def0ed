"""package.json and manifest.py name every module, and what they name can be installed."""

import json
import shutil

import pytest

from tests.host.mpremote_tool import execute, mpremote
from tools import mpy, package
from tools.virtual_board import VirtualBoard

FULL_ONLY = {"firmware/ocpp/smart_charging.py", "firmware/ocpp/reservation.py",
             "ocpp16/smart_charging.py", "ocpp16/reservation.py", "ocpp16/charging_profile.py",
             *("firmware/evse/%s.py" % name for name in (
                 "composite", "profile_store", "reservations", "schedule", "sharing",
                 "smart_charging"))}


class Recorder:
    """What a manifest does, as MicroPython's makemanifest would understand it."""

    def __init__(self, tier=None):
        self._given = {"tier": tier} if tier else {}
        self.frozen = {}
        self.included = []

    def run(self, text):
        names = {"module": self.module, "package": self.package, "options": self,
                 "include": self.included.append}
        exec(compile(text, "manifest.py", "exec"), names)
        return self

    def defaults(self, **options):
        self.tier = self._given.get("tier", options["tier"])

    def module(self, path, base_path="."):
        self._freeze(path, base_path)

    def package(self, name, files, base_path="."):
        for path in files:
            self._freeze("%s/%s" % (name, path), base_path)

    def _freeze(self, path, base):
        assert path not in self.frozen
        self.frozen[path] = path if base == "." else "%s/%s" % (base, path)


def sources():
    """All modules for a board that the compiler knows, without the files that start a board."""
    return {path: source for path, source in mpy.sources(False).items()
            if not (path.startswith("boards/") and path.endswith(("/main.py", "/boot.py")))}


def test_package_when_sources_change_then_both_files_are_made_anew():
    """If this fails: run `python -m tools.package` and commit what it wrote."""
    assert package.stale() == []


def test_package_when_read_then_every_url_is_a_file_of_the_tree():
    """mip fetches them beside package.json."""
    found = json.loads((package.ROOT / package.PACKAGE).read_text())
    assert dict(found["urls"]) == sources()
    assert all((package.ROOT / url).is_file() for _, url in found["urls"])


@pytest.mark.parametrize("tier, without", [(None, set()), ("full", set()), ("stock", FULL_ONLY)])
def test_manifest_when_run_then_freezes_exactly_the_sources_of_the_tier(tier, without):
    """Nothing is forgotten, nothing comes twice, and the port's own modules are there too."""
    found = Recorder(tier).run((package.ROOT / package.MANIFEST).read_text())
    wanted = {path: source for path, source in sources().items() if path not in without}
    assert found.frozen == wanted
    assert found.included == ["$(PORT_DIR)/boards/manifest.py"]


def test_stale_when_a_module_is_new_then_both_files_are_named(tmp_path):
    """The check can fail."""
    for folder in ("lib", "firmware", "boards"):
        shutil.copytree(package.ROOT / folder, tmp_path / folder)
    for name in (package.PACKAGE, package.MANIFEST):
        shutil.copyfile(package.ROOT / name, tmp_path / name)
    assert package.stale(tmp_path) == []
    (tmp_path / "lib" / "fresh.py").write_text('"""New."""\n')
    assert package.stale(tmp_path) == [package.PACKAGE, package.MANIFEST]


def test_compiled_when_installed_by_mip_then_a_board_imports_the_firmware(
        tmp_path):
    """The package of .mpy files, through the real mip; it is found below /lib."""
    assert package.main(["--mip", str(tmp_path / "mip"), "--tier", "stock"]) == 0
    with VirtualBoard(tmp_path / "board", heap=192 * 1024) as board:
        done = mpremote(board, "mip", "install", str(tmp_path / "mip" / "package.json"))
        assert done.returncode == 0, done.stdout[-500:] + done.stderr
        text = execute(board, """
import firmware.app
from firmware import profiles
print(firmware.app.__file__, profiles.features(profiles.installed()))
""")
    assert text == "/lib/firmware/app.mpy Core,LocalAuthListManagement,RemoteTrigger\n"


def test_package_when_installed_by_mip_then_every_module_is_on_the_board(tmp_path):
    """The sources, as `mpremote mip install ./package.json` takes them from the tree."""
    with VirtualBoard(tmp_path / "board", heap=400 * 1024) as board:
        done = mpremote(board, "mip", "install", str(package.ROOT / package.PACKAGE))
        assert done.stdout.count("Installing: /lib/") == len(sources())
        text = execute(board, "import firmware.app as app; print(app.__file__, app.VERSION)")
    version = json.loads((package.ROOT / package.PACKAGE).read_text())["version"]
    assert text == "/lib/firmware/app.py %s\n" % version
