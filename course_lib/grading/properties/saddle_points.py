"""Hidden checks of sheet 06: names by eigenvalues, steps that leave saddles, and functions made to order."""

import numpy as np

from course_lib.grading.properties import Property, close, intact

WITHHELD = {"curvature": ["critical_kind", "saddle_free_newton", "solved"]}

READ = dict.fromkeys(("kind", "ways", "hessian", "friendly"), "2. What eigenvalues tell, and what not")
READ |= {"newton_end": "8. Newton walks into saddles, and how to turn it round"}
READ |= dict.fromkeys(("saddle_free_step", "downhill"), "8. Newton walks into saddles, and how to turn it round")
READ |= dict.fromkeys(("times", "strict_steps", "flat_steps", "proof", "trap"), "3. How long does it take to leave?")
READ |= {"noisy_step": "4. Which noise helps, and how much of it?", "slope": "1. Walk in every direction"}
READ |= dict.fromkeys(("ways_out", "ways_clouds", "ways_xor"), "9. The saddle of a real network")


def symmetric(rng, *curvatures):
    """A symmetric matrix with these eigenvalues, turned at random, and its eigenvectors, as columns."""
    Q, _ = np.linalg.qr(rng.normal(size=(len(curvatures), len(curvatures))))
    H = Q * np.array(curvatures, float) @ Q.T
    return (H + H.T) / 2, Q


def sizes(rng, n):
    return rng.uniform(0.3, 3, n)


# 6.1


def named(kind, rng, right, *curvatures, **more):
    H, _ = symmetric(rng, *rng.permutation(np.concatenate([np.atleast_1d(part) for part in curvatures])))
    return close(intact(kind, H, **more), right)


def definite(kind, rng):
    signs = (("minimum", 1), ("maximum", -1))
    return all(named(kind, rng, right, sign * sizes(rng, d)) for right, sign in signs for d in (1, 2, 3, 5))


def both_ways(kind, rng):
    return all(named(kind, rng, "saddle", sizes(rng, up), -sizes(rng, down)) for up, down in ((1, 1), (1, 3), (4, 2)))


def cannot_tell(kind, rng):
    zeros = rng.uniform(-1e-10, 1e-10, 2)
    return all(named(kind, rng, "degenerate", sign * sizes(rng, n), zeros) for sign in (1, -1) for n in (0, 1, 3))


def saddle_all_the_same(kind, rng):
    zeros = rng.uniform(-1e-10, 1e-10, rng.integers(1, 3))
    return named(kind, rng, "saddle", sizes(rng, 2), zeros, -sizes(rng, 1))


def as_small_as_asked(kind, rng):
    tolerance = rng.uniform(0.1, 0.2)
    small, large = tolerance * rng.uniform(0.3, 0.8), tolerance * rng.uniform(1.2, 1.5)
    return all(
        named(kind, rng, right, *parts, tolerance=tolerance)
        for right, *parts in (
            ("degenerate", sizes(rng, 2), -small),
            ("degenerate", -sizes(rng, 2), small),
            ("saddle", sizes(rng, 2), -large),
            ("minimum", sizes(rng, 1), large),
        )
    )


# 6.3


def kicked(step, rng, wait, near=True, pause=None):
    """Where a step of exercise 6.3 leads from a gradient that is small, or is not; and where it would plainly lead."""
    d, quiet, lr = rng.integers(6, 12), rng.choice([0.3, 3]) * rng.uniform(0.8, 1.2), rng.uniform(0.05, 0.5)
    x, g = rng.normal(size=(2, d))
    g *= quiet * (rng.uniform(0.7, 0.95) if near else rng.uniform(1.05, 1.3)) / np.linalg.norm(g)
    hyper = {
        "lr": lr,
        "quiet": quiet,
        "sigma": rng.uniform(0.005, 0.02),
        "pause": rng.integers(3, 9).item() if pause is None else pause,
    }
    point, left = step(x.copy(), g.copy(), wait, **hyper, rng=np.random.default_rng(rng.integers(2**32)))
    return np.asarray(point), left, x - lr * g, hyper


def plain_elsewhere(step, rng):
    for wait, near in ((0, False), (2, True), (1, True), (3, False)):
        point, _, right, _ = kicked(step, rng, wait, near)
        if not close(point, right):
            return False
    return True


def counts_down(step, rng):
    cases = (0, False), (4, True), (1, True), (3, False), (1, False)
    return all(close(kicked(step, rng, wait, near)[1], max(wait - 1, 0)) for wait, near in cases)


def pauses(step, rng):
    return all(close(got[1], got[3]["pause"]) for got in (kicked(step, rng, 0), kicked(step, rng, 0, pause=0)))


