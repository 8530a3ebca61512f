"""Sheet 08: starts, batch norm forwards and backwards, skips, and networks that break the rules."""

import numpy as np

from course_lib.checks import draws
from course_lib.checks.exercise import Rule, case, function, order, value
from course_lib.checks.varied import Varied, choice, relettered
from course_lib.networks import Network, signal_and_gradient

FIFTY, VARIANCE, NORM = "1. Fifty layers, fifty factors", "2. The variance is not everything", "3. Batch norm, by hand"
RATE, SKIPS, SAID = "4. What batch norm does to the rate", "5. Skips", "7. What is said of it"


# 8.1

shrunk = value(
    "8.1 Guess before you run: a relu network", 0.95**40, points=1, read=FIFTY, tolerance=5e-3,
    mistakes=[
        (0.95, "this is the factor of one layer; there are many, one after another"),
        (0.95 * 40, "factors of layers multiply, they do not add up"),
        (1 - 0.05 * 40, "each layer takes five per cent of what is left: factors multiply, losses do not add up"),
        (1.0, "at this scale each layer loses a little"),
        (0.95**80, "the root mean square gets the factor once; its square gets it twice"),
        (0.95**-40, "upside down: weights that are too small make the signal smaller"),
    ],
    varied=Varied(
        {"weak": choice(0.9, 0.92, 0.96, 0.97), "deep": choice(30, 45, 60)},
        {"guess-task": [("scale 0.95 and 40 layers", "scale {weak} and {deep} layers")],
         "guesses": [("0.95**40", "{weak} ** {deep}")]},
        back=lambda answer, p: answer * 0.95**40 / p["weak"] ** p["deep"],
    ),
)  # fmt: skip

grown = value(
    "8.1 Guess before you run: batch norm", (np.pi / (np.pi - 1)) ** 10, points=1, read=NORM, tolerance=0.02,
    mistakes=[
        (1.0, "that is layer norm; batch norm takes the common part away and blows up what is left"),
        ((np.pi / (np.pi - 1)) ** 20, "this is the factor of the mean square; take its root"),
        (1.211, "this is the factor of one layer; there are many, one after another"),
        ((np.pi / (np.pi - 1)) ** -10, "upside down: the gradient grows on its way back"),
        (24.2, "factors of layers multiply, they do not add up"),
    ],
    varied=Varied(
        {"normed": choice(10, 12, 16, 24, 30)},
        {"guess-task": [("20 relu layers with batch norm", "{normed} relu layers with batch norm")],
         "guesses": [("(np.pi / (np.pi - 1)) ** (20 / 2)", "(np.pi / (np.pi - 1)) ** ({normed} / 2)")]},
        back=lambda answer, p: answer * (np.pi / (np.pi - 1)) ** (10 - p["normed"] / 2),
    ),
)  # fmt: skip

tanh_signal = value(
    "8.1 Guess before you run: tanh", 0.05, points=1, read=VARIANCE, tolerance=1e-3,
    mistakes=[
        (1.0, "tanh squeezes: the signal cannot stay"),
        (0.0025, "this is the mean square; the signal is its root"),
        (1 / np.sqrt(200), "1/sqrt(k) forgets that two q squared are lost in a layer: 1/sqrt(2k)"),
        (20.0, "upside down: 1/sqrt(2k)"),
        (0.1, "that is behind layer 50; it goes on falling"),
        (0.0, "it falls like a power of the depth, not like an exponential"),
    ],
    varied=Varied(
        {"far": choice(50, 128, 288, 450)},
        {"guess-task": [("behind layer 200", "behind layer {far}")],
         "guesses": [("1 / (2 * 200) ** 0.5", "1 / (2 * {far}) ** 0.5")]},
        back=lambda answer, p: answer * (p["far"] / 200) ** 0.5,
    ),
)  # fmt: skip


# 8.2


def a_layer(activation):
    def drawn(rng):
        n, m = rng.integers(1, 2000, size=2).tolist()
        return case("", activation, n, m)

    return drawn


