"""The checks of sheet 06: right answers pass, usual wrong ones are called by their names, blanks are told so."""

import numpy as np
import pytest

from course_lib import curvature, networks, problems, surfaces
from course_lib.checks import saddle_points
from course_lib.descent import descend, end, first_step, iterate
from course_lib.optimizers import gd


def kind(H, tolerance=1e-8, values=np.linalg.eigvalsh):
    curvatures = values(H)
    if curvatures.max() > tolerance and curvatures.min() < -tolerance:
        return "saddle"
    if np.abs(curvatures).min() <= tolerance:
        return "degenerate"
    return "minimum" if curvatures.min() > 0 else "maximum"


def else_a_saddle(H, tolerance=1e-8):
    curvatures = np.linalg.eigvalsh(H)
    if np.all(curvatures > tolerance):
        return "minimum"
    return "maximum" if np.all(curvatures < -tolerance) else "saddle"


def no_degenerate(H, tolerance=1e-8):
    curvatures = np.linalg.eigvalsh(H)
    if np.all(np.abs(curvatures) <= tolerance):
        return "degenerate"
    if np.all(curvatures >= -tolerance):
        return "minimum"
    return "maximum" if np.all(curvatures <= tolerance) else "saddle"


def zero_first(H, tolerance=1e-8):
    return "degenerate" if np.abs(np.linalg.eigvalsh(H)).min() <= tolerance else kind(H, tolerance)


def semidefinite(H, tolerance=1e-8):
    curvatures = np.linalg.eigvalsh(H)
    return "minimum" if curvatures[0] >= -tolerance else "maximum" if curvatures[-1] <= tolerance else "saddle"


def determinant(H, tolerance=1e-8):
    det = np.linalg.det(H)
    if abs(det) <= tolerance:
        return "degenerate"
    return "saddle" if det < 0 else "minimum" if H[0, 0] > 0 else "maximum"


def by_product(H, tolerance=1e-8):
    curvatures = np.linalg.eigvalsh(H)
    return "saddle" if curvatures[0] * curvatures[-1] < 0 else kind(H, tolerance)


def noisy_step(x, g, wait=0, *, lr, quiet, sigma, pause, rng):
    x = x - lr * g
    if wait == 0 and np.linalg.norm(g) < quiet:
        return x + sigma * rng.standard_normal(x.shape), pause
    return x, max(wait - 1, 0)


def one_by_one(x, g, wait=0, *, lr, quiet, sigma, pause, rng):
    if wait > 0 or not (g * g).sum() ** 0.5 < quiet:
        return x - lr * g, wait - 1 if wait else 0
    return np.array([a - lr * b + rng.normal(scale=sigma) for a, b in zip(x, g)]), pause


def noise_of(draw):
    """noisy_step with noise of another kind: draw(rng, sigma, x)."""

    def step(x, g, wait=0, *, lr, quiet, sigma, pause, rng):
        if wait == 0 and np.linalg.norm(g) < quiet:
            return x - lr * g + draw(rng, sigma, x), pause
        return x - lr * g, max(wait - 1, 0)

    return step


def noise_when(now, after=lambda now, wait, pause: pause if now else max(wait - 1, 0)):
    def step(x, g, wait=0, *, lr, quiet, sigma, pause, rng):
        push = bool(now(g, wait, quiet))
        return x - lr * g + push * sigma * rng.standard_normal(x.shape), after(push, wait, pause)

    return step


def due(g, wait, quiet):
    return wait == 0 and np.linalg.norm(g) < quiet


def noisy_in_place(x, g, wait=0, *, lr, quiet, sigma, pause, rng):
    x -= lr * g
    return noisy_step(x, 0 * g, wait, lr=lr, quiet=quiet, sigma=sigma, pause=pause, rng=rng)


def only_noise(x, g, wait=0, *, lr, quiet, sigma, pause, rng):
    if due(g, wait, quiet):
        return x + sigma * rng.standard_normal(x.shape), pause
    return x - lr * g, max(wait - 1, 0)


