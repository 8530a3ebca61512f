"""The live figure of lesson 11: what it reads from the table, and the headline that it writes."""

import numpy as np
import pytest

from course_lib.choosing import LOOKS, METHODS, QUESTIONS, RATES, SEEDS, expected_best, interval, runs
from course_lib.live import headlines
from course_lib.live.lesson11 import GUESS, NAMES, READINGS, ROWS
from tests.test_live import shown

pytestmark = pytest.mark.usefixtures("widgets_closed")

TRAINING, BY_TRAINING, BY_VALIDATION, BY_TEST = range(len(READINGS))
LAST = len(RATES) - 1


@pytest.fixture
def figure():
    return headlines()


def winner(figure, **positions):
    return NAMES[np.argmin(shown(figure, **positions)["score"])]


def test_with_all_trials_and_seeds_a_bar_is_the_best_mean_of_the_table_and_its_interval(figure):
    arrays, table = shown(figure), runs()[0][ROWS, 0, :, 0, -1]
    for k in range(len(METHODS)):
        best = np.where(np.isnan(table[k].mean(axis=0)), np.inf, table[k].mean(axis=0)).argmin()
        mean, low, high = interval(table[k][:, best])
        assert arrays["score"][k, 0] == pytest.approx(mean, rel=1e-5)
        np.testing.assert_allclose(arrays["spread"][k], [[k, k], [max(low, 0), high]], rtol=1e-5)


def test_five_methods_and_more_can_be_made_the_best(figure):
    found = {winner(figure, low=k, high=k) for k in range(LAST + 1)}
    found |= {winner(figure, low=8, high=LAST, trials=0), winner(figure, reading=BY_VALIDATION)}
    assert {"lion", "rmsprop", "nesterov", "gd", "adagrad"} <= found


def test_fewer_trials_are_the_mean_over_all_choices(figure):
    arrays = shown(figure, low=0, high=12, trials=3)
    losses = np.nan_to_num(runs()[0][ROWS, 0, :, 0, -1, :13], nan=GUESS).clip(max=GUESS).mean(axis=1)
    np.testing.assert_allclose(arrays["score"][:, 0], [expected_best(one, 4) for one in losses], rtol=1e-5)


def test_choosing_on_the_test_data_is_never_worse_than_choosing_elsewhere(figure):
    scores = [shown(figure, reading=reading)["score"] for reading in (BY_TEST, BY_TRAINING, BY_VALIDATION)]
    assert (scores[0] <= scores[1] + 1e-5).all()
    assert (scores[0] <= scores[2] + 1e-5).all()


def test_schedule_steps_and_seeds_are_those_of_the_table(figure):
    table = runs()[0][ROWS, 1, :3, 0, LOOKS.index(100)]
    got = shown(figure, schedule=1, look=[*reversed(LOOKS)].index(100), seeds=2, low=8, high=8)
    np.testing.assert_allclose(got["score"][:, 0], table[..., 8].mean(axis=1), rtol=1e-5)
    assert QUESTIONS[0] == "training loss"


def test_the_curves_are_the_means_of_the_range_and_nothing_beside_it(figure):
    arrays = shown(figure, low=4, high=9)
    losses = np.minimum(runs()[0][ROWS, 0, :, 0, -1], GUESS).mean(axis=1)
    assert sorted(METHODS) == sorted(NAMES)
    for (x, y), loss in zip(arrays["curves"], losses):
        np.testing.assert_allclose(np.unique(x), np.log10(RATES[4:10]), rtol=1e-5)
        np.testing.assert_allclose(y[4:10], loss[4:10], rtol=1e-5)


def test_one_seed_has_no_interval_and_a_range_may_stand_on_its_head(figure):
    assert (shown(figure, seeds=0)["spread.end"] == 0).all()
    assert (shown(figure, seeds=SEEDS - 1)["spread.end"] == 2).all()
    one, other = shown(figure, low=3, high=9), shown(figure, low=9, high=3)
    np.testing.assert_array_equal(one["score"], other["score"])


def test_it_says_who_is_the_best_optimizer(figure):
    assert figure.still()[0]["text/plain"].startswith("lion is the best optimizer, 0.0149; nesterov 0.0176")