@function(
    "8.2 Where to start", points=2, read=FIFTY,
    cases=[
        case("a square relu layer", "relu", 64, 64),
        case("relus, from many to few", "relu", 784, 10),
        case("tanh, from many to few", "tanh", 784, 10),
        case("tanh, from one to three", "tanh", 1, 3),
        case("relus, from few to many", "relu", 2, 500),
    ],
    draw={"It is right for relu layers.": a_layer("relu"), "It is right for tanh layers.": a_layer("tanh")},
    mistakes="""
        variance**0.5 -> variance : this is the variance; the standard deviation is its root
        2 / n if -> 2 / m if : a unit adds up as many products as there are inputs
        2 / n if -> 1 / n if : half of the mean square is lost in a relu: 2/n
        2 / n if -> 4 / (n + m) if : this is the mean of both widths; for relus it is the inputs that count
        2 / (n + m) -> 1 / n : for tanh the mean of both widths counts: 2/(n + m)
        2 / (n + m) -> 1 / (n + m) : 2/(n + m) is one over the mean of both widths
        == "relu" -> != "relu" : the two activations have changed places
    """,
)  # fmt: skip
def start_std(activation, n, m):
    variance = 2 / n if activation == "relu" else 2 / (n + m)
    return variance**0.5


# 8.3


def sums(rng):
    n, units = rng.integers(2, 9), rng.integers(1, 5)
    return case("", rng.normal(rng.normal(), rng.uniform(0.1, 5), size=(n, units)).round(2))


def apart(rng):
    """Units that differ from each other, so that a mean over the wrong axis is seen."""
    n, units = rng.integers(3, 9), rng.integers(2, 5)
    return case("", (10 * np.arange(units) + rng.normal(size=(n, units))).round(2))


WITHHELD = ["networks.normalized", "networks.normalized_backward"]


@function(
    "8.3 Batch norm forwards", points=2, read=NORM, withheld=WITHHELD, tolerance=1e-9,
    cases=[
        case("one unit, two examples", np.array([[1.0], [3.0]])),
        case("two units, three examples", np.array([[1.0, 10.0], [2.0, 20.0], [6.0, -30.0]])),
        case("a unit that is always the same", np.array([[2.0, 1.0], [2.0, 0.0]])),
        case("whole numbers", np.array([[1, 2], [4, 2], [0, 8]])),
    ],
    draw=[sums, apart],
    parts={"z_hat": "Each unit has mean 0 and standard deviation 1 over the batch.",
           "s": "The root of the variance and epsilon comes back beside it, one for each unit."},
    mistakes="""
        (z - mean) / s, s -> z / s, s : the mean of the batch is to be taken away first
            -> s, (z - mean) / s : the results have changed places: first z_hat, then s
        + 1e-5) ** 0.5 -> + 1e-5) : this divides by the variance; s is its root
            -> ) ** 0.5 + 1e-5 : epsilon stands under the root
            -> ) ** 0.5 : epsilon is missing: a unit that is always the same would be divided by zero
        z.mean(axis=0) -> z.mean(axis=1, keepdims=True)
            || z.mean(axis=0) -> z.mean(axis=1, keepdims=True)
            ;; (z - mean) ** 2, axis=0 -> (z - mean) ** 2, axis=1, keepdims=True
            || z.mean(axis=0) -> z.mean(axis=1, keepdims=True)
            ;; (np.mean((z - mean) ** 2, axis=0) + 1e-5) ** 0.5 -> (np.mean((z - mean) ** 2, axis=1) + 1e-5) ** 0.5
            ;; (z - mean) / s -> (z - mean) / s[:, None]
            : this is the mean over the units of an example; batch norm takes it over the examples, axis 0
            -> z.mean() : one mean for all units; each unit has its own, over the examples
        np.mean((z - mean) ** 2, axis=0) -> np.mean((z - mean) ** 2)
            : one spread for all units; each unit has its own, over the examples
            -> np.mean(z**2, axis=0) : the mean square of z itself; the mean is to be taken away first
            -> np.sum((z - mean) ** 2, axis=0) : the sum of squares; their mean is meant
            -> (np.var(z, axis=0, ddof=1) if len(z) > 1 else 0 * z[0])
            : the unbiased variance, over n - 1; batch norm divides by n
    """,
)  # fmt: skip
def batch_norm(z):
    mean = z.mean(axis=0)
    s = (np.mean((z - mean) ** 2, axis=0) + 1e-5) ** 0.5
    return (z - mean) / s, s


# 8.4


def standard(z):
    return batch_norm.right(np.asarray(z, float))


def on_the_way_back(rng):
    n, units = rng.integers(3, 9), rng.integers(1, 5)
    z_hat, s = standard(rng.normal(size=(n, units)) * rng.uniform(0.2, 4, size=units))
    return case("", rng.normal(rng.normal(), 1, size=(n, units)).round(2), z_hat.round(6), s.round(3))


