"""What starts runs, and when; and which runs are ended as dead."""

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from assets import lock, processes, seeds
from assets.deadruns import NAMELESS, bury, gone
from assets.definitions import defs
from assets.drops import PATIENCE, Seen, decide
from assets.settings import JOB
from assets.triggers import drops

SETTLE = 30.0


def watch(listings: list[tuple[float, str]], seen: Seen | None = None) -> list[tuple[float, str]]:
    """The runs that are asked for, when a folder has these listings at these times."""
    seen, asked = seen or Seen(), []
    for now, listing in listings:
        found = decide(Seen.parse(str(seen)), listing, now - 1_000, now, SETTLE)
        seen = found.seen
        if found.run:
            asked.append((now, found.run_key))
    return asked


def test_one_run_for_a_burst_once_it_has_settled() -> None:
    burst = [(t, f"listing {min(t, 60)}") for t in range(0, 200, 15)]
    assert [now for now, _ in watch([(float(t), name) for t, name in burst])] == [90]


def test_no_second_run_for_what_a_run_was_asked_for() -> None:
    """Whatever became of the run: one that fails would only fail again."""
    assert len(watch([(float(t), "same") for t in range(0, 10_000, 15)])) == 1


def test_a_drop_during_a_run_is_not_missed_nor_a_folder_that_looks_as_it_did_before() -> None:
    times = [(0.0, "a"), (30.0, "a"), (45.0, "b"), (75.0, "b"), (90.0, "a"), (120.0, "a")]
    asked = watch(times)
    assert [now for now, _ in asked] == [30, 75, 120]
    assert len({key for _, key in asked}) == 3


def test_a_folder_that_never_rests_is_read_all_the_same() -> None:
    asked = watch([(float(t), f"listing {t}") for t in range(0, 2_000, 15)])
    assert [now for now, _ in asked] == [PATIENCE * SETTLE, 2 * PATIENCE * SETTLE + 15, 3 * PATIENCE * SETTLE + 30]


def test_files_that_were_just_written_are_waited_for() -> None:
    seen = Seen(listing="a", since=0)
    assert not decide(seen, "a", newest=95, now=100, settle=SETTLE).run
    assert decide(seen, "a", newest=60, now=100, settle=SETTLE).run
    assert decide(seen, "a", newest=5_000, now=100, settle=SETTLE).run, "a clock that is ahead of ours"


def test_a_cursor_of_another_version_is_no_obstacle() -> None:
    assert Seen.parse('{"nonsense": 1}') == Seen.parse(None) == Seen.parse("[]") == Seen()


def test_the_sensor_sees_what_changes_in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROADSHEET_SETTLE", "0")
    monkeypatch.setenv("BROADSHEET_SEEDS", str(tmp_path / "seeds"))
    cursor = None

    def tick() -> tuple[int, str]:
        nonlocal cursor
        with dg.DagsterInstance.ephemeral() as instance:
            context = dg.build_sensor_context(instance=instance, cursor=cursor, definitions=defs)
            result = drops(context)
        assert isinstance(result, dg.SensorResult)
        cursor = result.cursor
        return len(result.run_requests or []), str(result.skip_reason.skip_message if result.skip_reason else "")

    assert "no seeds folder" in tick()[1]
    (tmp_path / "seeds/drop").mkdir(parents=True)
    assert tick()[0] == 1
    assert tick() == (0, "nothing new")
    page = tmp_path / "seeds/drop/a.txt"
    page.write_text("One.")
    assert tick()[0] == 1
    page.write_text("Two.")
    assert tick()[0] == 1
    (tmp_path / "seeds/.half").write_text("hidden while it is copied")
    assert tick() == (0, "nothing new")
    page.unlink()
    assert tick()[0] == 1


def test_what_starts_runs_is_off_until_it_is_switched_on() -> None:
    assert defs.resolve_sensor_def("drops").default_status == dg.DefaultSensorStatus.STOPPED
    assert defs.resolve_schedule_def("daily").default_status == dg.DefaultScheduleStatus.STOPPED
    assert defs.resolve_sensor_def("reaper").default_status == dg.DefaultSensorStatus.RUNNING


# --- dead runs


def ended() -> int:
    """The number of a process that is gone."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def tag(run: str, pid: int, boot: str | None = None) -> str:
    name, host, booted, space, _, started = processes.mine(run).split(" ")
    return " ".join([name, host, boot or booted, space, str(pid), started])


def test_a_process_is_told_from_others() -> None:
    assert processes.is_gone(processes.mine("run"), "run") is False
    assert processes.is_gone(tag("run", ended()), "run") is True
    assert processes.is_gone(processes.mine("run") + "0", "run") is True, "the number is another process's now"
    assert processes.is_gone(tag("run", os.getpid(), "another boot"), "run") is True
    assert processes.is_gone(processes.mine("parent"), "retry") is None
    assert processes.is_gone(processes.mine("run").replace(" ", " other-", 1), "run") is None, "another machine's"
    assert processes.is_gone("", "run") is None


def test_runs_without_a_process_are_ended(tmp_path: Path) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        job = defs.resolve_job_def(JOB)

        def started(**tags: str) -> str:
            run = instance.create_run_for_job(job, tags=tags)
            instance.report_dagster_event(dg.DagsterEvent("PIPELINE_START", JOB), run.run_id)
            return run.run_id

        def tagged(pid: int) -> str:
            run = started()
            instance.add_run_tags(run, {processes.TAG: tag(run, pid)})
            return run

        alive, dead, nameless = tagged(os.getpid()), tagged(ended()), started()
        instance.add_run_tags(alive, {processes.TAG: processes.mine(alive)})
        locked = started()
        (tmp_path / ".lock").write_text(f"run {locked}, process 1 on another machine")
        now = instance.get_run_records()[0].start_time or 0
        assert set(gone(instance, tmp_path, now)) == {dead, locked}
        with lock.lock(tmp_path, "somebody"):
            assert set(gone(instance, tmp_path, now)) == {dead}
        assert set(gone(instance, tmp_path, now + 2 * NAMELESS)) == {dead, nameless, locked}
        bury(instance, [dead])
        statuses = {name: run.status for name in (alive, dead) if (run := instance.get_run_by_id(name))}
        assert statuses == {alive: dg.DagsterRunStatus.STARTED, dead: dg.DagsterRunStatus.FAILURE}


def test_a_listing_is_of_all_that_can_change(tmp_path: Path) -> None:
    page = tmp_path / "a.txt"
    page.write_text("x")
    seen = {seeds.fingerprint(tmp_path)[0]}
    for n, change in enumerate(
        (
            lambda: os.utime(page, ns=(1, 1)),
            lambda: page.rename(tmp_path / "b.txt"),
            lambda: (tmp_path / "manifest.csv").write_text("file\n"),
            lambda: (tmp_path / "b.txt").unlink(),
        ),
        2,
    ):
        change()
        seen.add(seeds.fingerprint(tmp_path)[0])
        assert len(seen) == n
