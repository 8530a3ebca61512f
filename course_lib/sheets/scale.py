"""Sheet 10: counts, parts of a batch, a turn of the ring, feedback, few bits, late roots, a spike, and Shampoo."""

import numpy as np

from course_lib.checks import draws
from course_lib.checks.comparison import letters, numbers
from course_lib.checks.draws import Formula
from course_lib.checks.exercise import Like, Rule, case, function, order, value
from course_lib.checks.varied import Varied, choice, relettered

WORKERS, LATE, SELDOM = "1. One batch, many workers", "2. Late", "3. Seldom"
SHORT, BITS, MEMORY, WIDER, WORDS = "4. Short messages", "5. Few bits", "6. Memory", "7. Wider", "8. Words"


# 10.1

updates = value(
    "10.1 Guess before you run: updates", 150.0, points=1, read=WORKERS, tolerance=1e-3,
    mistakes=[
        (37.5, "upside down: the batch stands below, B_c / B"),
        (120.0, "the 1 in the bracket counts, too: so many come on top of the 30"),
        (30.0, "so few only a batch of all would need"),
        (600.0, "this is 30 times 20: the knee is to be divided by the batch"),
        (6.0, "this is 30 / 5; a batch five times as large saves less than that, since 30 are the least"),
    ],
    varied=Varied(
        {"least": choice(20, 40, 50), "knee": choice(15, 25, 40)},
        {"guess-task": [("at least 30 updates and has its knee at $B_c = 20$",
                         "at least {least} updates and has its knee at $B_c = {knee}$")],
         "guesses": [("30 * (1 + 20 / 5)", "{least} * (1 + {knee} / 5)")]},
    ),
)  # fmt: skip

sent = value(
    "10.1 Guess before you run: the ring", 6000, points=1, read=WORKERS, tolerance=1e-6,
    mistakes=[
        (3000, "these are the turns in which they add; the finished sums go round, too"),
        (6400, "this is twice the vector; each worker's own chunk need not come to it"),
        (51200, "so many arrive if all send theirs to one server"),
        (96000, "this is what all sixteen send together"),
        (48000, "in each turn a worker sends one chunk, a 16th of the vector, not the vector"),
        (3200, "this is once the vector; it goes round twice, but for a chunk"),
    ],
    varied=Varied(
        {"workers": choice(4, 8, 32), "chunk": choice(100, 300, 500),
         "length": lambda rng, p: p["workers"] * p["chunk"]},
        {"guess-task": [("16 workers add up vectors of 3,200 numbers",
                         "{workers} workers add up vectors of {length} numbers")],
         "guesses": [("2 * (16 - 1) * 3200 / 16", "2 * ({workers} - 1) * {length} / {workers}")]},
    ),
)  # fmt: skip

gigabytes = value(
    "10.1 Guess before you run: memory", 112.0, points=1, read=MEMORY, tolerance=1e-3,
    mistakes=[
        (28.0, "these are the weights alone, in 32 bits"),
        (14.0, "these are the weights alone, in 16 bits"),
        (56.0, "this is Adam's m and v alone"),
        (84.0, "something is missing: weight and gradient in 16 bits, master copy, m and v in 32"),
        (16.0, "these are the bytes of one weight"),
        (Like(112e9, lambda n: n > 1e8), "in GB: one is a thousand million bytes"),
    ],
    varied=Varied(
        {"size": choice(3, 13, 30, 70)},
        {"guess-task": [("$7\\cdot10^9$ weights", "${size}\\cdot10^9$ weights")],
         "guesses": [("7 * (2 + 2 + 4 + 4 + 4)", "{size} * (2 + 2 + 4 + 4 + 4)")]},
    ),
)  # fmt: skip


# 10.2


def parts(rng, low, high):
    """Gradients of parts of several sizes, and a limit from 1/high to 1/low times the length of the whole one."""
    k, d = int(rng.integers(2, 5)), draws.dimension(rng)
    g, sizes = rng.normal(size=(k, d)).round(2) + 0.01, rng.integers(1, 40, size=k, dtype=int)
    sizes[0] += 40  # so that the sizes differ
    whole = np.linalg.norm(sizes @ g) / sizes.sum()
    return case("", g, sizes, round(float(whole / rng.uniform(low, high)) + 1e-4, 4))


