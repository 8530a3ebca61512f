"""Sheet 07: what a long valley costs, data and methods that make it round, and curvature learned from gradients."""

from types import SimpleNamespace

import numpy as np

from course_lib.checks import draws
from course_lib.checks.comparison import letters, numbers
from course_lib.checks.draws import Formula, symmetric
from course_lib.checks.exercise import Like, Rule, case, function, order, value
from course_lib.checks.varied import Varied, choice, number, relettered, renamed, reordered
from course_lib.surfaces import quadratic_form, rosenbrock

DATA, METHOD, NOTICE = "3. Round off the data", "4. Round off the method", "5. Who would notice?"
NEWTON, GRADIENTS = "6. Newton's method, at its best and worst", "7. Curvature from gradients alone"
CONJUGATE = "9. Conjugate gradients: no matrix at all"
NAMES = ["newton", "damped_newton", "solved", "hessian_vector_product", "power_iteration", "secant_update", "lbfgs",
         "conjugate_gradients"]  # fmt: skip
WITHHELD = [*(f"curvature.{name}" for name in NAMES), "wrappers.preconditioned"]


def several(rng):
    """A number of coordinates, above 1."""
    return draws.shape(rng, draws.ALONE[1:])[0]


def bowl(rng, d):
    """A positive definite matrix, short enough to be written down."""
    M = rng.normal(size=(d, d)).round(1)
    return M @ M.T + 0.5 * np.eye(d)


def waves(rng, d):
    """(gradient, Hessian) of a function that is no polynomial."""
    A, B = bowl(rng, d), rng.normal(size=(d, d)).round(1)
    gradient = Formula("A @ x + B.T @ sin(B @ x)", A=A, B=B)
    return gradient, lambda x: A + (B.T * np.cos(B @ x)) @ B


TILTED = np.array([[2.0, 0.6], [0.6, 1.0]])
LINEAR = Formula("A @ x", A=TILTED)


# 7.1

LISTS = {"2 and 50": 2, "1, 5, 20 and 80": 4, "1, 3, 9, 27 and 81": 5, "1, 2, 4, 8, 16 and 32": 6}  # of curvatures

steps = value(
    "7.1 Guess before you run: the long valley", np.log(1e-6) / np.log(1 - 1 / 200), points=1,
    read="2. What a long valley costs", tolerance=0.05,
    mistakes=[
        (Like(1200, lambda n: abs(n - 1200) < 30), "six digits are ln(10^6) = 13.8, the natural logarithm, not 6"),
        (Like(195, lambda n: 180 <= n <= 215), "this grows with the root of kappa: that is tuned momentum's share"),
        (Like(1381, lambda n: abs(n - 1381) < 40),
         "half of it: the rate is 1/L, not 2/(L + mu); and the distance is asked for, f falls twice as fast"),
        (Like(-2757, lambda n: -2900 < n < -2600), "both logarithms are below 0, and their ratio is above"),
        (Like(13.8, lambda n: abs(n - 14) < 1),
         "this is for a round bowl's share of 1/e a step; here it is 1 - 1/kappa"),
        (Like(552_000, lambda n: n > 40_000), "kappa itself, not its square"),
    ],
    varied=Varied(
        {"kappa": choice(50, 80, 120, 400, 500)},
        {"guess-task": [r"$\kappa = {kappa:200}$"], "guesses": ["1 - 1 / {kappa:200}"]},
        dropped={"guess-run-text", "guess-run"},
    ),
)  # fmt: skip

correlated = value(
    "7.1 Guess before you run: after standardising", 19.0, points=1, read=DATA, tolerance=0.01,
    mistakes=[
        (1, "standardising makes the spreads equal; the correlation stays"),
        (1.9, "this is the larger eigenvalue, 1 + 0.9; divide it by the smaller one"),
        (10, "1/(1 - 0.9): above the line stands the larger eigenvalue, not 1"),
        (361, "the covariance has the squares in it already"),
        (Like(1.81 / 0.19, lambda k: abs(k - 1.81 / 0.19) < 0.1),
         "the correlation as it is, not its square: the eigenvalues are 1 + 0.9 and 1 - 0.9"),
        (Like(19**0.5, lambda k: abs(k - 4.36) < 0.05),
         "this is the ratio of the ellipse's axes; kappa is that of the curvatures"),
        (Like(1 / 19, lambda k: abs(k - 1 / 19) < 1e-3), "larger over smaller: kappa is never below 1"),
        (Like(1 / 0.19, lambda k: abs(k - 5.263) < 0.05), "1/(1 - 0.9^2): the eigenvalues are 1 + 0.9 and 1 - 0.9"),
    ],
    varied=Varied(
        {"correlation": choice(0.5, 0.6, 0.7, 0.8, 0.95)},
        {"guess-task": ["correlation {correlation:0.9}"],
         "guesses": ["(1 + {correlation:0.9}) / (1 - {correlation:0.9})"]},
    ),
)  # fmt: skip

lines = value(
    "7.1 Guess before you run: lines to the minimum", 3, points=1, read=CONJUGATE,
    mistakes=[
        (50, "d lines always suffice, and fewer if curvatures are equal: count the different ones"),
        (Like(10, lambda n: n in (10, 100)), "no root and no kappa here: count the different curvatures"),
        (1, "one line suffices for a round bowl, with a single curvature"),
        (2, "each new line makes up for one curvature, and there are three"),
        (4, "each line makes up for one curvature, the first one too, and there are three"),
    ],
    varied=Varied(
        {"curvatures": choice(*LISTS), "different": lambda rng, p: LISTS[p["curvatures"]]},
        {"guess-task": ["the curvatures {curvatures:1, 10 and 100} and no others"],
         "guesses": ["lines = {different:3}"]},
    ),
)  # fmt: skip


# 7.2


def counted(f, most=np.inf):
    """A function, and the list of its calls, which may be so many at most."""
    calls = []

    def told(p):
        calls.append(p)
        if len(calls) > most:
            raise RuntimeError(f"{most - 1} steps need {most} products at most, and one more was asked for")
        return f(p)

    return told, calls


def asked(product, grad, x, v, h):
    """The product, and how many gradients it took."""
    gradient, calls = counted(grad)
    return product(gradient, x, v, h), len(calls)