def kicks(step, rng):
    """Whether the kicks of many steps are standard normal numbers times sigma, each coordinate its own."""
    noise = []
    for _ in range(150):
        point, _, right, hyper = kicked(step, rng, 0)
        noise.append((point - right)[:6] / hyper["sigma"])
    noise = np.array(noise)  # 900 numbers: a standard error of 0.033 of the mean, 0.024 of the size
    alone = np.abs(np.corrcoef(noise, rowvar=False) - np.eye(6)).max() < 0.45
    shape = 0.6 < np.mean(np.abs(noise) < 1) < 0.77 and np.abs(noise).max() > 2.2
    return abs(noise.mean()) < 0.2 and abs(noise.std() - 1) < 0.15 and alone and shape


def repeats(step, rng):
    x, g = rng.normal(size=(2, 7))
    hyper = {"lr": 0.1, "quiet": 100.0, "sigma": 0.1, "pause": 3}

    def point(seed):
        return intact(lambda x, g: step(x, g, 0, **hyper, rng=np.random.default_rng(seed))[0], x, g)

    return np.array_equal(point(1), point(1)) and not np.any(np.isclose(point(1), point(2), rtol=0, atol=1e-9))


# 6.4


def cured(*signs, floor=None):
    """Whether a step is right where the curvatures have these signs, on a turned saddle; floor: the share below it."""

    def holds(step, rng):
        values = np.array(signs) * sizes(rng, len(signs))
        H, Q = symmetric(rng, *values)
        x, g = rng.normal(size=(2, len(signs)))
        hyper = {"lr": rng.uniform(0.2, 1.5), "floor": 0.01 if floor is None else np.quantile(np.abs(values), floor)}
        parts = [(q @ g) / max(abs(value), hyper["floor"]) * q for value, q in zip(values, Q.T)]
        return close(step(x.copy(), g.copy(), H.copy(), **hyper), x - hyper["lr"] * np.sum(parts, axis=0))

    return holds


def by_default(step, rng):
    H, Q = symmetric(rng, 0.01, -0.02, 2, -3)
    x, g = rng.normal(size=(2, 4))
    return close(intact(step, x, g, H), x - Q @ (Q.T @ g / [0.1, 0.1, 2, 3]), 1e-7)


# 6.5


def leaving(rng, d=4):
    """A saddle with one way out, a start beside its ridge, a rate, and the exact number of steps."""
    while True:
        curvature, lr = rng.uniform(0.5, 3), rng.uniform(0.02, 0.2)
        H, Q = symmetric(rng, -curvature, *sizes(rng, d - 1))
        parts = np.array([rng.choice([-1, 1]) * 10 ** rng.uniform(-5, -0.5), *rng.normal(size=d - 1)])
        steps = -np.log(abs(parts[0])) / np.log1p(lr * curvature)
        if 0.05 < steps % 1 < 0.95:  # rounding cannot change it
            return H, Q @ parts, lr, steps


def off_by(most):
    """Whether the number of steps differs at most by so many."""

    def holds(strict_steps, rng):
        runs = [leaving(rng, d) for d in (2, 4, 5)]
        return all(abs(intact(strict_steps, H, x, lr) - np.ceil(steps)) <= most for H, x, lr, steps in runs)

    return holds


def flat(low, high):
    """Whether the steps from a flatter saddle, with p between low and high, are those counted, up to 5 %."""

    def holds(flat_steps, rng):
        for _ in range(3):
            r, p, lr = rng.uniform(0.012, 0.03), rng.uniform(low, high), rng.uniform(0.03, 0.1)
            s, steps = r, 0
            while s < 1:
                s, steps = s + lr * s ** (p - 1), steps + 1
            if not abs(flat_steps(r, p, lr) / steps - 1) < 0.05:
                return False
        return True

    return holds


# 6.6


def bends(hessian, rng):
    """Whether it says how half the sum of squares bends along lines: by second differences, exact but for h^2."""
    for _ in range(4):
        (n, d), h = (rng.integers(5, 8), rng.integers(3, 5)), 1e-3
        J, r, C, u = rng.normal(size=(n, d)), rng.normal(size=n), rng.normal(size=(n, d, d)), rng.normal(size=d)
        C, u = C + np.swapaxes(C, 1, 2), u / np.linalg.norm(u)
        heights = [np.sum((r + t * J @ u + t * t / 2 * (C @ u @ u)) ** 2) / 2 for t in (-h, 0, h)]
        measured = (heights[0] - 2 * heights[1] + heights[2]) / h**2
        H = np.asarray(intact(hessian, J, r, C))
        if not (H.shape == (d, d) and close(H, H.T) and abs(u @ H @ u - measured) < 1e-3 * (1 + abs(measured))):
            return False
    return True


