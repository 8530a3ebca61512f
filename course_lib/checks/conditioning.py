"""Checks of sheet 07. The right answers here are eigenvalues, Krylov spaces and inverses, not the lesson's steps."""

import numpy as np

from course_lib.checks import Blank, Check, answer, case, function, is_blank, letters, numbers, order
from course_lib.surfaces import quadratic_form, rosenbrock


def turned(*eigenvalues):
    """A symmetric matrix with these eigenvalues, in general position."""
    Q = np.linalg.qr(np.random.default_rng(len(eigenvalues)).normal(size=(len(eigenvalues),) * 2))[0]
    A = Q @ np.diag(eigenvalues) @ Q.T
    return (A + A.T) / 2


def drawn(rng, d=3):
    """A positive definite matrix."""
    M = rng.normal(size=(d, d))
    return M @ M.T + 0.5 * np.eye(d)


TILTED = np.array([[2.0, 0.6], [0.6, 1.0]])


# 7.1

steps = answer(
    "7.1 Guess before you run: the long valley",
    np.log(1e-6) / np.log(1 - 1 / 200),
    mistakes=[
        (lambda n: abs(n - 1200) < 30, "six digits are ln(10^6) = 13.8, the natural logarithm, not 6"),
        (lambda n: 180 <= n <= 215, "this grows with the root of kappa: that is tuned momentum's share"),
        (
            lambda n: abs(n - 1381) < 40,
            "half of it: the rate is 1/L, not 2/(L + mu); and the distance is asked for, f falls twice as fast",
        ),
        (lambda n: -2900 < n < -2600, "both logarithms are below 0, and their ratio is above"),
        (lambda n: abs(n - 14) < 1, "this is for a round bowl's share of 1/e a step; here it is 1 - 1/kappa"),
        (lambda n: n > 40_000, "kappa itself, not its square"),
    ],
    tolerance=0.05,
)

correlated = answer(
    "7.1 Guess before you run: after standardising",
    19.0,
    mistakes=[
        (1, "standardising makes the spreads equal; the correlation stays"),
        (1.9, "this is the larger eigenvalue, 1 + 0.9; divide it by the smaller one"),
        (10, "1/(1 - 0.9): above the line stands the larger eigenvalue, not 1"),
        (361, "the covariance has the squares in it already"),
        (
            lambda k: abs(k - 1.81 / 0.19) < 0.1,
            "the correlation as it is, not its square: the eigenvalues are 1 + 0.9 and 1 - 0.9",
        ),
        (lambda k: abs(k - 4.36) < 0.05, "this is the ratio of the ellipse's axes; kappa is that of the curvatures"),
        (lambda k: abs(k - 1 / 19) < 1e-3, "larger over smaller: kappa is never below 1"),
        (lambda k: abs(k - 5.263) < 0.05, "1/(1 - 0.9^2): the eigenvalues are 1 + 0.9 and 1 - 0.9"),
    ],
    tolerance=0.01,
)

lines = answer(
    "7.1 Guess before you run: lines to the minimum",
    3,
    mistakes=[
        (50, "d lines always suffice, and fewer if curvatures are equal: count the different ones"),
        (lambda n: n in (10, 100), "no root and no kappa here: count the different curvatures"),
        (1, "one line suffices for a round bowl, with a single curvature"),
        (2, "each new line makes up for one curvature, and there are three"),
        (4, "each line makes up for one curvature, the first one too, and there are three"),
    ],
)


# 7.2


class Slope:
    """The gradient of a polynomial, called by its formula in messages."""

    def __init__(self, words, f):
        self.words, self.f = words, f

    def __call__(self, x):
        return self.f(np.asarray(x, float))

    def __repr__(self):
        return self.words


LINEAR = Slope("x -> A x", lambda x: TILTED @ x)
CUBIC = Slope("x -> x**3", lambda x: x * x * x)
MIXED = Slope("x -> (x[0]**2 + x[1], x[0])", lambda x: np.array([x[0] * x[0] + x[1], x[0]]))


def along(ahead, behind, apart):
    """Differences of the gradient between x + ahead h v and x - behind h v, divided by apart h."""
    return lambda grad, x, v, h=1e-5: (grad(x + ahead * h * v) - grad(x - behind * h * v)) / (apart * h)


def axis_by_axis(grad, x, v, h=1e-5):
    """The whole Hessian, column by column."""
    return np.stack([along(1, 1, 2)(grad, x, e, h) for e in np.eye(len(x))], axis=1) @ v


def asked(f, grad, x, v, h):
    """The product, and how many gradients it took."""
    count = 0

    def counted(p):
        nonlocal count
        count += 1
        return grad(p)

    return f(counted, x, v, h), count


product = function(
    "7.2 The steepest curvature: one product",
    along(1, 1, 2),
    [
        case("a quadratic, where it is exact", LINEAR, np.array([1.0, -1.0]), np.array([1.0, 2.0]), 0.5),
        case("a direction that is not of length 1", LINEAR, np.array([3.0, 1.0]), np.array([0.0, 10.0]), 0.1),
        case("a quartic, where it is not", CUBIC, np.array([1.0, -2.0, 0.5]), np.array([1.0, 1.0, -2.0]), 0.1),
        case("two coordinates that meet", MIXED, np.array([1.0, 2.0]), np.array([1.0, 3.0]), 0.01),
    ],
    fresh=lambda rng: case("", CUBIC, rng.normal(size=4), rng.normal(size=4), rng.uniform(0.01, 0.2)),
    use=asked,
    parts=("product Hv", "number of gradients"),
    mistakes=[
        (along(1, 1, 1), "the two places are 2h apart: divide by 2h"),
        (along(1, 0, 1), "this is a forward difference; the other place is x - hv"),
        (along(0, 1, 1), "this is a backward difference; the other place is x + hv"),
        (along(-1, -1, 2), "the sign: ahead minus behind"),
        (along(1, 0, 2), "the places are h apart here: take x - hv as the other"),
        (lambda grad, x, v, h: (grad(x + h) - grad(x - h)) / (2 * h), "the step goes along v: x + h v"),
        (lambda grad, x, v, h: v * (grad(x + h) - grad(x - h)) / (2 * h), "the step goes along v: x + h v"),
        (lambda grad, x, v, h: along(1, 1, 2)(grad, x, v, 1e-5), "h is an argument: use it"),
        (lambda grad, x, v, h: along(1, 1, 2)(grad, x, v / np.linalg.norm(v), h), "Hv grows with v: do not shorten v"),
        (axis_by_axis, "this measures all of H, two gradients for each column; two along v suffice"),
        (
            lambda grad, x, v, h: v @ along(1, 1, 2)(grad, x, v, h),
            "this is the number v H v; the product Hv is an array",
        ),
    ],
    tolerance=1e-7,
)


