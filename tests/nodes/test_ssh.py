"""Acting over SSH: what only the real thing can get wrong."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import signal
import sys
import textwrap
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from pitstop.model.errors import InvalidInput, NotFound, StateUnusable, StepFailed
from pitstop.nodes.ssh import SshNodes
from pitstop.nodes.wrapper import OUTPUT_BYTES
from pitstop.ports.nodes import Answer, Operation, StagedFile
from simulators.host_keys import FileHostKeys
from simulators.ssh_server import SshServer

DEADLINE = timedelta(seconds=20)
RUN = "7b0c4a1e-0000-4000-8000-000000000001"
OTHER_RUN = "7b0c4a1e-0000-4000-8000-000000000002"

Play = Callable[[Callable[[SshServer, SshNodes], object]], None]


def operations(server: SshServer) -> Path:
    return server.root / "var/lib/pitstop-node/operations"


def lives(pid: int) -> bool:
    """Whether it runs; a zombie has no command any more."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except FileNotFoundError:
        return False


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE.total_seconds()):
        while not holds():  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(0.01)


def test_an_operation_has_its_root_its_stage_its_notes_and_its_variables(play: Play) -> None:
    script = (
        'pwd; echo "$PITSTOP_ROOT"; ls "$PITSTOP_STAGE" "$PITSTOP_NOTES"; echo "$ODD"; cat; ps -o pgid= $$'
    )

    async def scene(server: SshServer, driver: SshNodes) -> None:
        odd = 'it\'s "odd"\n$HOME `x` ü'
        done = await driver.operate(
            server.node(), Operation(f"{RUN}-1-1", 1, script, {"ODD": odd}), deadline=DEADLINE
        )
        assert done.output.startswith(f"{server.root}\n{server.root}\n")
        assert odd in done.output

    play(scene)


def test_a_careless_login_shell_and_a_foreign_locale_do_not_matter(play: Play) -> None:
    async def scene(server: SshServer, driver: SshNodes) -> None:
        server.greeting = "export LC_ALL=de_DE.UTF-8 LANGUAGE=de; echo Willkommen; echo Achtung >&2; "
        script = 'echo "$LANG $LC_ALL ${LANGUAGE-unset}"; cat /nowhere'
        asked = await driver.ask(server.node(), script, deadline=DEADLINE)
        done = await driver.operate(server.node(), Operation(f"{RUN}-1-1", 1, script), deadline=DEADLINE)
        expected = "C.UTF-8 C.UTF-8 unset\ncat: /nowhere: No such file or directory\n"
        assert (asked, done) == (Answer(1, expected), Answer(1, expected))

    play(scene)


def test_output_is_bounded_to_its_end_and_decoded_whatever_it_is(play: Play) -> None:
    script = "head -c 300000 /dev/zero | tr '\\0' x; printf '\\377\\nlast line'"

    async def scene(server: SshServer, driver: SshNodes) -> None:
        asked = await driver.ask(server.node(), script, deadline=DEADLINE)
        done = await driver.operate(server.node(), Operation(f"{RUN}-1-1", 1, script), deadline=DEADLINE)
        for answer in (asked, done):
            assert answer.output.endswith("x\ufffd\nlast line")
            assert len(answer.output) == OUTPUT_BYTES

    play(scene)


def test_what_no_database_keeps_in_a_text_is_left_out_of_outputs(play: Play) -> None:
    async def scene(server: SshServer, driver: SshNodes) -> None:
        asked = await driver.ask(server.node(), r"printf 'a\0b'", deadline=DEADLINE)
        said = Operation(f"{RUN}-1-1", 1, r"printf 'a\0b'")
        assert asked == await driver.operate(server.node(), said, deadline=DEADLINE) == Answer(0, "ab")

    play(scene)


def test_to_wait_for_a_free_session_uses_up_no_deadline(play: Play) -> None:
    async def scene(server: SshServer, driver: SshNodes) -> None:
        node, at_once = server.node(), 8
        long = [asyncio.create_task(driver.ask(node, "sleep 2", deadline=DEADLINE)) for _ in range(at_once)]
        await until(lambda: len(server.commands) == at_once)
        waits = driver.ask(node, "echo at last", deadline=timedelta(seconds=1.5))
        assert await waits == Answer(0, "at last\n")
        await asyncio.gather(*long)

    play(scene)