def hilltops(rng):
    return [symmetric(rng, *-sizes(rng, d))[0] for d in (2, 3, 4)]


def saddles(rng):
    """Saddles, with more ways up and with more ways down, and one whose entries are all positive."""
    turned = [
        symmetric(rng, *np.array(signs) * sizes(rng, len(signs)))[0] for signs in ((1, -1), (3, 3, -1), (1, -3, -3))
    ]
    size, less = rng.uniform(1, 2), rng.uniform(0.3, 0.9)
    return [*turned, size * np.ones((3, 3)) - less * np.eye(3)]


def goes_down(places):
    """Whether it goes down from these places, whichever curvatures are felt most."""

    def holds(downhill, rng):
        for H in places(rng):
            values, Q = np.linalg.eigh(H)
            for down, up in ((1, 0.1), (0.1, 1)):
                g = Q @ np.where(values < 0, down, up) * rng.uniform(0.5, 2)
                p = np.asarray(downhill(g.copy(), H.copy()))
                if not (p.shape == g.shape and g @ p < 0):
                    return False
        return True

    return holds


def mended(downhill, rng):
    """Whether it is Newton's direction in bowls, and yet not the one that was found."""
    for d in (2, 3, 5):
        H, _ = symmetric(rng, *sizes(rng, d))
        g = rng.normal(size=d)
        if not close(H @ intact(downhill, g, H), -g):
            return False
    return goes_down(hilltops)(downhill, rng) or goes_down(saddles)(downhill, rng)


# 6.8


def goes(way, low, high):
    """Whether a slope has this sign between two places, at 60 drawn ones and close to both."""

    def holds(slope, rng):
        near = [low + 1e-2, high - 1e-2] if high - low < 4 else []
        return all(way * slope(float(x)) > 0 for x in (*near, *rng.uniform(low, high, 60)))

    return holds


def is_flat(slope, place):
    return all(abs(slope(place + h)) < 1e-3 for h in (-1e-7, 0.0, 1e-7))


def lowest_there(slope, rng):
    return is_flat(slope, -1.0) and goes(-1, -6, -1)(slope, rng) and goes(1, -1, 0)(slope, rng)


def highest_there(slope, rng):
    return is_flat(slope, 2.0) and goes(1, 0, 2)(slope, rng) and goes(-1, 2, 7)(slope, rng)


def flat_on_its_way(slope, rng):
    return is_flat(slope, 0.0) and goes(1, -1, 0)(slope, rng) and goes(1, 0, 2)(slope, rng)


def is_a_saddle(trap, rng):
    """Whether value and gradient belong together, and the origin is critical, with higher and lower points near it."""
    for shape in ((2,), (2, 9), (2, 3, 2)):
        p = rng.uniform(-1, 1, shape)
        value, gradient = intact(trap, p)
        columns = [
            (trap(p + h)[0] - trap(p - h)[0]) / 2e-5 for h in 1e-5 * np.eye(2).reshape(2, 2, *[1] * (p.ndim - 1))
        ]
        if np.shape(value) != p.shape[1:] or not np.allclose(gradient, columns, rtol=1e-4, atol=1e-6):
            return False
    angle = np.concatenate([np.linspace(0, 2 * np.pi, 720, endpoint=False), rng.uniform(0, 2 * np.pi, 400)])
    rings = [r * np.array([np.cos(angle), np.sin(angle)]) for r in (0.1, 0.01, 0.001)]
    heights = [trap(ring)[0] - trap(np.zeros(2))[0] for ring in rings]
    neither = all(np.min(around) < 0 < np.max(around) for around in heights)
    return neither and np.all(np.abs(trap(np.zeros(2))[1]) < 1e-9)


def traps(trap, rng):
    """Whether all starts of the disc arrive, and stay for a long time: as many steps as asked for, if need be."""
    angle, r = rng.uniform(0, 2 * np.pi, 100), 0.1 * np.sqrt(rng.uniform(size=100))
    p, since = np.array([r * np.cos(angle), 0.5 + r * np.sin(angle)]), np.inf
    for t in range(20_000):
        p = p - 0.05 * trap(p)[1]
        far = np.max(np.hypot(*p))
        if not far < 1e6:
            return False
        since = min(since, t) if far < 0.05 else np.inf
        if t > 500 + 4 * since:
            break
    return far < 0.05


# 6.9