def iterated(f, A, start, steps):
    """The learner's power iteration on A, which is given by its products only, steps + 1 of them."""
    count = 0

    def product(v):
        nonlocal count
        count += 1
        if count > steps + 1:
            raise RuntimeError(f"{steps} steps need {steps + 1} products at most, and one more was asked for")
        return A @ v

    return f(product, start, steps)


def by_size(product, start, steps, choose=lambda values: values[np.argmax(np.abs(values))]):
    """An eigenvalue, from a matrix that is put together from its columns."""
    return choose(np.linalg.eigvalsh(columns_of(product, len(start))))


def columns_of(product, d):
    return np.stack([product(axis) for axis in np.eye(d)], axis=1)


def powers(last, first=lambda w: w / np.linalg.norm(w), each=lambda w: w / np.linalg.norm(w)):
    """A power iteration from what it does with the start, with each product, and with the last v and its product."""

    def power(product, start, steps):
        v = first(start)
        with np.errstate(all="ignore"):
            for _ in range(steps):
                v = each(product(v))
            return last(v, product(v))

    return power


power = function(
    "7.2 The steepest curvature: power iteration",
    by_size,
    [
        case("a valley", np.diag([1.0, 5.0]), np.array([1.0, 1.0]), 40),
        case("a tilted valley", turned(1.0, 2.0, 6.0), np.array([1.0, 0.5, 0.2]), 40),
        case("a saddle, steepest downwards", turned(-5.0, 1.0, 2.0), np.array([1.0, -0.5, 2.0]), 40),
        case("steep walls", turned(1.0, 3e3, 1e4), np.array([1.0, 2.0, 3.0]), 120),
    ],
    fresh=lambda rng: case("", turned(rng.choice([-4.0, 5.0]), *rng.uniform(-2, 2, 3)), rng.uniform(0.5, 1, 4), 60),
    use=iterated,
    mistakes=[
        (powers(lambda v, w: np.linalg.norm(w)), "the length of Hv is right but for its sign; v @ Hv has it"),
        (
            powers(lambda v, w: v @ w / (v @ v), lambda w: w, lambda w: w),
            "v outgrows all numbers: make it of length 1 at each step",
        ),
        (powers(lambda v, w: v @ w, lambda w: w, lambda w: w), "v @ Hv is the eigenvalue only for a v of length 1"),
        (powers(lambda v, w: v @ w, each=lambda w: w), "v @ Hv is the eigenvalue only for a v of length 1"),
        (
            lambda product, start, steps: start @ product(start) / (start @ start),
            "this is the curvature along the start: v has to become the product",
        ),
        (lambda *a: by_size(*a, max), "this is the most positive curvature; the one of largest size is asked for"),
        (lambda *a: abs(by_size(*a)), "the length of Hv is right but for its sign; v @ Hv has it"),
        (lambda *a: by_size(*a, min), "this is the smallest one"),
        (lambda *a: 1.0, "this is the length of v, which is 1 by now: take v @ Hv"),
        (powers(lambda v, w: v), "this is the direction; the curvature along it is v @ Hv"),
        (powers(lambda v, w: (v @ w, v)), "return the number alone"),
        (
            powers(lambda v, w: np.divide(w, v)[0]),
            "a single entry of v may be 0 or fade; v @ Hv takes all of them together",
        ),
    ],
    tolerance=1e-6,
)


# 7.3

UNITS = np.array([[1.0, 200.0], [2.0, 100.0], [3.0, 400.0], [6.0, 300.0]])
NEW = np.array([[2.0, 250.0], [0.0, -100.0]])
SHIFTED = np.array([[2.0, 250.0], [0.0, -100.0], [5.0, 400.0], [1.0, 300.0]])
FLAT = np.array([[1.0, 7.0], [3.0, 7.0], [5.0, 7.0]])  # the second column is constant


def standardising(center=lambda train, new: train.mean(axis=0), spread=lambda train, new: train.std(axis=0), zero=1.0):
    """Standardising from what it takes for the center and for the spread, and for a spread of 0."""

    def standardise(train, new):
        sizes = spread(train, new)
        with np.errstate(all="ignore"):
            return (new - center(train, new)) / np.where(sizes == 0, zero, sizes)

    return standardise


def one_by_one(train, new):
    """Standardising by sums, column by column."""
    out = np.empty(new.shape)
    for j in range(new.shape[1]):
        column = [float(value) for value in train[:, j]]
        mean = sum(column) / len(column)
        spread = (sum((value - mean) ** 2 for value in column) / len(column)) ** 0.5
        out[:, j] = (new[:, j] - mean) / (spread if spread > 0 else 1)
    return out


