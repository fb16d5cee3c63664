"""What starts runs, and when; and which runs are ended as dead."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from drops import run as publish

from assets import lock, processes, seeds
from assets.deadruns import LAUNCHED, LAUNCHER, NAMELESS, at_work, bury, gone
from assets.definitions import defs
from assets.drops import AGAIN, PATIENCE, Now, Seen, decide
from assets.settings import JOB
from assets.triggers import drops

SETTLE = 30.0


def watch(
    listings: list[tuple[float, str]], *, fails: bool = False, lasts: float = 0, published: str | None = None
) -> list[tuple[float, str]]:
    """The runs that are asked for, when a folder has these listings at these times: each of them lasts so long, and
    publishes the listing of its start unless it fails."""
    seen, asked, ends = Seen(), [], 0.0
    taken: str | None = None
    for now, listing in listings:
        at_work = now < ends
        if not at_work and taken is not None:
            published, taken = taken, None
        found = decide(Seen.parse(str(seen)), Now(now, listing, now - 1_000, published, at_work), SETTLE)
        seen = found.seen
        if found.run:
            asked.append((now, found.run_key))
            ends, taken = now + lasts, None if fails else listing
    return asked


def test_one_run_for_a_burst_once_it_has_settled() -> None:
    burst = [(t, f"listing {min(t, 60)}") for t in range(0, 200, 15)]
    assert [now for now, _ in watch([(float(t), name) for t, name in burst])] == [90]


def always(listing: str, until: float) -> list[tuple[float, str]]:
    return [(float(t), listing) for t in range(0, int(until), 15)]


def test_no_second_run_for_what_is_published() -> None:
    assert len(watch(always("same", 10_000))) == 1
    assert watch(always("same", 10_000), published="same") == []


def test_what_a_run_did_not_publish_is_tried_again_later_and_later() -> None:
    asked = watch(always("same", 20_000), fails=True, lasts=600)
    ends = [now + 600 for now, _ in asked]
    waits = [now - before for before, (now, _) in zip(ends, asked[1:], strict=False)]
    assert len({key for _, key in asked}) == len(asked) > len(AGAIN) + 1
    for wait, due in zip(waits, [*AGAIN, *[AGAIN[-1]] * 9], strict=False):
        assert due - 15 <= wait <= due + 15, "from the end of the last run on"


def test_new_files_after_a_failed_run_are_tried_at_once() -> None:
    asked = watch([*always("a", 300), *((t + 300.0, "b") for t, _ in always("b", 60))], fails=True)
    assert [now for now, _ in asked] == [30, 90, 330]


def test_a_drop_during_a_run_is_for_the_next_and_a_folder_may_look_as_it_did_before() -> None:
    times = [(0.0, "a"), (30.0, "a"), (45.0, "b"), (75.0, "b"), (90.0, "a"), (120.0, "a")]
    asked = watch(times)
    assert [now for now, _ in asked] == [30, 75, 120]
    assert len({key for _, key in asked}) == 3
    during = [(t, "a" if t <= 30 else "b") for t, _ in always("", 900)]
    assert [now for now, _ in watch(during, lasts=600)] == [30, 630], "it has settled long before the first run ends"


def test_a_folder_that_never_rests_is_read_all_the_same() -> None:
    asked = watch([(t, f"listing {t}") for t, _ in always("", 2_000)])
    assert [now for now, _ in asked] == [PATIENCE * SETTLE, 2 * PATIENCE * SETTLE + 15, 3 * PATIENCE * SETTLE + 30]


def test_files_that_were_just_written_are_waited_for() -> None:
    def asks(newest: float) -> bool:
        return decide(Seen(listing="a", since=0), Now(100, "a", newest, None, False), SETTLE).run

    assert not asks(95)
    assert asks(60)
    assert asks(5_000), "a clock that is ahead of ours"


def test_a_cursor_of_another_version_is_no_obstacle() -> None:
    assert Seen.parse('{"nonsense": 1}') == Seen.parse(None) == Seen.parse("[]") == Seen()


def test_the_sensor_sees_what_changes_in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "data"
    monkeypatch.setenv("BROADSHEET_SETTLE", "0")
    monkeypatch.setenv("BROADSHEET_SEEDS", str(tmp_path / "seeds"))
    monkeypatch.setenv("BROADSHEET_DATA", str(data))
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
    page = tmp_path / "seeds/drop/a.txt"
    page.parent.mkdir(parents=True)
    page.write_text("One.")
    assert tick()[0] == 1
    assert "did not publish" in tick()[1]
    publish(tmp_path / "seeds", data)
    assert tick() == (0, "nothing new")
    page.write_text("Two.")
    with lock.lock(data, "somebody"):
        assert tick() == (0, "a run is at work")
    assert tick()[0] == 1
    (tmp_path / "seeds/.half").write_text("hidden while it is copied")
    publish(tmp_path / "seeds", data)
    assert tick() == (0, "nothing new")
    page.unlink()
    assert tick()[0] == 1


def test_a_run_that_is_about_to_begin_is_at_work(tmp_path: Path) -> None:
    def coming(data: Path) -> None:
        config = {"resources": {"folders": {"config": {"seeds": "seeds", "data": str(data)}}}}
        run = instance.create_run_for_job(defs.resolve_job_def(JOB), run_config=config)
        instance.report_dagster_event(dg.DagsterEvent("PIPELINE_STARTING", JOB), run.run_id)

    with dg.DagsterInstance.ephemeral() as instance:
        coming(tmp_path / "other")
        assert not at_work(instance, tmp_path)
        coming(tmp_path)
        assert at_work(instance, tmp_path)


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


def test_a_run_is_ended_that_nobody_is_there_to_start(tmp_path: Path) -> None:
    """Its launcher died before it had a process."""
    with dg.DagsterInstance.ephemeral() as instance, socket.socket(socket.AF_UNIX) as server:
        line = tmp_path / "line"
        server.bind(str(line))
        server.listen()
        run = instance.create_run_for_job(defs.resolve_job_def(JOB))
        instance.report_dagster_event(dg.DagsterEvent("PIPELINE_STARTING", JOB), run.run_id)
        now = instance.get_run_records()[0].update_timestamp.timestamp()

        def ended(after: float) -> set[str]:
            return set(gone(instance, tmp_path / "data", now + after))

        assert not ended(2 * LAUNCHED), "nobody has said who starts it"
        instance.add_run_tags(run.run_id, {LAUNCHER: json.dumps({"host": "localhost", "socket": str(line)})})
        assert not ended(2 * LAUNCHED), "somebody answers"
        server.close()
        assert ended(2 * LAUNCHED) == {run.run_id}
        assert not ended(0), "it may say so yet: a retry begins with the tags of the run before"
        line.unlink()
        assert ended(2 * LAUNCHED) == {run.run_id}


def test_a_listing_is_of_all_that_can_change(tmp_path: Path) -> None:
    page = tmp_path / "a.txt"
    page.write_text("x")
    seen = {seeds.fingerprint(seeds.find(tmp_path))[0]}
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
        seen.add(seeds.fingerprint(seeds.find(tmp_path))[0])
        assert len(seen) == n