def test_a_disk_that_fails_here_is_no_lost_link(play: Play, tmp_path: Path) -> None:
    folder = tmp_path / "no file"
    folder.mkdir()

    async def scene(server: SshServer, driver: SshNodes) -> None:
        bad = Operation(f"{RUN}-1-1", 1, "echo begun", files=(StagedFile(folder, "x"),))
        with pytest.raises(StateUnusable, match="Is a directory") as error:
            await driver.operate(server.node(), bad, deadline=DEADLINE)
        assert "this machine's disk" in error.value.hint

    play(scene)


def test_a_large_stage_arrives_whole_in_flat_memory(play: Play, tmp_path: Path) -> None:
    content = os.urandom(1024 * 1024) * 6
    big = tmp_path / "big"
    big.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    files = (StagedFile(big, "deep/er/big", 0o755), StagedFile(big, "odd 'na\nme' ü", 0o600))
    del content

    async def scene(server: SshServer, driver: SshNodes) -> None:
        each = "find . -type f -exec"
        script = f'cd "$PITSTOP_STAGE" && {each} stat -c %a {{}} + && {each} sha256sum {{}} +'
        await driver.ask(server.node(), "true", deadline=DEADLINE)
        tracemalloc.start()
        done = await driver.operate(
            server.node(), Operation(f"{RUN}-1-1", 1, script, files=files), deadline=DEADLINE
        )
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert done.output.count(digest) == 2
        assert set(done.output.splitlines()[:2]) == {"755", "600"}
        assert peak < 6 * 1024 * 1024, "of 12 MiB, sender and receiver together"
        assert not (operations(server) / f"{RUN}-1-1" / "stage").exists(), "what was staged is not kept"

    play(scene)


@pytest.mark.parametrize("name", ["../x", "/etc/x", "", "a/../../x"])
def test_a_stage_cannot_be_left(play: Play, tmp_path: Path, name: str) -> None:
    file = tmp_path / "file"
    file.touch()

    async def scene(server: SshServer, driver: SshNodes) -> None:
        bad = Operation(f"{RUN}-1-1", 1, "echo begun", files=(StagedFile(file, name),))
        with pytest.raises(InvalidInput, match="must be relative"):
            await driver.operate(server.node(), bad, deadline=DEADLINE)
        await until(lambda: not list(operations(server).glob("*")))

    play(scene)


def test_a_file_that_is_not_there_begins_nothing(play: Play, tmp_path: Path) -> None:
    async def scene(server: SshServer, driver: SshNodes) -> None:
        bad = Operation(f"{RUN}-1-1", 1, "echo begun", files=(StagedFile(tmp_path / "none", "x"),))
        with pytest.raises(NotFound, match="none"):
            await driver.operate(server.node(), bad, deadline=DEADLINE)
        assert await driver.attach(server.node(), f"{RUN}-1-1", epoch=1, deadline=DEADLINE) is None

    play(scene)


@pytest.mark.parametrize("name", ["", "../x", "a b", "-x", "a/b", "x\n"])
def test_what_is_no_id_is_refused(play: Play, name: str) -> None:
    async def scene(server: SshServer, driver: SshNodes) -> None:
        with pytest.raises(InvalidInput, match="no operation id"):
            await driver.operate(server.node(), Operation(name, 1, "true"), deadline=DEADLINE)
        assert not operations(server).exists()

    play(scene)


def test_a_link_that_breaks_while_waiting_is_made_anew(play: Play) -> None:
    script = 'echo x >>"$PITSTOP_ROOT/starts"; until [ -e "$PITSTOP_ROOT/go" ]; do sleep 0.02; done; echo end'

    async def scene(server: SshServer, driver: SshNodes) -> None:
        held = Operation(f"{RUN}-1-1", 1, script)
        waiting = asyncio.create_task(driver.operate(server.node(), held, deadline=DEADLINE))
        for _ in range(3):
            before = len(server.commands)
            await until((server.root / "starts").exists)
            server.cut()
            await until(lambda before=before: len(server.commands) > before)  # type: ignore[misc] # bound now
        await server.unplug()
        await asyncio.sleep(0.3)
        await server.plug()
        (server.root / "go").touch()
        assert await waiting == Answer(0, "end\n")
        assert (server.root / "starts").read_text() == "x\n"

    play(scene)


def test_a_worker_that_comes_back_waits_for_a_node_that_is_away(play: Play) -> None:
    async def scene(server: SshServer, driver: SshNodes) -> None:
        await driver.operate(server.node(), Operation(f"{RUN}-1-1", 1, "echo done"), deadline=DEADLINE)
        await server.unplug()
        node = server.node()
        waiting = asyncio.create_task(driver.attach(node, f"{RUN}-1-1", epoch=2, deadline=DEADLINE))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        await server.plug()
        assert await waiting == Answer(0, "done\n")

    play(scene)