standardise = function(
    "7.3 Standardise and whiten: standardise",
    one_by_one,
    [
        case("the training rows themselves", UNITS, UNITS),
        case("new rows", UNITS, NEW),
        case("one new row", UNITS, NEW[:1]),
        case("a constant column", FLAT, np.array([[2.0, 7.0], [2.0, 8.0]])),
    ],
    fresh=lambda rng: case("", rng.normal(size=(6, 3)) * [1, 10, 0.1] + 5, rng.normal(size=(2, 3))),
    mistakes=[
        (standardising(zero=0.0), "a constant column has spread 0: divide it by 1 instead"),
        (standardising(zero=np.inf), "a constant column is centred like the others, and then left as it is"),
        (
            standardising(zero=1e-8),
            "a constant column has spread 0: divide it by 1 instead; a new row may differ there",
        ),
        (
            standardising(zero=1e-12),
            "a constant column has spread 0: divide it by 1 instead; a new row may differ there",
        ),
        (
            lambda train, new: (new - train.mean(axis=0)) / (train.std(axis=0) + 1e-8),
            "a constant column has spread 0: divide it by 1 instead; a new row may differ there",
        ),
        (
            standardising(lambda train, new: new.mean(axis=0), lambda train, new: new.std(axis=0)),
            "mean and spread are those of train, for the new rows as well",
        ),
        (standardising(lambda train, new: new.mean(axis=0)), "the mean is that of train, for the new rows as well"),
        (
            standardising(spread=lambda train, new: new.std(axis=0)),
            "the spread is that of train, for the new rows as well",
        ),
        (
            standardising(spread=lambda train, new: train.var(axis=0)),
            "this divides by the variance; the spread is its root",
        ),
        (
            standardising(spread=lambda train, new: train.std(axis=0, ddof=1)),
            "the spread has 1/n here, as np.std has it",
        ),
        (standardising(lambda train, new: 0.0), "the mean has to go first"),
        (
            standardising(lambda train, new: train.mean(), lambda train, new: train.std()),
            "each column by itself: axis=0",
        ),
        (
            standardising(lambda train, new: train.min(axis=0), lambda train, new: np.ptp(train, axis=0)),
            "this is from 0 to 1 by the smallest and largest; mean 0 and spread 1 are meant",
        ),
        (standardising(spread=lambda train, new: np.ones(train.shape[1])), "it is centred, but not scaled yet"),
        (
            standardising(spread=lambda train, new: np.maximum(train.std(axis=0), 1)),
            "only a spread of 0 becomes 1; a small spread is divided by as it is",
        ),
        (lambda train, new: one_by_one(train, train), "the rows to come back are those of new"),
    ],
)


def spread_of(whiten, train, new):
    """What does not depend on how whitened axes are turned: means, covariance, products between rows."""
    home, away = (np.asarray(whiten(train, rows)) for rows in (train, new))
    if home.shape != train.shape or away.shape != new.shape:
        raise ValueError(f"the shape of new is to be kept: {new.shape}, not {away.shape}")
    mean = home.mean(axis=0)
    return mean, (home - mean).T @ (home - mean) / len(home), away @ away.T


def whitening(matrix, center=lambda train, new: train, seen=lambda train, new: train):
    """Whitening from a matrix W of the covariance: (new - mean) W."""

    @np.errstate(all="ignore")
    def whiten(train, new):
        S = np.atleast_2d(np.cov(seen(train, new).T, bias=True))
        return (new - center(train, new).mean(axis=0)) @ matrix(S, len(train))

    return whiten


def spectral(change, turn=True, transposed=False):
    """Q change(eigenvalues), from the covariance Q eigenvalues Qᵀ."""

    def matrix(S, n):
        values, Q = np.linalg.eigh(S)
        return (Q.T if transposed else Q if turn else np.eye(len(S))) * change(np.abs(values))

    return matrix


def around_zero(train, new):
    """Whitening by the mean of x xᵀ instead of the covariance."""
    values, Q = np.linalg.eigh(train.T @ train / len(train))
    return (new - train.mean(axis=0)) @ (Q * values**-0.5)


by_triangle = whitening(lambda S, n: np.linalg.inv(np.linalg.cholesky(S)).T)

whiten = function(
    "7.3 Standardise and whiten: whiten",
    by_triangle,
    [
        case("two units", UNITS, SHIFTED),
        case("two columns nearly the same", np.array([[1.0, 1.1], [2.0, 1.9], [4.0, 4.2], [0.0, 0.1]]), SHIFTED / 100),
    ],
    fresh=lambda rng: case("", rng.normal(size=(9, 3)) @ rng.normal(size=(3, 3)) + 2, rng.normal(size=(5, 3))),
    use=spread_of,
    parts=("mean of the whitened columns", "covariance of the whitened columns", "products between new rows"),
    mistakes=[
        (whitening(lambda S, n: np.diag(np.diag(S) ** -0.5)), "this is standardised: the correlations are still there"),
        (whitening(spectral(np.ones_like)), "turned to the axes of the ellipse, but not scaled along them yet"),
        (
            whitening(spectral(lambda v: 1 / v)),
            "divide by the roots of the eigenvalues: a spread is a root of variance",
        ),
        (whitening(spectral(np.sqrt)), "this stretches the long axes further: divide by the roots"),
        (whitening(spectral(lambda v: v)), "this stretches the long axes further: divide by the roots"),
        (
            whitening(spectral(lambda v: v**-0.5, transposed=True)),
            "rows of data meet columns of Q: new @ Q, not new @ Q.T",
        ),
        (whitening(spectral(lambda v: v**-0.5, turn=False)), "the roots belong to the axes of the ellipse: turn first"),
        (whitening(spectral(lambda v: v**-0.5), lambda train, new: 0 * train), "the mean has to go"),
        (whitening(lambda S, n: np.eye(len(S))), "it is centred, and nothing else yet"),
        (
            lambda train, new: around_zero(train, new + train.mean(axis=0)),
            "the mean of train has to go first, from the rows and from the covariance",
        ),
        (around_zero, "the covariance is that around the means: take them out before the products as well"),
        (
            whitening(spectral(lambda v: v**-0.5), lambda train, new: new, lambda train, new: new),
            "mean and covariance are those of train, for the new rows as well",
        ),
        (
            whitening(spectral(lambda v: v**-0.5), lambda train, new: new),
            "the mean is that of train, for the new rows as well",
        ),
        (
            whitening(lambda S, n: spectral(lambda v: v**-0.5)(S * n / (n - 1), n)),
            "the covariance has 1/n here; np.cov divides by n - 1 unless it is told bias=True",
        ),
        (whitening(lambda S, n: np.linalg.inv(S)), "this is the inverse covariance; a root of it is needed"),
        (whitening(lambda S, n: np.linalg.inv(np.linalg.cholesky(S))), "the triangle is to be transposed"),
        (whitening(lambda S, n: spectral(lambda v: v**-0.5)(S * n, n)), "the covariance is a mean: divide by n"),
    ],
    tolerance=1e-6,
)