@function(
    "7.2 The steepest curvature: one product", points=1, read=GRADIENTS, withheld=WITHHELD, use=asked, tolerance=1e-7,
    cases=[
        case("a quadratic, where it is exact", LINEAR, np.array([1.0, -1.0]), np.array([1.0, 2.0]), 0.5),
        case("a direction that is not of length 1", LINEAR, np.array([3.0, 1.0]), np.array([0.0, 10.0]), 0.1),
        case("a quartic, where it is not", Formula("x * x * x"), np.array([1.0, -2.0, 0.5]),
             np.array([1.0, 1.0, -2.0]), 0.1),
        case("two coordinates that meet",
             Formula("array([x[0] * x[0] + x[1], x[0]])"),
             np.array([1.0, 2.0]), np.array([1.0, 3.0]), 0.01),
    ],
    draw=lambda rng: case("", waves(rng, d := draws.dimension(rng))[0], draws.array(rng, d), draws.array(rng, d),
                          round(float(rng.uniform(0.01, 0.2)), 3)),
    parts={"product Hv": "It is the central difference, h ahead and h behind, along any direction of any length.",
           "number of gradients": "Two gradients are enough for it."},
    needs={"number of gradients": "product Hv"},
    mistakes="""
        2 * h -> h : the two places are 2h apart: divide by 2h
        x - h * v -> x ;; 2 * h -> h : this is a forward difference; the other place is x - hv
            -> x : the places are h apart here: take x - hv as the other
        x + h * v -> x ;; 2 * h -> h : this is a backward difference; the other place is x + hv
            -> x + h ;; x - h * v -> x - h || x + h ;; x - h * v -> x - h ;; return ( -> return v * (
                : the step goes along v: x + h v
        grad(ahead) - grad(behind) -> grad(behind) - grad(ahead) : the sign: ahead minus behind
        ahead, behind -> h = 1e-5; ahead, behind : h is an argument: use it
            -> v = v / np.linalg.norm(v); ahead, behind : Hv grows with v: do not shorten v
            -> h = h / np.linalg.norm(v); ahead, behind
                : for small h that is as good; here the step is h v as it stands, however long v is
        return ( -> return v @ ( : this is the number v H v; the product Hv is an array
        (grad(ahead) - grad(behind)) -> sum(a * (grad(x + h * e) - grad(x - h * e)) for a, e in zip(v, np.eye(len(v))))
            : this measures all of H, two gradients for each column; two along v suffice
    """,
)  # fmt: skip
def product(grad, x, v, h=1e-5):
    ahead, behind = x + h * v, x - h * v
    return (grad(ahead) - grad(behind)) / (2 * h)


def iterated(power, A, start, steps, most=np.inf):
    """A power iteration on A, which shows itself by its products only, and by so many at most."""
    return power(counted(lambda v: A @ v, most)[0], start, steps)


def steepest(sign=1, scale=1.0, steps=40, dimensions=(1, 2, 3, 7), turn=symmetric, **hyper):
    """rng -> a matrix, its largest curvature of this sign and scale, and a start with a share of each eigenvector."""

    def drawn(rng):
        d = rng.choice(dimensions)
        largest = sign * scale * rng.uniform(1, 2)
        H = turn(rng, largest, *rng.uniform(-0.6, 0.6, d - 1) * largest)
        shares = rng.choice([-1, 1], d) * rng.uniform(0.3, 1, d)
        return case("", H, np.linalg.eigh(H)[1] @ shares * 10 ** rng.uniform(-2, 2), steps, **hyper)

    return drawn


def along_axes(rng, *curvatures):
    return np.diag(rng.permutation(curvatures))


def across_the_diagonal(rng, *curvatures):
    """The first curvature lies along a direction of which (1, ..., 1) has no share."""
    M = rng.normal(size=(len(curvatures),) * 2)
    M[:, 0] -= M[:, 0].mean()
    Q = np.linalg.qr(M)[0]
    return Q * np.array(curvatures) @ Q.T


GENERAL = np.random.default_rng(3)


@function(
    "7.2 The steepest curvature: power iteration", points=2, read=GRADIENTS, withheld=WITHHELD, use=iterated,
    tolerance=1e-6,
    cases=[
        case("a valley", np.diag([1.0, 5.0]), np.array([1.0, 1.0]), 40, most=41),
        case("a valley across the diagonal", np.array([[2.0, -1.0], [-1.0, 2.0]]), np.array([1.0, 0.0]), 40),
        case("a tilted valley", symmetric(GENERAL, 1.0, 2.0, 6.0), np.array([1.0, 0.5, 0.2]), 40),
        case("a saddle, steepest downwards", symmetric(GENERAL, -5.0, 1.0, 2.0), np.array([1.0, -0.5, 2.0]), 40),
        case("steep walls", symmetric(GENERAL, 1.0, 3e3, 1e4), np.array([1.0, 2.0, 3.0]), 120),
        case("thirty dimensions", symmetric(GENERAL, *range(-9, 20), 100.0), np.ones(30), 20, most=21),
    ],
    draw={"It finds the largest curvature of a valley.": [
              steepest(), steepest(turn=along_axes), steepest(turn=across_the_diagonal, dimensions=(2, 3, 7))],
          "It finds a curvature that is steepest downwards, with its sign.": steepest(-1),
          "Large curvatures and many steps do not make it overflow.": steepest(scale=1e4, steps=120),
          "It needs no more products than it may ask for, in many dimensions too.":
              steepest(scale=5.0, steps=25, dimensions=(30, 40), most=26)},
    needs=0,
    mistakes="""
        return v @ product(v) -> return np.linalg.norm(product(v))
            : the length of Hv is right but for its sign; v @ Hv has it
            -> return v @ v : this is the length of v, which is 1 by now: take v @ Hv
            -> return v : this is the direction; the curvature along it is v @ Hv
            -> return v @ product(v), v : return the number alone
            -> return (product(v) / v)[0] : a single entry of v may be 0 or fade; v @ Hv takes all of them together
        / np.linalg.norm(w) -> ;; / np.linalg.norm(start) -> ;; v @ product(v) -> v @ product(v) / (v @ v)
            : v outgrows all numbers: make it of length 1 at each step
            -> ;; / np.linalg.norm(start) -> ||  : v @ Hv is the eigenvalue only for a v of length 1
        start / np -> np.ones(len(start)) / np
            : the start is given: another one may have no share of the direction that is looked for
        range(steps) -> range(0) : this is the curvature along the start: v has to become the product
        v = start -> return np.linalg.eigvalsh([product(e) for e in np.eye(len(start))])[-1]; v = start
            : this is the most positive curvature; the one of largest size is asked for
            -> return np.linalg.eigvalsh([product(e) for e in np.eye(len(start))])[0]; v = start
                : this is the smallest one; the one of largest size is asked for
            -> return max(np.linalg.eigvalsh([product(e) for e in np.eye(len(start))]), key=abs); v = start
                : this puts all of H together, from d products; in a million dimensions nobody can
    """,
)  # fmt: skip
def power(product, start, steps):
    v = start / np.linalg.norm(start)
    for _ in range(steps):
        w = product(v)
        v = w / np.linalg.norm(w)
    return v @ product(v)