def counts_while_small(x, g, wait=0, *, lr, quiet, sigma, pause, rng):
    if np.linalg.norm(g) < quiet:
        return noisy_step(x, g, wait, lr=lr, quiet=quiet, sigma=sigma, pause=pause, rng=rng)
    return x - lr * g, wait


def saddle_free(divisor, sign=1.0, move=False):
    def step(x, g, H, *, lr=1.0, floor=0.1):
        curvatures, Q = np.linalg.eigh(H)
        moved = sign * lr * Q @ ((Q.T @ g) / divisor(curvatures, floor))
        return -moved if move else x - moved

    return step


def cured(curvatures, floor):
    return np.maximum(np.abs(curvatures), floor)


def crossed(x, g, H, *, lr=1.0, floor=0.1):
    curvatures, Q = np.linalg.eigh(H)
    return x - lr * Q.T @ ((Q @ g) / cured(curvatures, floor))


def in_parts(x, g, H, *, lr=1.0, floor=0.1):
    curvatures, Q = np.linalg.eigh(H)
    return x - lr * (Q.T @ g) / cured(curvatures, floor)


def of_the_whole(x, g, H, *, lr=1.0, floor=0.1):
    curvatures, Q = np.linalg.eigh(H)
    return x - lr * Q @ (g / cured(curvatures, floor))


def strict(H, x, lr, factor=lambda c, lr: np.log(1 + lr * c), part=lambda q, x: q @ x, which=0):
    curvatures, Q = np.linalg.eigh(H)
    return np.log(1 / abs(part(Q[:, which], x))) / factor(abs(curvatures[which]), lr)


def least(H):
    return np.linalg.eigvalsh(H)[0]


def rounded(**change):
    return lambda H, x, lr: int(np.ceil(strict(H, x, lr, **change)))


def strict_run(H, x, lr):
    q, run = np.linalg.eigh(H)[1][:, 0], iterate(gd, surfaces.quadratic_form(H), x, lr=lr)
    return next(t for t, (x,) in enumerate(run) if abs(q @ x) >= 1)


def flat(r, p, lr):
    return (r ** (2 - p) - 1) / ((p - 2) * lr)


def by_running(r, p, lr):
    steps = 0
    while r < 1:
        r, steps = r + lr * r ** (p - 1), steps + 1
    return steps


def looped_hessian(J, r, C):
    H = J.T @ J
    for residual, curved in zip(r, C):
        H = H + residual * curved
    return H


def by_size(g, H):
    curvatures, Q = np.linalg.eigh(H)
    return -Q @ ((Q.T @ g) / np.abs(curvatures))


def newton_or_back(g, H):
    p = -np.linalg.solve(H, g)
    return p if g @ p < 0 else -g


def careful(trusted):
    return lambda g, H: -np.linalg.solve(H, g) if trusted(H) else -g


def ways_out(grad, x, tolerance=1e-4, h=1e-5, at=None):
    x = x if at is None else at
    columns = [(grad(x + step) - grad(x - step)) / (2 * h) for step in h * np.eye(len(x))]
    return int(np.sum(np.linalg.eigvalsh(np.stack(columns, axis=1)) < -tolerance))


def forward(grad, x, tolerance=1e-4):
    H = np.array([(grad(x + step) - grad(x)) / 1e-6 for step in 1e-6 * np.eye(len(x))])
    return np.count_nonzero(np.linalg.eigvalsh((H + H.T) / 2) < -tolerance)


def spectrum_of(grad, x):
    H = np.stack([(grad(x + step) - grad(x - step)) / 2e-5 for step in 1e-5 * np.eye(len(x))])
    return np.linalg.eigvalsh((H + H.T) / 2)


def trap(p):
    x, y = p
    return x * x + y**3, np.array([2 * x, 3 * y * y])