# 7.4


def by_inverse(B, s, y):
    """The update of the Hessian itself, and inverted."""
    if not s @ y > 0:
        return B.copy()
    H = np.linalg.inv(B)
    Hs = H @ s
    return np.linalg.inv(H + np.outer(y, y) / (y @ s) - np.outer(Hs, Hs) / (s @ Hs))


def sandwich(left, right, added, keeps=lambda s, y: not s @ y > 0):
    """left(s, y) B right(s, y) + added(s, y), but B itself where it keeps it."""

    @np.errstate(all="ignore")
    def update(B, s, y):
        return B.copy() if keeps(s, y) else left(s, y) @ B @ right(s, y) + added(s, y)

    return update


def less(a, b, by=lambda s, y: s @ y):
    """I - a bᵀ / s.y, from the places of a and b in (s, y)."""
    return lambda *sy: np.eye(len(sy[0])) - np.outer(sy[a], sy[b]) / by(*sy)


def all_ones(a, b):
    """1 - a bᵀ / s.y, with a plain 1 where the identity should be."""
    return lambda *sy: 1 - np.outer(sy[a], sy[b]) / (sy[0] @ sy[1])


def rank_one(a, by=lambda s, y: s @ y):
    return lambda *sy: np.outer(sy[a], sy[a]) / by(*sy)


@np.errstate(all="ignore")
def symmetric_rank_one(B, s, y):
    u = s - B @ y
    return B + np.outer(u, u) / (u @ y) if s @ y > 0 else B.copy()


@np.errstate(all="ignore")
def dfp(B, s, y):
    """The update of Davidon, Fletcher and Powell."""
    By = B @ y
    return B + np.outer(s, s) / (s @ y) - np.outer(By, By) / (y @ By) if s @ y > 0 else B.copy()


def nothing(s, y):
    return np.eye(len(s))


KEEPS = [  # when the old B stays: as it should be, and as it is often written
    lambda s, y: not s @ y > 0,
    lambda s, y: s @ y < 0,
    lambda s, y: s @ y == 0,
    lambda s, y: False,
]

SLIPS = [
    ((less(1, 0), less(0, 1), rank_one(1)), "s and y have changed places: this learns the Hessian, with B s = y"),
    ((less(1, 0), less(0, 1), rank_one(0)), "the outer factors have changed places: s yᵀ stands left of B"),
    ((less(0, 1), less(1, 0), lambda s, y: 0.0), "s sᵀ / s.y is missing at the end"),
    ((less(0, 1), nothing, rank_one(0)), "the factor right of B is missing"),
    ((nothing, less(1, 0), rank_one(0)), "the factor left of B is missing"),
    ((nothing, nothing, rank_one(0)), "both factors around B are missing"),
    ((all_ones(0, 1), all_ones(1, 0), rank_one(0)), "I is the identity, np.eye(d): a plain 1 stands in every entry"),
    ((less(0, 1), less(0, 1), rank_one(0)), "the right factor is the left one transposed: y sᵀ"),
    ((less(0, 1), less(1, 0), rank_one(1)), "what is added at the end is s sᵀ, not y yᵀ"),
    ((less(0, 1), less(1, 0), rank_one(0, lambda s, y: y @ y)), "all three denominators are s.y"),
    ((less(0, 1), less(1, 0), rank_one(0, lambda s, y: 1.0)), "all three denominators are s.y"),
    ((less(0, 1), less(1, 0), lambda s, y: -rank_one(0)(s, y)), "s sᵀ / s.y is added, not taken away"),
]


@np.errstate(all="ignore")
def entry_by_entry(B, s, y):
    left = less(0, 1)(s, y)
    return left * B * left.T + rank_one(0)(s, y) if s @ y > 0 else B.copy()


@np.errstate(all="ignore")
def without_outer(B, s, y):
    left = np.eye(len(s)) - s @ y / (s @ y)
    return left @ B @ left + s @ s / (s @ y) if s @ y > 0 else B.copy()


def properties(update, B, s, y):
    """What an inverse Hessian has to obey, and then the matrix itself."""
    new = np.asarray(update(B, s, y))
    if new.shape != B.shape:
        raise ValueError(f"the new B is a matrix of shape {B.shape}; got shape {new.shape}")
    kind = np.linalg.eigvalsh((new + new.T) / 2)[0] > 0 if np.all(np.isfinite(new)) else False
    return new @ y, new - new.T, "positive definite" if kind else "not positive definite", new


def learned(rng):
    """A move in a bowl, or one over a hill, where s.y is below 0."""
    s, B = rng.normal(size=3), drawn(rng)
    return case("", B, s, drawn(rng) @ s * rng.choice([1, 1, -1]))