@function(
    "10.2 Bug hunt: a batch in parts", points=2, read=WORKERS, whole=True,
    cases=[
        case("two parts, a high limit", np.array([[1.0, 0.0], [5.0, 4.0]]), np.array([30, 10]), 100.0),
        case("a low limit", np.array([[3.0, 0.0], [0.0, 4.0]]), np.array([10, 10]), 1.0),
        case("two parts that cancel", np.array([[6.0], [-6.0]]), np.array([8, 8]), 1.0),
        case("one part", np.array([[3.0, -4.0]]), np.array([7]), 2.5),
    ],
    draw={"Each example counts as much as any other.": lambda rng: parts(rng, 0.1, 0.9),
          "What is too long is shortened, as a whole.": lambda rng: parts(rng, 1.1, 5)},
    mistakes="""
        sizes @ gradients / np.sum(sizes) -> np.mean(gradients, axis=0)
            : as printed, every part counts alike; a short part has fewer examples
            -> np.sum(gradients, axis=0) : this is the sum of the means; the mean over all examples is meant
            -> sizes @ gradients : divide by the number of all examples
            -> sizes @ gradients / len(sizes) : this is divided by the number of parts, not of examples
        sizes @ gradients / np.sum(sizes) -> sizes @ [r * min(1, limit / np.linalg.norm(r)) for r in gradients]
            / np.sum(sizes) : the parts were shortened, each for itself: first the mean, then the scissors
        limit / max(length, limit) -> 1 : the limit is missing
            -> limit / length : a short gradient stays as it is
            -> 1 / max(length, 1) : the limit is missing from the new length
        np.linalg.norm(g) -> np.abs(g).max() : this is the largest coordinate; the length is meant
            -> g @ g : this is the square of the length; take its root
    """,
)  # fmt: skip
def whole(gradients, sizes, limit):
    g = sizes @ gradients / np.sum(sizes)
    length = np.linalg.norm(g)
    return g * (limit / max(length, limit))


# 10.3


def in_a_turn(when):
    """A draw of a turn. when: K -> the turns it may be."""

    def drawn(rng):
        K = int(rng.integers(3, 7))
        return case("", draws.array(rng, (K, K)), int(rng.choice(when(K))))

    return drawn


def goes_round(turn, rng):
    K = int(rng.integers(3, 7))
    start = rng.normal(size=(K, K))
    a = start
    for t in range(2 * (K - 1)):
        a = np.asarray(turn(a, t))
    return np.allclose(a, start.sum(axis=1, keepdims=True), rtol=0, atol=1e-9)


@function(
    "10.3 A turn of the ring", points=2, read=WORKERS, withheld=["scale.ring"],
    cases=[
        case("three workers, the first turn", np.arange(1.0, 10).reshape(3, 3), 0),
        case("the second turn, the last in which they add", np.arange(1.0, 10).reshape(3, 3), 1),
        case("the third, which copies", np.arange(1.0, 10).reshape(3, 3), 2),
        case("two workers", np.array([[1.0, 2.0], [10.0, 20.0]]), 0),
    ],
    draw={"In the first turns the right chunk is added at the right neighbour.": in_a_turn(lambda K: range(K - 1)),
          "In the later turns the right chunk is copied to the right neighbour.":
          in_a_turn(lambda K: range(K - 1, 2 * K - 2))},
    mistakes="""
        (k - t) % K, -> (k + t) % K, : the chunk is k - t: a worker hands on what it got in the turn before
            -> k, : worker k begins with chunk k, and in turn t hands on chunk k - t
            -> (k + 1 - t) % K, : in turn 0 worker k hands on chunk k, not k + 1
        (k + 1) % K -> (k - 1) % K : the neighbour is k + 1, not k - 1
        if t < K - 1 -> if True : the later turns copy: else the sums are added a second time
            -> if t < K : there are K - 1 turns that add, t = 0 to K - 2
            -> if t < K - 2 : there are K - 1 turns that add, t = 0 to K - 2
            -> if False : the first K - 1 turns add
        a[chunk, to] + a[chunk, k] if -> (a[chunk, to] + a[chunk, k]) / 2 if
            : sums are meant; whoever wants the mean divides by K at the end
    """,
    rules=[
        Rule("after 2(K - 1) turns everybody has the sums", goes_round,
             "Turn after turn, it does not lead to the sums at every worker."),
    ],
)  # fmt: skip
def turn(a, t):
    K, new = len(a), a.copy()
    for k in range(K):
        chunk, to = (k - t) % K, (k + 1) % K
        new[chunk, to] = a[chunk, to] + a[chunk, k] if t < K - 1 else a[chunk, k]
    return new