# 7.3

UNITS = np.array([[1.0, 200.0], [2.0, 100.0], [3.0, 400.0], [6.0, 300.0]])
NEW = np.array([[2.0, 250.0], [0.0, -100.0]])
FLAT = np.array([[1.0, 7.0], [3.0, 7.0], [5.0, 7.0]])
TENTH = np.array([[1.0, 0.1], [3.0, 0.1], [5.0, 0.1]])  # as computed, the spread of three times 0.1 is 1.4e-17


def rows(rng, n, d):
    """n rows of columns in units of their own that lean on each other, and some more such rows."""
    while True:
        mixed = (np.eye(d) + 0.5 * rng.normal(size=(d, d))) * 10 ** rng.uniform(-1, 1, d)
        table = (rng.normal(size=(n + rng.integers(1, 5), d)) @ mixed + rng.normal(size=d) * 5).round(2)
        spreads = np.linalg.svd(table[:n] - table[:n].mean(axis=0), compute_uv=False)
        if n <= d or spreads[-1] > 1e-3 * spreads[0]:
            return table[:n], table[n:]


def a_table(rng):
    d, n = draws.dimension(rng), rng.integers(2, 10)
    if rng.integers(4) == 0:
        return case("", rng.integers(-5, 6, (n, d), dtype=int), rng.integers(-5, 6, (3, d), dtype=int))
    return case("", *rows(rng, n, d))


def a_constant_column(rng):
    train, new = rows(rng, rng.integers(2, 10), draws.dimension(rng))
    train[:, rng.integers(train.shape[1])] = rng.choice([0.1, 0.3, -0.7, 1.1, 3.0, 0.0, -120.4])
    return case("", train, new)


SLIPS = """
    train.mean(axis=0), train.std(axis=0) -> new.mean(axis=0), new.std(axis=0)
        : mean and spread are those of train, for the new rows as well
    mean, spread = train.mean(axis=0) -> mean, spread = new.mean(axis=0)
        : the mean is that of train, for the new rows as well
    train.std(axis=0) -> new.std(axis=0) : the spread is that of train, for the new rows as well
    train.std(axis=0) -> train.var(axis=0) : this divides by the variance; the spread is its root
    std(axis=0) -> std(axis=0, ddof=1) : the spread has 1/n here, as np.std has it
    (new - mean) -> new : the mean has to go first
    train.mean(axis=0), train.std(axis=0) -> train.mean(), train.std() : each column by itself: axis=0
    train.mean(axis=0), train.std(axis=0) -> train.min(axis=0), np.ptp(train, axis=0)
        : this is from 0 to 1 by the smallest and largest; mean 0 and spread 1 are meant
    return (new - mean) -> return (train - mean) : the rows to come back are those of new
"""
EXACTLY = "np.ptp(train, axis=0) == 0 -> spread == 0"  # what most write; computed spreads are hardly ever 0


@function(
    "7.3 Standardise and whiten: standardise", points=1, read=DATA, withheld=WITHHELD,
    cases=[
        case("the training rows themselves", UNITS, UNITS),
        case("new rows", UNITS, NEW),
        case("one new row", UNITS, NEW[:1]),
        case("a constant column", FLAT, np.array([[2.0, 7.0], [2.0, 8.0]])),
        case("another constant column", TENTH, np.array([[2.0, 0.1], [2.0, 1.1]])),
    ],
    draw={"New rows are seen in the units of the training rows.": a_table,
          "A column that is constant in training is centred, and no more.": a_constant_column},
    needs=0,
    mistakes=[SLIPS, SLIPS.replace(" : ", f" ;; {EXACTLY} : "), f"""
        train.mean(axis=0), train.std(axis=0) -> train.mean(), train.std() ;; np.where(constant, 1, spread) -> spread
            : each column by itself: axis=0
        {EXACTLY} : a spread was compared with exactly 0, and that of three times 0.1 is 1.4e-17 as computed: ask
            np.ptp, or allow for rounding
        np.where(constant, 1, spread) -> spread : a constant column has spread 0: divide it by 1 instead
        np.where(constant, 1, -> np.where(constant, np.inf,
            : a constant column is centred like the others, and then left as it is
        np.where(constant, 1, -> np.where(constant, np.inf, ;; {EXACTLY}
            : a constant column is centred like the others, and then left as it is
        np.where(constant, 1, spread) -> (spread + 1e-8)
            : a constant column has spread 0: divide it by 1 instead; a new row may differ there
        np.where(constant, 1, spread) -> (spread + 1e-12)
            : a constant column has spread 0: divide it by 1 instead; a new row may differ there
        np.where(constant, 1, spread) -> np.maximum(spread, 1e-8)
            : a constant column has spread 0: divide it by 1 instead; a new row may differ there
        np.where(constant, 1, -> np.where(constant, 1e-8, ;; {EXACTLY}
            : a constant column has spread 0: divide it by 1 instead; a new row may differ there
        np.where(constant, 1, spread) -> 1 : it is centred, but not scaled yet
        np.where(constant, 1, spread) -> np.maximum(spread, 1)
            : only a spread of 0 becomes 1; a small spread is divided by as it is
    """],
)  # fmt: skip
def standardise(train, new):
    mean, spread = train.mean(axis=0), train.std(axis=0)
    constant = np.ptp(train, axis=0) == 0
    return (new - mean) / np.where(constant, 1, spread)


def spread_of(whiten, train, new):
    """What does not depend on how whitened axes are turned: means, covariance, products between rows."""
    home, away = np.asarray(whiten(train, train)), np.asarray(whiten(train, new))
    if home.shape != train.shape or away.shape != new.shape:
        raise ValueError(f"the shape of new is to be kept: {new.shape}, not {away.shape}")
    mean = home.mean(axis=0)
    return mean, (home - mean).T @ (home - mean) / len(home), away @ away.T


SHIFTED = np.array([[2.0, 250.0], [0.0, -100.0], [5.0, 400.0], [1.0, 300.0]])


