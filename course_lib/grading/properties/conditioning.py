"""Hidden checks of sheet 07: curvature from products, rounded data, learned inverses, and coordinates that change."""

from types import SimpleNamespace

import numpy as np

from course_lib.grading.properties import Property, close, intact

WITHHELD = {
    "curvature": [
        *("newton", "damped_newton", "solved", "hessian_vector_product", "power_iteration"),
        *("secant_update", "lbfgs", "conjugate_gradients"),
    ],
    "wrappers": ["preconditioned"],
}

READ = {"steps": "2. What a long valley costs"}
READ |= dict.fromkeys(("correlated", "standardise", "whiten", "columns"), "3. Round off the data")
READ |= dict.fromkeys(("lines", "conjugate"), "9. Conjugate gradients: no matrix at all")
READ |= dict.fromkeys(("product", "power"), "7. Curvature from gradients alone")
READ |= {"update": "8. BFGS: learn the curvature on the way"}
READ |= dict.fromkeys(("preconditioned", "proof", "slope_in_z", "rounding"), "4. Round off the method")
READ |= dict.fromkeys(("newton", "thrower"), "6. Newton's method, at its best and worst")
READ |= dict.fromkeys(("scaled", "rotated", "stretched"), "5. Who would notice?")


def symmetric(rng, *curvatures):
    """A symmetric matrix with these eigenvalues, turned at random."""
    Q, _ = np.linalg.qr(rng.normal(size=(len(curvatures), len(curvatures))))
    H = Q * np.array(curvatures, float) @ Q.T
    return (H + H.T) / 2


def bowl(rng, d):
    return symmetric(rng, *rng.uniform(0.4, 4, d))


def waves(rng, d):
    """A function that is no polynomial, as its gradient and its Hessian."""
    A, B = symmetric(rng, *rng.uniform(1, 3, d)), rng.normal(size=(d, d))
    return lambda x: A @ x + B.T @ np.sin(B @ x), lambda x: A + (B.T * np.cos(B @ x)) @ B


# 7.2


def direction(rng):
    d = int(rng.integers(5, 8))
    return *waves(rng, d), rng.normal(size=d), rng.normal(size=d) * rng.uniform(2, 5)


def nearly(product, rng):
    grad, hess, x, v = direction(rng)
    expected = hess(x) @ v
    return close(product(grad, x.copy(), v.copy(), 1e-6), expected, 1e-4)


def central(product, rng):
    """Whether it is right at a length h that can be noticed."""
    grad, _, x, v = direction(rng)
    h = rng.uniform(0.05, 0.2)
    expected = (grad(x + h * v) - grad(x - h * v)) / (2 * h)
    return close(product(grad, x.copy(), v.copy(), h), expected)


def counting(function, asked):
    """The function, which notes in a list each time that it is asked."""

    def counted(x):
        asked.append(1)
        return function(x)

    return counted


def two_gradients(product, rng):
    grad, _, x, v = direction(rng)
    asked = []
    intact(lambda x, v: product(counting(grad, asked), x, v, 1e-4), x, v)
    return len(asked) == 2


def steepest(sign, size, steps):
    """Whether the eigenvalue of largest size is found if it has this sign and size."""

    def holds(power, rng):
        largest = sign * size * rng.uniform(1, 2)
        H = symmetric(rng, largest, *rng.uniform(-0.6, 0.6, 5) * largest)
        return close(power(lambda v: H @ v, start(rng, H), steps), largest, 1e-7)

    return holds


def start(rng, H):
    """A start of any length that has a share of every eigenvector."""
    return np.linalg.eigh(H)[1] @ (rng.choice([-1, 1], len(H)) * rng.uniform(0.3, 1, len(H))) * 10 ** rng.uniform(-2, 2)


def sparing(power, rng):
    H, steps, asked = symmetric(rng, 5, *rng.uniform(-3, 3, 5)), int(rng.integers(20, 40)), []
    intact(lambda v: power(counting(lambda v: H @ v, asked), v, steps), start(rng, H))
    return 0 < len(asked) <= steps + 1


# 7.3