update = function(
    "7.4 Learn the inverse Hessian",
    by_inverse,
    [
        case("from the identity", np.eye(2), np.array([1.0, 0.0]), np.array([2.0, 1.0])),
        case("from a learned matrix", np.linalg.inv(TILTED), np.array([0.5, -1.0]), np.array([1.0, -3.0])),
        case("three dimensions", turned(0.2, 1.0, 3.0), np.array([1.0, 2.0, 0.5]), np.array([2.0, 1.0, -1.0])),
        case("a move over a hill, where s.y is below 0", np.eye(2), np.array([1.0, 0.0]), np.array([-1.0, 2.0])),
        case("a move at a right angle to y", np.eye(2), np.array([1.0, 0.0]), np.array([0.0, 2.0])),
    ],
    fresh=learned,
    use=properties,
    parts=("product B y (the secant condition)", "difference of B and its transpose", "sign of B", "matrix B"),
    mistakes=[
        *((sandwich(*parts, keeps=keeps), message) for parts, message in SLIPS for keeps in KEEPS),
        *(
            (sandwich(less(0, 1), less(1, 0), rank_one(0), keeps), message)
            for keeps, message in zip(
                KEEPS[1:],
                (
                    "for s.y = 0 the old B is to be kept, too",
                    "for s.y < 0 the old B is to be kept, too",
                    "for s.y <= 0 the old B is to be kept",
                ),
            )
        ),
        (
            lambda B, s, y: by_inverse(B, s, y) if s @ y > 0 else np.eye(len(s)),
            "for s.y <= 0 the old B is to be kept, not the identity",
        ),
        (lambda B, s, y: by_inverse(np.eye(len(s)), s, y) if s @ y > 0 else B, "B itself is not used"),
        (lambda B, s, y: by_inverse(np.eye(len(s)), s, y), "B itself is not used"),
        (entry_by_entry, "matrices are multiplied by @, not by *"),
        (without_outer, "s @ y.T is a number for arrays (d,); the matrix s yᵀ is np.outer(s, y)"),
        (dfp, "this is the update of Davidon, Fletcher and Powell: secant, too, but not BFGS"),
        (symmetric_rank_one, "this is the symmetric rank-one update: secant, too, but not always positive definite"),
        (lambda B, s, y: np.linalg.inv(by_inverse(B, s, y)), "this is the Hessian; B stands for its inverse"),
    ],
    tolerance=1e-6,
)


# 7.5


def krylov(A, b, x, steps):
    """The lowest point of the bowl over x and the first products of A with the slope there."""
    w, Q = b - A @ x, np.zeros((len(x), 0))
    for _ in range(min(steps, len(x))):
        for _ in range(2):
            w = w - Q @ (Q.T @ w)
        if np.linalg.norm(w) < 1e-10:
            break
        Q = np.column_stack([Q, w / np.linalg.norm(w)])
        w = A @ Q[:, -1]
    return x + Q @ np.linalg.solve(Q.T @ A @ Q, Q.T @ (b - A @ x)) if Q.size else x


def line_by_line(far=lambda r, p, A: r @ r / (p @ A @ p), keep=lambda r, new: new @ new / (r @ r), ahead=None):
    """Conjugate gradients from how far it goes, how much of the old direction it keeps, and what it adds to it."""

    def conjugate(A, b, x, steps):
        r = b - A @ x
        p = r
        with np.errstate(all="ignore"):
            for _ in range(steps):
                if not np.any(r):
                    break
                t = far(r, p, A)
                x = x + t * p
                new = r - t * (A @ p)
                p = (new if ahead is None else ahead(r, new)) + keep(r, new) * p
                r = new
        return x

    return conjugate


BOWL, SLOPE = turned(1.0, 2.0, 5.0, 9.0), np.array([1.0, -1.0, 2.0, 0.5])


def going_on(A, b, x, steps):
    """No stop at a zero slope."""
    r = b - A @ x
    p = r
    with np.errstate(all="ignore"):
        for _ in range(steps):
            t = (r @ r) / (p @ A @ p)
            x, new = x + t * p, r - t * (A @ p)
            p, r = new + new @ new / (r @ r) * p, new
    return x


@np.errstate(all="ignore")
def never_renewed(A, b, x, steps):
    """g stays the gradient of the start."""
    g = A @ x - b
    p = -g
    for _ in range(steps if np.any(g) else 0):
        x = x - g @ p / (p @ A @ p) * p
        new = A @ x - b
        p = -new + new @ new / (g @ g) * p
    return x


conjugate = function(
    "7.5 Spoil nothing: conjugate gradients",
    krylov,
    [
        case("the first line", TILTED, np.array([1.0, -1.0]), np.array([0.0, 0.0]), 1),
        case("two lines in two dimensions", TILTED, np.array([1.0, -1.0]), np.array([2.0, 1.0]), 2),
        case("two lines in four dimensions", BOWL, SLOPE, np.zeros(4), 2),
        case("four lines in four dimensions", BOWL, SLOPE, np.ones(4), 4),
        case("already there", np.diag([1.0, 4.0]), np.array([2.0, 4.0]), np.array([2.0, 1.0]), 3),
        case("no line", TILTED, np.array([1.0, -1.0]), np.array([2.0, 1.0]), 0),
    ],
    fresh=lambda rng: case("", drawn(rng, 4), rng.normal(size=4), rng.normal(size=4), int(rng.integers(1, 5))),
    mistakes=[
        (going_on, "where the slope is 0 it has arrived: stop, or 0 is divided by 0"),
        (line_by_line(keep=lambda r, new: 0.0), "nothing of the old direction is kept: this is steepest descent"),
        (line_by_line(keep=lambda r, new: 1.0), "of the old direction only the share new @ new / (g @ g) is kept"),
        (line_by_line(keep=lambda r, new: r @ r / (new @ new)), "beta is upside down: the new slope is above"),
        (
            line_by_line(keep=lambda r, new: np.sqrt(new @ new / (r @ r))),
            "beta is a ratio of squared lengths: no root of it",
        ),
        (line_by_line(keep=lambda r, new: -new @ new / (r @ r)), "the sign of beta: the old direction is added"),
        (line_by_line(lambda r, p, A: r @ r / (r @ A @ r)), "the curvature is the one along p, where it goes: p H p"),
        (line_by_line(lambda r, p, A: r @ r / (p @ p)), "t needs the curvature along p below the line: p H p"),
        (line_by_line(lambda r, p, A: -(r @ r) / (p @ A @ p)), "the sign of t: p points downhill, so t is above 0"),
        (line_by_line(lambda r, p, A: -(r @ p) / (p @ A @ p)), "the sign of t: p points downhill, so t is above 0"),
        (lambda A, b, x, steps: krylov(A, -b, x, steps), "the gradient is H x - b"),
        (never_renewed, "at the end of each turn the new gradient becomes the old one"),
        (line_by_line(ahead=lambda r, new: r), "the new direction starts from the new gradient, not the old one"),
        (
            line_by_line(lambda r, p, A: r @ p / (p @ A @ p), ahead=lambda r, new: -new),
            "the new direction goes against the gradient: p = -new + beta p",
        ),
        (line_by_line(ahead=lambda r, new: -new), "the new direction goes against the gradient: p = -new + beta p"),
        (
            lambda A, b, x, steps: np.linalg.solve(A, b),
            "this is the minimum itself; the place after so many lines is asked for",
        ),
        (lambda A, b, x, steps: krylov(A, b, x, steps + 1), "it goes one line too far"),
        (lambda A, b, x, steps: krylov(A, b, x, max(steps - 1, 0)), "the last line is missing"),
    ],
    tolerance=1e-6,
)


