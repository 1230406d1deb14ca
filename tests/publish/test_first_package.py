"""``docs/first-package.md`` can be followed, and every package source to begin with can be built."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from lantern.build import lumen, northstar
from pitstop.cli.main import run
from pitstop.model.errors import InvalidPackage
from pitstop.model.plans import PlanGroup
from pitstop.package.plan_format import read_plan_yaml
from pitstop.publish.building import build, plan_kinds
from pitstop.publish.repository import Repository
from pitstop.publish.settings import read_settings

REPOSITORY = Path(__file__).parents[2]
GUIDE = REPOSITORY / "docs" / "first-package.md"
SOURCES = sorted(file.parent for file in (REPOSITORY / "examples/packages").glob("*/package.toml"))
_BLOCK = re.compile(r"(?:<!-- file: (?P<file>\S+) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)```\n", re.DOTALL)


def test_the_guide_can_be_followed_from_its_beginning_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
    for block in _BLOCK.finditer(GUIDE.read_text(encoding="utf-8")):
        if block["file"]:
            (tmp_path / block["file"]).write_text(block["text"], encoding="utf-8")
        elif block["kind"] == "console":
            for line in block["text"].splitlines():
                _follow(line, monkeypatch, capsys)
    catalogue = Repository(read_settings(tmp_path / "north")).read().catalogue
    assert [str(entry.version) for entry in catalogue.releases] == ["1.2601.0.1"]


def _follow(line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    prompt, *words = shlex.split(line)
    assert prompt == "$", line
    if words[0] == "export":
        name, _, value = words[1].partition("=")
        monkeypatch.setenv(name, value)
    elif words[:2] == ["cp", "-r"]:
        shutil.copytree(REPOSITORY / words[2], words[3])
    else:
        assert words[0] == "pitstop", line
        assert run(words[1:]) == 0, f"{line}\n{capsys.readouterr().err}"


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_a_source_to_begin_with_can_be_built(source: Path, tmp_path: Path) -> None:
    publisher = lumen(tmp_path) if source.name == "firmware" else northstar(tmp_path)
    built = build(source, tmp_path / "built", publisher, plan_kinds())
    assert (built.package_folder / "Metadata.xml").is_file()


@pytest.mark.parametrize(
    ("name", "there", "lacking"),
    [
        ("cluster", "archive: images/lamp.tar", "archive: images/other.tar"),
        ("debian", "from: debs", "from: others"),
        ("firmware", "image: firmware/board-2.1.bin", "image: firmware/other.bin"),
        ("firmware", "image: firmware/board-2.0.bin", "image: firmware/other.bin"),
        ("playbook", "playbook: play/", "playbook: other/"),
        ("rpm", "from: rpms", "from: others"),
    ],
)
def test_a_plan_that_uses_what_the_package_does_not_carry_is_not_built(
    tmp_path: Path, name: str, there: str, lacking: str
) -> None:
    source = tmp_path / "source"
    shutil.copytree(REPOSITORY / "examples/packages" / name, source)
    text = (source / "plan.yaml").read_text(encoding="utf-8")
    assert there in text
    (source / "plan.yaml").write_text(text.replace(there, lacking, 1), encoding="utf-8")
    publisher = lumen(tmp_path) if name == "firmware" else northstar(tmp_path)
    with pytest.raises(InvalidPackage, match=r"the content has no '.*other"):
        build(source, tmp_path / "built", publisher, plan_kinds())


@pytest.mark.parametrize(
    ("kubectl", "is_out", "is_whole"),
    [
        ("false", 2, False),
        ("echo n1 Ready", 2, True),
        ("echo true", 0, False),
        (":", 1, False),
        ("echo n1 Ready; echo n2 NotReady", 2, False),
        ("echo n1 Ready,SchedulingDisabled", 2, True),
    ],
)
def test_the_hooks_of_the_cluster_guess_nothing_where_kubectl_cannot_tell(
    tmp_path: Path, kubectl: str, is_out: int, *, is_whole: bool
) -> None:
    plan = read_plan_yaml((REPOSITORY / "examples/packages/cluster/plan.yaml").read_bytes())
    (tmp_path / "kubectl").write_text(f"#!/bin/sh\n{kubectl}\n")
    (tmp_path / "kubectl").chmod(0o755)
    path = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    drains = [item.drain for item in plan.items if isinstance(item, PlanGroup) and item.drain]
    assert len(drains) == 2
    for drain in drains:
        assert subprocess.run(drain.is_out, env=path, check=False).returncode == is_out
    check = plan.checks[0].args["run"]
    assert isinstance(check, list)
    assert (subprocess.run(check, env=path, check=False).returncode == 0) is is_whole


def test_the_list_of_sources_has_them_all() -> None:
    page = (REPOSITORY / "examples/packages/README.md").read_text(encoding="utf-8")
    assert [source.name for source in SOURCES if f"| `{source.name}` |" not in page] == []
    assert len(SOURCES) == 6
