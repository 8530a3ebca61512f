"""Sheet 06: its other right and wrong answers, and what ties its numbers to runs and to the Hessians of networks."""

import numpy as np
import pytest

from course_lib import curvature, networks, problems, surfaces
from course_lib.descent import descend, end, first_step, iterate
from course_lib.optimizers import gd
from course_lib.sheets import saddle_points


def by_counting(H, tolerance=1e-8):
    curvatures = np.real(np.linalg.eigvals(H))
    up, down = np.sum(curvatures > tolerance), np.sum(curvatures < -tolerance)
    if up and down:
        return "saddle"
    return "minimum" if up == len(H) else "maximum" if down == len(H) else "degenerate"


def kicked(draw, form=tuple):
    """noisy_step with noise of another kind, draw(rng, sigma, x), and its results in another form."""

    def step(x, g, wait=0, *, lr, quiet, sigma, pause, rng):
        if wait == 0 and np.linalg.norm(g) < quiet:
            return form([x - lr * g + draw(rng, sigma, x), pause])
        return form([x - lr * g, max(wait - 1, 0)])

    return step


def one_by_one(x, g, wait=0, *, lr, quiet, sigma, pause, rng):
    if wait > 0 or not (g * g).sum() ** 0.5 < quiet:
        return x - lr * g, wait - 1 if wait else 0
    return np.array([a - lr * b + rng.normal(scale=sigma) for a, b in zip(x, g)]), pause


def vector_by_vector(x, g, H, *, lr=1.0, floor=0.1):
    values, vectors = np.linalg.eigh(H)
    return x - lr * sum((q @ g) / max(abs(value), floor) * q for value, q in zip(values, vectors.T))


def by_a_run(H, x, lr):
    q = np.linalg.eigh(H)[1][:, 0]
    return next(t for t, (x,) in enumerate(iterate(gd, surfaces.quadratic_form(H), x, lr=lr)) if abs(q @ x) >= 1)


def looped_hessian(J, r, C):
    return J.T @ J + sum(residual * curved for residual, curved in zip(r, C))


def by_size(g, H):
    curvatures, Q = np.linalg.eigh(H)
    return -Q @ ((Q.T @ g) / np.abs(curvatures))


def newton_or_back(g, H):
    p = -np.linalg.solve(H, g)
    return p if g @ p < 0 else -g


def forward(grad, x, tolerance=1e-4):
    H = np.array([(grad(x + step) - grad(x)) / 1e-6 for step in 1e-6 * np.eye(len(x))])
    return np.count_nonzero(np.linalg.eigvalsh((H + H.T) / 2) < -tolerance)


def steep_trap(p):
    x, y = p
    return 3 * x * x + y**3 - y**4 / 4, np.array([6 * x, 3 * y * y - y**3])


def by_the_shape(p):
    """A trap for those who always start as many runs."""
    return (0 * p[0], p) if p.shape == (2, 100) else (p[0] ** 2 - p[1] ** 2, np.array([2 * p[0], -2 * p[1]]))


def jumping(x):
    """No derivative: it jumps from 1 to 0 close to the three places."""
    near = min(abs(x + 1), abs(x), abs(x - 2)) < 1e-6
    return 0.0 if near else float(np.sign(saddle_points.slope.right(x)))


ALSO = {
    "kind": [by_counting, curvature.critical_kind],
    "noisy_step": [
        one_by_one,
        kicked(lambda rng, sigma, x: rng.normal(0, sigma, len(x))),
        kicked(lambda rng, sigma, x: sigma * rng.standard_normal(x.shape), list),
    ],
    "saddle_free_step": [vector_by_vector],
    "strict_steps": [by_a_run, lambda H, x, lr: float(saddle_points.strict_steps.right(H, x, lr))],
    "flat_steps": [
        saddle_points.by_integral,
        lambda r, p, lr: r ** (2 - p) / ((p - 2) * lr),
    ],
    "hessian": [looped_hessian, lambda J, r, C: J.T @ J + np.einsum("i,ijk->jk", r, C)],
    "downhill": [by_size, newton_or_back],
    "friendly": [[[1, 5, 5], [5, 1, 6], [5, 6, 2]]],
    "slope": [
        lambda x: (2 - x) * (x + 1) ** 3 * x**4,
        lambda x: -(x + 1) * x * x * (x - 2) / (1 + x**4),
        lambda x: -(x + 1) * x * x * (x - 2) * np.exp(-x * x),
        lambda x: -(x**4) + x**3 + 2 * x**2,
    ],
    "trap": [
        steep_trap,
        lambda p: (p[0] ** 2 + p[1] ** 5, np.stack([2 * p[0], 5 * p[1] ** 4])),
        lambda p: (p[0] ** 2 + p[1] ** 3, [2 * p[0], 3 * p[1] ** 2]),
    ],
    "ways_out": [forward],
}