@function(
    "7.3 Standardise and whiten: whiten", points=2, read=DATA, withheld=WITHHELD, use=spread_of, tolerance=1e-6,
    cases=[
        case("two units", UNITS, SHIFTED),
        case("two columns nearly the same", np.array([[1.0, 1.1], [2.0, 1.9], [4.0, 4.2], [0.0, 0.1]]), SHIFTED / 100),
        case("whole numbers", UNITS.astype(int), SHIFTED.astype(int)),
    ],
    draw=lambda rng: case("", *rows(rng, (d := several(rng)) + rng.integers(3, 9), d)),
    parts={"mean of the whitened columns": "The training rows come out around 0.",
           "covariance of the whitened columns": "The training rows come out round: their covariance is the identity.",
           "products between new rows": "New rows are treated as the training rows were."},
    needs={"mean of the whitened columns": "covariance of the whitened columns"},
    mistakes="""
        Q * values**-0.5 -> np.diag(1 / train.std(axis=0)) : this is standardised: the correlations are still there
            -> np.diag(values**-0.5) : the roots belong to the axes of the ellipse: turn first
            -> np.eye(len(Q)) : it is centred, and nothing else yet
            -> Q / values @ Q.T : this is the inverse covariance; a root of it is needed
            -> np.linalg.inv(np.linalg.cholesky(np.cov(train.T, ddof=0))) : the triangle is to be transposed
        values**-0.5 -> values**0 : turned to the axes of the ellipse, but not scaled along them yet
            -> values**-1.0 : divide by the roots of the eigenvalues: a spread is a root of variance
            -> values**0.5 || values : this stretches the long axes further: divide by the roots
        Q * values -> Q.T * values : rows of data meet columns of Q: new @ Q, not new @ Q.T
        (new - mean) -> new : the mean has to go
        np.cov(train.T, bias=True) -> train.T @ train / len(train) ;; (new - mean) -> new
            : the mean of train has to go first, from the rows and from the covariance
            -> train.T @ train / len(train)
                : the covariance is that around the means: take them out before the products as well
            -> np.cov(train.T, bias=True) * len(train) : the covariance is a mean: divide by n
        mean = -> train = new; mean = : mean and covariance are those of train, for the new rows as well
        train.mean( -> new.mean( : the mean is that of train, for the new rows as well
        , bias=True -> : the covariance has 1/n here; np.cov divides by n - 1 unless it is told bias=True
    """,
)  # fmt: skip
def whiten(train, new):
    mean = train.mean(axis=0)
    values, Q = np.linalg.eigh(np.cov(train.T, bias=True))
    return (new - mean) @ (Q * values**-0.5)


# 7.4


def told(update, B, s, y):
    """What an inverse Hessian has to obey, and then the matrix itself."""
    new = np.asarray(update(B, s, y))
    if new.shape != B.shape:
        raise ValueError(f"the new B is a matrix of shape {B.shape}; got shape {new.shape}")
    definite = np.all(np.isfinite(new)) and np.linalg.eigvalsh((new + new.T) / 2)[0] > 0
    return (new @ y).astype(new.dtype), new - new.T, "positive definite" if definite else "not positive definite", new


def in_a_bowl(rng):
    d = draws.dimension(rng)
    s = rng.choice([1.0, 0.1]) * (draws.array(rng, d) + 0.005)  # never 0
    return case("", bowl(rng, d), s, bowl(rng, d) @ s)


def no_bowl(rng):
    """A move over a hill, or one at a right angle to y, to the last bit."""
    B, s, y = in_a_bowl(rng).args
    if rng.integers(2):
        return case("", B, s, -y)
    s[1:], y[0] = 0, 0
    return case("", B, s, y)


OUTERS = """
    rho = s @ y -> rho = s @ y; s, y = y, s : s and y have changed places: this learns the Hessian, with B s = y
    left @ B @ right -> right @ B @ left : the outer factors have changed places: s yᵀ stands left of B
    + np.outer(s, s) / rho -> : s sᵀ / s.y is missing at the end
    B @ right -> B : the factor right of B is missing
    left @ B -> B : the factor left of B is missing
    left @ B @ right -> B : both factors around B are missing
    left = np.eye(len(s)) -> left = 1 ;; right = np.eye(len(s)) -> right = 1
        : I is the identity, np.eye(d): a plain 1 stands in every entry
    B @ right -> B @ left : the right factor is the left one transposed: y sᵀ
    np.outer(s, s) -> np.outer(y, y) : what is added at the end is s sᵀ, not y yᵀ
    np.outer(s, s) / rho -> np.outer(s, s) / (y @ y) : all three denominators are s.y
    np.outer(s, s) / rho -> np.outer(s, s) : all three denominators are s.y
    + np.outer(s, s) -> - np.outer(s, s) : s sᵀ / s.y is added, not taken away
    left @ B @ right -> left * B * right : matrices are multiplied by @, not by *
    np.outer(s, y) -> s @ y ;; np.outer(y, s) -> s @ y ;; np.outer(s, s) -> s @ s
        : s @ y.T is a number for arrays (d,); the matrix s yᵀ is np.outer(s, y)
    left @ B @ right -> B - np.outer(B @ y, B @ y) / (y @ B @ y)
        : this is the update of Davidon, Fletcher and Powell: secant, too, but not BFGS
    left @ B @ right + np.outer(s, s) / rho -> B + np.outer(s - B @ y, s - B @ y) / ((s - B @ y) @ y)
        : this is the symmetric rank-one update: secant, too, but not always positive definite
    left @ B @ right -> left @ right : B itself is not used
    return left @ B @ right + np.outer(s, s) / rho -> return np.linalg.inv(left @ B @ right + np.outer(s, s) / rho)
        : this is the Hessian; B stands for its inverse
"""
KEPT = "rho <= 0 ->"  # the old B stays: as it should, and as it is often written
REFUSALS = [f"{KEPT} rho < 0", f"{KEPT} rho == 0", f"{KEPT} False", "return B.copy() -> return np.eye(len(s))",
            "return B.copy() -> return np.linalg.inv(B)"]  # fmt: skip


