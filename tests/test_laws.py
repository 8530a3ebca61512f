"""Laws: what theory says about the methods, each measured."""

import math

import numpy as np
import pytest

from course_lib.curvature import bfgs, conjugate_gradients, exact, parabola
from course_lib.descent import descend, end
from course_lib.optimizers import adam, amsgrad, gd, momentum, nesterov
from course_lib.problems import noisy
from course_lib.schedules import inverse_sqrt
from course_lib.surfaces import lessard, nesterov_worst, quadratic, quadratic_form, saddle
from course_lib.wrappers import stale

KAPPAS = [2, 10, 100, 1000]
ONE = quadratic_form(np.eye(1))  # x²/2


def heavy_ball(L, mu):
    """The best rate and momentum for curvatures from mu to L (Polyak, 1964, theorem 9)."""
    a, b = math.sqrt(L), math.sqrt(mu)
    return {"lr": (2 / (a + b)) ** 2, "beta": ((a - b) / (a + b)) ** 2}


def spectral_radius(method, curvature, **hyper):
    """How a method with one velocity shrinks (x, v) at each step on a line of this curvature, in the long run."""
    columns = [method(x, curvature * x, v, **hyper) for x, v in ((1.0, 0.0), (0.0, 1.0))]
    return np.abs(np.linalg.eigvals(np.transpose(columns))).max()


# Rates and edges


@pytest.mark.parametrize("kappa", KAPPAS)
def test_gd_contracts_by_exactly_kappa_minus_1_over_kappa_plus_1(kappa):
    f = quadratic(kappa, 30)
    lengths = np.linalg.norm(descend(gd, f, f.start, 100, lr=2 / (f.L + f.mu)), axis=0)
    assert lengths[1:] / lengths[:-1] == pytest.approx((kappa - 1) / (kappa + 1), rel=1e-12)


@pytest.mark.parametrize("kappa", KAPPAS)
def test_no_rate_of_gd_is_better(kappa):
    f = quadratic(kappa, 30)
    rates = np.linspace(0, 2 / f.L, 1001)
    worst = np.maximum(np.abs(1 - rates * f.L), np.abs(1 - rates * f.mu)) ** 50
    reached = np.linalg.norm(end(gd, f, f.start, 50, lr=rates), axis=0) / np.linalg.norm(f.start)
    assert np.all(reached >= worst / 2)
    assert np.all(reached <= worst * (1 + 1e-9))
    assert rates[np.argmin(worst)] == pytest.approx(2 / (f.L + f.mu), abs=2 / f.L / 1000)


@pytest.mark.parametrize("f", [quadratic(10, 30), quadratic(100, 0, L=8.0), quadratic_form(np.diag([3.0, 1, 2]))])
def test_2_over_L_is_the_edge_of_gd(f):
    below, above = np.linalg.norm(end(gd, f, np.ones(f.d), 3000, lr=np.array([1.99, 2.01]) / f.L), axis=0)
    assert below < 1e-6
    assert above > 1e6


@pytest.mark.parametrize("kappa", KAPPAS)
def test_the_optimum_of_the_heavy_ball(kappa):
    f = quadratic(kappa)
    best = heavy_ball(f.L, f.mu)
    rate = (math.sqrt(kappa) - 1) / (math.sqrt(kappa) + 1)  # √β
    assert math.sqrt(best["beta"]) == pytest.approx(rate, rel=1e-12)
    for curvature in (f.mu, math.sqrt(f.mu * f.L), f.L):  # √1e-16: both ends have a double root
        assert spectral_radius(momentum, curvature, **best) == pytest.approx(rate, abs=1e-7)
    for lr in best["lr"] * np.linspace(0.5, 1.5, 41):
        for beta in np.linspace(0, 1, 41):
            radius = max(spectral_radius(momentum, curvature, lr=lr, beta=beta) for curvature in (f.mu, f.L))
            assert radius >= rate - 1e-7


