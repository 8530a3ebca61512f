"""The live figure of lesson 10: the map of late gradients, its edge, and the run."""

import numpy as np
import pytest

from course_lib.descent import descend
from course_lib.live import late
from course_lib.live.lesson10 import DELAYS, VALLEY, edge_of, edges, measured_map, radius
from course_lib.optimizers import momentum
from course_lib.wrappers import stale
from tests.test_live import shown

pytestmark = pytest.mark.usefixtures("widgets_closed")

POSITIONS = list(enumerate(DELAYS.values()))


@pytest.fixture
def figure():
    return late()


@pytest.mark.parametrize(("position", "delay"), POSITIONS)
def test_the_path_is_that_of_momentum_with_late_gradients(figure, position, delay):
    arrays = shown(figure, delay=position, pair=[0.4, 0.3], start=[1.0, -1.0])
    lr = 0.4 * edge_of(delay)
    path = descend(stale(momentum, delay), VALLEY, [1.0, -1.0], 200, lr=lr, beta=0.3)
    np.testing.assert_allclose(arrays["path"][0], path, rtol=1e-4, atol=1e-6)
    assert arrays["lr"] == pytest.approx(lr, rel=1e-6)


@pytest.mark.parametrize(("position", "delay"), POSITIONS)
def test_the_edge_in_edges_of_gradient_descent(position, delay):
    share, beta = edges(delay)
    assert share[0] == pytest.approx(1, rel=1e-6)
    if delay == 0:
        assert share == pytest.approx(1 + beta, rel=1e-6)
    if delay == 1:
        assert share == pytest.approx(1 - beta, rel=1e-6)
    assert delay == 0 or np.all(np.diff(share) < 0)
    assert (
        radius(delay, 0.99 * share[20] * edge_of(delay), beta[20])
        < 1
        < radius(delay, 1.01 * share[20] * edge_of(delay), beta[20])
    )


@pytest.mark.parametrize(("position", "delay"), POSITIONS)
def test_the_measured_map_ends_at_the_edge(position, delay):
    runs, (share, beta) = measured_map(delay), edges(delay)
    rates, rows = np.linspace(0, 2, 65), np.linspace(0, 0.98, 50)
    for row in (0, 20, 40):
        edge = np.interp(rows[row], beta, share)
        assert np.all(runs[row, rates > 1.05 * edge + 0.02] == 9)
        assert np.all(runs[row, (rates > 0.05 * edge) & (rates < 0.9 * edge)] < 9)


def test_a_late_gradient_makes_the_best_momentum_smaller():
    best = {delay: np.unravel_index(measured_map(delay).argmin(), (50, 65))[0] for delay in DELAYS.values()}
    assert best[0] > 20
    assert all(best[delay] < 5 for delay in (1, 2, 4, 8))


def test_every_state_gives_numbers(figure):
    for position, _ in POSITIONS:
        for pair in ([0.0, 0.0], [2.0, 0.98], [1.0, 0.5]):
            shown(figure, delay=position, pair=pair)
