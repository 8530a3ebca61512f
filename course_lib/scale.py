r"""What changes when work outgrows one machine: how loud a batch is, sums over workers, messages, few bits, width."""

from __future__ import annotations

import timeit
from collections.abc import Callable
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from course_lib.arguments import Descendable, array, data, descendable, function, generator, integer, number, points
from course_lib.linalg import stacked, total, unstacked
from course_lib.networks import Network
from course_lib.problems import Problem, softmax
from course_lib.surfaces import Delegate

# name: (significant bits, exponent of the smallest normal number as np.frexp counts it, the largest number)
FORMATS = {"float16": (11, -13, 65504.0), "bfloat16": (8, -125, (2 - 2.0**-7) * 2.0**127)}


def noise_scale(problem: Problem, w: ArrayLike) -> float:
    r"""How many examples a batch needs until its gradient tells as much as it errs: the noise of one over the signal.

    $\mathcal B = \frac{\operatorname{tr}\Sigma}{\|g\|_2^2}$, with $\Sigma$ the covariance of the examples' gradients
    and g their mean

    problem: a Problem of n >= 2 examples. w: weights, array (d,).
    Returns a float >= 0; 0 if all examples agree, inf where g is 0 and they do not.
    Errors: ValueError for another w; TypeError for what is no such problem.
    Source: McCandlish, Kaplan, Amodei and others (2018), the simple noise scale; $\Sigma$ with n - 1.
    """
    if not isinstance(problem, Problem) or len(problem.X) < 2:
        raise TypeError(f"problem must be a Problem of 2 or more examples; got {problem!r}")
    w = array("w", w, f"({problem.d},)").astype(float)
    each = np.stack([problem.grad(w, [i]) for i in range(len(problem.X))])
    mean = each.mean(axis=0)
    spread = np.sum((each - mean) ** 2) / (len(each) - 1)
    with np.errstate(divide="ignore"):
        return float(spread / np.sum(mean * mean)) if spread else 0.0


def least_time(call: Callable[[], object], repeats: int = 20) -> float:
    """The seconds that a call takes: the least of several, since whatever else a machine does only makes it longer.

    call: function without arguments; a first call, which may have to prepare something, is not counted.
    repeats: int >= 1, calls that are counted; more find a quiet moment more surely.
    Returns a float > 0.
    Errors: ValueError for bad repeats, TypeError for what cannot be called; what the call raises.
    """
    call = function("call", call)
    call()
    return min(timeit.repeat(call, number=1, repeat=integer("repeats", repeats)))


def ring(parts: ArrayLike) -> tuple[np.ndarray, int]:
    r"""All-reduce on a ring: every worker ends with the sum over all, and sends only to its neighbour.

    The vector is cut into K chunks. In K - 1 rounds each worker hands on the chunk that it has just added to, and in
    K - 1 more the finished sums: $2(K-1)$ messages of about $d/K$ numbers, for many workers at most twice
    what two send.

    parts: array (d, K), a column for each of K >= 1 workers.
    Returns the array (d, K), each column the sum of all, and the count of numbers that the busiest worker sent.
    Errors: ValueError for parts of another shape.
    Source: Patarasuk and Yuan (2009).
    """
    a = array("parts", parts, "(d, K)").astype(float)
    d, K = a.shape
    chunks, sent = np.array_split(np.arange(d), K), np.zeros(K, int)
    for turn in range(2 * (K - 1)):
        going = [chunks[(k - turn) % K] for k in range(K)]
        messages = [a[chunk, k] for k, chunk in enumerate(going)]
        sent += [len(chunk) for chunk in going]
        for k, (chunk, numbers) in enumerate(zip(going, messages)):
            to = (k + 1) % K
            a[chunk, to] = a[chunk, to] + numbers if turn < K - 1 else numbers
    return a, int(sent.max())


def largest(u: ArrayLike, k: int) -> np.ndarray:
    """The k largest coordinates in size, the rest 0: a code for `with_feedback`.

    u: array (d, *runs), each run by itself. k: int from 1 to d; d keeps everything.
    Returns an array of the shape of u; of equals some, so that k are left.
    Errors: ValueError for a k out of range.
    """
    u = points(u, name="u")
    chosen = np.argpartition(-np.abs(u), integer("k", k, 1, len(u)) - 1, axis=0)[:k]
    kept = np.zeros_like(u)
    np.put_along_axis(kept, chosen, np.take_along_axis(u, chosen, axis=0), axis=0)
    return kept