def table(rng, n):
    """Rows of columns that lean on each other, in units of their own, and more such rows."""
    d = int(rng.integers(3, 6))
    mixed = (np.eye(d) + 0.5 * rng.normal(size=(d, d))) * 10 ** rng.uniform(-1, 1, d)
    shift = rng.normal(size=d) * 5
    return rng.normal(size=(n, d)) @ mixed + shift, rng.normal(size=(4, d)) @ mixed + 1.1 * shift


def in_units(train, new):
    return (new - train.sum(axis=0) / len(train)) / np.sqrt(train.var(axis=0))


def spread_one(standardise, rng):
    train, _ = table(rng, 400)
    return close(standardise(train.copy(), train.copy()), in_units(train, train), 2e-3)


def of_train(standardise, rng):
    train, new = table(rng, 7)
    alone = close(standardise(train.copy(), new[:1].copy()), in_units(train, new[:1]))
    return alone and close(intact(standardise, train, new), in_units(train, new))


def constant_too(standardise, rng):
    train, new = table(rng, 8)
    train[:, 1] = rng.integers(1, 9)
    expected = in_units(train[:, ::2], new[:, ::2])
    got = np.asarray(standardise(train.copy(), new.copy()))
    return got.shape == new.shape and close(got[:, ::2], expected) and close(got[:, 1], new[:, 1] - train[0, 1])


def products(train, rows):
    """The products between whitened rows: the same, whichever way the whitened axes are turned."""
    train, rows = train - train.mean(axis=0), rows - train.mean(axis=0)
    return rows @ np.linalg.solve(train.T @ train / len(train), rows.T)


def is_whitened(got, train, rows, tolerance):
    got = np.asarray(got)
    return got.shape == rows.shape and close(got @ got.T, products(train, rows), tolerance)


def round_cloud(whiten, rng):
    train, _ = table(rng, 400)
    return is_whitened(whiten(train.copy(), train.copy()), train, train, 5e-3)


def exactly_round(whiten, rng):
    train, _ = table(rng, 12)
    return is_whitened(whiten(train.copy(), train.copy()), train, train, 1e-6)


def as_trained(whiten, rng):
    train, new = table(rng, 12)
    return is_whitened(intact(whiten, train, new), train, new, 1e-6)


# 7.4


def move(rng, sign=1):
    """An inverse Hessian so far, a move, and a change of the gradient that has this sign along it."""
    d = int(rng.integers(4, 7))
    s = rng.normal(size=d)
    return bowl(rng, d), s, sign * bowl(rng, d) @ s


def explains(update, rng):
    B, s, y = move(rng)
    expected = s.copy()
    return close(np.asarray(update(B.copy(), s.copy(), y.copy())) @ y, expected, 1e-6)


def goes_downhill(update, rng):
    B, s, y = move(rng)
    new = np.asarray(update(B, s, y))
    return close(new, new.T, 1e-9) and np.linalg.eigvalsh((new + new.T) / 2)[0] > 0


def refuses(update, rng):
    def kept(B, s, y):
        return close(update(B.copy(), s.copy(), y.copy()), B, 1e-12)

    B, s, y = move(rng)
    s[1:], y[0] = 0, 0  # at a right angle, to the last bit
    return kept(*move(rng, -1)) and kept(B, s, y)


def least_change(update, rng):
    """Whether it is BFGS: by the update of the Hessian itself, inverted. Nothing may be changed in place."""
    B, s, y = move(rng)
    H = np.linalg.inv(B)
    right = np.linalg.inv(H + np.outer(y, y) / (y @ s) - np.outer(H @ s, H @ s) / (s @ H @ s))
    return close(update(B.copy(), s.copy(), y.copy()), right, 1e-6)


def unchanged(update, rng):
    return all(intact(update, *move(rng, sign)) is not None for sign in (1, -1))


# 7.5


def lowest(H, b, x, lines):
    """The lowest point of x and the first directions that products with H lead to, as one system of equations."""
    space = [b - H @ x]
    for _ in range(lines - 1):
        space.append(H @ space[-1])
    Q, _ = np.linalg.qr(np.transpose(space))
    return x + Q @ np.linalg.solve(Q.T @ H @ Q, Q.T @ (b - H @ x))