@pytest.mark.parametrize("kappa", KAPPAS)
def test_accelerated_rates_are_reached_up_to_a_factor_t(kappa):
    """At the optimum two roots coincide, so the distance falls like (1 + ct)·rate^t."""
    f, root = quadratic(kappa), math.sqrt(kappa)
    for method, hyper, rate in [
        (momentum, heavy_ball(f.L, f.mu), (root - 1) / (root + 1)),
        (nesterov, {"lr": 1 / f.L, "beta": (root - 1) / (root + 1)}, 1 - 1 / root),
    ]:
        t = np.array([50, 100, 150])
        a, b, c = descend(method, f, f.start, 150, **hyper)[0, t] / rate**t  # along the floor
        assert 0 < b - a == pytest.approx(c - b, rel=1e-6)


@pytest.mark.parametrize("kappa", KAPPAS)
def test_the_rate_of_nesterov(kappa):
    root = math.sqrt(kappa)
    hyper = {"lr": 1.0, "beta": (root - 1) / (root + 1)}
    radii = [spectral_radius(nesterov, curvature, **hyper) for curvature in np.geomspace(1 / kappa, 1, 50)]
    assert max(radii) == pytest.approx(1 - 1 / root, abs=1e-7)
    assert np.argmax(radii) == 0  # the flattest direction is the slowest


@pytest.mark.parametrize("beta", [0, 0.5, 0.9, 0.99])
@pytest.mark.parametrize(
    ("method", "edge"),
    [(momentum, lambda beta: 2 * (1 + beta)), (nesterov, lambda beta: 2 * (1 + beta) / (1 + 2 * beta))],
    ids=["momentum", "nesterov"],
)
def test_the_edge_with_momentum(method, edge, beta):
    assert spectral_radius(method, 1.0, lr=edge(beta), beta=beta) == pytest.approx(1, abs=1e-12)
    below, above = end(method, ONE, [1.0], 6000, lr=edge(beta) * np.array([0.995, 1.005]), beta=beta)[0]
    assert abs(below) < 1e-6
    assert not abs(above) < 1e6


# The speed limit


def test_nothing_passes_nesterovs_bound_on_his_worst_function():
    """Theorem 2.1.7 has one function for each k: d = 2k + 1."""
    for k in (1, 2, 5, 20, 60):
        f = nesterov_worst(2 * k + 1)
        lowest, distance = f(f.minima[0]), np.sum(f.minima[0] ** 2)
        slow = [
            descend(gd, f, f.start, k, lr=np.linspace(0.1, 2, 20) / f.L),
            descend(momentum, f, f.start, k, lr=np.linspace(0.1, 3, 20) / f.L),
            descend(nesterov, f, f.start, k, lr=np.linspace(0.1, 2, 20) / f.L, beta=lambda t: t / (t + 3)),
            descend(conjugate_gradients(f, search=exact), f, f.start, k),
            descend(bfgs(f), f, f.start, k),
        ]
        gaps = [np.min(f(path)[-1]) - lowest for path in slow]
        assert min(gaps) >= 3 * f.L * distance / (32 * (k + 1) ** 2)
        assert min(gaps) == pytest.approx(f.L / 8 * (1 / (k + 1) - 1 / (2 * k + 2)), rel=1e-9)  # conjugate gradients


def test_nesterovs_method_keeps_his_promise():
    f, k = nesterov_worst(201), np.arange(1, 401)
    rng = np.random.default_rng(1)
    bowls = [quadratic_form(np.diag(10 ** rng.uniform(-6, 0, 30))) for _ in range(20)]
    for g, start in [(f, f.start), *((bowl, rng.standard_normal(30)) for bowl in bowls)]:
        path = descend(nesterov, g, start, 400, lr=1 / g.L, beta=lambda t: t / (t + 3))
        gap, distance = (g(path) - g(g.minima[0]))[1:], np.sum((start - g.minima[0]) ** 2)
        assert np.all(gap <= 2 * g.L * distance / (k + 1) ** 2)
    slow = f(end(gd, f, f.start, 400, lr=1 / f.L)) - f(f.minima[0])
    assert slow > 10 * (f(end(nesterov, f, f.start, 400, lr=1 / f.L, beta=lambda t: t / (t + 3))) - f(f.minima[0]))