def steep_trap(p):
    x, y = p
    return 3 * x * x + y**3 - y**4 / 4, np.array([6 * x, 3 * y * y - y**3])


RIGHT = {
    "kind": [kind, curvature.critical_kind],
    "ways": [2],
    "newton_end": [-1, -1.0],
    "times": [100, 99.2],
    "noisy_step": [noisy_step, one_by_one, noise_of(lambda rng, sigma, x: rng.normal(0, sigma, len(x)))],
    "saddle_free_step": [saddle_free(cured)],
    "strict_steps": [rounded(), lambda H, x, lr: float(np.ceil(strict(H, x, lr))), strict_run],
    "flat_steps": [flat, lambda r, p, lr: r ** (2 - p) / ((p - 2) * lr), by_running],
    "hessian": [looped_hessian, lambda J, r, C: J.T @ J + np.einsum("i,ijk->jk", r, C)],
    "downhill": [careful(lambda H: np.linalg.eigvalsh(H)[0] > 0), by_size, newton_or_back],
    "proof": ["DFCAGEB", "d, f, c, a, g, e, b", list("DFCAGEB")],
    "friendly": [np.ones((3, 3)) + 1 - np.eye(3), [[1, 5, 5], [5, 1, 6], [5, 6, 2]]],
    "slope": [
        lambda x: -(x + 1) * x * x * (x - 2),
        lambda x: (2 - x) * (x + 1) ** 3 * x**4,
        lambda x: -(x + 1) * x * x * (x - 2) / (1 + x**4),
    ],
    "trap": [trap, steep_trap, lambda p: (p[0] ** 2 + p[1] ** 5, np.stack([2 * p[0], 5 * p[1] ** 4]))],
    "ways_out": [ways_out, forward],
    "ways_clouds": [8, np.int64(8)],
    "ways_xor": [0, 0.0],
}