def after(*lines):
    """Whether it is at the lowest point after so many lines, in five dimensions."""

    def holds(conjugate, rng):
        for number in lines:
            H, b, x = bowl(rng, 5), rng.normal(size=5), rng.normal(size=5)
            if not close(conjugate(H.copy(), b.copy(), x.copy(), number), lowest(H, b, x, number), 1e-6):
                return False
        return True

    return holds


def stays(conjugate, rng):
    """Whether a run that has arrived stays: in whole numbers, so that its gradient is 0 to the last bit."""
    M, x = rng.integers(-2, 3, (4, 4)).astype(float), rng.integers(-4, 5, 4).astype(float)
    H = M @ M.T + 2 * np.eye(4)
    return close(intact(conjugate, H, H @ x, x, 3), x) and close(conjugate(H, rng.normal(size=4), x, 0), x)


# 7.6


def scales(preconditioned, rng):
    n = rng.integers(5, 9)
    x, g, d, lr = rng.normal(size=n), rng.normal(size=n), 10 ** rng.uniform(-1, 1, n), rng.uniform(0.1, 2)
    expected = [a - lr * b * c for a, b, c in zip(x, g, d)]
    return close(preconditioned(x.copy(), g.copy(), d.copy(), lr), expected)


def rests(preconditioned, rng):
    x, g, d = rng.normal(size=(3, 6))
    intact(preconditioned, x, g, abs(d), 0.3)
    return close(preconditioned(x.copy(), np.zeros(6), abs(d), 0.3), x)


def arrives(newton, rng):
    """Whether a single step leads to the lowest point of a bowl and to the flat point of a saddle."""
    for signs in (1, [1, 1, -1, 1]):
        H, flat, x = symmetric(rng, *rng.uniform(0.4, 4, 4) * signs), rng.normal(size=4), rng.normal(size=4)
        f = SimpleNamespace(grad=lambda p, H=H, flat=flat: H @ (p - flat), hess=lambda p, H=H: H.copy())
        if not close(newton(f, x.copy()), flat, 1e-6):
            return False
    return True


def solves(newton, rng):
    grad, hess = waves(rng, 5)
    x = 0.1 * rng.normal(size=5)
    moved = x - np.asarray(intact(lambda x: newton(SimpleNamespace(grad=grad, hess=hess), x), x))
    return close(hess(x) @ moved, grad(x), 1e-6)


# 7.7


def path(pair, x):
    """Newton's method from x: 25 steps, or until it has left; inf where the curvature is rounded to 0."""
    slope, bend = pair
    for _ in range(25):
        if not abs(x) <= 100:
            break
        curvature = bend(x)
        x = float(x - slope(x) / curvature) if curvature else np.inf
    return x


def comes_home(pair, x):
    return abs(path(pair, x)) < 1e-6


def is_leaving(pair, rng):
    return not abs(path(pair, 1.1)) <= 100


def is_kind(pair, rng):
    return comes_home(pair, 1.0)


def throws_somewhere(pair, rng):
    """Whether it is a convex function with its minimum at 0 where Newton's method does not come home from all over."""
    slope, bend = pair
    for x in rng.uniform(-9.9, 9.9, 50):
        x = float(x)
        if not (bend(x) > 0 and np.isclose((slope(x + 1e-4) - slope(x - 1e-4)) / 2e-4, bend(x), rtol=1e-4, atol=1e-5)):
            return False
    return abs(slope(0.0)) < 1e-9 and not all(comes_home(pair, x) for x in (1.1, 2.0, -4.0, 9.0))


# 7.8


def pulled(change):
    """Whether the gradient in z is that of differences of the heights, in other coordinates. change: rng, d -> A."""

    def holds(slope_in_z, rng):
        d = int(rng.integers(3, 6))
        B, A, z = rng.normal(size=(d, d)), change(rng, d), rng.normal(size=d)
        heights = [[np.sum(np.sin(B @ A @ (z + h * axis))) for h in (1e-5, -1e-5)] for axis in np.eye(d)]
        expected = [(ahead - behind) / 2e-5 for ahead, behind in heights]
        return close(intact(lambda A, z: slope_in_z(lambda x: B.T @ np.cos(B @ x), A, z), A, z), expected, 1e-6)

    return holds


