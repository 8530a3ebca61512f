"""Choosing: searches, what a comparison can say, the table of runs against new ones, a league that is not fooled."""

import runpy
from itertools import combinations

import numpy as np
import pytest

from course_lib import choosing
from course_lib.choosing import (
    DISEASES,
    LOOKS,
    METHODS,
    QUESTIONS,
    RATES,
    SCHEDULES,
    SEEDS,
    Valleys,
    at_random,
    clinic,
    critical_difference,
    expected_best,
    halving,
    hypergradient,
    interval,
    league,
    measured,
    on_grid,
    profile,
    ranks,
    runs,
)
from course_lib.descent import descend, end
from course_lib.optimizers import adam, gd, momentum
from course_lib.surfaces import quadratic

SPACE = {"lr": (1e-4, 10), "eps": (1e-10, 1e-4)}


def rng(seed=0):
    return np.random.default_rng(seed)


# Searching


def test_random_trials_are_alike_on_the_scale_of_ratios_and_never_repeat_a_value():
    trials = at_random(SPACE, 5000, rng())
    for knob, (low, high) in SPACE.items():
        shares = np.log(trials[knob] / low) / np.log(high / low)
        assert shares.min() >= 0
        assert shares.max() <= 1
        np.testing.assert_allclose(np.quantile(shares, [0.25, 0.5, 0.75]), [0.25, 0.5, 0.75], atol=0.03)
        assert len(np.unique(trials[knob])) == 5000
    assert abs(np.corrcoef(np.log(trials["lr"]), np.log(trials["eps"]))[0, 1]) < 0.05


def test_a_grid_has_every_combination_once_and_few_values_a_knob():
    trials = on_grid(SPACE, 3)
    np.testing.assert_allclose(np.unique(trials["lr"]), 1e-4 * 1e5 ** (np.array([1, 3, 5]) / 6), rtol=1e-12)
    pairs = set(zip(trials["lr"], trials["eps"]))
    assert len(pairs) == len(trials["lr"]) == 9
    np.testing.assert_allclose(on_grid({"lr": (1, 4)}, 1)["lr"], [2])


@pytest.mark.parametrize("bounds", [(0, 1), (2, 1), (1, 1), (-1, 1)])
def test_a_space_has_room(bounds):
    with pytest.raises(ValueError, match="space"):
        on_grid({"lr": bounds}, 2)


def test_halving_keeps_the_better_half_and_counts_what_it_looks_at():
    assert halving([[4, 3, 2, 1], [1, 2, 4, 3], [0, 0, 5, 3]]) == (3, 4 + 2 + 1)
    assert halving([[1, 2, 3], [3, 1, 2]]) == (1, 3 + 2)
    assert halving([[np.nan, 1], [0, 5]]) == (1, 2 + 1)
    assert halving([[3, 1, 2]]) == (1, 3)


def test_halving_finds_the_best_where_the_order_never_changes():
    ends = rng(1).permutation(16)
    assert halving([ends + 1.0, 3.0 * ends, ends**2])[0] == ends.argmin()


def test_hypergradient_without_speed_is_gradient_descent_and_each_run_has_its_own_rate():
    f = quadratic(10)
    np.testing.assert_array_equal(
        descend(hypergradient, f, [1, 1], 50, lr=0.3, speed=0.0), descend(gd, f, [1, 1], 50, lr=0.3)
    )
    several = end(hypergradient, f, [1, 1], 50, lr=np.array([0.01, 0.3]), speed=0.02)
    for k, lr in enumerate((0.01, 0.3)):
        np.testing.assert_array_equal(several[:, k], end(hypergradient, f, [1, 1], 50, lr=lr, speed=0.02))


def test_hypergradient_steps_its_rate_by_the_slope_of_f_in_the_rate():
    f, x, h = quadratic(10), np.array([1.0, 1.0]), 1e-6
    before = f.grad(x)
    slope = (f(x - (0.3 + h) * before) - f(x - (0.3 - h) * before)) / (2 * h)
    *_, rate = hypergradient(x - 0.3 * before, f.grad(x - 0.3 * before), before, 0.3, lr=0.3, speed=0.5)
    assert rate == pytest.approx(0.3 - 0.5 * slope, abs=1e-8)


# What a comparison can say


def test_the_expected_best_is_the_mean_over_all_choices():
    scores = rng().normal(size=7)
    for k in range(1, 8):
        expected = np.mean([min(chosen) for chosen in combinations(scores, k)])
        assert expected_best(scores, k) == pytest.approx(expected, abs=1e-12)


