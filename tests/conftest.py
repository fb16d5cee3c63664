"""What every test may use: the project's own rules, and folders outside the repository where they are present."""

from pathlib import Path

import pytest
from hypothesis import settings

from assets.resources import MODEL, RULES
from pipeline.linemodel import LineModel
from pipeline.rulebook import Rulebook

SHARED = Path(__file__).parents[2] / "shared"

# Timings depend on the machine, and examples on the day, unless both are switched off.
settings.register_profile("broadsheet", deadline=None, derandomize=True)
settings.load_profile("broadsheet")


@pytest.fixture(scope="session")
def rules() -> Rulebook:
    return RULES.book


@pytest.fixture(scope="session")
def model() -> LineModel:
    return MODEL.lines


@pytest.fixture(scope="session")
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip("needs the evaluation material in ../shared")
    return SHARED