# 10.4


def a_code(rng):
    return [
        Formula("rint(x)"),
        Formula("sign(x) * abs(x).mean()"),
        Formula("where(abs(x) >= c, x, 0)", c=round(float(rng.uniform(0.1, 0.8)), 2)),
    ][rng.integers(3)]


def message(first):
    def drawn(rng):
        d = int(rng.choice([2, 3, 7]))
        x, g, rest = (draws.array(rng, d) for _ in range(3))
        return case("", x, g, 0 * rest if first else rest, a_code(rng), lr=draws.number(rng, 0.1, 1))

    return drawn


@function(
    "10.4 Keep the rest", points=2, read=SHORT, withheld=["wrappers.with_feedback"],
    cases=[
        case("a code that sends whole numbers, and no rest yet", np.array([1.0, 2.0]), np.array([3.0, -1.0]),
             np.zeros(2), Formula("rint(x)"), lr=0.5),
        case("a rest that tips the scales", np.array([1.0, 2.0]), np.array([0.6, 0.6]), np.array([0.4, -0.2]),
             Formula("rint(x)"), lr=0.5),
        case("a code that sends everything", np.array([1.0]), np.array([2.0]), np.array([0.5]), Formula("x"), lr=0.1),
        case("a code that sends nothing", np.array([1.0]), np.array([2.0]), np.array([0.5]), Formula("0 * x"), lr=0.1),
    ],
    draw=[message(False), message(True)],
    parts={"new point x": "The point moves by what is sent of the step and the rest.",
           "new rest e": "The rest is what was not sent."},
    mistakes="""
        p = e + lr * g -> p = lr * g : the old rest is lost: add it to the step before it is sent
            -> p = e - lr * g : the rest is a step that is still to be made: it is added, as it was kept
            -> p = lr * (e + g) : the rest is made of steps already; the rate was in it when it was kept
            -> p = e + g : the rate is missing
            -> p = e + g ;; return x - sent, -> return x - lr * sent,
            : the rate comes before the code, not after it: what is owed is a step
        sent = code(p) -> sent = lr * code(e / lr + g)
            : the code sees the step, not the gradient: a sign or a threshold is another there
            -> sent = code(lr * g) : the code is to see the old rest, too: what is owed waits for ever
            -> sent = e + code(lr * g) : the rest goes through the code as well, or it would be sent in full length
        return x - sent, -> return x + sent, : the sign: x goes against what is sent
            -> return x - p, : this is the whole step; only the message reaches the others
        , p - sent -> , p : what was sent is no longer owed: subtract it
            -> , lr * g - sent : what was owed before still is: the rest of p, not of this step alone
            -> , sent - p : the sign of the rest
            -> , e + p - sent : the old rest is in p already
    """,
)  # fmt: skip
def step_with_rest(x, g, e, code, *, lr):
    p = e + lr * g
    sent = code(p)
    return x - sent, p - sent


# 10.5

ARRIVING = "BDF"
WHY = {
    "A": "below 1 the numbers lie 2^-8 = 0.0039 apart, and 0.001 is less than half of that",
    "B": "below 1 the numbers lie 2^-8 = 0.0039 apart, and 0.003 is more than half of that",
    "C": "above 1 the numbers lie 2^-7 = 0.0078 apart, and 0.003 is less than half of that",
    "D": "above 1 the numbers lie 2^-7 = 0.0078 apart, and 0.005 is more than half of that",
    "E": "at 100 the numbers lie 2^-1 = 0.5 apart, and 0.2 is less than half of that",
    "F": "at 0.01 the numbers lie 2^-14 = 0.00006 apart, and 0.0001 is more than half of that",
}