WRONG = {
    "kind": [
        (lambda H, tolerance=1e-8: kind(H, tolerance, np.ravel), "the signs of its entries"),
        (lambda H, tolerance=1e-8: kind(H, tolerance, np.diag), "along the axes"),
        (determinant, "in two dimensions only"),
        (lambda H, tolerance=1e-8: kind(H, 0.0), "nothing computed is exactly 0"),
        (lambda H, tolerance=1e-8: kind(H), "tolerance is an argument"),
        (else_a_saddle, "it need not be a saddle"),
        (semidefinite, "an eigenvalue 0 is not enough"),
        (no_degenerate, "one eigenvalue 0 is enough for degenerate"),
        (zero_first, "whatever the zeros do"),
        (
            lambda H, tolerance=1e-8: {"minimum": "maximum", "maximum": "minimum"}.get(
                kind(H, tolerance), kind(H, tolerance)
            ),
            "have changed places",
        ),
        (lambda H, tolerance=1e-8: kind(H, tolerance, lambda H: np.abs(np.linalg.eigvalsh(H))), "have no signs"),
        (by_product, "knows no tolerance"),
        (
            lambda H, tolerance=1e-8: "maximum" if np.linalg.eigvalsh(H)[-1] <= tolerance else kind(H, tolerance),
            "below tolerance is not yet below 0",
        ),
        (lambda H, tolerance=1e-8: "strict saddle", "Wrong result: expected 'minimum', got 'strict saddle'"),
    ],
    "ways": [(1, "a term such as 4xy"), (3, "along (1, 1, 0)"), (0, "along z"), (-2, "how many")],
    "newton_end": [
        (1, "there gradient descent goes"),
        (-1.45, "first step"),
        (0, "huge"),
        (-5, "does not run away"),
        (np.inf, "run away"),
    ],
    "times": [
        (10, "this is the monkey saddle"),
        (1000, "is a tenth, too"),
        (10_000, "not the height"),
        (2.3, "logarithm"),
        (0.1, "from nearer"),
        (20, "too small"),
    ],
    "noisy_step": [
        (noise_when(lambda g, wait, quiet: np.linalg.norm(g) < quiet), "no pause: noise only when wait is 0"),
        (noise_when(lambda g, wait, quiet: wait == 0), "only where the gradient is small, too"),
        (noise_when(lambda g, wait, quiet: True), "only where the gradient is small, and"),
        (noise_when(lambda g, wait, quiet: False), "never any noise"),
        (noise_when(lambda g, wait, quiet: wait == 0 and np.linalg.norm(g) > quiet), "the wrong way round"),
        (noise_when(lambda g, wait, quiet: wait == 0 or np.linalg.norm(g) < quiet), "and, not or"),
        (noise_when(lambda g, wait, quiet: wait == 0 and np.all(np.abs(g) < quiet)), "the norm of g is not"),
        (noise_when(lambda g, wait, quiet: wait == 0 and np.all(g < quiet)), "large negative slope"),
        (noise_when(lambda g, wait, quiet: wait == 0 and g @ g < quiet), "the square of the norm"),
        (noise_when(due, lambda now, wait, pause: max(wait - 1, 0)), "after a noise wait becomes pause"),
        (noise_when(due, lambda now, wait, pause: pause if now else wait), "wait goes down by one"),
        (noise_when(due, lambda now, wait, pause: pause if now else wait - 1), "does not go below 0"),
        (noise_when(due, lambda now, wait, pause: max((pause if now else wait) - 1, 0)), "with the noise does not"),
        (noise_when(due, lambda now, wait, pause: pause if now else wait + 1), "counts down"),
        (counts_while_small, "where the gradient is large, too"),
        (noise_of(lambda rng, sigma, x: rng.standard_normal(x.shape)), "the noise is too large"),
        (noise_of(lambda rng, sigma, x: sigma**0.5 * rng.standard_normal(x.shape)), "the noise is too large"),
        (only_noise, "noise is added to the step"),
        (noisy_in_place, "x was changed in place"),
        (lambda x, g, wait=0, *, lr, **hyper: x - lr * g, "Expected 2 results (move, wait)"),
        (lambda x, g, wait=0, **hyper: noisy_step(x, -g, wait, **hyper), "the sign: the step goes against"),
        (lambda x, g, wait=0, *, lr, **hyper: noisy_step(x, g, wait, lr=1.0, **hyper), "lr is missing"),
        (noise_of(lambda rng, sigma, x: sigma * np.random.default_rng(0).normal(size=x.shape)), "must come from rng"),
        (noise_of(lambda rng, sigma, x: sigma * np.random.default_rng().normal(size=x.shape)), "must come from rng"),
        (noise_of(lambda rng, sigma, x: sigma * rng.standard_normal()), "the same number as noise"),
        (noise_of(lambda rng, sigma, x: sigma * rng.random(x.shape)), "pushes to one side"),
        (noise_of(lambda rng, sigma, x: sigma**2 * rng.standard_normal(x.shape)), "the wrong size"),
        (noise_of(lambda rng, sigma, x: sigma * rng.uniform(-1, 1, x.shape)), "the wrong size"),
    ],
    "saddle_free_step": [
        (saddle_free(lambda values, floor: values), "this is Newton's step"),
        (lambda x, g, H, *, lr=1.0, floor=0.1: x - lr * np.linalg.solve(H, g), "this is Newton's step"),
        (saddle_free(lambda values, floor: np.abs(values)), "the floor is missing"),
        (saddle_free(lambda values, floor: np.abs(values) + floor), "not something added"),
        (saddle_free(lambda values, floor: np.maximum(values, floor)), "a negative curvature became the floor"),
        (saddle_free(lambda values, floor: np.sign(values) * cured(values, floor)), "came back"),
        (saddle_free(lambda values, floor: np.minimum(np.abs(values), floor)), "the larger of the two"),
        (saddle_free(lambda values, floor: 1 / cured(values, floor)), "divide by"),
        (saddle_free(cured, sign=-1.0), "the sign of the step"),
        (lambda x, g, H, *, lr=1.0, floor=0.1: saddle_free(cured)(x, g, H, floor=floor), "lr is missing"),
        (saddle_free(cured, move=True), "add it to x"),
        (lambda x, g, H, *, lr=1.0, floor=0.1: x - lr * np.linalg.solve(np.abs(H), g), "the sizes of the entries"),
        (crossed, "Q.T @ g"),
        (in_parts, "puts them together again"),
        (of_the_whole, "take Q.T @ g first"),
        (saddle_free(lambda values, floor: np.where(np.abs(values) < floor, floor, values)), "has kept its sign"),
        (lambda x, g, H, *, lr=1.0, floor=0.1: x - lr * g, "this is gradient descent"),
        (lambda x, g, H, **hyper: (saddle_free(cured)(x, g, H, **hyper),), "Wrong shape"),
    ],
    "strict_steps": [
        (lambda H, x, lr: int(strict(H, x, lr)), "one step short"),
        (lambda H, x, lr: round(strict(H, x, lr)), "to the nearest"),
        (strict, "a whole number"),
        (lambda H, x, lr: int(strict(H, x, lr)) + 2, "one step too many"),
        (rounded(part=lambda q, x: np.linalg.norm(x)), "this is the whole distance"),
        (rounded(part=lambda q, x: x[-1]), "this is the last coordinate"),
        (rounded(part=lambda q, x: x[0]), "this is the first coordinate"),
        (rounded(factor=lambda c, lr: lr * c), "not e to the lr |lambda|"),
        (rounded(factor=lambda c, lr: np.log(1 + 2 * lr * c)), "no 2 here"),
        (rounded(factor=lambda c, lr: np.log(1 - lr * c)), "the sign: along the way out"),
        (rounded(factor=lambda c, lr: np.log(1 + c)), "lr is missing"),
        (rounded(factor=lambda c, lr: np.log(1 + lr)), "the curvature is missing"),
        (rounded(which=-1), "this is the largest eigenvalue"),
        (
            lambda H, x, lr: int(np.ceil(-np.log(abs(np.linalg.eigh(H)[1][0] @ x)) / np.log(1 - lr * least(H)))),
            "the columns of Q",
        ),
        (rounded(factor=lambda c, lr: np.log(1 + 2 * lr)), "the curvature of the lesson's saddle"),
        (
            lambda H, x, lr: int(np.ceil(-np.log(np.abs(x[-1])) / np.log(1 + lr * np.abs(H[-1, -1])))),
            "Wrong result: expected",
        ),
    ],
    "flat_steps": [
        (lambda r, p, lr: (r ** (2 - p) - 1) / lr, "has p - 2 below the line"),
        (lambda r, p, lr: (r ** (2 - p) - 1) / ((p - 1) * lr), "not p - 1"),
        (lambda r, p, lr: (r ** (2 - p) - 1) / (p * lr), "not p"),
        (lambda r, p, lr: (p - 2) * (r ** (2 - p) - 1) / lr, "belongs below the line"),
        (lambda r, p, lr: flat(r, p, lr) / p, "the p is gone"),
        (lambda r, p, lr: flat(r, p, lr) / (p - 1), "p - 1 belongs to the curvature"),
        (lambda r, p, lr: (1 / r - 1) / (3 * lr), "this is the monkey saddle of the lesson"),
        (lambda r, p, lr: (1 / r - 1) / lr, "for p = 3 only"),
        (lambda r, p, lr: flat(r, p, 1), "lr is missing"),
        (lambda r, p, lr: lr * flat(r, p, 1), "lr belongs below the line"),
        (lambda r, p, lr: (1 - r) / (lr * r ** (p - 1)), "this takes the one at the start"),
        (lambda r, p, lr: flat(r, p + 1, lr), "not like s^p"),
        (lambda r, p, lr: flat(r, p + 2, lr), "the integral is over s^(1 - p)"),
        (lambda r, p, lr: np.log(1 / r) / np.log(1 + lr), "with its logarithm"),
        (lambda r, p, lr: np.log(1 / r) / lr, "with its logarithm"),
        (lambda r, p, lr: np.log(1 / r) / np.log(1 + lr * r ** (p - 2)), "keeps the one at the start"),
        (lambda r, p, lr: -flat(r, p, lr), "the sign: the integral"),
        (lambda r, p, lr: np.array([1.0, 2.0]), "It stops with TypeError"),
    ],
    "hessian": [
        (lambda J, r, C: J.T @ J, "this is as found"),
        (lambda J, r, C: J.T @ J + C.sum(axis=0), "as much as its residual"),
        (lambda J, r, C: J.T @ J - np.tensordot(r, C, axes=1), "the sign of the second part"),
        (lambda J, r, C: J.T @ J + np.tensordot(r**2, C, axes=1), "not squared"),
        (lambda J, r, C: J.T @ J + 0.5 * np.tensordot(r, C, axes=1), "the half in f"),
        (lambda J, r, C: np.tensordot(r, C, axes=1), "J.T @ J was right"),
        (lambda J, r, C: looped_hessian(J, r, C) / len(r), "not the mean"),
        (lambda J, r, C: looped_hessian(J, np.abs(r), C), "with its sign"),
        (lambda J, r, C: J @ J.T, "Wrong shape"),
    ],
    "downhill": [
        (lambda g, H: -np.linalg.solve(H, g), "this is as found"),
        (lambda g, H: -g, "Newton's direction is meant"),
        (lambda g, H: np.linalg.solve(H, g), "the sign: in a bowl"),
        (lambda g, H: g, "the sign: this goes up"),
        (careful(lambda H: np.linalg.det(H) > 0), "the determinant is positive at a hilltop"),
        (careful(lambda H: np.all(np.diag(H) > 0)), "a positive diagonal is not enough"),
        (careful(lambda H: np.all(H >= 0)), "positive entries are not enough"),
        (careful(lambda H: np.trace(H) > 0), "the trace is the sum"),
        (careful(lambda H: np.linalg.eigvalsh(H)[-1] > 0), "one positive eigenvalue is not enough"),
        (lambda g, H: by_size(g, H) if np.linalg.eigvalsh(H)[0] > 0 else g, "elsewhere this goes up"),
        (
            lambda g, H: (1 if np.linalg.eigvalsh(H)[0] > 0 else -1) * -np.linalg.solve(H, g),
            "at a saddle it may climb",
        ),
        (lambda g, H: by_size(g, H)[:1], "an array of shape (1,)"),
    ],
    "proof": [
        ("FDCAGEB", "before a line says what they are"),
        ("DCFAGEB", "what those are"),
        ("DFACGEB", "needs the gradient"),
        ("DFCGAEB", "that of one step's factor"),
        ("DFCAEGB", "the growth comes first"),
        ("DFCAGBE", "which ones remain"),
        ("ABCDEFG", "Line 1 cannot be A"),
        ("DFC", "Lines are missing after C"),
    ],
    "friendly": [
        (np.ones((3, 3)), "None of its eigenvalues is negative"),
        (np.ones((3, 3)) + 5 * np.eye(3), "None of its eigenvalues is negative"),
        ([[1, 2, 1], [2, 1, 1], [1, 1, 5]], "One of its eigenvalues is negative; two are meant"),
        ([[1, 2, 3], [2, 1, 2], [2, 2, 1]], "not"),
        (-np.eye(3), "The entries are to be positive"),
        ([[1, 2], [2, 1]], "A 3 x 3 array"),
        ("ones", "A 3 x 3 array"),
    ],
    "slope": [
        (lambda x: (x + 1) * x * x * (x - 2), "upside down"),
        (lambda x: (x + 1) * x * (x - 2), "it must touch and not cross"),
        (lambda x: -(x + 1) * x * (x - 2), "it must touch and not cross"),
        (lambda x: -(x + 1) * (x - 2), "a factor is missing"),
        (lambda x: -(x - 1) * x * x * (x + 2), "belongs to the factor x + 1"),
        (lambda x: -((x + 1) ** 2) * x * (x - 2) ** 2, "the double root belongs at 0"),
        (lambda x: (x + 1) ** 2 * x * x * (x - 2) ** 2, "never changes its sign"),
        (lambda x: -np.sign((x + 1) * x * x * (x - 2)), "expected 'flat', got 'not flat'"),
    ],
    "trap": [
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
    "ways_out": [
        (lambda grad, x, tolerance=1e-4: ways_out(grad, x, 0.0), "rounding leaves zeros"),
        (lambda grad, x, tolerance=1e-4: ways_out(grad, x), "tolerance is an argument"),
        (lambda grad, x, tolerance=1e-4: ways_out(grad, x, -tolerance), "the sign of the tolerance"),
        (lambda grad, x, tolerance=1e-4: ways_out(lambda p: -grad(p), x, tolerance), "the ways up"),
        (
            lambda grad, x, tolerance=1e-4: int(np.sum(np.abs(spectrum_of(grad, x)) > tolerance)),
            "the ways up are counted, too",
        ),
        (lambda grad, x, tolerance=1e-4: int(spectrum_of(grad, x)[0] < -tolerance), "at most one"),
        (lambda grad, x, tolerance=1e-4: ways_out(grad, x, tolerance, h=1.0), "is too long"),
        (lambda grad, x, tolerance=1e-4: ways_out(grad, x, tolerance, at=np.zeros(len(x))), "taken at the origin"),
        (
            lambda grad, x, tolerance=1e-4: sum(
                bool((grad(x + s) - grad(x - s)) @ s / 2e-10 < -tolerance) for s in 1e-5 * np.eye(len(x))
            ),
            "curvatures along the axes",
        ),
    ],
    "ways_clouds": [
        (4, "the law of a network with one output"),
        (12, "a matrix of rank 2"),
        (16, "half of these curve upwards"),
        (18, "all that are not 0"),
        (17, "by rounding are counted"),
        (13, "some zeros came out below 0"),
        (27, "all parameters"),
        (0, "for XOR"),
        (2, "for each hidden unit"),
    ],
    "ways_xor": [
        (8, "for the clouds"),
        (4, "needs a straight line"),
        (1, "is positive"),
        (16, "these are the zeros"),
        (6, "by rounding"),
        (-1, "too small"),
    ],
}

BLANK = {
    name: [None, lambda *args, **hyper: None] if callable(answers[0]) else [None, ""] for name, answers in RIGHT.items()
}


def test_the_noise_of_a_right_step_is_never_called_wrong():
    for step in RIGHT["noisy_step"]:
        for _ in range(5):
            assert saddle_points.noisy_step.report(step)[0]


def test_the_numbers_of_the_sheet_are_those_of_runs():
    path = descend(gd, surfaces.quadratic_form([[-1.0]]), [1e-3], 200, lr=0.1)[0]  # p = 2 is the strict saddle
    assert first_step(path >= 1) == saddle_points.flat_count(1e-3, 2, 0.1)
    counts = [saddle_points.flat_count(r, 4, 0.4) for r in (0.05, 0.005)]  # x² − y⁴ at rate 0.1: the slope is 4 y³
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
    assert np.sum(bends < -1e-4) == ways_out(task.grad, origin) == number
    assert getattr(saddle_points, name).report(number)[0]


def test_the_quadratic_of_the_proof_has_the_eigenvectors_that_the_sheet_names():
    H = np.array([[2.0, 36.0], [36.0, 23.0]]) / 25
    np.testing.assert_allclose(H @ [3, 4], [6, 8], rtol=0, atol=1e-12)
    np.testing.assert_allclose(H @ [-4, 3], [4, -3], rtol=0, atol=1e-12)