def is_round(valley):
    def holds(rounding, rng):
        H = valley(rng, int(rng.integers(4, 7)))
        A = np.asarray(intact(rounding, H))
        return A.shape == H.shape and close(A.T @ H @ A, np.eye(len(H)), 1e-6)

    return holds


HIDDEN = {
    "product": [
        Property("For a small h it is the product with the Hessian, in any direction of any length.", nearly),
        Property("It is the central difference: h ahead and h behind.", central, needs=0),
        Property("Two gradients are enough for it, and nothing is changed in place.", two_gradients, 0.5, needs=0),
    ],
    "power": [
        Property("It finds the largest curvature of a valley.", steepest(1, 2, 40)),
        Property("It finds a curvature that is steepest downwards, with its sign.", steepest(-1, 2, 40), needs=0),
        Property("Large curvatures and many steps do not make it overflow.", steepest(1, 1e4, 120), 0.5, needs=0),
        Property("It asks for no more products than it may, and changes nothing in place.", sparing, 0.5, needs=0),
    ],
    "standardise": [
        Property("The training rows come out with the mean 0 and the spread 1, but for a little.", spread_one, 0.5),
        Property(
            "New rows are seen in the units of the training rows, exactly, and nothing is changed in place.", of_train
        ),
        Property("A column that is constant in training is centred, and no more.", constant_too, 0.5, needs=0),
    ],
    "whiten": [
        Property("The training rows come out round, but for a little.", round_cloud, 0.5),
        Property("The training rows come out round, exactly.", exactly_round, 0.5),
        Property("New rows are treated as the training rows were, and nothing is changed in place.", as_trained),
    ],
    "update": [
        Property("The new matrix explains the last move: the secant condition.", explains),
        Property("It is symmetric and positive definite.", goes_downhill, 0.5, needs=0),
        Property("The old matrix is kept where no positive definite one explains the move.", refuses, needs=0),
        Property("Of all updates it is that of BFGS.", least_change, needs=0),
        Property("Nothing is changed in place.", unchanged, 0.5, needs=0),
    ],
    "conjugate": [
        Property("After some lines it is the lowest point of all that they reach.", after(2, 3, 4), 2),
        Property("One line leads to the lowest point on the way of the gradient.", after(1), 0.5, needs=0),
        Property("After a line for each dimension it has arrived.", after(5), needs=0),
        Property("A run that has arrived stays, and one without a line does not begin.", stays, 0.5, needs=0),
    ],
    "preconditioned": [
        Property("Each coordinate of the gradient is scaled by its own factor, times the rate.", scales),
        Property("Where the gradient is zero it rests, and nothing is changed in place.", rests, 0.25, needs=0),
    ],
    "newton": [
        Property("On a quadratic a single step leads to where it is flat.", arrives),
        Property("The Hessian times the move is the gradient, and nothing is changed in place.", solves, needs=0),
    ],
    "thrower": [
        Property(
            "A convex function, its minimum at 0, of which Newton's method is not always fond.", throws_somewhere, 0.5
        ),
        Property("From the nearer start Newton's method arrives.", is_kind, 0.25, needs=0),
        Property("From the start a tenth farther out it leaves.", is_leaving, 0.25, needs=0),
        Property("It does both.", lambda pair, rng: is_kind(pair, rng) and is_leaving(pair, rng), needs=0),
    ],
    "slope_in_z": [
        Property(
            "It is right where the axes are only stretched.",
            pulled(lambda rng, d: np.diag(rng.uniform(0.5, 2, d))),
            0.5,
        ),
        Property("It is right in coordinates that lean.", pulled(lambda rng, d: rng.normal(size=(d, d)))),
    ],
    "rounding": [
        Property(
            "A valley along the axes becomes round.", is_round(lambda rng, d: np.diag(rng.uniform(0.1, 9, d))), 0.5
        ),
        Property("A valley that leans becomes round.", is_round(bowl)),
    ],
}