# 7.6

X, G, D = np.array([1.0, -2.0]), np.array([0.5, 40.0]), np.array([1.0, 0.01])

preconditioned = function(
    "7.6 Bug hunt, two slips of curvature: the preconditioner",
    lambda x, g, d, lr: x - lr * np.diag(d) @ g,
    [
        case("one step", X, G, D, 0.5),
        case("nothing to scale", X, G, np.ones(2), 0.1),
        case("no slope", X, np.zeros(2), D, 0.5),
    ],
    fresh=lambda rng: case("", *rng.normal(size=(2, 3)), rng.uniform(0.1, 3, 3), rng.uniform(0.1, 1)),
    mistakes=[
        (lambda x, g, d, lr: d * (x - lr * g), "this is as found: at zero slope the point moves"),
        (lambda x, g, d, lr: d * x - lr * g, "d scales the gradient, not the point"),
        (lambda x, g, d, lr: d * x - lr * d * g, "d scales the gradient, not the point: this is as found"),
        (lambda x, g, d, lr: x - lr * g, "this is gradient descent: d is not used"),
        (lambda x, g, d, lr: x - lr * g / d, "d is the inverse curvature already: multiply"),
        (lambda x, g, d, lr: x - d * g, "the learning rate is missing"),
        (lambda x, g, d, lr: x + lr * d * g, "the sign: a step goes against the gradient"),
        (lambda x, g, d, lr: -lr * d * g, "this is the step alone: add it to x"),
        (lambda x, g, d, lr: x - lr * np.sqrt(d) * g, "d as it is, without a root"),
        (lambda x, g, d, lr: x - lr * d**2 * g, "d once, not twice"),
        (lambda x, g, d, lr: x - lr * (d @ g), "coordinate by coordinate: d * g, not d @ g"),
    ],
)


def newton_with(move):
    """x minus a move that is made of the gradient and the Hessian."""
    return lambda f, x: x - move(f.grad(x), f.hess(x))


def outer(eps):
    return newton_with(lambda g, H: np.linalg.solve(np.outer(g, g) + eps * np.eye(len(g)), g))


def cramer(f, x):
    """Newton's step in two dimensions, by determinants."""
    (a, b), (c, d) = f.hess(x)
    u, v = f.grad(x)
    return x - np.array([d * u - b * v, a * v - c * u]) / (a * d - b * c)


TILTED_BOWL = quadratic_form(TILTED, "a tilted bowl")
TILTED_SADDLE = quadratic_form([[1.0, 2.0], [2.0, 1.0]], "a tilted saddle")

newton = function(
    "7.6 Bug hunt, two slips of curvature: Newton",
    cramer,
    [
        case("a tilted bowl", TILTED_BOWL, np.array([1.0, -2.0])),
        case("a long valley", quadratic_form(np.diag([100.0, 1.0]), "a long valley"), np.array([0.01, 100.0])),
        case("a saddle", TILTED_SADDLE, np.array([1.0, 0.5])),
        case("Rosenbrock", rosenbrock, np.array([-1.2, 1.0])),
    ],
    fresh=lambda rng: case("", rosenbrock, rng.uniform([-2, -3], [2, -1])),
    mistakes=[
        (outer(1e-8), "this is as found: the outer product knows the slope, not the curvature"),
        (outer(1e-6), "the outer product knows the slope, not the curvature, whatever is added to it"),
        (
            newton_with(lambda g, H: g / (g * g)),
            "squares of the gradient are no curvatures: f.hess(x) has them",
        ),
        (newton_with(lambda g, H: g / np.abs(g)), "this is a step by signs; f.hess(x) has the curvatures"),
        (newton_with(lambda g, H: H @ g), "this multiplies by the Hessian; solve with it"),
        (newton_with(lambda g, H: g / np.diag(H)), "this uses the diagonal alone, which suits valleys along the axes"),
        (newton_with(lambda g, H: -np.linalg.solve(H, g)), "the sign: x minus the solution"),
        (newton_with(lambda g, H: g), "this is gradient descent: the Hessian is not used"),
        (lambda f, x: -np.linalg.solve(f.hess(x), f.grad(x)), "this is the step alone: add it to x"),
        (
            lambda f, x: x - np.abs(np.linalg.inv(f.hess(x))) @ f.grad(x),
            "the inverse as it is, without absolute values of its entries",
        ),
        (
            newton_with(lambda g, H: np.linalg.solve(H + 1e-8 * np.eye(len(g)) + np.outer(g, g), g)),
            "the outer product has to go altogether",
        ),
    ],
    tolerance=1e-6,
)


# 7.7