def scaled_sign(u: ArrayLike) -> np.ndarray:
    r"""One bit a coordinate, and one number for all: a code for `with_feedback`.

    $C(u) = \frac{\|u\|_1}{d}\,\operatorname{sign}(u)$

    u: array (d, *runs), each run by itself. For a scale of its own in each layer: `per_layer(with_feedback(gd,
        scaled_sign), sizes)`.
    Returns an array of the shape of u.
    Errors: ValueError for what is no array of points.
    """
    u = points(u, name="u")
    return total(np.abs(u)) / len(u) * np.sign(u)


def rounded(x: ArrayLike, format: str) -> np.ndarray:
    r"""The nearest number of a short format, kept as a float64 or float32.

    $s\,\mathrm{round}(x/s)$, with s the spacing of the format at x; of two as near the one whose last bit is 0

    x: array. format: "float16" (11 significant bits, up to 65,504) or "bfloat16" (8 bits, up to 3.4e38, as float32).
    Returns an array of the shape of x; inf beyond the largest number, and 0 or a number with fewer bits below the
    smallest normal one.
    Errors: ValueError for another format.
    Convention: IEEE 754's binary16, as np.float16; bfloat16 is the upper half of a float32.
    """
    x = data("x", x, kinds="iuf")
    s = spacing(x, format)
    return within(format, np.rint(x / s), s)


def rounded_randomly(x: ArrayLike, format: str, rng: np.random.Generator) -> np.ndarray:
    r"""One of the two neighbours in a short format, the nearer the likelier, so that the mean is x.

    $s\,\lfloor x/s + u\rfloor$, with u uniform in [0, 1)

    x, format: as in `rounded`; what the format holds comes back as it is. rng: numpy Generator.
    Returns an array of the shape of x.
    Errors: ValueError for another format or a bad rng.
    Source: Gupta, Agrawal, Gopalakrishnan and Narayanan (2015), stochastic rounding.
    """
    x = data("x", x, kinds="iuf")
    s, u = spacing(x, format), generator(rng).random(x.shape).astype(x.dtype)
    return within(format, np.floor(x / s + u), s)


def spacing(x: ArrayLike, format: str) -> np.ndarray:
    r"""How far apart the numbers of a short format lie at x: $2^{e-p}$ for p significant bits and
    $2^{e-1} \le |x| < 2^e$.

    x: array. format: as in `rounded`.
    Returns an array of the shape of x, all > 0; below the smallest normal number it stays that of there.
    Errors: ValueError for another format.
    """
    x = data("x", x, kinds="iuf")
    if format not in list(FORMATS):
        raise ValueError(f"format must be one of {', '.join(FORMATS)}; got {format!r}")
    bits, smallest, _ = FORMATS[format]
    exponent = np.frexp(np.where(np.isfinite(x), x, 1))[1]
    return np.ldexp(x.dtype.type(1), np.maximum(exponent, smallest) - bits)


def within(format, count, s):
    """So many spacings; inf beyond the largest number of the format."""
    with np.errstate(over="ignore"):
        x = count * s
    return np.where(np.abs(x) > FORMATS[format][2], np.copysign(np.inf, x), x).astype(s.dtype)


def eight_bits(a: ArrayLike, power: int = 1, block: int = 64) -> np.ndarray:
    r"""Numbers stored in eight bits each, with one number for each block: what of them comes back.

    $a_i \approx \operatorname{sign}(a_i)\, m\,\big(\tfrac1{127}\,\mathrm{round}(127\,|a_i/m|^{1/p})\big)^p$, m the
    largest size in the block

    a: finite array (d, *runs), each run by itself. power: p, int >= 1; 1 spaces the 127 steps evenly, a larger p has
        more of them near 0. block: int >= 1, how many coordinates share m.
    Returns an array of the shape of a.
    Errors: ValueError for an a that is not so, or a bad power or block.
    Source: Dettmers, Lewis, Shleifer and Zettlemoyer (2022) for blocks; they map by dynamic
    quantization, the power is ours.
    """
    a, p, block = array("a", a, "(d, ...)"), integer("power", power), integer("block", block)
    starts = np.arange(0, len(a), block)
    m = np.repeat(np.maximum.reduceat(np.abs(a), starts), np.diff([*starts, len(a)]), axis=0)
    share = np.abs(a) / np.where(m > 0, m, 1)
    return np.sign(a) * m * (np.rint(127 * share ** (1 / p)) / 127) ** p


class Widths(NamedTuple):
    """How a network of some width starts and learns; each an array (p,), in the order of its parameters.

    std: standard deviations of the weights at the start, 0 for biases. gd, adam: factors on the rate of these methods.
    """

    std: np.ndarray
    gd: np.ndarray
    adam: np.ndarray


