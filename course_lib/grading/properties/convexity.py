"""Hidden checks of sheet 01: refuted and not, nearest points, two functions to design, curvatures, a certificate."""

import numpy as np

from course_lib.checks.convexity import CONVEX, Curve, nearest_shares, on_points, values
from course_lib.convexity import find_violation
from course_lib.grading.properties import Property, close, intact
from course_lib.surfaces import Surface

WITHHELD = {"convexity": ["find_violation", "project_ball", "project_simplex"]}

READ = dict.fromkeys(("falsifier", "broken"), "1. Where do 401 walkers end?")
READ |= dict.fromkeys(("fooled", "hessian"), "2. Tangent and curvature")
READ |= {"convex_ones": "3. Convex by construction"}
READ |= dict.fromkeys(("proof", "edge", "gap", "certified"), "4. L and μ: between two parabolas")
READ |= dict.fromkeys(("no_minimiser", "flat"), "5. What convex does not mean")
READ |= dict.fromkeys(("ball", "simplex", "priced"), "6. Staying inside a fence")


# 1.1


def in_windows(rng, *functions):
    """Each function, x -> value, seen as x - middle -> value through a window that tells nothing of it."""
    for f in functions:
        middle, wide = rng.uniform(-4, 4), rng.uniform(4, 6)
        low, high = middle - wide, middle + wide * rng.uniform(1.0, 1.2)
        yield Curve("f", lambda x, f=f, middle=middle: f(x - middle)), low, high


def bent(rng):
    """Functions of which a good part bends down: two valleys, one valley, a wave."""
    c = rng.uniform(2, 4)
    return in_windows(rng, lambda x: (x * x - c) ** 2, lambda x: np.log(1 + c * x * x), lambda x: np.sin(c * x))


def bowls(rng):
    """Functions that bend up in the window, the first of them in the window alone: a cube, a hyperbola's branch."""
    c = rng.uniform(0.5, 2)
    return in_windows(rng, lambda x: c * (x + 6.5) ** 3, lambda x: np.sqrt(c + x * x) - x)


def straight(rng):
    """Functions whose chords lie on the graph, or nearly always: a line, a kink."""
    a, b = rng.uniform(1, 5, size=2) * rng.choice([-1, 1], size=2)
    return in_windows(rng, lambda x: a * x + b, lambda x: abs(a) * np.abs(x - 1) + b * x)


def says(verdict, drawn):
    def holds(is_convex_on, rng):
        return all(bool(is_convex_on(f, low, high, rng)) == verdict for f, low, high in drawn(rng))

    return holds


# 1.2


def sorted_wrongly(text):
    """How many of the twelve are on the wrong side."""
    if not set(text.upper()) <= {*CONVEX, ",", " "}:
        raise ValueError("letters from A to L are meant")
    return sum((letter in text.upper()) != convex for letter, (convex, _) in CONVEX.items())


# 1.3


def outside(rng):
    x = rng.normal(size=rng.integers(4, 9))
    return x, rng.uniform(0.2, 0.9) * np.sqrt(np.sum(x * x))


def pulled(ball, rng, call=lambda ball, x, radius: ball(x.copy(), radius)):
    x, radius = outside(rng)
    return close(call(ball, x, radius), x * (radius / np.sqrt(np.sum(x * x))))


def stays(ball, rng):
    x, radius = outside(rng)
    return all(close(ball(point.copy(), radius), point) for point in (0.15 * x, 0 * x))


def shares_come_back(simplex, rng):
    got = [np.asarray(simplex(x)) for x in rng.normal(size=(5, rng.integers(5, 9)))]
    return all(shares.ndim == 1 and np.min(shares) >= -1e-12 and close(shares.sum(), 1.0) for shares in got)


def shares_stay(simplex, rng):
    x = rng.dirichlet(np.ones(rng.integers(5, 9)))
    return close(simplex(x.copy()), x)


def nearest(drawn, call=lambda simplex, x: simplex(x.copy())):
    def holds(simplex, rng):
        points = [drawn(rng) for _ in range(5)]
        return all(close(call(simplex, x), nearest_shares(x)) for x in points)

    return holds