def test_what_is_reported_is_that_of_the_trial_that_was_chosen():
    scores, reports = rng().normal(size=(2, 6))
    for k in range(1, 7):
        pairs = combinations(zip(scores, reports), k)
        assert expected_best(scores, k, reports) == pytest.approx(np.mean([min(pair)[1] for pair in pairs]), abs=1e-12)


def test_a_lost_trial_counts_only_where_it_can_be_the_best():
    assert expected_best([1, 2, np.nan], 2) == pytest.approx((1 + 1 + 2) / 3)
    assert expected_best([1, 2, np.nan], 1) == np.inf


def test_an_interval_holds_the_mean_in_95_percent():
    draws = [interval(rng(k).normal(5, 2, size=4)) for k in range(2000)]
    assert np.mean([low <= 5 <= high for _, low, high in draws]) == pytest.approx(0.95, abs=0.015)


@pytest.mark.parametrize(("freedom", "t"), [(1, 12.7062), (2, 4.3027), (7, 2.3646), (30, 2.0423), (1000, 1.9623)])
def test_students_numbers_are_those_of_the_tables(freedom, t):
    assert choosing.student(freedom) == pytest.approx(t, abs=1e-3)


def test_ranks_share_what_is_equal_and_put_the_lost_last():
    scores = [[0.1, 5, np.nan], [0.2, 5, 1], [0.3, 1, np.inf]]
    np.testing.assert_array_equal(ranks(scores), [[1, 2.5, 2.5], [2, 2.5, 1], [3, 1, 2.5]])
    places = ranks(rng().normal(size=(6, 40)))
    np.testing.assert_array_equal(np.sort(places, axis=0), np.repeat(np.arange(1, 7)[:, None], 40, axis=1))


def test_nemenyis_numbers_are_the_ranges_of_normals():
    """P(range of k normals <= q) is k times the integral of the density times (the mass from q below)^(k - 1)."""
    z = np.linspace(-9, 9, 20_001)
    density = np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    mass = np.concatenate(([0], np.cumsum((density[1:] + density[:-1]) / 2) * (z[1] - z[0])))
    for k, q in enumerate(choosing.NEMENYI, 2):
        below = mass - np.interp(z - q * np.sqrt(2), z, mass, left=0)
        assert k * np.trapezoid(density * below ** (k - 1), z) == pytest.approx(0.95, abs=2e-4), k


def test_the_critical_difference_is_rarely_passed_by_methods_that_are_alike():
    means = np.array([ranks(rng(k).normal(size=(5, 30))).mean(axis=1) for k in range(1500)])
    assert np.mean(np.ptp(means, axis=1) > critical_difference(5, 30)) == pytest.approx(0.05, abs=0.02)
    assert critical_difference(7, 7) == pytest.approx(3.405, abs=0.001)


def test_a_profile_begins_with_the_shares_won_and_ends_with_the_shares_solved():
    steps = [[10, 40, np.inf, np.inf], [20, 10, 30, np.inf]]
    np.testing.assert_array_equal(profile(steps, [1, 2, 4]), [[0.25, 0.25, 0.5], [0.5, 0.75, 0.75]])


# The table of runs


def test_the_table_has_the_shape_that_its_names_say():
    table, sure = runs()
    assert table.shape == (len(METHODS), len(SCHEDULES), SEEDS, len(QUESTIONS), len(LOOKS), len(RATES))
    assert sure.shape == (len(METHODS), len(SCHEDULES), SEEDS, len(RATES))
    accuracies = table[:, :, :, 2:]
    assert np.nanmin(accuracies) >= 0
    assert np.nanmax(accuracies) <= 1
    assert 0.6 < sure.mean() < 1


def test_the_sets_have_no_digit_in_common():
    _, *parts = choosing.splits()
    assert [len(part.X) for part in parts] == [1200, 300, 297]
    rows = [{row.tobytes() for row in part.X} for part in parts]
    assert not rows[0] & rows[1] | rows[0] & rows[2] | rows[1] & rows[2]


