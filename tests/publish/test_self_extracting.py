"""The self-extracting file: runs where there is only Python, checks what it holds, and harms nothing."""

from __future__ import annotations

import ast
import io
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pitstop.model.errors import DigestMismatch
from pitstop.package.site_layout import package_target
from pitstop.publish import extractor
from pitstop.publish.building import BuiltPackage, build, plan_kinds
from pitstop.publish.releasing import parts_of, read_built
from publish.press import Press

NAME = "Northstar1.1.0.1"


@pytest.fixture
def built(press: Press) -> BuiltPackage:
    source = press.source("1.1.0.1")
    return build(source, press.work / "built", press.settings, plan_kinds(), self_extracting=True)


@pytest.fixture
def container(built: BuiltPackage, tmp_path: Path) -> Path:
    """The file, carried elsewhere."""
    assert built.self_extracting is not None
    return Path(shutil.copy(built.self_extracting, tmp_path))


def run(
    container: Path, *arguments: object, python: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    # Isolated and without site-packages: the standard library alone.
    command = [python, "-I", "-S", str(container), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_it_unpacks_the_set_and_says_what_it_does_not_show(
    built: BuiltPackage, container: Path, tmp_path: Path
) -> None:
    done = run(container, tmp_path / "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Whose they are is checked when the package is imported" in done.stdout
    unpacked = tmp_path / "out" / NAME
    found = {path.name: path.read_bytes() for path in unpacked.iterdir()}
    assert found == {name: path.read_bytes() for name, path in parts_of(built)}
    assert [path.name for path in (tmp_path / "out").iterdir()] == [NAME]


def test_without_a_folder_it_unpacks_beside_itself(container: Path) -> None:
    assert run(container).returncode == 0
    assert (container.parent / NAME / "Metadata.xml").is_file()


def test_it_runs_on_the_oldest_python_that_it_promises(container: Path, tmp_path: Path) -> None:
    source = Path(extractor.__file__).read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 8))
    assert not {"match", "removeprefix"} & set(source.split())
    old = shutil.which("python3.8")
    if old is not None and subprocess.run([old, "-V"], capture_output=True, check=False).returncode == 0:
        done = run(container, tmp_path / "old", python=old)
        assert (done.returncode, done.stderr) == (0, "")


def test_checking_writes_nothing(container: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    assert "as they were packed" in run(container, "--check").stdout
    assert sorted(tmp_path.rglob("*")) == before


def test_the_same_package_gives_the_same_file(press: Press, built: BuiltPackage) -> None:
    source = press.source("1.1.0.1")
    again = build(source, press.work / "again", press.settings, plan_kinds(), self_extracting=True)
    assert again.self_extracting is not None
    assert built.self_extracting is not None
    assert again.self_extracting.read_bytes() == built.self_extracting.read_bytes()


def test_it_is_published_with_the_package_and_checked_before(press: Press, built: BuiltPackage) -> None:
    press.release(read_built(built.folder))
    assert package_target(NAME, f"{NAME}.pyz") in press.repository.read().targets
    assert built.self_extracting is not None
    with built.self_extracting.open("ab") as file:
        file.write(b"\0")
    with pytest.raises(DigestMismatch, match=r"pyz is not as it was built"):
        read_built(built.folder)


def test_a_changed_byte_is_told_and_nothing_is_left(container: Path, tmp_path: Path) -> None:
    raw = bytearray(container.read_bytes())
    raw[100] ^= 1
    container.write_bytes(raw)
    done = run(container, tmp_path / "out")
    assert done.returncode == 1
    assert "is not as it was packed" in done.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_a_file_that_was_cut_short_does_not_run(container: Path, tmp_path: Path) -> None:
    container.write_bytes(container.read_bytes()[:-200])
    assert run(container, tmp_path / "out").returncode != 0
    assert not (tmp_path / "out").exists()


def test_what_is_there_is_not_written_over(container: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / NAME).symlink_to("/nowhere")
    done = run(container, tmp_path / "out")
    assert (done.returncode, "is there already" in done.stderr) == (1, True)


def test_a_call_of_another_form_is_told(container: Path) -> None:
    assert run(container, "--unpack").returncode == 2
    assert run(container, "a", "b").returncode == 2
    assert "python3 NAME.pyz" in run(container, "--help").stderr


Change = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda index: index["files"][0].update(name="../out"), "cannot be"),
        (lambda index: index["files"][0].update(name="/etc/passwd"), "cannot be"),
        (lambda index: index["files"][0].update(name="a/b"), "cannot be"),
        (lambda index: index["files"][0].update(name=".hidden"), "cannot be"),
        (lambda index: index["files"].append(dict(index["files"][0])), "cannot be"),
        (lambda index: index["files"].append({**index["files"][0], "name": "METADATA.XML"}), "cannot be"),
        (lambda index: index["files"][0].update(size=1 << 60), "outside"),
        (lambda index: index["files"][0].update(offset=-1), "outside"),
        (lambda index: index["files"][0].update(size="1"), "outside"),
        (lambda index: index.update(name="../x"), "not of its form"),
        (lambda index: index.update(files=[]), "not of its form"),
        (lambda index: index.update(files=[1]), "not of its form"),
    ],
)
def test_a_hostile_list_is_refused(
    container: Path, tmp_path: Path, change: Change, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(tmp_path.iterdir())
    rewrite_index(container, change)
    assert extractor.main([str(tmp_path / "out")], container) == 1
    assert says in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == before


def rewrite_index(container: Path, change: Change) -> None:
    with zipfile.ZipFile(container) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    index = json.loads(held["files.json"])
    change(index)
    hostile = io.BytesIO()
    with zipfile.ZipFile(hostile, "w") as archive:
        archive.writestr("__main__.py", held["__main__.py"])
        archive.writestr("files.json", json.dumps(index))
    container.write_bytes(container.read_bytes() + hostile.getvalue())


def test_a_full_disk_is_told_before_anything_is_written(container: Path, tmp_path: Path) -> None:
    with container.open("rb") as held:
        index = extractor.read_index(container, held)
        index["files"][0]["size"] = 1 << 62
        with pytest.raises(extractor.Damaged, match="bytes are needed"):
            extractor.unpack(held, index, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