ONE, ONE_S = standard([[1.0], [3.0], [8.0]])
TWO, TWO_S = standard([[1.0, 10.0], [2.0, 20.0], [6.0, -30.0], [0.0, 5.0]])


@function(
    "8.4 Batch norm backwards", points=3, read=NORM, withheld=WITHHELD, tolerance=1e-9,
    says="The gradient is the one that small changes of each number give.",
    cases=[
        case("one unit, three examples", np.array([[1.0], [0.0], [0.0]]), ONE, ONE_S),
        case("two units, four examples", np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [2.0, -1.0]]), TWO, TWO_S),
        case("a gradient that all examples share", np.ones((4, 2)), TWO, TWO_S),
        case("a gradient along z_hat", TWO, TWO, TWO_S),
    ],
    draw=on_the_way_back,
    mistakes="""
        (delta - common - z_hat * along) / s -> delta / s
            : this takes mean and s for constants; they depend on all examples of the batch
            -> (delta - common) / s : the part along z_hat is still in it: s depends on z, too
            -> (delta - z_hat * along) / s : the part that all examples share is still in it: the mean depends on z, too
            -> (delta - common - z_hat * along) * s : through a division by s a gradient is divided by s, too
            -> delta - common - z_hat * along : the division by s is missing
            -> (delta - common - along) / s : what points along z_hat is taken out along z_hat: times z_hat
            -> (delta - common + z_hat * along) / s : the part along z_hat is taken out, not added
        np.mean(delta * z_hat, axis=0) -> np.mean(delta * z_hat) : a mean for each unit: over the examples, axis 0
            -> np.sum(delta * z_hat, axis=0) : the sum over the batch; the mean is meant
            -> np.mean(delta * z_hat, axis=1, keepdims=True) : the mean goes over the examples, axis 0
        delta.mean(axis=0) -> delta.sum(axis=0) : the sum over the batch; the mean is meant
            -> delta.mean(axis=1, keepdims=True) : the mean goes over the examples, axis 0
            -> delta.mean() : a mean for each unit: over the examples, axis 0
    """,
)  # fmt: skip
def batch_norm_back(delta, z_hat, s):
    common = delta.mean(axis=0)
    along = np.mean(delta * z_hat, axis=0)
    return (delta - common - z_hat * along) / s


# 8.5

proof = order(
    "8.5 All relu layers vanish together", "DAFCEB", points=2, read=FIFTY,
    needs="""
        D < A : what one layer does to its factor comes before what the network makes of it
        A < F : a derivative can be taken only of something that a line has said
        F < C : the two sides can be joined only when both are there
        C < E : nothing is known of another layer before it is known of one
        E < B : the conclusion stands before its reasons
    """,
    varied=relettered("DAFCEB"),
)  # fmt: skip


# 8.6


def a_step(rng):
    return case("", draws.number(rng, 0, 100), draws.number(rng, 0.1, 10), draws.number(rng, 0, 10))


@function(
    "8.6 A step in front of a norm: length and rate", points=2, read=RATE,
    cases=[
        case("a right triangle", 1.0, 3.0, 4.0),
        case("a huge rate", 1e4, 1.0, 1.0),
        case("no gradient", 0.5, 2.0, 0.0),
        case("whole numbers", 2, 1, 3),
    ],
    draw=a_step,
    parts={"length": "The step stands at a right angle to the weights.",
           "rate": "The effective rate is that of the new length."},
    mistakes="""
        new, lr / new**2 -> new, lr / length**2 : this is the effective rate before the step; the weights are longer now
            -> new, lr / new
            : on weights c times as long a gradient is 1/c as long, and turns them 1/c as far: 1/c squared
            -> lr / new**2, new : the results have changed places: first the length, then the rate
            -> new**2, lr / new**2 : this is the square of the length
            -> new, lr * new**2 : longer weights make the effective rate smaller
        (length**2 + (lr * slope) ** 2) ** 0.5 -> length + lr * slope
            : the step stands at a right angle to the weights: lengths add up as in a right triangle
            -> abs(length - lr * slope) : the step has no part along the weights, and cannot shorten them
            -> (length**2 + slope**2) ** 0.5 : a step is the rate times the gradient
    """,
)  # fmt: skip
def after_a_step(lr, length, slope):
    new = (length**2 + (lr * slope) ** 2) ** 0.5
    return new, lr / new**2


# 8.7


def a_skip(rng):
    n, width = rng.integers(1, 6), rng.integers(2, 5)
    delta, a, W = (rng.normal(size=shape).round(2) for shape in ((n, width), (n, width), (width, width)))
    return case("", delta, a, W)