arriving = value(
    "10.5 Few bits: which updates arrive?", points=1, read=BITS, passes=ARRIVING,
    rules=[
        Rule("letters from A to F", lambda given, rng: set(letters(given)) <= set(WHY),
             "A text of letters from A to F is meant."),
        *(Rule(letter, lambda given, rng, letter=letter: (letter in letters(given)) == (letter in ARRIVING),
               f"{letter} {'arrives' if letter in ARRIVING else 'is lost'}: {why}.") for letter, why in WHY.items()),
    ],
)  # fmt: skip


def rough(rng):
    """Numbers, a spacing, and draws from [0, 1); in one draw of three the numbers lie on the grid already.

    No x / s + u is whole: there rounding would decide.
    """
    d, s = draws.dimension(rng), float(rng.choice([0.125, 0.25, 0.5, 2.0]))
    x = s * rng.integers(-9, 9, d) if rng.integers(3) == 0 else rng.normal(size=d).round(3) * 3
    return case("", x, s, (rng.integers(1, 999, d) + 0.25) / 1000)


@function(
    "10.5 Few bits: rounded at random", points=1, read=BITS, withheld=["scale.rounded_randomly"],
    cases=[
        case("a quarter above 1", np.array([1.25]), 1.0, np.array([0.5])),
        case("the same, another draw", np.array([1.25]), 1.0, np.array([0.8])),
        case("a coarse grid", np.array([3.0, -3.0]), 2.0, np.array([0.6, 0.6])),
        case("on the grid already", np.array([0.5, -1.5]), 0.5, np.array([0.9, 0.1])),
    ],
    draw=rough,
    mistakes="""
        np.floor(x / s + u) -> np.rint(x / s) : this is the nearest number, always the same: u decides
            -> np.rint(x / s + u) : this is half a spacing too high on average: floor after adding u
            -> np.ceil(x / s + u) : this is a whole spacing too high: floor after adding u
            -> (np.floor(x / s) + (u < 0.5)) : this goes up half the time; the nearer neighbour is to be the likelier
            -> np.trunc(x / s + u) : below 0 this goes towards 0: floor goes down there, too
            -> (np.floor(x / s) + (u < x / s - np.floor(x / s)))
                : right on average; here a large u is to round up, floor(x / s + u), or the draws do not agree
        s * np -> np : back to the size of x: times s
        x / s -> x : count in spacings first: x / s
    """,
)  # fmt: skip
def at_random(x, s, u):
    return s * np.floor(x / s + u)


# 10.6

proof = order(
    "10.6 In the right order: a step in mixed precision", "BDFACGE", points=2, read=BITS, needs="""
    B < D : the loss is that of the short weights, so they have to be there
    D < F : the large factor has to be in the loss before its gradient is taken, or the small gradients are zeros
    F < A : there is no gradient yet to be turned back into 32 bits
    F < C : whether the gradient is finite is seen when there is one
    A < G : Adam's memory wants the true gradient, without the factor
    C < G : one infinite gradient in the memory would stay there: look before it is used
    G < E : the step is made of the new memory
    """,
    varied=relettered("BDFACGE"),
)  # fmt: skip


# 10.7


def two_workers(v, rng):
    found = numbers(v)
    return found is not None and found.shape == (2, 2) and bool(np.isfinite(found).all())


def settling(v, H=64, rate=0.1):
    """Where two workers settle that average every H steps; mean losses there and at the minimum."""
    (a, c) = numbers(v)
    share = 1 - (1 - rate * a) ** H
    return [np.sum(a * (x - c) ** 2) / 4 for x in (share @ c / share.sum(), a @ c / a.sum())]


ruined = value(
    "10.7 Two workers whom averaging ruins", points=2, read=SELDOM, passes=((18.5, 0.8), (1.0, -1.0)),
    rules=[
        Rule("two pairs of numbers", two_workers, "Two pairs are meant: ((a1, a2), (c1, c2))."),
        Rule("each worker alone converges", lambda v, rng: np.all((numbers(v)[0] > 0) & (numbers(v)[0] < 20)),
             "At rate 0.1 a worker converges if its curvature is above 0 and below 20."),
        Rule("they want different places", lambda v, rng: np.ptp(numbers(v)[1]) >= 0.1,
             "The centres are to be at least 0.1 apart: workers who want the same lose nothing."),
        Rule("five times the loss", lambda v, rng: settling(v)[0] >= 5 * settling(v)[1] * (1 - 1e-9),
             "Where they settle, the mean loss is less than five times the lowest. "
             "How unequal must the curvatures be, if both arrive at home?"),
    ],
    mistakes=[
        (Like([[3.0, 3.0], [1.0, -1.0]], lambda v: two_workers(v, None) and np.ptp(numbers(v)[0]) == 0),
         "with one curvature for both averaging is exact, however seldom"),
    ],
)  # fmt: skip