def kappa(table):
    """The condition number of the standardised columns' covariance; inf from 10^12 on."""
    X = np.asarray(table, float)
    sizes = np.linalg.svd((X - X.mean(axis=0)) / X.std(axis=0), compute_uv=False)
    return (sizes[0] / sizes[-1]) ** 2 if sizes[-1] > 1e-6 * sizes[0] else np.inf


columns = answer(
    "7.7 Two counterexamples: columns",
    rules=[
        (
            "rows and columns of numbers",
            lambda X: np.ndim(numbers(X)) == 2 and np.all(np.isfinite(numbers(X))),
            "An array (n, d) of finite numbers is meant: n examples in rows, d features in columns.",
        ),
        (
            "two columns at least, and more rows than columns",
            lambda X: len(X) > np.shape(X)[1] >= 2,
            "At least two columns are needed, and more rows than columns.",
        ),
        (
            "no column is constant",
            lambda X: np.all(np.ptp(X, axis=0) > 1e-9 * np.max(np.abs(X), axis=0)),
            "A column is constant: standardised it is 0, and nothing is said about it. Let each column vary.",
        ),
        (
            "no column is made of the others",
            lambda X: kappa(X) < np.inf,
            "Standardised, kappa is 10^12 or infinite: a column is made of the others. Let a little difference remain.",
        ),
        (
            "standardising does not cure them",
            lambda X: kappa(X) >= 10,
            "Standardised, kappa is below 10. Different units are cured by standardising: what is not?",
        ),
        (
            "they are left badly conditioned",
            lambda X: kappa(X) >= 1e4,
            "Standardised, kappa is above 10, but not yet 10,000. Make the columns more alike.",
        ),
    ],
)

PLACES = [float(x) for x in np.linspace(-10, 10, 81)]


def newton_path(pair, x, steps=25, limit=100.0):
    """Where Newton's method is, step by step, until it has left the limits; inf where the curvature is rounded to 0."""
    slope, curvature = pair
    path = [x]
    while len(path) <= steps and abs(path[-1]) <= limit:
        bend = curvature(path[-1])
        path.append(float(path[-1] - slope(path[-1]) / bend) if bend else np.inf)
    return path


def is_slope_of(slope, curvature):
    h = 1e-4
    measured = [(slope(x + h) - slope(x - h)) / (2 * h) for x in PLACES]
    return np.allclose(measured, [curvature(x) for x in PLACES], rtol=1e-4, atol=1e-5)


def thrown(given):
    """The rules of exercise 7.7's second half; blank while a function in the answer returns nothing."""
    for part in given if isinstance(given, tuple | list) else [given]:
        if is_blank(part) or (callable(part) and is_blank(part(0.5))):
            raise Blank
    yield from answer("", rules=THROWN).examine(given)


THROWN = [
    (
        "two functions",
        lambda pair: isinstance(pair, tuple | list) and len(pair) == 2 and all(map(callable, pair)),
        "A pair of functions is meant: (slope, curvature), the first two derivatives.",
    ),
    ("flat at 0", lambda pair: abs(pair[0](0.0)) < 1e-9, "The slope at 0 is not 0: the minimum is to be there."),
    (
        "the curvature is above 0",
        lambda pair: min(map(pair[1], PLACES)) > 0,
        "Somewhere on [-10, 10] the curvature is not above 0: without that it is no surprise that Newton fails.",
    ),
    (
        "the second is the derivative of the first",
        lambda pair: is_slope_of(*pair),
        "The second function is not the derivative of the first, somewhere on [-10, 10].",
    ),
    (
        "it arrives from 1",
        lambda pair: abs(newton_path(pair, 1.0)[-1]) < 1e-6,
        "From 1 Newton's method does not arrive at 0 in 25 steps. In wider coordinates the same function is kinder.",
    ),
    (
        "from 1.1 it does not come back",
        lambda pair: abs(newton_path(pair, 1.1)[-1]) > 1e-6,
        "From 1.1 Newton's method arrives as well. Let the curvature fall faster, or narrow the coordinates.",
    ),
    (
        "from 1.1 it leaves [-100, 100]",
        lambda pair: not abs(newton_path(pair, 1.1)[-1]) <= 100,
        "From 1.1 Newton's method neither arrives nor leaves [-100, 100] in 25 steps.",
    ),
]

thrower = Check("7.7 Two counterexamples: Newton thrown out", thrown)


# 7.8

proof = order(
    "7.8 Preconditioning is other coordinates: the proof",
    "DBFACE",
    "DFBACE",
    mistakes=[
        ("BDFACE", "the gradient of h can be taken only when h is defined"),
        ("FDBACE", "a step on h can be made only when h is defined"),
        ("DFABCE", "the gradient of h can be put in only when it is known"),
        ("DBFCAE", "the names x and x₊ are put in for Az and Az₊, which have to be there"),
        ("DBAFCE", "the step can be multiplied by A only when it stands there"),
        ("DBFAEC", "what is read backwards has to be there first"),
    ],
)

LEAN = np.array([[1.0, 2.0], [0.0, 1.0]])


def pulled(f, H, A, z):
    return f(Slope("x -> H x", lambda x: H @ x), A, z)