def test_on_a_quadratic_with_exact_lines_bfgs_and_conjugate_gradients_walk_the_same_way():
    for f in (quadratic(20, 45), quadratic(300, 10), quadratic_form(np.diag(np.geomspace(1, 20, 5)))):
        for search in (exact, parabola):
            ways = [descend(make(f, search=search), f, f.start, 5) for make in (bfgs, conjugate_gradients)]
            assert np.abs(ways[0] - ways[1]).max() < 1e-6


def test_bfgs_with_exact_search_finishes_a_quadratic_in_10_dimensions_at_step_10():
    rng = np.random.default_rng(2)
    Q = np.linalg.qr(rng.standard_normal((10, 10)))[0]
    A = Q * np.geomspace(1, 100, 10) @ Q.T
    f = quadratic_form((A + A.T) / 2)
    lengths = np.linalg.norm(f.grad(descend(bfgs(f, search=exact), f, f.start, 10)), axis=0)
    assert lengths[10] < 1e-5 < 1e-3 < lengths[9]


# Noise


@pytest.mark.parametrize("lr", [0.05, 0.1, 0.2, 0.5, 1.0, 1.5])
def test_the_noise_floor_of_sgd(lr):
    sigma, runs = 3.0, 20_000
    points = end(gd, noisy(ONE, sigma, np.random.default_rng(3)), np.zeros((1, runs)), math.ceil(5 / lr) + 10, lr=lr)
    floor = lr * sigma**2 / (2 - lr)
    assert np.mean(points**2) == pytest.approx(floor, rel=4 * math.sqrt(2 / runs))


# Adam


def test_adams_first_step_is_the_sign_of_the_gradient():
    g = np.array([1e-5, -3.0, 1e10, 0.0])
    x, *_ = adam(np.zeros(4), g, lr=0.01)
    assert x == pytest.approx(-0.01 * np.sign(g), rel=2e-3)  # eps / |g| is 1e-3 for the first
    x, *_ = adam(np.zeros(4), g, lr=0.01, eps=1e-300)
    assert x == pytest.approx(-0.01 * np.sign(g), rel=1e-15)


def adam_steps(gradients, **hyper):
    """The length of each step, in learning rates, for gradients (steps, runs)."""
    state, lengths = (np.zeros(gradients.shape[1:]),), []
    for g in gradients:
        x, *memory = adam(*state[:1], g, *state[1:], lr=1.0, **hyper)
        lengths.append(np.abs(x - state[0]))
        state = (x, *memory)
    return np.array(lengths)


def test_after_a_long_silence_one_gradient_moves_adam_3_1623_rates():
    """The bound of Kingma and Ba (2015), section 2.1, for the sparsest of all gradients."""
    gradients = np.zeros((15_001, 1))
    gradients[-1] = 7.0
    assert adam_steps(gradients)[-1] == pytest.approx(0.1 / math.sqrt(0.001), rel=1e-6)
    assert 0.1 / math.sqrt(0.001) == pytest.approx(3.1623, abs=1e-4)


def test_growing_gradients_move_adam_further_and_nothing_moves_it_more_than_7_27_rates():
    """By Cauchy-Schwarz |m|/√v <= (1-b1)/√(1-b2) / √(1-b1²/b2), reached by gradients that grow b2/b1 times a step."""
    b1, b2, silence = 0.9, 0.999, 8000
    limit = (1 - b1) / math.sqrt(1 - b2) / math.sqrt(1 - b1 * b1 / b2)
    assert limit == pytest.approx(7.2703, abs=1e-4)
    growing = np.concatenate([np.zeros(silence), (b2 / b1) ** np.arange(300)])[:, None]
    assert adam_steps(growing)[-1] == pytest.approx(limit, rel=1e-3)
    rng = np.random.default_rng(4)
    wild = rng.standard_normal((3000, 200)) * np.exp(rng.uniform(-9, 9, (3000, 200))) * (rng.random((3000, 200)) < 0.1)
    lengths = adam_steps(wild)
    assert lengths.max() <= limit
    assert lengths.max() > 3.1623  # so the bound of the paper is none