def test_more_operations_than_a_connection_has_sessions_come_to_their_end(play: Play) -> None:
    async def scene(server: SshServer, driver: SshNodes) -> None:
        answers = await asyncio.gather(
            *(
                driver.operate(server.node(), Operation(f"{RUN}-1.{n}-1", 1, f"echo {n}"), deadline=DEADLINE)
                for n in range(20)
            )
        )
        assert [answer.output for answer in answers] == [f"{n}\n" for n in range(20)]

    play(scene)


def test_what_starts_a_daemon_ends_and_the_daemon_stays(play: Play) -> None:
    script = '(sleep 60 & echo $! >"$PITSTOP_ROOT/daemon"); echo started'

    async def scene(server: SshServer, driver: SshNodes) -> None:
        done = await driver.operate(server.node(), Operation(f"{RUN}-1-1", 1, script), deadline=DEADLINE)
        assert done == Answer(0, "started\n")
        assert await driver.attach(server.node(), f"{RUN}-1-1", epoch=1, deadline=DEADLINE) == done
        os.kill(int((server.root / "daemon").read_text()), signal.SIGKILL)

    play(scene)


def test_an_operation_whose_process_number_was_given_anew_is_not_taken_for_running(play: Play) -> None:
    async def scene(server: SshServer, driver: SshNodes) -> None:
        await driver.operate(server.node(), Operation(f"{RUN}-1-1", 1, "true"), deadline=DEADLINE)
        folder = operations(server) / f"{RUN}-1-1"
        (folder / "exit").unlink()  # as if it had been cut short
        stranger = await asyncio.create_subprocess_exec("sleep", "60", start_new_session=True)
        try:
            (folder / "pid").write_text(f"{stranger.pid}\n")
            assert await driver.attach(server.node(), f"{RUN}-1-1", epoch=2, deadline=DEADLINE) is None
            await driver.abandon(server.node(), f"{RUN}-1-1", epoch=2)
            assert stranger.returncode is None
        finally:
            stranger.kill()
            await stranger.wait()

    play(scene)


def test_an_operation_that_never_got_to_run_is_cut_short_and_not_begun_again(play: Play) -> None:
    async def scene(server: SshServer, driver: SshNodes) -> None:
        await driver.ask(server.node(), "true", deadline=DEADLINE)
        (operations(server) / f"{RUN}-1-1").mkdir(parents=True)
        assert await driver.attach(server.node(), f"{RUN}-1-1", epoch=1, deadline=DEADLINE) is None
        with pytest.raises(StepFailed, match="cut short on node n1"):
            await driver.operate(
                server.node(), Operation(f"{RUN}-1-1", 1, 'touch "$PITSTOP_ROOT/begun"'), deadline=DEADLINE
            )
        assert not (server.root / "begun").exists()

    play(scene)


@pytest.mark.slow
def test_to_abandon_ends_also_what_does_not_want_to_end(play: Play) -> None:
    script = 'trap "" TERM; sleep 300 & echo $! >"$PITSTOP_ROOT/child"; while :; do sleep 0.1; done'

    async def scene(server: SshServer, driver: SshNodes) -> None:
        held = Operation(f"{RUN}-1-1", 1, script)
        waiting = asyncio.create_task(driver.operate(server.node(), held, deadline=DEADLINE))
        child = server.root / "child"
        await until(lambda: child.exists() and bool(child.read_text()))
        await driver.abandon(server.node(), held.id, epoch=1)
        with pytest.raises(StepFailed):
            await waiting
        assert not lives(int(child.read_text())), "the whole group has ended"

    play(scene)


def test_old_operations_of_other_runs_are_removed_once_a_new_worker_comes(play: Play) -> None:
    async def scene(server: SshServer, driver: SshNodes) -> None:
        for run, name in ((OTHER_RUN, "old"), (OTHER_RUN, "new"), (RUN, "old")):
            script = f'echo x >"$PITSTOP_NOTES/{run}-{name}"'
            await driver.operate(server.node(), Operation(f"{run}-{name}-1", 1, script), deadline=DEADLINE)
            if name == "old":
                for file in (
                    operations(server) / f"{run}-old-1",
                    operations(server).parent / f"notes/{run}-old",
                ):
                    os.utime(file, (1_700_000_000, 1_700_000_000))
        assert await driver.attach(server.node(), f"{RUN}-2-1", epoch=2, deadline=DEADLINE) is None
        await until(lambda: not (operations(server) / f"{OTHER_RUN}-old-1").exists())
        await until(lambda: not (operations(server).parent / f"notes/{OTHER_RUN}-old").exists())
        kept = {folder.name for folder in operations(server).iterdir()}
        assert kept == {f"{OTHER_RUN}-new-1", f"{RUN}-old-1"}
        assert (operations(server).parent / f"notes/{RUN}-old").exists()

    play(scene)