slope_in_z = function(
    "7.8 Preconditioning is other coordinates: the gradient",
    lambda grad, A, z: A.T @ columns_of(grad, len(z)) @ A @ z,
    [
        case("one axis stretched", np.eye(2), np.diag([1.0, 3.0]), np.array([1.0, 2.0])),
        case("coordinates that lean", TILTED, LEAN, np.array([1.0, -1.0])),
        case("no change", TILTED, np.eye(2), np.array([1.0, -1.0])),
    ],
    fresh=lambda rng: case("", drawn(rng), rng.normal(size=(3, 3)), rng.normal(size=3)),
    use=pulled,
    mistakes=[
        (lambda grad, A, z: A @ grad(A @ z), "A is to be transposed in front of the gradient"),
        (lambda grad, A, z: grad(A @ z), "this is the gradient in x; the chain rule brings another factor"),
        (lambda grad, A, z: A.T @ grad(z), "f is asked at the point x = A z, not at z"),
        (lambda grad, A, z: A @ grad(z), "f is asked at the point x = A z, not at z"),
        (lambda grad, A, z: grad(z), "f is asked at the point x = A z, and the chain rule brings a factor"),
        (lambda grad, A, z: np.linalg.inv(A) @ grad(A @ z), "points go by A⁻¹ into z, gradients by Aᵀ"),
        (lambda grad, A, z: A @ A.T @ grad(A @ z), "this is the step told in x; the gradient in z has one factor"),
        (lambda grad, A, z: A.T @ grad(A.T @ z), "x = A z, without a transpose"),
        (lambda grad, A, z: grad(A @ z) * np.diag(A), "the whole matrix, not its diagonal alone"),
    ],
)


def hessian_in_z(rounding, H):
    A = np.asarray(rounding(H))
    if A.shape != H.shape:
        raise ValueError(f"A is a matrix of shape {H.shape}; got shape {A.shape}")
    return A.T @ H @ A


def root(H, power):
    values, Q = np.linalg.eigh(H)
    return (Q * values**power) @ Q.T


rounding = function(
    "7.8 Preconditioning is other coordinates: a round bowl",
    lambda H: np.linalg.inv(np.linalg.cholesky(H)).T,
    [
        case("a valley along the axes", np.diag([1.0, 100.0])),
        case("a tilted valley", TILTED),
        case("three dimensions", turned(0.1, 1.0, 10.0)),
    ],
    fresh=lambda rng: case("", drawn(rng)),
    use=hessian_in_z,
    parts=(),
    mistakes=[
        (lambda H: np.linalg.inv(H), "the inverse makes the long axis the short one: a root of it is needed"),
        (lambda H: np.linalg.cholesky(H), "this is a root of H; a root of its inverse is needed"),
        (lambda H: np.linalg.cholesky(H).T, "this is a root of H; a root of its inverse is needed"),
        (lambda H: root(H, 0.5), "this is a root of H; a root of its inverse is needed"),
        (lambda H: np.linalg.inv(np.linalg.cholesky(H)), "nearly: the inverse of the triangle is to be transposed"),
        (lambda H: np.diag(np.diag(H) ** -0.5), "the diagonal is 1 now, but the valley still leans"),
        (lambda H: np.diag(1 / np.diag(H)), "the diagonal alone, and without its root"),
        (lambda H: np.linalg.eigh(H)[1], "the axes lie along the valley now; scale each by 1/√eigenvalue"),
        (
            lambda H: np.linalg.eigh(H)[1] / np.linalg.eigvalsh(H),
            "each axis is scaled by 1/eigenvalue; its root is needed, as A comes twice",
        ),
        (
            lambda H: (np.linalg.eigh(H)[1] / np.linalg.eigvalsh(H) ** 0.5).T,
            "nearly: the axes are the columns of A, so scale the columns of Q",
        ),
        (lambda H: np.eye(len(H)), "this changes nothing"),
        (np.errstate(all="ignore")(lambda H: np.linalg.inv(np.sqrt(H))), "np.sqrt takes the root of each entry alone"),
    ],
    tolerance=1e-6,
)


# 7.9

METHODS = "ABCDEFGH"


def table(name, whys):
    """A check of the letters of the methods that keep their path. whys: letter -> (whether it does, why)."""

    def rule(letter, kept, why):
        verb = "keeps its path, and is missing" if kept else "does not keep its path"
        return "", lambda given: (letter in letters(given)) == kept, f"{letter} {verb}: {why}."

    known = "letters from A to " + METHODS[-1]
    return answer(
        name,
        rules=[
            (known, lambda given: set(letters(given)) <= set(METHODS), f"A text of {known} is meant."),
            *(rule(letter, *why) for letter, why in whys.items()),
        ],
    )


scaled = table(
    "7.9 Who would notice? A thousand times as steep",
    {
        "A": (True, "g and its length both grow a thousandfold"),
        "B": (True, "the signs stay"),
        "C": (True, "the line is the same, and so is its lowest point"),
        "D": (False, "a gradient is compared with the length 1, and it is a thousand times as long"),
        "E": (True, "gradient and curvatures both grow a thousandfold"),
        "F": (False, "H grows a thousandfold, and delta stays"),
        "G": (True, "gradient and |H| both grow a thousandfold"),
        "H": (True, "gradient and Hessian both grow a thousandfold"),
    },
)

rotated = table(
    "7.9 Who would notice? The axes rotated",
    {
        "A": (True, "the gradient turns with the axes, and its length stays"),
        "B": (False, "signs are taken axis by axis, and the axes are others now"),
        "C": (True, "the gradient turns with the axes, and so does the line"),
        "D": (True, "the gradient turns with the axes, and its length stays"),
        "E": (False, "the diagonal of the Hessian is that of other axes now"),
        "F": (True, "the Hessian turns with the axes, and the identity looks the same from everywhere"),
        "G": (True, "eigenvalues stay, and eigenvectors turn with the axes"),
        "H": (True, "gradient, Hessian and line turn with the axes"),
    },
)

stretched = table(
    "7.9 Who would notice? The axes stretched",
    {
        "A": (False, "its steps have the length lr in every unit"),
        "B": (False, "its steps have the length lr along each axis, in every unit"),
        "C": (False, "which way is steepest depends on the units"),
        "D": (False, "which way is steepest depends on the units"),
        "E": (True, "the diagonal of H gets the factor of its axis twice, the gradient once, the step what is left"),
        "F": (False, "H changes with the axes, and delta I stays"),
        "G": (False, "on a saddle the eigenvectors of the stretched Hessian are others, and so are the signs turned"),
        "H": (True, "the direction of Newton is the same arrow, and the lowest point of its line the same point"),
    },
)