def test_drawn_rows_come_out_as_shipped():
    draw = np.random.SeedSequence().entropy
    table, sure = runs()
    for _ in range(4):
        m, s, seed = (int(k) for k in rng(draw).integers([len(METHODS), len(SCHEDULES), SEEDS]))
        draw += 1
        method, schedule = [*METHODS][m], SCHEDULES[s]
        print("recomputed:", method, schedule, seed)
        same = sure[m, s, seed]
        np.testing.assert_allclose(
            measured(method, schedule, seed)[..., same], table[m, s, seed][..., same], rtol=1e-6, err_msg=str(draw)
        )


def test_the_script_marks_what_a_tiny_push_changes(monkeypatch):
    row = runpy.run_module("course_lib.data.runs")["row"]
    once, same = row("lion", "constant", 0)
    np.testing.assert_array_equal(once, measured("lion", "constant", 0))
    np.testing.assert_array_equal(same, runs()[1][[*METHODS].index("lion"), 0, 0])


# Valleys side by side


@pytest.mark.parametrize("turned", [True, False])
def test_each_valley_has_its_own_curvatures_between_scale_over_kappa_and_scale(turned):
    f = Valleys(5, rng(), d=3, kappa=50, scale=2, turned=turned)
    H = np.stack([f.grad(np.repeat(e[:, None], 5, axis=1)) for e in np.eye(3)], axis=1)
    for k in range(5):
        np.testing.assert_allclose(H[..., k], H[..., k].T, atol=1e-12)
        np.testing.assert_allclose(np.linalg.eigvalsh(H[..., k]), np.sort(f.curvatures[:, k]), rtol=1e-9)
    assert f.curvatures.min() >= 2 / 50
    assert f.curvatures.max() <= 2
    x = rng(1).normal(size=(3, 5, 4))
    several = f.grad(x)
    for run in range(4):
        np.testing.assert_allclose(several[..., run], f.grad(x[..., run]), rtol=1e-12)
    np.testing.assert_allclose(f(x), 0.5 * np.sum(x * np.einsum("ijk,jkr->ikr", H, x), axis=0), rtol=1e-9)


# The clinic: the two signs that tell each disease, for seeds that no page shows


@pytest.fixture(scope="module")
def wards():
    return {name: [clinic(seed, **settings) for seed in (20, 21, 22)] for name, settings in DISEASES.items()}


def signs(wards, name, sign, epoch=-1):
    return np.array([run[sign][epoch] for run in wards[name]])


def test_three_diseases_stand_still_at_a_guess_and_their_ranks_tell_them_apart(wards):
    for name in ("all units dead", "units alike"):
        np.testing.assert_allclose(signs(wards, name, "training loss"), np.log(10), atol=0.01)
        np.testing.assert_array_equal(signs(wards, name, "dead"), 1)
    assert (signs(wards, "inputs times 16", "training loss") > 1.8).all()
    assert (signs(wards, "inputs times 16", "dead") > 0.7).all()
    assert (signs(wards, "units alike", "rank", 0) < 1.01).all()
    assert (signs(wards, "all units dead", "rank", 0) > 20).all()
    assert (signs(wards, "inputs times 16", "rank") < 15).all()


def test_each_other_disease_has_its_signs(wards):
    healthy = {sign: signs(wards, "healthy", sign) for sign in ("training loss", "weights", "rank", "dead")}
    assert (healthy["training loss"] < 0.2).all()
    assert (signs(wards, "rate too low", "step", 0) < signs(wards, "healthy", "step", 0) / 30).all()
    assert (signs(wards, "rate too low", "gradient") > 0.7).all()
    assert (signs(wards, "rate too high", "weights") > 1.5 * healthy["weights"]).all()
    assert (signs(wards, "rate too high", "dead") > 3 * healthy["dead"]).all()
    assert (signs(wards, "clipped far too low", "clipped") == 1).all()
    assert (signs(wards, "decay too strong", "weights") < 6).all()
    assert (signs(wards, "decay too strong", "rank") < 7).all()
    assert (signs(wards, "too few data", "training loss") < 0.05).all()
    assert (signs(wards, "too few data", "unseen loss") > 0.5).all()
    unseen = [run["unseen loss"] for run in wards["wrong labels"]]
    assert all(curve[-1] > 1.2 * curve.min() and curve.argmin() < 30 for curve in unseen)


def test_the_signs_are_measured_as_they_say():
    run = clinic(3, epochs=1, n=60, clip=1.0)
    assert set(run) == set(choosing.SIGNS)
    assert all(len(values) == 1 for values in run.values())
    assert 0 < run["clipped"][0] <= 1
    longer = clinic(3, epochs=1, n=60)
    assert longer["step"][0] > run["step"][0]