def test_a_node_that_cannot_do_its_part_says_why(play: Play) -> None:
    async def scene(server: SshServer, driver: SshNodes) -> None:
        (server.root / "var").write_text("in the way")
        with pytest.raises(StepFailed, match=r"node n1 cannot do its part: .*cannot make .*var/lib"):
            await driver.operate(server.node(), Operation(f"{RUN}-1-1", 1, "true"), deadline=DEADLINE)
        server.root.rename(server.root.with_name("gone"))
        with pytest.raises(StepFailed, match=r"root folder .* is not there"):
            await driver.ask(server.node(), "true", deadline=DEADLINE)

    play(scene)


CLIENT = textwrap.dedent(
    """
    import asyncio, sys
    from datetime import timedelta
    from pathlib import Path
    from pitstop.model.system import Node
    from simulators.host_keys import FileHostKeys
    from pitstop.nodes.ssh import SshNodes
    from pitstop.ports.nodes import Operation, StagedFile

    port, key, root, name, epoch, script, file, state = sys.argv[1:]

    async def main():
        node = Node("n1", "127.0.0.1", int(port), "operator", key, None, root)
        driver = SshNodes(FileHostKeys(Path(state)))
        operation = Operation(name, int(epoch), script, files=(StagedFile(Path(file), "file"),))
        print("ready", flush=True)
        await driver.operate(node, operation, deadline=timedelta(seconds=20))
        print("ended", flush=True)

    asyncio.run(main())
    """
)


def test_a_worker_killed_at_any_moment_leaves_an_operation_begun_once_or_not_at_all(
    play: Play, tmp_path: Path
) -> None:
    """Killed after 0, 30, ... ms: while connecting, sending, starting, waiting, and after the end."""
    file = tmp_path / "file"
    file.write_bytes(bytes(2_000_000))
    outcomes = []
    last = 7

    async def killed_after(server: SshServer, driver: SshNodes, number: int) -> Answer | None:
        name = f"{RUN}-1-{number}"
        begun, ended = server.root / f"begun-{number}", server.root / f"ended-{number}"
        script = f'echo x >>"{begun}"; sleep 0.1; echo x >>"{ended}"; echo end'
        client = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", CLIENT, str(server.port), str(server.operator_key), str(server.root)),
            *(name, str(2 * number + 1), script, str(file), str(tmp_path / f"keys-{number}")),
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        )
        assert client.stdout is not None
        await client.stdout.readline()
        if number < last:
            await asyncio.sleep(0.03 * number)
        else:
            await until(begun.exists)
        with contextlib.suppress(ProcessLookupError):  # it may have come to its end
            client.kill()
        await client.wait()
        answer = await driver.attach(server.node(), name, epoch=2 * number + 2, deadline=DEADLINE)
        await asyncio.sleep(0.02)
        times = [len(path.read_text().splitlines()) if path.exists() else 0 for path in (begun, ended)]
        assert times == ([0, 0] if answer is None else [1, 1])
        return answer

    async def scene(server: SshServer, driver: SshNodes) -> None:
        for number in range(last + 1):
            outcomes.append(await killed_after(server, driver, number))

    play(scene)
    assert outcomes[last] == Answer(0, "end\n")


def test_a_driver_that_was_closed_leaves_operations_running(play: Play, tmp_path: Path) -> None:
    async def scene(server: SshServer, driver: SshNodes) -> None:
        first = SshNodes(FileHostKeys(tmp_path / "keys"))
        script = 'touch "$PITSTOP_ROOT/begun"; sleep 0.3; echo end'
        waiting = asyncio.create_task(
            first.operate(server.node(), Operation(f"{RUN}-1-1", 1, script), deadline=DEADLINE)
        )
        await until((server.root / "begun").exists)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await first.close()
        answer = await driver.attach(server.node(), f"{RUN}-1-1", epoch=1, deadline=DEADLINE)
        assert answer == Answer(0, "end\n")

    play(scene)