def many(rng):
    return rng.normal(size=rng.integers(8, 15)) * rng.uniform(0.05, 2)


def too_little(rng):
    return -rng.uniform(1, 2, size=rng.integers(3, 9))


# 1.6


def refuted(f, rng):
    windows = [(-r, r) for r in (rng.uniform(2, 5), rng.uniform(15, 30))]
    found = [find_violation(on_points(f), [window], rng, 3000) for window in windows]
    return any(violation is not None and violation.above >= 1e-9 for violation in found)


def falls_for_ever(pair, rng):
    """Whether the function is convex, ever lower on one side, and flattens out there."""
    f, _ = pair
    near = values(f, np.arange(-15, 15) * 2.0 + rng.uniform(0, 2))
    if not np.all(np.diff(near) < 0) and not np.all(np.diff(near) > 0):
        return False
    side = 1 if near[-1] < near[0] else -1
    return abs(np.subtract(*values(f, [500.0 * side, 1000.0 * side]))) <= 0.1 and not refuted(f, rng)


def approached(pair, rng):
    f, infimum = pair
    far = values(f, [-1000.0, 1000.0])
    near = values(f, rng.uniform(-30, 30, size=2000))
    return np.all(near > infimum) and np.all(far >= infimum) and np.nanmin([*near, *far]) - infimum <= 0.1


def minimised_there_alone(f, rng):
    """Whether the minimisers are the points from 1 to 2, as far as one can see."""
    inside = values(f, np.array([1.0, 2.0, *rng.uniform(1, 2, size=50)]))
    far = rng.uniform(0.1, 30, size=200)
    return np.ptp(inside) < 1e-12 and np.all(values(f, np.array([*(1 - far), *(2 + far)])) > np.max(inside))


# 1.7


def symmetric(rng, *eigenvalues):
    """A matrix with these eigenvalues, in directions drawn."""
    Q = np.linalg.qr(rng.normal(size=(len(eigenvalues),) * 2))[0]
    H = Q @ np.diag(eigenvalues) @ Q.T
    return (H + H.T) / 2


def saddles(rng):
    """Curvatures below 0 that neither sum, determinant nor entries tell, nor, in the last two, the leading minors."""
    a, b, c = rng.uniform(1, 2, size=3)
    all_positive = np.ones((4, 4)) - np.diag(rng.uniform(0.3, 0.8, size=4))
    beside_zeros = np.diag([0.0, a, 0, -b, c])
    beside_zeros[1:3, 1:3] -= symmetric(rng, b, c)
    fool_the_sum = [symmetric(rng, -a, 6 * b, 5 * c, a), symmetric(rng, -a, -b, 6 * c, 5, 4)]
    return [*fool_the_sum, all_positive, beside_zeros, np.diag([0.0, -a, -b])]


def troughs(rng, scale=1.0):
    sizes = rng.uniform(1, 4, size=(12, 3))
    return [scale * symmetric(rng, *three, 0.0, 0.0) for three in sizes]


def convex_says(verdict, matrices):
    def holds(convex_by_hessian, rng):
        return all(bool(convex_by_hessian(H)) == verdict for H in matrices(rng))

    return holds


# 1.8


def valley(rng):
    """A valley that is no quadratic: of the curvature mu on its floor and mu + 1 beyond 1, on each axis.

    Its lowest point is far from 0. Returns the valley, a start, the height that is allowed, and the lowest point.
    """
    mu, d = rng.uniform(0.05, 0.1), int(rng.integers(3, 6))
    lowest = rng.uniform(2, 4, size=d) * rng.choice([-1, 1], size=d)

    def beyond(p):
        return p - np.clip(p, -1, 1)

    def value(p):
        p = (p.T - lowest).T
        return np.sum(mu * p * p + beyond(p) ** 2, axis=0) / 2

    def gradient(p):
        p = (p.T - lowest).T
        return mu * p + beyond(p)

    f = Surface("valley", value, gradient, np.ones(d), [(-6, 6)] * d, L=mu + 1, mu=mu)
    return f, lowest + rng.uniform(1, 3, size=d), 10 ** rng.uniform(-5, -3), lowest