# The league

BLIND = {
    "half": lambda x, g, *, lr: (x * 0.5,),
    "to 0": lambda x, g, *, lr: (x * 0,),
    "to 1": lambda x, g, *, lr: (x * 0 + 1,),
    "along": lambda x, g, *, lr: (x + lr,),
    "away": lambda x, g, *, lr: (x * (1 + lr),),
    "nowhere": lambda x, g, *, lr: (x,),
    "by length": lambda x, g, *, lr: (x + lr * np.sin(len(x) * np.arange(len(x))),),
}


@pytest.mark.parametrize("lr", [1e-4, 1e-3, 1e-2])
@pytest.mark.parametrize("name", BLIND)
def test_who_ignores_the_gradient_scores_0(name, lr):
    assert set(league(BLIND[name], {"lr": lr}, "blind", 4).values()) == {0.0}


def test_a_length_does_not_tell_the_problem():
    """Every problem comes with every length equally often, and with the start as far away."""
    lengths = {make: [len(choosing.drawn(make, k, 1)[2]) for k in range(300)] for make in choosing.PROBLEMS}
    assert all(one == lengths[choosing.ravine] for one in lengths.values())
    assert len(set(lengths[choosing.ravine])) >= 10


def test_who_chooses_by_the_length_gains_nothing():
    """The best of three methods for each length, learned on practice sets, against the best of them for all."""
    settings = [(adam, {"lr": 0.1}), (momentum, {"lr": 0.03}), (adam, {"lr": 0.02})]

    def falls(method, hyper, seeds):
        return np.array([[choosing.fall(method, hyper, make, k, 1) for make in choosing.PROBLEMS] for k in seeds])

    def lengths(seeds):
        return np.array([len(choosing.drawn(choosing.ravine, k, 1)[2]) for k in seeds])

    practice, new = range(12), range(1000, 1012)
    learned = np.array([falls(*setting, practice).mean(axis=1) for setting in settings])
    points = np.array([falls(*setting, new).mean(axis=1) for setting in settings])
    known, met = lengths(practice), lengths(new)
    by_length = {d: learned[:, known == d].mean(axis=1).argmax() for d in set(known)}
    best = learned.mean(axis=1).argmax()
    chosen = np.array([points[by_length.get(d, best), i] for i, d in enumerate(met)])
    assert chosen.mean() <= points[best].mean() + 0.02


@pytest.mark.parametrize("make", choosing.PROBLEMS)
def test_a_mirrored_problem_is_the_same_seen_from_the_start(make):
    (f, _, start), (g, _, same) = choosing.drawn(make, 3, 1), choosing.drawn(make, 3, -1)
    np.testing.assert_array_equal(start, same)
    way = rng().normal(size=len(start))
    assert g(start - way) == pytest.approx(f(start + way), rel=1e-9)
    np.testing.assert_allclose(g.grad(start - way), -f.grad(start + way), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("make", choosing.PROBLEMS)
def test_gradients_are_those_of_the_value_but_for_unit_and_noise(make):
    f, gradients, start = choosing.drawn(make, 5, 1)
    way, h = rng().normal(size=len(start)), 1e-5
    slope = (f(start + h * way) - f(start - h * way)) / (2 * h)
    assert f.grad(start) @ way == pytest.approx(slope, rel=1e-4)
    mean = np.mean([gradients.grad(start) for _ in range(800)], axis=0)
    np.testing.assert_allclose(mean / gradients.scale, f.grad(start), atol=0.2 * np.abs(f.grad(start)).max())


def test_a_step_is_one_gradient_and_there_are_300():
    asked = []

    def counting(x, g, *, lr):
        asked.append(1)
        return (x - lr * g,)

    league(counting, {"lr": 1e-3}, sets=1)
    assert len(asked) == 300 * 2 * len(choosing.PROBLEMS)


def test_a_score_is_the_same_every_time_and_another_word_draws_other_problems():
    scores = [league(adam, {"lr": 0.05}, word, 1) for word in ("a", "a", "b")]
    assert scores[0] == scores[1] != scores[2]
    assert 1 < scores[0]["mean"] < 3


def test_a_run_that_is_lost_scores_0():
    assert league(gd, {"lr": 1e6}, sets=1)["ravine"] == 0
    assert league(lambda x, g, *, lr: (x * np.nan,), {"lr": 1.0}, sets=1)["mean"] == 0