@function(
    "8.7 Bug hunt: back through a skip", points=2, read=SKIPS,
    cases=[
        case("a branch that is on", np.array([[1.0, 2.0]]), np.array([[1.0, 1.0]]), np.array([[1.0, 2.0], [0.0, 1.0]])),
        case("a branch that is off", np.array([[1.0, 2.0]]), np.array([[1.0, 1.0]]),
             np.array([[-1.0, 0.0], [0.0, -1.0]])),
        case("two examples", np.array([[1.0, 0.0], [0.5, -1.0]]), np.array([[1.0, -1.0], [-2.0, 0.5]]),
             np.array([[0.5, -1.0], [1.0, 0.25]])),
    ],
    draw=a_skip,
    parts={"gradient in a": "What comes from behind reaches a on the road and through the branch.",
           "gradient in W": "The weights hear of it through the branch."},
    mistakes="""
        delta + into @ W.T -> into @ W.T : this is as printed: the road around the branch is missing
            -> delta + into @ W : the way back through W is its transpose
            -> into + into @ W.T : the road has no relu on it: there the gradient comes through whole
            -> delta + delta @ W.T : the slope of the relu is missing on the branch
            -> delta : the branch is missing: a goes through it, too
        (a @ W > 0) -> (a > 0) : the slope of the relu is that at its sum, a W
            -> (a + np.maximum(a @ W, 0) > 0)
            : this asks whether the layer's output is above 0; the relu sees its sum, a W
            -> 1 : the slope of the relu is missing
        a.T @ into -> a.T @ (delta + into) : the road does not lead through W
            -> a.T @ delta : the slope of the relu is missing for W
            -> into.T @ a : this is the transpose of the gradient in W
        delta + into @ W.T, a.T @ into -> a.T @ into, delta + into @ W.T
            : the results have changed places: first the gradient in a, then that in W
    """,
)  # fmt: skip
def skip_back(delta, a, W):
    into = delta * (a @ W > 0)
    return delta + into @ W.T, a.T @ into


# 8.8

ACTIVATIONS, NORMS = ("relu", "tanh", "sigmoid"), (None, "batch", "layer")
X, BEHIND = np.random.default_rng(8).normal(size=(40, 32)), np.random.default_rng(9).normal(size=(40, 10))


def sizes(setting, rng=None):
    """The signal behind layer 50 over that at the inputs, and the gradient at the inputs over that behind layer 50."""
    activation, scale, norm, skip = setting
    net = Network([32] * 51 + [10], activation, norm, bool(skip))
    thetas = np.stack([net.init(rng or np.random.default_rng(seed), scale) for seed in range(5)])
    signal, gradient = np.median(signal_and_gradient(net, thetas, X, BEHIND), axis=-1)
    return signal[50] / signal[0], gradient[0] / gradient[50]


def setting_given(setting, rng):
    if not isinstance(setting, tuple | list) or len(setting) != 4:
        return False
    activation, scale, norm, skip = setting
    return (
        activation in ACTIVATIONS
        and norm in NORMS
        and skip in (True, False)
        and np.ndim(scale) == 0
        and bool(0.01 <= scale <= 100)
    )


FORM = Rule(
    "a setting", setting_given,
    "Four things in one tuple are meant: activation, scale from 0.01 to 100, None, 'batch' or 'layer', True or False.",
)  # fmt: skip

explodes = value(
    "8.8 Two networks that break the rules: it explodes", points=2, read=SKIPS, passes=("relu", 1.0, None, True),
    rules=[
        FORM,
        Rule("the recommended start", lambda s, rng: s[1] == 1, "This is not the recommended start, whose scale is 1."),
        Rule("a skip", lambda s, rng: bool(s[3]), "This has no skip; with skips the last of the four is True."),
        Rule("the gradient explodes", lambda s, rng: sizes(s)[1] > 1e6,
             "Its gradient does not grow a millionfold through 50 layers. What would make each branch as large as the "
             "road beside it, layer after layer?"),
    ],
)  # fmt: skip

