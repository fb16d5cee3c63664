"""Trees over many lines at once: the leaves and the log-odds that LightGBM gives."""

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.trees import Trees

QUIET = {"objective": "binary", "verbose": -1, "min_data_in_leaf": 1, "deterministic": True}


def grown(x: np.ndarray, y: np.ndarray, rounds: int = 5, **parameters: object) -> lgb.Booster:
    return lgb.train({**QUIET, **parameters}, lgb.Dataset(x, y), rounds)


@given(st.integers(0, 2**16), st.integers(1, 70), st.sampled_from([2, 7, 31, 63]), st.booleans())
@settings(max_examples=20)
def test_the_leaves_and_log_odds_are_those_of_lightgbm(seed: int, size: int, leaves: int, whole: bool) -> None:
    random = np.random.default_rng(seed)
    x = random.normal(0, 3, (size + 200, 4)).astype(np.float32)
    x = np.rint(x) if whole else x
    booster = grown(x[size:], x[size:, 0] * x[size:, 1] > x[size:, 2], num_leaves=leaves)
    trees = Trees.parse(booster.model_to_string())
    for stored in (np.ascontiguousarray(x), np.asfortranarray(x)):
        found = trees.leaves(stored)
        assert (booster.predict(x, pred_leaf=True) == found.T).all()
        assert (trees.log_odds(found) == booster.predict(x, raw_score=True)).all()
        assert np.allclose(trees(stored), booster.predict(x), atol=2**-16)


def test_a_clue_right_at_a_limit_goes_left() -> None:
    x = np.repeat(np.float32([[1 / 3], [0.7]]), 50, axis=0)
    booster = grown(x, x[:, 0] > 0.5, num_leaves=2)
    trees = Trees.parse(booster.model_to_string())
    limit = trees.questions.limit[0]
    near = np.array([[np.nextafter(limit, np.float32(0))], [limit], [np.nextafter(limit, np.float32(1))]], np.float32)
    assert (booster.predict(near, pred_leaf=True) == trees.leaves(near).T).all()
    assert len(set(trees.leaves(near)[0].tolist())) == 2


def test_trees_without_a_fork() -> None:
    x = np.ones((20, 1), np.float32)
    booster = grown(x, np.arange(20) % 4 == 0)
    trees = Trees.parse(booster.model_to_string())
    assert (trees.log_odds(trees.leaves(x)) == booster.predict(x, raw_score=True)).all()


def test_no_rows() -> None:
    x = np.arange(40, dtype=np.float32).reshape(-1, 1)
    trees = Trees.parse(grown(x, x[:, 0] > 20).model_to_string())
    assert trees(np.zeros((0, 1), np.float32)).shape == (0,)


def test_forks_of_another_kind_are_refused() -> None:
    x = np.repeat(np.arange(4, dtype=np.float32), 25).reshape(-1, 1)
    data = lgb.Dataset(x, x[:, 0] % 2 == 0, categorical_feature=[0])
    booster = lgb.train({**QUIET, "min_data_per_group": 1, "cat_smooth": 0}, data, 5)
    with pytest.raises(ValueError, match="categories"):
        Trees.parse(booster.model_to_string())