def number(ways_out, rng, *curvatures, **more):
    """The number that is counted where a function, which besides grows like a fourth power, has these curvatures."""
    H, _ = symmetric(rng, *curvatures)
    x, k = rng.normal(size=len(H)), rng.uniform(3.5, 5)
    return ways_out(lambda p: H @ (p - x) + k * (p - x) ** 3, x.copy(), **more)


def counts_all(ways_out, rng):
    """Whether the number is right on saddles, and on one that is made of products, as a network's is."""
    n, x = 3, rng.normal(size=6)
    weights = rng.uniform(0.5, 2, n)
    products = ways_out(lambda p: np.concatenate([weights * np.sin(p - x)[n:], weights * np.sin(p - x)[:n]]), x.copy())
    pairs = (1, 1), (2, 4), (5, 1)
    counted = [number(ways_out, rng, *sizes(rng, up), *-sizes(rng, down)) for up, down in pairs]
    return close(products, n) and close(counted, [down for _, down in pairs])


def overlooks_zeros(ways_out, rng):
    counted = [number(ways_out, rng, *rng.uniform(-1e-6, 1e-6, 3), *sizes(rng, 2), *-sizes(rng, n)) for n in (0, 2)]
    return close(counted, [0, 2]) and close(number(ways_out, rng, *sizes(rng, 3)), 0)


def as_deep_as_asked(ways_out, rng):
    deep, shallow = -rng.uniform(1.2, 3, 2), -rng.uniform(0.2, 0.8, 3)
    return close(number(ways_out, rng, *deep, *shallow, 1.0, tolerance=1.0), 2)


HIDDEN = {
    "kind": [
        Property("A bowl is a minimum and a hilltop a maximum, in any dimension.", definite),
        Property("Where some curvatures are up and some are down it is a saddle.", both_ways, needs=0),
        Property("With zeros, and the others of one sign, the Hessian cannot tell.", cannot_tell, needs=0),
        Property("Up and down is a saddle even if other curvatures are zero.", saddle_all_the_same, 0.5, needs=0),
        Property("What counts as zero is what the tolerance says.", as_small_as_asked, 0.5, needs=0),
    ],
    "noisy_step": [
        Property(
            "Without a kick it is a plain step: where the gradient is large, or there is a wait.", plain_elsewhere, 0.5
        ),
        Property("A kick is added to the step: standard normal numbers times sigma, one for each coordinate.", kicks),
        Property("After a kick the wait is the pause.", pauses, 0.5),
        Property("Otherwise the wait goes down by one, but not below zero.", counts_down, 0.5),
        Property("The numbers come from rng and nothing else, and nothing is changed in place.", repeats, 0.5, needs=1),
    ],
    "saddle_free_step": [
        Property("In a bowl it is Newton's step, times the rate.", cured(1, 1, 1), 0.5),
        Property("A negative curvature divides by its size.", cured(1, -1, -1, 1)),
        Property("No divisor is below the floor, whatever the sign.", cured(1, 1, -1, -1, floor=0.5)),
        Property("It is right if rate and floor are not given, and changes nothing in place.", by_default, 0.5),
    ],
    "strict_steps": [
        Property("It is right up to one step.", off_by(1)),
        Property("It is the first step at which the part along the way out is large enough.", off_by(1e-9)),
    ],
    "flat_steps": [
        Property("It is right for the slope of the monkey saddle.", flat(3, 3), 0.5),
        Property("It is right for flatter slopes, too.", flat(3.3, 4)),
    ],
    "hessian": [Property("It says how half the sum of squares bends along every line, and is symmetric.", bends)],
    "downhill": [
        Property("Where all curvatures are positive it is Newton's direction, and not everywhere else.", mended),
        Property("On a hilltop it goes down.", goes_down(hilltops), 0.5, needs=0),
        Property("At a saddle it goes down, from all sides.", goes_down(saddles), needs=0),
    ],
    "slope": [
        Property("There is a minimum at the first place.", lowest_there),
        Property("There is a maximum at the last place, and nothing behind it.", highest_there),
        Property("The place between is flat, and the way goes on behind it.", flat_on_its_way, needs=0),
    ],
    "trap": [
        Property(
            "Value and gradient belong together, and the origin is critical, no minimum and no maximum.",
            is_a_saddle,
            0.5,
        ),
        Property("Every start in the disc comes to the origin.", traps, 1.5, needs=0),
    ],
    "ways_out": [
        Property("At a saddle it counts every way out, wherever the saddle is.", counts_all),
        Property("Curvatures that are zero but for rounding are no ways out.", overlooks_zeros, 0.5, needs=0),
        Property("The tolerance decides what is counted.", as_deep_as_asked, 0.5, needs=0),
    ],
}