# 10.8


def late(*delays):
    def drawn(rng):
        lr, beta = rng.uniform(0.05, [2, 0.95]).round(3).tolist()
        return case("", int(rng.choice(delays)), lr, beta)

    return drawn


@function(
    "10.8 As late as you like: the factor", points=2, read=LATE, tolerance=1e-6,
    cases=[
        case("on time, without momentum", 0, 0.5, 0.0),
        case("on time, with momentum", 0, 0.1, 0.81),
        case("one step late, at the edge", 1, 0.1, 0.9),
        case("two steps late", 2, 0.3, 0.0),
        case("two steps late, with momentum", 2, 0.3, 0.5),
        case("five steps late", 5, 0.1, 0.9),
    ],
    draw={"It is right for gradients that come on time.": late(0), "It is right for late gradients.": late(1, 2, 3, 6)},
    mistakes="""
        p[delay + 1] += lr -> p[delay] += lr : the rate stands a power too high: it belongs to z
            -> p[delay + 2] += lr : the rate stands a power too low: it belongs to z
            -> p[delay + 1] -= lr : the sign of the rate
            -> p[delay + 1] = lr : without a delay the rate meets another coefficient there: add it
            -> p[1] += lr : this is a gradient on time, whatever the delay
        -1 - beta -> -1 + beta : the sign of beta in the second coefficient: -(1 + beta)
        .max() -> .min() : the largest root decides in the end
        np.abs(np.roots(p)) -> np.real(np.roots(p)) : a complex root counts by its size, not its real part
    """,
)  # fmt: skip
def factor(delay, lr, beta):
    p = np.zeros(delay + 3)
    p[:3] = 1, -1 - beta, beta
    p[delay + 1] += lr
    return np.abs(np.roots(p)).max()


edge = value(
    "10.8 As late as you like: the edge", 0.281, points=1, read=LATE, tolerance=2e-3,
    mistakes=[
        (3.0, "this is the edge on time, 2 + 2 beta"),
        (0.5, "this is the edge at one step, 1 - beta; here there are two"),
        (Like(0.618, lambda v: abs(v - 0.618) < 2e-3), "this is the edge of gradient descent, two steps late"),
        (Like(0.309, lambda v: abs(v - 0.309) < 2e-3), "this is half the edge of gradient descent; measure it"),
    ],
)  # fmt: skip


# 10.9


def at_a_time(low, high):
    def drawn(rng):
        steps, down = int(rng.integers(20, 60)), int(rng.integers(3, 15))
        t = int(rng.integers(low(steps, down), high(steps, down)))
        return case("", draws.number(rng, 0.01, 1), steps, down, t)

    return drawn


FLAT, DOWN, AFTER = (
    "It is flat until it is time.",
    "It goes down in a straight line.",
    "After the end it stays at zero.",
)


@function(
    "10.9 Late decisions: flat, then down", points=1, read=WIDER, inner=1,
    cases=[
        case("the start", 0.1, 100, 20, 0),
        case("the last of the flat part", 0.1, 100, 20, 80),
        case("half-way down", 0.1, 100, 20, 90),
        case("the end", 0.1, 100, 20, 100),
        case("after the end", 0.1, 100, 20, 120),
    ],
    draw={DOWN: at_a_time(lambda n, k: n - k + 1, lambda n, k: n),
          FLAT: at_a_time(lambda n, k: 0, lambda n, k: n - k + 1),
          AFTER: at_a_time(lambda n, k: n, lambda n, k: 2 * n)},
    needs=0,
    mistakes="""
        (steps - t) / down -> (steps - t) / steps : this falls from the start: divide by down
            -> (t - steps + down) / down : upside down: at the end it is 0
            -> (down - t) / down : t counts from the start of the run
        min(1, max(0, (steps - t) / down)) -> max(0, (steps - t) / down) : before it falls, the rate is lr, not more
            -> min(1, (steps - t) / down) : after the end it is 0, not negative
            -> (0.5 - 0.5 * np.cos(np.pi * min(1, max(0, (steps - t) / down))))
            : half a cosine; a straight line is meant
            -> float(t <= steps - down) : this drops to 0 at once
    """,
)  # fmt: skip
def flat_then_down(lr, steps, down):
    return lambda t: lr * min(1, max(0, (steps - t) / down))