class Turns:
    """Reddi, Kale and Kumar (2018), section 3: C at every third step, -1 at the others; on [-1, 1], -1 is best."""

    d = 1

    def __init__(self, C):
        self.C, self.t = C, -1

    def grad(self, x):
        self.t += 1
        return np.full_like(x, -1 if self.t % 3 else self.C)


def projected(method):
    def step(x, g, *memory, **hyper):
        x, *memory = method(x, g, *memory, **hyper)
        return np.clip(x, -1, 1), *memory

    return step


@pytest.mark.parametrize("C", [3.0, 4.0, 10.0])
def test_adam_ends_at_the_worst_point_of_reddis_example(C):
    short = {"b1": 0.0, "b2": 1 / (1 + C**2)}
    for method, hyper, where in [(adam, short, 1), (amsgrad, short, -1), (gd, {}, -1), (adam, {}, -1)]:
        path = descend(projected(method), Turns(C), [0.0], 3000, lr=inverse_sqrt(0.5), **hyper)[0]
        assert path[-1000:].mean() == pytest.approx(where, abs=0.02)


# Saddles and cycles


@pytest.mark.parametrize("lr", [0.05, 0.1, 0.3])
def test_steps_to_leave_a_saddle(lr):
    distances = 10.0 ** -np.arange(2, 17)
    path = descend(gd, saddle, [np.ones(15), distances], 500, lr=lr)[1]
    steps = np.argmax(np.abs(path) >= 1, axis=0)
    assert steps.tolist() == [math.ceil(math.log(1 / far) / math.log(1 + 2 * lr)) for far in distances]
    assert np.all(descend(gd, saddle, [1, 0], 500, lr=lr)[1] == 0)


def test_the_heavy_ball_cycles_for_ever_on_a_strongly_convex_function():
    """Lessard, Recht and Packard (2016); f''(x) is between 1 and 25 everywhere."""
    path = descend(momentum, lessard, lessard.start, 3000, **heavy_ball(25, 1))[0]
    assert path[-3:] == pytest.approx([-1.80244898, 2.11591837, 0.64653061], abs=1e-8)
    assert path[-300:] == pytest.approx(np.tile(path[-3:], 100), abs=1e-12)
    assert abs(end(gd, lessard, lessard.start, 300, lr=2 / 26)[0]) < 1e-9
    assert abs(end(nesterov, lessard, lessard.start, 300, lr=1 / 25, beta=2 / 3)[0]) < 1e-12


# Late gradients


def delayed_radius(delay, lr, beta=0.0):
    """The largest root of z^(tau+2) - (1 + beta) z^(tau+1) + beta z^tau + lr z, in size: x with its sum of late g."""
    power = np.zeros(delay + 3)
    power[:3] = 1, -1 - beta, beta
    power[delay + 1] += lr
    return np.abs(np.roots(power)).max()


@pytest.mark.parametrize("delay", [0, 1, 2, 3, 5, 10])
def test_the_edge_of_a_late_gradient_is_a_sine(delay):
    edge = 2 * math.sin(math.pi / (2 * (2 * delay + 1)))
    assert delayed_radius(delay, 0.999 * edge) < 1 < delayed_radius(delay, 1.001 * edge)
    below, above = np.abs(end(stale(gd, delay), ONE, [1.0], 6000, lr=edge * np.array([0.98, 1.02]))[0])
    assert below < 0.1
    assert above > 10


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.99])
def test_the_edge_of_momentum_one_step_late_is_1_minus_beta(beta):
    edge = 1 - beta
    assert delayed_radius(1, 0.999 * edge, beta) < 1 < delayed_radius(1, 1.001 * edge, beta)
    steps = round(2000 / edge)
    below, above = np.abs(end(stale(momentum, 1), ONE, [1.0], steps, lr=edge * np.array([0.98, 1.02]), beta=beta)[0])
    assert below < 0.1
    assert above > 10
    assert spectral_radius(momentum, 1.0, lr=0.99 * (2 + 2 * beta), beta=beta) < 1  # on time, it has 2 + 2 beta