alive = value(
    "8.8 Two networks that break the rules: it lives", points=2, read=SKIPS, passes=("relu", 0.1, None, True),
    rules=[
        FORM,
        Rule("relus", lambda s, rng: s[0] == "relu", "This is another activation than the relu."),
        Rule("no norm", lambda s, rng: s[2] is None, "This has a norm; without one the third of the four is None."),
        Rule("far from the recommended start", lambda s, rng: not 1 / 3 < s[1] < 3,
             "That is still near the recommended start; go below a third of it, or above three times."),
        Rule("the signal lives", lambda s, rng: 0.1 < sizes(s)[0] < 10,
             "Its signal does not stay within a factor of ten through 50 layers."),
        Rule("the gradient lives", lambda s, rng: 0.1 < sizes(s)[1] < 10,
             "Its gradient does not stay within a factor of ten through 50 layers."),
    ],
)  # fmt: skip


# 8.9


def outputs(rng):
    n, units = rng.integers(1, 7), rng.integers(1, 6)
    a = np.maximum(rng.normal(size=(n, units)).round(2), 0)
    return case("", a * (rng.random(units) < 0.6))


def outputs_side_by_side(rng):
    runs, n, units = rng.integers(1, 4), rng.integers(1, 7), rng.integers(1, 6)
    a = np.maximum(rng.normal(size=(runs, n, units)).round(2), 0)
    return case("", a * (rng.random((runs, 1, units)) < 0.6))


@function(
    "8.9 Dead units: the count", points=2, read=SAID,
    cases=[
        case("one of three", np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 2.0]])),
        case("none", np.array([[1.0, 0.0], [0.0, 3.0]])),
        case("all", np.zeros((4, 5))),
        case("two runs side by side", np.array([[[0.0, 1.0], [0.0, 2.0]], [[0.0, 0.0], [0.0, 0.0]]])),
    ],
    draw={"It is right for one run.": outputs, "It is right for runs side by side.": outputs_side_by_side},
    mistakes="""
        np.all(a == 0, axis=-2) -> np.any(a == 0, axis=-2) : a unit is dead if it is 0 for all examples, not for one
            -> np.all(a == 0, axis=-1) : this asks for examples whose units are all 0; a unit is dead over all examples
            -> np.all(a != 0, axis=-2) : this counts units that are never 0
            -> (a == 0) : this counts zeros; a unit is dead if it is 0 for all examples
            -> (~np.all(a == 0, axis=-2)) : this is the share of the living
            -> np.all(a == 0, axis=0) : the examples are on the last axis but one: runs may stand before it
        .mean(axis=-1) -> .mean() : each run has a share of its own: the mean goes over the units, the last axis
            -> .sum(axis=-1) : this is their number; the share is meant
        np.all(a == 0, axis=-2).mean(axis=-1) -> np.mean(a == 0, axis=(-2, -1)) || np.mean(a == 0)
            : this counts zeros; a unit is dead if it is 0 for all examples
    """,
)  # fmt: skip
def dead_share(a):
    return np.all(a == 0, axis=-2).mean(axis=-1)


# 8.10


def a_cosine(rng):
    return case("", float(np.round(rng.uniform(-0.99, 0.99), 3)), int(rng.integers(1, 30)))


@function(
    "8.10 How alike fifty layers make", points=2, read=VARIANCE, tolerance=1e-9,
    says="It is the angle between two inputs behind any number of relu layers.",
    cases=[
        case("at right angles, one layer", 0.0, 1),
        case("at right angles, fifty layers", 0.0, 50),
        case("opposite, two layers", -1.0, 2),
        case("the same, three layers", 1.0, 3),
        case("no layer", 0.25, 0),
    ],
    draw=a_cosine,
    mistakes="""
        np.pi - np.arccos(c) -> np.arccos(c) : pi minus the angle: two inputs that are the same must stay so
        (1 - c * c) ** 0.5 -> (1 - c * c) : the root is missing: this is the sine of the angle
        / np.pi -> / 2 : at the same input the formula has to give 1
        range(layers) -> range(1) : this is one layer; the formula is for each
            -> range(layers + 1) : this is a layer too many
            -> range(max(layers - 1, 0)) : this is a layer too few
        for _ in range(layers): -> for _ in range(1):
            ;; return c -> return c**layers : the formula is no factor: what comes out goes in again
        c * (np.pi -> (np.pi : the second term is multiplied by the cosine
        + c * -> - c * : the two terms add up
    """,
    varied=Varied(
        {"start": choice(-0.5, 0.1, 0.3, 0.5), "through": choice(10, 20, 30, 100)},
        {"cosine-run": [("cosine_behind(0.0, 50)", "cosine_behind({start}, {through})")]},
        same=True,
    ),
)  # fmt: skip
def cosine_behind(c, layers):
    for _ in range(layers):
        c = ((1 - c * c) ** 0.5 + c * (np.pi - np.arccos(c))) / np.pi
    return c