@function(
    "7.4 Learn the inverse Hessian", points=3, read="8. BFGS: learn the curvature on the way", withheld=WITHHELD,
    use=told, tolerance=1e-5,
    cases=[
        case("from the identity", np.eye(2), np.array([1.0, 0.0]), np.array([2.0, 1.0])),
        case("from a learned matrix", np.linalg.inv(TILTED), np.array([0.5, -1.0]), np.array([1.0, -3.0])),
        case("three dimensions", np.array([[2.0, 0.5, 0.0], [0.5, 1.0, 0.3], [0.0, 0.3, 0.5]]),
             np.array([1.0, 2.0, 0.5]), np.array([2.0, 1.0, -1.0])),
        case("a small move", np.eye(2), np.array([0.1, 0.0]), np.array([0.2, 0.1])),
        case("a move over a hill, where s.y is below 0", np.eye(2), np.array([1.0, 0.0]), np.array([-1.0, 2.0])),
        case("a move at a right angle to y", np.eye(2), np.array([1.0, 0.0]), np.array([0.0, 2.0])),
    ],
    draw={"": in_a_bowl, "The old matrix is kept where no positive definite one explains the move.": no_bowl},
    parts={"product B y (the secant condition)": "The new matrix explains the last move: the secant condition.",
           "difference of B and its transpose": "It is symmetric.",
           "sign of B": "It is positive definite.",
           "matrix B": "Of all updates it is that of BFGS."},
    needs=0,
    mistakes=[
        OUTERS, *(OUTERS.replace(" : ", f" ;; {refusal} : ") for refusal in REFUSALS),
        f"""
        {KEPT} rho < 0 : for s.y = 0 the old B is to be kept, too
        {KEPT} rho <= 1 : the old B is kept only for s.y <= 0; a small s.y above it has something to tell
        {KEPT} rho == 0 : for s.y < 0 the old B is to be kept, too
        {KEPT} False : for s.y <= 0 the old B is to be kept
        return B.copy() -> return np.eye(len(s)) : for s.y <= 0 the old B is to be kept, not the identity
        """,
    ],
)  # fmt: skip
def update(B, s, y):
    rho = s @ y
    if rho <= 0:
        return B.copy()
    left = np.eye(len(s)) - np.outer(s, y) / rho
    right = np.eye(len(s)) - np.outer(y, s) / rho
    return left @ B @ right + np.outer(s, s) / rho


# 7.5


def a_run(lines):
    """rng -> a run of so many lines in a bowl of d dimensions. lines: (rng, d) -> int."""

    def drawn(rng):
        d = draws.dimension(rng)
        return case("", bowl(rng, d), draws.array(rng, d), draws.array(rng, d), int(lines(rng, d)))

    return drawn


def one_coordinate_there(rng):
    d = several(rng)
    H, x = np.diag(rng.integers(1, 9, d).astype(float)), rng.integers(-4, 5, d).astype(float)
    move = rng.integers(1, 5, d) * (np.arange(d) > 0)
    return case("", H, H @ x, x + move, 1)


def arrived(rng):
    """A run whose gradient is 0 to the last bit, as all numbers are whole."""
    d = draws.dimension(rng)
    M, x = rng.integers(-2, 3, (d, d)).astype(float), rng.integers(-4, 5, d).astype(float)
    H = M @ M.T + 2 * np.eye(d)
    return case("", H, H @ x, x, int(rng.integers(1, 5)))


IN_FOUR = symmetric(GENERAL, 1.0, 2.0, 5.0, 9.0), np.array([1.0, -1.0, 2.0, 0.5])


@function(
    "7.5 Spoil nothing: conjugate gradients", points=2, read=CONJUGATE, withheld=WITHHELD, tolerance=1e-6,
    cases=[
        case("the first line", TILTED, np.array([1.0, -1.0]), np.array([0.0, 0.0]), 1),
        case("two lines in two dimensions", TILTED, np.array([1.0, -1.0]), np.array([2.0, 1.0]), 2),
        case("two lines in four dimensions", *IN_FOUR, np.zeros(4), 2),
        case("four lines in four dimensions", *IN_FOUR, np.ones(4), 4),
        case("already there", np.diag([1.0, 4.0]), np.array([2.0, 4.0]), np.array([2.0, 1.0]), 3),
        case("one coordinate already there", np.diag([1.0, 4.0]), np.array([2.0, 4.0]), np.array([2.0, 0.0]), 1),
        case("no line", TILTED, np.array([1.0, -1.0]), np.array([2.0, 1.0]), 0),
    ],
    draw={"After some lines it is the lowest point of all that they reach.":
              [a_run(lambda rng, d: rng.integers(1, d + 1)), a_run(lambda rng, d: min(d, 3))],
          "One line leads to the lowest point on the way of the gradient.":
              [a_run(lambda rng, d: 1), one_coordinate_there],
          "After a line for each dimension it has arrived.": a_run(lambda rng, d: d),
          "A run that has arrived stays.": arrived,
          "Without a line it does not begin.": a_run(lambda rng, d: 0)},
    needs=0,
    mistakes="""
        np.any(g) -> np.all(g) : it has arrived when all of the gradient is 0, not when some entry is
        not np.any(g) -> False : where the slope is 0 it has arrived: stop, or 0 is divided by 0
        beta = new @ new / (g @ g) -> beta = 0.0 : nothing of the old direction is kept: this is steepest descent
            -> beta = 1.0
                : of the old direction only the share new @ new / (g @ g) is kept, and g is still the old gradient there
        new @ new / (g @ g) -> g @ g / (new @ new) : beta is upside down: the new slope is above
            -> (new @ new / (g @ g)) ** 0.5 : beta is a ratio of squared lengths: no root of it
            -> -new @ new / (g @ g) : the sign of beta: the old direction is added
        (p @ H @ p) -> (g @ H @ g) : the curvature is the one along p, where it goes: p H p
            -> (p @ p) : t needs the curvature along p below the line: p H p
        -g @ p / (p @ H @ p) -> g @ g / (g @ H @ g) : the curvature is the one along p, where it goes: p H p
            -> g @ g / (p @ p) : t needs the curvature along p below the line: p H p
        -g @ p -> g @ p || -g @ g : the sign of t: p points downhill, so t is above 0
        g = H @ x - b -> b = -b; g = H @ x - b : the gradient is H x - b
        beta * p, new -> beta * p, g : at the end of each turn the new gradient becomes the old one
        -new + beta * p -> -g + beta * p : the new direction starts from the new gradient, not the old one
            -> new + beta * p || new + beta * p ;; -g @ p -> g @ g
                : the new direction goes against the gradient: p = -new + beta p
        return x -> return np.linalg.solve(H, b)
            : this is the minimum itself; the place after so many lines is asked for
        range(steps) -> range(steps + 1) : it goes one line too far
            -> range(steps - 1) : the last line is missing
    """,
)  # fmt: skip
def conjugate(H, b, x, steps):
    g = H @ x - b
    p = -g
    for _ in range(steps):
        if not np.any(g):
            break
        x = x + -g @ p / (p @ H @ p) * p
        new = H @ x - b
        beta = new @ new / (g @ g)
        p, g = -new + beta * p, new
    return x


# 7.6


X, G, D = np.array([1.0, -2.0]), np.array([0.5, 40.0]), np.array([1.0, 0.01])


