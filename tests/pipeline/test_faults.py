"""Faults: the table of what was rejected."""

from pipeline.faults import TODO, Rejection, rejections


def test_faults_of_one_record_share_its_row() -> None:
    faults = [("m", 2, "bad-date", "x"), ("m", 2, "bad-time", "y"), ("a", 0, "empty", "z")]
    table = rejections([Rejection(*fault) for fault in faults])
    assert table.rows() == [
        ("a", 0, "empty", "z", TODO["empty"]),
        ("m", 2, "bad-date", "x; y", f"{TODO['bad-date']} {TODO['bad-time']}"),
    ]