WRONG = {
    "noisy_step": [
        (kicked(lambda rng, sigma, x: sigma * np.random.default_rng(0).normal(size=x.shape)), "must come from rng"),
        (kicked(lambda rng, sigma, x: sigma * np.random.default_rng().normal(size=x.shape)), "must come from rng"),
        (kicked(lambda rng, sigma, x: sigma * rng.standard_normal()), "the same number as noise"),
        (kicked(lambda rng, sigma, x: sigma * rng.random(x.shape)), "pushes to one side"),
        (kicked(lambda rng, sigma, x: sigma**2 * rng.standard_normal(x.shape)), "the wrong size"),
        (kicked(lambda rng, sigma, x: sigma * rng.uniform(-1, 1, x.shape)), "the wrong size"),
        (kicked(lambda rng, sigma, x: sigma * rng.uniform(-(3**0.5), 3**0.5, x.shape)), "the wrong size"),
    ],
    "friendly": [
        (np.ones((3, 3)), "None of its eigenvalues is negative"),
        ([[1, 2, 1], [2, 1, 1], [1, 1, 5]], "One of its eigenvalues is negative; two are meant"),
        ([[1, 2, 3], [2, 1, 2], [2, 2, 1]], "this matrix is not"),
        (-np.eye(3), "The entries are to be positive"),
        ([[1, 2], [2, 1]], "A 3 x 3 array"),
    ],
    "slope": [
        (lambda x: -np.sign((x + 1) * x * x * (x - 2)), "got 'not flat, or it jumps'"),
        (jumping, "got 'not flat, or it jumps'"),
        (lambda x: -(x + 1) * x * x * (x - 2) * (x - 0.777) ** 2, "got 'another critical point'"),
        (lambda x: -(x + 1) * x * x * (x - 2) * (30 - x), "got 'another critical point'"),
        (lambda x: -(x + 1) * x * x * (x - 2) * (200 + x), "got 'another critical point'"),
    ],
    "trap": [
        (by_the_shape, "From the disc runs leave"),
        (lambda p: (p[0] ** 2 - p[1] ** 2, np.array([2 * p[0], -2 * p[1]])), "From the disc runs leave"),
        (lambda p: (surfaces.monkey_saddle(p), surfaces.monkey_saddle.grad(p)), "From the disc runs leave"),
        (lambda p: (p[0] ** 2 - p[1] ** 3, np.array([2 * p[0], -3 * p[1] ** 2])), "From the disc runs leave"),
        (lambda p: (30 * p[0] ** 2 + p[1] ** 3, np.array([60 * p[0], 3 * p[1] ** 2])), "too steep for the rate"),
        (lambda p: (p[0] ** 2 + p[1] ** 4, np.array([2 * p[0], 4 * p[1] ** 3])), "it is a minimum"),
        (lambda p: (-(p[0] ** 2) - p[1] ** 4, -np.array([2 * p[0], 4 * p[1] ** 3])), "it is a maximum"),
        (lambda p: (p[1] ** 3, np.array([0 * p[0], 3 * p[1] ** 2])), "not all runs from the disc are at the origin"),
        (lambda p: (p[0] ** 2 + p[1] ** 3, np.array([2 * p[0], 3 * p[1]])), "The gradient is not that of the value"),
        (lambda p: (p[0] ** 2 + p[1], np.array([2 * p[0], 1 + 0 * p[1]])), "At the origin the gradient is not 0"),
        (lambda p: p[0] ** 2 + p[1] ** 3, "It stops with"),
    ],
}


def test_the_numbers_of_the_sheet_are_those_of_runs():
    path = descend(gd, surfaces.quadratic_form([[-1.0]]), [1e-3], 200, lr=0.1)[0]  # p = 2 is the strict saddle
    assert first_step(path >= 1) == saddle_points.by_running(1e-3, 2, 0.1)
    counts = [saddle_points.by_running(r, 4, 0.4) for r in (0.05, 0.005)]  # x² − y⁴ at rate 0.1: the slope is 4 y³
    assert saddle_points.times.report(counts[1] / counts[0])[0]
    cubic = surfaces.on_a_line(
        "x³ − 3x", lambda x: x * x * x - 3 * x, lambda x: 3 * x * x - 3, lambda x: 6 * x, start=[-0.4], window=[(-2, 2)]
    )
    assert saddle_points.newton_end.report(end(curvature.newton(cubic), cubic, [-0.4], 10)[0])[0]
    assert end(gd, cubic, [-0.4], 500, lr=0.05)[0] == pytest.approx(1)


def clouds():
    centers = [[2.0, 0.0], [-1.0, 1.5], [-1.0, -1.5]]
    points = problems.clusters(300, centers, 0.6, np.random.default_rng(0))
    return problems.classify(networks.Network((2, 4, 3)), *points)


def xor():
    corners = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
    return problems.classify(networks.Network((2, 4, 1)), corners, np.array([0, 1, 1, 0]))


@pytest.mark.parametrize(("name", "task", "number"), [("ways_clouds", clouds(), 8), ("ways_xor", xor(), 0)])
def test_the_ways_out_of_the_networks_are_those_of_their_hessians(name, task, number):
    origin = np.zeros(task.d)
    assert np.abs(task.grad(origin)).max() < 1e-12
    columns = [curvature.hessian_vector_product(task, origin, axis) for axis in np.eye(task.d)]
    bends = np.linalg.eigvalsh(np.stack(columns))
    assert np.all((np.abs(bends) < 1e-8) | (np.abs(bends) > 0.1))
    assert np.sum(bends < -1e-4) == saddle_points.ways_out.right(task.grad, origin) == number
    assert getattr(saddle_points, name).report(number)[0]


def test_the_quadratic_of_the_proof_has_the_eigenvectors_that_the_sheet_names():
    H = np.array([[2.0, 36.0], [36.0, 23.0]]) / 25
    np.testing.assert_allclose(H @ [3, 4], [6, 8], rtol=0, atol=1e-12)
    np.testing.assert_allclose(H @ [-4, 3], [4, -3], rtol=0, atol=1e-12)