@function(
    "7.6 Bug hunt, two slips of curvature: the preconditioner", points=1, read=METHOD, withheld=WITHHELD,
    says="Each coordinate of the gradient is scaled by its own factor, times the rate.",
    cases=[
        case("one step", X, G, D, 0.5),
        case("nothing to scale", X, G, np.ones(2), 0.1),
        case("no slope", X, np.zeros(2), D, 0.5),
    ],
    draw=lambda rng: case("", draws.array(rng, d := draws.dimension(rng)), draws.array(rng, d),
                          rng.uniform(0.1, 3, d).round(2), draws.number(rng, 0, 2)),
    mistakes="""
        x - lr * d * g -> d * (x - lr * g) : this is as found: at zero slope the point moves
            -> d * x - lr * g : d scales the gradient, not the point
        lr * d -> lr : this is gradient descent: d is not used
            -> lr / d : d is the inverse curvature already: multiply
            -> d : the learning rate is missing
            -> lr * np.sqrt(d) : d as it is, without a root
            -> lr * d**2 : d once, not twice
        x - lr -> x + lr : the sign: a step goes against the gradient
            -> -lr : this is the step alone: add it to x
        d * g -> (d @ g) : coordinate by coordinate: d * g, not d @ g
    """,
)  # fmt: skip
def preconditioned(x, g, d, lr):
    return x - lr * d * g


def quadratic_at(rng, curvatures):
    """A quadratic that is flat somewhere, as far as Newton's method asks, and a start."""
    H, flat = symmetric(rng, curvatures), rng.normal(size=len(curvatures)).round(2)
    return case("", SimpleNamespace(grad=lambda x: H @ (x - flat), hess=lambda x: H.copy()), draws.array(rng, len(H)))


def curved(rng):
    grad, hess = waves(rng, d := draws.dimension(rng))
    return case("", SimpleNamespace(grad=grad.__call__, hess=hess), 0.1 * draws.array(rng, d))


OUTER = "f.hess(x) -> np.outer(g, g)"


@function(
    "7.6 Bug hunt, two slips of curvature: Newton", points=1, read=NEWTON, withheld=WITHHELD, tolerance=1e-6,
    cases=[
        case("a tilted bowl", quadratic_form(TILTED, "a tilted bowl"), np.array([1.0, -2.0])),
        case("a long valley", quadratic_form(np.diag([100.0, 1.0]), "a long valley"), np.array([0.01, 100.0])),
        case("a saddle", quadratic_form([[1.0, 2.0], [2.0, 1.0]], "a tilted saddle"), np.array([1.0, 0.5])),
        case("Rosenbrock", rosenbrock, np.array([-1.2, 1.0])),
        case("a nearly flat valley", quadratic_form(np.diag([1.0, 1e-4]), "a flat valley"), np.array([1.0, 20.0])),
    ],
    draw={"On a quadratic a single step leads to where it is flat.": [
              lambda rng: quadratic_at(rng, rng.choice([-1, 1], d := draws.dimension(rng)) * rng.uniform(0.4, 4, d)),
              lambda rng: quadratic_at(rng, [1e-4, *rng.uniform(0.4, 4, rng.integers(1, 3))])],
          "The Hessian times the move is the gradient.": [
              curved, lambda rng: case("", rosenbrock, rng.uniform([-2, -3], [2, -1]).round(2))]},
    needs=0,
    mistakes=f"""
        {OUTER} + 1e-8 * np.eye(len(g)) : this is as found: the outer product knows the slope, not the curvature
        {OUTER} + 1e-6 * np.eye(len(g)) : the outer product knows the slope, not the curvature, whatever is added to it
        f.hess(x) -> f.hess(x) + 1e-8 * np.eye(len(g)) + np.outer(g, g) : the outer product has to go altogether
        f.hess(x) -> f.hess(x) + 1e-8 * np.eye(len(g))
            : the 1e-8 on the diagonal is left from what was found; where it is nearly flat it damps the step
        np.linalg.solve(H, g) -> g / (g * g) : squares of the gradient are no curvatures: f.hess(x) has them
        np.linalg.solve(H, g) -> np.sign(g) : this is a step by signs; f.hess(x) has the curvatures
        np.linalg.solve(H, g) -> H @ g : this multiplies by the Hessian; solve with it
        np.linalg.solve(H, g) -> g / np.diag(H)
            : this uses the diagonal alone, which suits valleys along the axes
        x - np.linalg -> x + np.linalg : the sign: x minus the solution
        np.linalg.solve(H, g) -> g : this is gradient descent: the Hessian is not used
        x - np.linalg -> -np.linalg : this is the step alone: add it to x
        np.linalg.solve(H, g) -> np.abs(np.linalg.inv(H)) @ g
            : the inverse as it is, without absolute values of its entries
    """,
)  # fmt: skip
def newton(f, x):
    g = f.grad(x)
    H = f.hess(x)
    return x - np.linalg.solve(H, g)


# 7.7


def kappa(table):
    """The condition number of the standardised columns' covariance; inf from 10^14 on, where rounding decides."""
    X = np.asarray(table, float)
    sizes = np.linalg.svd((X - X.mean(axis=0)) / X.std(axis=0), compute_uv=False)
    return (sizes[0] / sizes[-1]) ** 2 if sizes[-1] > 1e-7 * sizes[0] else np.inf


A_COLUMN = np.linspace(-1, 1, 50)

columns = value(
    "7.7 Two counterexamples: columns", points=2, read=DATA,
    passes=np.stack([A_COLUMN, A_COLUMN + 1e-3 * (-1.0) ** np.arange(50)], axis=1),
    rules=[
        Rule("rows and columns of numbers",
             lambda X, rng: np.ndim(numbers(X)) == 2 and np.all(np.isfinite(numbers(X))),
             "An array (n, d) of finite numbers is meant: n examples in rows, d features in columns."),
        Rule("two columns at least, and more rows than columns", lambda X, rng: len(X) > np.shape(X)[1] >= 2,
             "At least two columns are needed, and more rows than columns."),
        Rule("no column is constant",
             lambda X, rng: np.all(np.ptp(X, axis=0) > 1e-9 * np.max(np.abs(X), axis=0)),
             "A column is constant: standardised it is 0, and nothing is said about it. Let each column vary."),
        Rule("no column is made of the others", lambda X, rng: kappa(X) < np.inf,
             "Standardised, kappa is 10^14 or more, and that counts as infinite: a column is made of the others, "
             "but for rounding. Let a little difference remain."),
        Rule("standardising does not cure them", lambda X, rng: kappa(X) >= 10,
             "Standardised, kappa is below 10. Different units are cured by standardising: what is not?"),
        Rule("they are left badly conditioned", lambda X, rng: kappa(X) >= 1e4,
             "Standardised, kappa is above 10, but not yet 10,000. Make the columns more alike."),
    ],
)  # fmt: skip

