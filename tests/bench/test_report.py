"""Tables, plots and locked requirements of the benchmarks."""

import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench.__main__ import Claim
from bench.compare import PEERS
from bench.measured import ROOT
from bench.plot import Curve, curves
from bench.report import Row, markdown


def test_a_row_tells_cost_speed_and_ratio_and_its_command_names_no_folder_of_this_machine(tmp_path: Path) -> None:
    command = f"{sys.executable} {ROOT}/bench/x.py {tmp_path}/corpus"
    table = markdown(
        [Row("ours", command, 10.0, 4.0, 5.0, 300.0, 200.0), Row("peer", "x", 10.0, 8.0, 9.0, 1, 1, 0.5)], tmp_path
    )
    assert "| 1 ours | 4.00 | 0.4000 | 2.5 | 5.0 | 300 | 200 |  |" in table
    assert "| 0.50 |" in table
    assert "    1  python bench/x.py WORK/corpus" in table


@pytest.mark.parametrize(("value", "least", "holds"), [(0.3, False, True), (0.31, False, False), (0.31, True, True)])
def test_a_claim_holds_up_to_its_bound(value: float, least: bool, holds: bool) -> None:
    assert Claim("cost", value, 0.3, "x", least).holds() is holds


@pytest.mark.parametrize("top", [0.0007, 0.31, 1.0, 7.7, 980.0])
def test_curves_are_svg_that_stays_inside_its_plot(top: float) -> None:
    drawn = curves("Cost & memory", "MB", [("CPU", [Curve("1 job", [(100, top / 2), (1500, top)])])])
    root = ElementTree.fromstring(drawn)
    assert "prefers-color-scheme:dark" in drawn
    high = [float(dot.get("cy", "")) for dot in root.iter() if dot.tag.endswith("circle")]
    assert len(high) == 2
    assert 60 <= high[1] < high[0] <= 250


@pytest.mark.parametrize("peer", ["datatrove", "dolma"])
def test_peers_are_pinned_with_hashes_and_name_no_host(peer: str) -> None:
    lock = (PEERS / f"{peer}.txt").read_text()
    pins = re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)
    assert peer in pins
    assert lock.count("--hash=sha256:") >= len(pins)
    assert "://" not in lock