def descent(f, x, allowed):
    """The point and the number of steps that are meant."""
    steps, g = 0, f.grad(x)
    while np.sum(g * g) > 2 * f.mu * allowed:
        x = x - g / f.L
        steps, g = steps + 1, f.grad(x)
    return x, steps


def near_enough(certified, rng):
    f, x, allowed, _ = valley(rng)
    return 0 <= float(f(np.asarray(certified(f, x, allowed)[0]))) <= allowed


def first_known(certified, rng, call=lambda certified, f, x, allowed: certified(f, x.copy(), allowed)):
    f, x, allowed, _ = valley(rng)
    x_right, steps = descent(f, x, allowed)
    x_got, steps_got = call(certified, f, x, allowed)
    return close(x_got, x_right, 1e-6) and steps_got == steps


def known_at_once(certified, rng):
    f, x, allowed, lowest = valley(rng)
    away = x - lowest
    x = lowest + away * (0.5 * (f.mu * allowed) ** 0.5 / (1 + f.mu) / np.sqrt(np.sum(away * away)))
    return close(certified(f, x.copy(), allowed), (x, 0))


HIDDEN = {
    "falsifier": [
        Property("What bends down somewhere in the window is refuted.", says(False, bent), needs=1),
        Property("What bends up everywhere in the window is not refuted.", says(True, bowls), needs=0),
        Property("What is straight in places is not refuted.", says(True, straight), needs=0),
    ],
    "convex_ones": [
        Property("All twelve are sorted right.", lambda text, rng: sorted_wrongly(text) == 0, 2 / 3),
        Property("At most one of the twelve is sorted wrongly.", lambda text, rng: sorted_wrongly(text) <= 1, 1 / 3),
    ],
    "ball": [
        Property("A point outside comes to the ball's edge, on its own ray.", pulled),
        Property("A point inside stays where it is.", stays, needs=0),
        Property("It is right and changes nothing in place.", lambda f, rng: pulled(f, rng, intact), 0.5, needs=1),
    ],
    "simplex": [
        Property("The coordinates are shares: none below 0, their sum 1.", shares_come_back, 0.5, needs=1),
        Property("Shares stay as they are.", shares_stay, 0.5, needs=0),
        Property("The shares are the nearest ones.", nearest(many), 1.5),
        Property("If all have too little, all gain the same amount.", nearest(too_little), 0.5, needs=0),
        Property("It is right and changes nothing in place.", nearest(many, intact), 0.5),
    ],
    "no_minimiser": [
        Property("The function is convex, and on one side it falls for ever, less and less.", falls_for_ever),
        Property("The number is what the function approaches and never reaches.", approached, 0.5, needs=0),
    ],
    "flat": [
        Property("All points from 1 to 2 have one value, and all others a higher one.", minimised_there_alone),
        Property("The function is convex.", lambda f, rng: not refuted(f, rng), needs=0),
    ],
    "hessian": [
        Property("A curvature below 0 is seen, also beside one of 0.", convex_says(False, saddles), needs=1),
        Property(
            "If all curvatures are above 0, it is convex.",
            convex_says(True, lambda rng: [symmetric(rng, *rng.uniform(0.5, 3, size=d)) for d in (3, 4, 6)]),
            needs=0,
        ),
        Property("A curvature of 0 is allowed, whatever rounding makes of it.", convex_says(True, troughs), needs=0),
        Property(
            "Rounding is allowed for with large entries, too.",
            convex_says(True, lambda rng: troughs(rng, 1e6 * rng.uniform(1, 2))),
            0.5,
            needs=0,
        ),
    ],
    "certified": [
        Property("Where it stops, the function is at most as high above its minimum as is allowed.", near_enough),
        Property("It stops at the first point whose certificate says so, and counts the steps.", first_known, 2),
        Property("A start that is known to be good enough comes back at once.", known_at_once, 0.5, needs=1),
        Property("It is right and changes nothing in place.", lambda f, rng: first_known(f, rng, intact), 0.5),
    ],
}