PLACES = [float(x) for x in np.linspace(-10, 10, 81)]
NEAR, FAR = 1.0, 1.1


def plain(pair):
    """The two functions, each giving a plain number, also where an answer gives an array of one."""
    return [lambda x, f=f: np.asarray(f(x), float).item() for f in pair]


def newton_path(pair, x, steps=25, limit=100.0):
    """Where Newton's method is, step by step, until it has left the limits; inf where the curvature is rounded to 0."""
    slope, curvature = plain(pair)
    path = [x]
    while len(path) <= steps and abs(path[-1]) <= limit:
        bend = curvature(path[-1])
        path.append(path[-1] - slope(path[-1]) / bend if bend else np.inf)
    return path


def arrives(pair, x):
    return abs(newton_path(pair, x)[-1]) < 1e-6


def leaves(pair, x):
    return abs(newton_path(pair, x)[-1]) > 100


def belong_together(pair, rng):
    """Whether the second is the derivative of the first: at places all over and on both paths, and in sum between."""
    slope, curvature = plain(pair)
    visited = [x for start in (NEAR, FAR) for x in newton_path(pair, start) if abs(x) < 9.9]
    places = sorted([*rng.uniform(-9.9, 9.9, 80).tolist(), *visited])
    h = 1e-4
    measured = [(slope(x + h) - slope(x - h)) / (2 * h) for x in places]
    if not np.allclose(measured, [curvature(x) for x in places], rtol=1e-4, atol=1e-5):
        return False
    at, weights = np.polynomial.legendre.leggauss(3)
    slopes, halves = np.array([slope(x) for x in places]), np.diff(places) / 2
    if not np.all(np.isfinite(slopes)):
        return False
    bends = [[curvature(float(x)) for x in a + half * (1 + at)] for a, half in zip(places, halves)]
    return np.allclose(np.diff(slopes), bends @ weights * halves, rtol=0, atol=0.05 * np.max(np.abs(slopes)))


def flat_at_0(pair, rng):
    return abs(plain(pair)[0](0.0)) < 1e-9


def convex(pair, rng):
    return min(map(plain(pair)[1], PLACES)) > 0


def throws(pair, rng):
    return any(leaves(pair, x) for x in (*rng.uniform(-10, 10, 20).tolist(), -10.0, 10.0))


def honest(pair, rng):
    return all(holds(pair, rng) for holds in (flat_at_0, convex, belong_together, throws))


def as_near(pair, rng):
    """Whether it is the same from places so near that only an exception for single numbers could tell."""
    near, far = NEAR + rng.uniform(-1e-7, 1e-7, 4), FAR + rng.uniform(-1e-7, 1e-7, 4)
    return all(arrives(pair, x) for x in near.tolist()) and all(leaves(pair, x) for x in far.tolist())


thrower = value(
    "7.7 Two counterexamples: Newton thrown out", points=2, read=NEWTON,
    passes=(np.tanh, lambda x: 1 / np.cosh(x) ** 2),
    rules=[
        Rule("two functions",
             lambda pair, rng: isinstance(pair, tuple | list) and len(pair) == 2 and all(map(callable, pair)),
             "A pair of functions is meant: (slope, curvature), the first two derivatives."),
        Rule("flat at 0", flat_at_0, "The slope at 0 is not 0: the minimum is to be there."),
        Rule("the curvature is above 0", convex,
             "Somewhere on [-10, 10] the curvature is not above 0: without that it is no surprise that Newton fails."),
        Rule("the second is the derivative of the first", belong_together,
             "The second function is not the derivative of the first, somewhere on [-10, 10]."),
        Rule("Newton's method is thrown out from somewhere", honest,
             "From nowhere on [-10, 10] does Newton's method leave [-100, 100]. The step is f'/f'': it is long where "
             "the curvature has nearly died out, and the slope has not.",
             says="A convex function, its minimum at 0, of which Newton's method is not always fond.", weight=0.5),
        Rule("it arrives from 1", lambda pair, rng: arrives(pair, NEAR),
             "From 1 Newton's method does not arrive at 0 in 25 steps. In wider coordinates the same function "
             "is kinder.",
             says="From the nearer start Newton's method arrives.", weight=0.25, needs=0),
        Rule("from 1.1 it does not come back", lambda pair, rng: not arrives(pair, FAR),
             "From 1.1 Newton's method arrives as well. Let the curvature fall faster, or narrow the coordinates."),
        Rule("from 1.1 it leaves [-100, 100]", lambda pair, rng: leaves(pair, FAR),
             "From 1.1 Newton's method neither arrives nor leaves [-100, 100] in 25 steps.",
             says="From the start a tenth farther out it leaves.", weight=0.25, needs=0),
        Rule("and so it is next to them", as_near,
             "From 1 it arrives and from 1.1 it leaves, but from places right beside them it does not: your functions "
             "make an exception of these numbers.",
             says="It does both, from places right beside these too.", needs=0),
    ],
    varied=Varied(
        {
            "zoom": choice(2, 4, 5),
            "far": number(lambda p: 1.1 * p["zoom"]),
            "inside": lambda rng, p: 10 * p["zoom"],
            "outside": lambda rng, p: 100 * p["zoom"],
        },
        {
            "counter-task": ["above 0 on all of $[-{inside:10}, {inside:10}]$",
                             "- arrives at 0 from $x = {zoom:1}$ (25 steps)",
                             "- from $x = {far:1.1}$ leaves $[-{outside:100}, {outside:100}]$"],
            "counter": [("return np.tanh(x)  # f(x) = log cosh x", "return np.tanh(x / {zoom})"),
                        ("return 1 / np.cosh(x) ** 2", "return 1 / np.cosh(x / {zoom}) ** 2 / {zoom}")],
        },
        dropped={"counter-figure"},
        back=lambda pair, p: (lambda x: pair[0](p["zoom"] * x), lambda x: p["zoom"] * pair[1](p["zoom"] * x)),
    ),
)  # fmt: skip


# 7.8


def told_anew(source, p):
    """The task of the proof: its lines reordered, and the sentence that speaks of them by their letters."""
    said = 'In line A, "it" is line F with line B put in.'
    if source.count(said) != 1:
        raise ValueError(f"the task of the proof must say this once: {said}")
    a, f, b = (renamed(letter, p) for letter in "AFB")
    return reordered(source, p).replace(said, f'In line {a}, "it" is line {f} with line {b} put in.')