spike = value(
    "10.9 Late decisions: after a spike", 5807, points=1, read=BITS, tolerance=1e-3,
    mistakes=[
        (Like(190, lambda n: 180 < n < 200), "this is for b2 = 0.95"),
        (Like(6907, lambda n: 6880 < n < 6920), "then v is at 2; half the step is four times v"),
        (Like(1000, lambda n: 690 < n < 1010), "this is how long the memory is; so large a spike is felt for longer"),
        (1, "v forgets a spike by a thousandth in each step"),
        (Like(5119, lambda n: 5000 < n < 5250), "half the step is four times v, so v has to come down to 4"),
    ],
    varied=Varied(
        {"memory": choice(0.99, 0.995, 0.998)},
        {"spike-task": [("$\\beta_2 = 0.999$", "$\\beta_2 = {memory}$")], "spike": [("b2 = 0.999", "b2 = {memory}")]},
    ),
)  # fmt: skip


# 10.10


def a_matrix(rng):
    n, m = int(rng.integers(1, 4)), int(rng.integers(2, 5))
    W, G = rng.normal(size=(2, n, m)).round(2)
    return case("", W, G, draws.symmetric(rng, rng.uniform(0.2, 3, n)), draws.symmetric(rng, rng.uniform(0.2, 3, m)),
                lr=draws.number(rng, 0.1, 1))  # fmt: skip


@function(
    "10.10 Shampoo", points=2, read=WORDS, withheld=["optimizers.shampoo", "linalg.inverse_fourth_root"],
    tolerance=1e-7,
    cases=[
        case("one row", np.array([[1.0, 2.0]]), np.array([[3.0, 0.0]]), np.array([[7.0]]), np.diag([7.0, 1.0]), lr=0.5),
        case("two by two", np.eye(2), np.array([[0.0, 1.0], [2.0, 0.0]]), np.diag([15.0, 12.0]), np.diag([12.0, 15.0]),
             lr=1.0),
        case("a gradient of zeros", np.array([[1.0, 2.0]]), np.zeros((1, 2)), np.array([[4.0]]),
             np.array([[2.0, 1.0], [1.0, 2.0]]), lr=0.1),
    ],
    draw=a_matrix,
    parts={"new matrix W": "The matrix moves as Shampoo says.", "new L": "L has got the products of rows.",
           "new R": "R has got the products of columns."},
    mistakes="""
        L = L + G @ G.T -> L = L + G.T @ G if G.shape[0] == G.shape[1] else L
            : L is made of rows: G times its transpose, n by n
        R = R + G.T @ G -> R = R : R gets the products of columns, G^T G
            -> R = R + G.T @ G / len(G) : the sum is meant, without a mean
        L = L + G @ G.T -> L = 0.9 * L + 0.1 * G @ G.T ;; R = R + G.T @ G -> R = 0.9 * R + 0.1 * G.T @ G
            : sums are meant, as in AdaGrad, not running means
        w**-0.25 -> w**-0.5 : a fourth root, since both sides divide
            -> w**0.25 : the inverse root: the power is -1/4
        left, right = root(L), root(R) -> left, right = root(L - G @ G.T), root(R - G.T @ G)
            : the roots are those of the old sums: bring L and R up to date first
        left @ G @ right -> left @ G : the columns have a matrix of their own: R from the right
            -> G @ right : the rows have a matrix of their own: L from the left
            -> G : this is gradient descent
        W - lr -> W + lr : the sign of the step
        return W - lr * left @ G @ right, L, R -> return W - lr * left @ G @ right, left, right
            : L and R themselves are the memory, not their roots
    """,
)  # fmt: skip
def shampoo(W, G, L, R, *, lr):
    def root(S):
        w, Q = np.linalg.eigh(S)
        return Q * w**-0.25 @ Q.T

    L = L + G @ G.T
    R = R + G.T @ G
    left, right = root(L), root(R)
    return W - lr * left @ G @ right, L, R