def standard(network: Network) -> Widths:
    r"""As usual: weights of variance 1/in, one rate for all.

    network: a Network. Returns Widths.
    """
    ones = np.ones(network.size)
    return Widths(by_layer(network, lambda k, shape: shape[0] ** -0.5 if len(shape) == 2 else 0.0), ones, ones)


def mup(network: Network, base: int) -> Widths:
    r"""The maximal-update parametrisation: in a wider network, too, each layer's outputs move by as much a step.

    With $m = n/n_0$, n the width of the last hidden layer: weights into the outputs start $1/\sqrt m$ times as large as
    usual; the rates are

    | | into the first layer, hidden biases | between hidden layers | into the outputs | output biases |
    |---|---|---|---|---|
    | gd | $m$ | 1 | $1/m$ | 1 |
    | adam | 1 | $1/m$ | $1/m$ | 1 |

    network: a Network whose hidden layers have one width, without a norm. base: $n_0$, int >= 1, the width at which
        this is `standard`.
    Returns Widths.
    Errors: ValueError for a bad base.
    Source: Yang, Hu and others (2022), in the form without multipliers.
    """
    m = network.sizes[-2] / integer("base", base)
    last = len(network.sizes) - 2

    def of(first, hidden, bias, out):
        table = {(True, 0): first, (True, last): out, (False, last): 1.0}
        return lambda k, shape: table.get((len(shape) == 2, k), hidden if len(shape) == 2 else bias)

    std = standard(network).std * by_layer(network, of(1.0, 1.0, 1.0, m**-0.5))
    return Widths(std, by_layer(network, of(m, 1.0, m, 1 / m)), by_layer(network, of(1.0, 1 / m, 1.0, 1 / m)))


def by_layer(network, value):
    """One value for all numbers of each array in `network.shapes`, of its layer and shape."""
    return np.concatenate([np.full(prod(shape), value(i // 2, shape)) for i, shape in enumerate(network.shapes)])


class bigram:
    r"""A language model of pairs under Zipf's law: row i of W holds the logits of the next token after token i.

    $f(W) = \sum_i p_i\,\mathrm{KL}\big(q_i \,\|\, \mathrm{softmax}(W_i)\big),\quad p_i \propto i^{-a}$, with a random
    softmax for the truth $q_i$, tilted by p; nothing is sampled, each gradient is exact

    f(W): values, shape (*runs), at W, shape (V, V, *runs). f.grad(W): gradients, shape of W. f.d: V.
    f.p: array (V,), how frequent each token is. f.start: zeros (V, V): all next tokens alike.

    V: int >= 2, number of tokens. a: exponent >= 0; 1 is Zipf's law, 0 makes all tokens alike. rng: numpy Generator.
    Returns an object with a value and a gradient, for methods that take matrices.
    Errors: ValueError for a V, a or rng out of range.
    Source: after Kunstner and Bach (2025), who work it out with a squared loss in place of the divergence.
    """

    hessian = None

    def __init__(self, V: int, a: float, rng: np.random.Generator):
        self.d = integer("V", V, 2)
        p = np.arange(1.0, V + 1) ** -number("a", a, least=0)
        self.p, self.start = p / p.sum(), np.zeros((V, V))
        self.q = softmax(generator(rng).standard_normal((V, V)) + np.log(self.p))

    def __call__(self, W: ArrayLike) -> np.ndarray:
        z = stacked(points(W, self.d, "W"))
        z = z - z.max(axis=-1, keepdims=True)
        log_softmax = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
        return np.sum(self.q * (np.log(self.q) - log_softmax), axis=-1) @ self.p

    def grad(self, W: ArrayLike) -> np.ndarray:
        return unstacked((softmax(stacked(points(W, self.d, "W"))) - self.q) * self.p[:, None])


class seen(Delegate):
    """A function whose value and gradient are taken at what a code leaves of the point, as in a short format.

    f: anything with `grad`. code: a function of an array that gives one of the same shape.
    Returns an object that stands for f.
    Errors: TypeError for an f without grad, or a code that is no function.
    """

    def __init__(self, f: Descendable, code: Callable[[np.ndarray], np.ndarray]):
        super().__init__(descendable(f))
        self.code = function("code", code)

    def __call__(self, p: ArrayLike) -> np.ndarray:
        return self.f(self.code(points(p)))

    def grad(self, p: ArrayLike) -> np.ndarray:
        return self.f.grad(self.code(points(p)))