proof = order(
    "7.8 Preconditioning is other coordinates: the proof", "DBFACE", points=1, read=METHOD,
    needs="""
        D < B : the gradient of h can be taken only when h is defined
        D < F : a step on h can be made only when h is defined
        F < A : the step can be multiplied by A only when it stands there
        B < A : the gradient of h can be put in only when it is known
        A < C : the names x and x₊ are put in for Az and Az₊, which have to be there
        C < E : what is read backwards has to be there first
    """,
    varied=relettered("DBFACE", "change-task", "order", told_anew),
)  # fmt: skip


def seen_in(coordinates):
    """A draw of a function and a place. coordinates: rng -> the matrix A of those in which it is seen."""

    def drawn(rng):
        A = coordinates(rng)
        return case("", waves(rng, len(A))[0], A, draws.array(rng, len(A)))

    return drawn


@function(
    "7.8 Preconditioning is other coordinates: the gradient", points=1, read=METHOD, withheld=WITHHELD,
    cases=[
        case("one axis stretched", Formula("x"), np.diag([1.0, 3.0]), np.array([1.0, 2.0])),
        case("coordinates that lean", LINEAR, np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([1.0, -1.0])),
        case("no change", LINEAR, np.eye(2), np.array([1.0, -1.0])),
    ],
    draw={"It is right where the axes are only stretched.":
              seen_in(lambda rng: np.diag(rng.uniform(0.5, 2, draws.dimension(rng)).round(2))),
          "It is right in coordinates that lean.": seen_in(lambda rng: rng.normal(size=[several(rng)] * 2).round(2))},
    mistakes="""
        A.T @ grad(A @ z) -> A @ grad(A @ z) : A is to be transposed in front of the gradient
            -> grad(A @ z) : this is the gradient in x; the chain rule brings another factor
            -> A @ grad(z) : f is asked at the point x = A z, not at z
            -> grad(z) : f is asked at the point x = A z, and the chain rule brings a factor
        A @ z -> z : f is asked at the point x = A z, not at z
            -> A.T @ z : x = A z, without a transpose
        A.T @ -> np.linalg.inv(A) @ : points go by A⁻¹ into z, gradients by Aᵀ
            -> A @ A.T @ : this is the step told in x; the gradient in z has one factor
            -> np.diag(A) * : the whole matrix, not its diagonal alone
    """,
)  # fmt: skip
def slope_in_z(grad, A, z):
    return A.T @ grad(A @ z)


def hessian_in_z(rounding, H):
    A = np.asarray(rounding(H))
    if A.shape != H.shape:
        raise ValueError(f"A is a matrix of shape {H.shape}; got shape {A.shape}")
    return A.T @ H @ A


@function(
    "7.8 Preconditioning is other coordinates: a round bowl", points=1, read=METHOD, withheld=WITHHELD,
    use=hessian_in_z, tolerance=1e-6,
    cases=[
        case("a valley along the axes", np.diag([1.0, 100.0])),
        case("a tilted valley", TILTED),
        case("three dimensions", symmetric(GENERAL, 0.1, 1.0, 10.0)),
    ],
    draw={"A valley along the axes becomes round.":
              lambda rng: case("", np.diag(rng.uniform(0.1, 9, draws.dimension(rng)).round(2))),
          "A valley that leans becomes round.": lambda rng: case("", bowl(rng, several(rng)))},
    mistakes="""
        Q / values**0.5 -> np.linalg.inv(H) : the inverse makes the long axis the short one: a root of it is needed
            -> np.linalg.cholesky(H) || np.linalg.cholesky(H).T || Q * values**0.5 @ Q.T
                : this is a root of H; a root of its inverse is needed
            -> np.linalg.inv(np.linalg.cholesky(H)) : nearly: the inverse of the triangle is to be transposed
            -> np.diag(np.diag(H) ** -0.5) : the diagonal is 1 now, but the valley still leans
            -> np.diag(1 / np.diag(H)) : the diagonal alone, and without its root
            -> Q : the axes lie along the valley now; scale each by 1/√eigenvalue
            -> (Q / values**0.5).T : nearly: the axes are the columns of A, so scale the columns of Q
            -> np.eye(len(H)) : this changes nothing
            -> np.linalg.inv(np.sqrt(H)) : np.sqrt takes the root of each entry alone
        values**0.5 -> values : each axis is scaled by 1/eigenvalue; its root is needed, as A comes twice
    """,
)  # fmt: skip
def rounding(H):
    values, Q = np.linalg.eigh(H)
    return Q / values**0.5


# 7.9

METHODS = "ABCDEFGH"


def table(change, right, points, whys):
    """An exercise of the letters of the methods that keep their path. whys: letter -> why, whether it does or not."""

    def rule(letter, why):
        verb = "keeps its path, and is missing" if letter in right else "does not keep its path"
        return Rule("", lambda given, rng: (letter in letters(given)) == (letter in right), f"{letter} {verb}: {why}.")

    known = "letters from A to " + METHODS[-1]
    return value(
        f"7.9 Who would notice? {change}", points=points, read=NOTICE, passes=right,
        rules=[Rule(known, lambda given, rng: set(letters(given)) <= set(METHODS), f"A text of {known} is meant."),
               *(rule(letter, why) for letter, why in zip(METHODS, whys))],
    )  # fmt: skip


scaled = table(
    "A thousand times as steep", "ABCEGH", 1,
    ["g and its length both grow a thousandfold",
     "the signs stay",
     "the line is the same, and so is its lowest point",
     "a gradient is compared with the length 1, and it is a thousand times as long",
     "gradient and curvatures both grow a thousandfold",
     "H grows a thousandfold, and delta stays",
     "gradient and |H| both grow a thousandfold",
     "gradient and Hessian both grow a thousandfold"],
)  # fmt: skip

rotated = table(
    "The axes rotated", "ACDFGH", 1,
    ["the gradient turns with the axes, and its length stays",
     "signs are taken axis by axis, and the axes are others now",
     "the gradient turns with the axes, and so does the line",
     "the gradient turns with the axes, and its length stays",
     "the diagonal of the Hessian is that of other axes now",
     "the Hessian turns with the axes, and the identity looks the same from everywhere",
     "eigenvalues stay, and eigenvectors turn with the axes",
     "gradient, Hessian and line turn with the axes"],
)  # fmt: skip

stretched = table(
    "The axes stretched", "EH", 1,
    ["its steps have the length lr in every unit",
     "its steps have the length lr along each axis, in every unit",
     "which way is steepest depends on the units",
     "which way is steepest depends on the units",
     "the diagonal of H gets the factor of its axis twice, the gradient once, the step what is left",
     "H changes with the axes, and delta I stays",
     "on a saddle the eigenvectors of the stretched Hessian are others, and so are the signs turned",
     "the direction of Newton is the same arrow, and the lowest point of its line the same point"],
)  # fmt: skip
