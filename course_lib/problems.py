r"""Losses over data: what a model is fitted by. All of them, and some of the examples at a time.

A `Problem` is a mean over n examples, and is asked like a surface: value by call, ``grad``, ``hess``, with weights of
shape (d, *runs). Its gradient on a mini-batch costs the share of the batch. The data are made from a Generator that the
caller seeds; only the digits are shipped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from course_lib.arguments import (
    Descendable,
    Layered,
    array,
    descendable,
    fits,
    floats,
    generator,
    integer,
    number,
    numbers,
    points,
)
from course_lib.surfaces import Delegate, Named


@dataclass(frozen=True, eq=False)
class Loss(Named):
    """The loss of an output z where y is right, and its first and second derivatives in z."""

    value: Callable
    slope: Callable
    curvature: Callable | None = None
    steepest: float | None = None  # the largest curvature


def softplus(z):
    return np.logaddexp(0, z)


def softmax(z):
    """Probabilities, positive and with sum 1 along the last axis, whose logarithms differ as the entries of z do."""
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def cross_entropy_value(z, y):
    top = z.max(axis=-1, keepdims=True)
    return top + np.log(np.exp(z - top).sum(axis=-1, keepdims=True)) - (y * z).sum(axis=-1, keepdims=True)


squared_loss = Loss(
    lambda z, y: 0.5 * ((z - y) * (z - y)),
    lambda z, y: z - y,
    lambda z, y: np.ones_like(z),
    1.0,
)

# y is -1 or 1; exp(-softplus) is the logistic function, exact for the largest margins and without overflow
logistic_loss = Loss(
    lambda z, y: softplus(-y * z),
    lambda z, y: -y * np.exp(-softplus(y * z)),
    lambda z, y: np.exp(-softplus(z) - softplus(-z)),
    0.25,
)

hinge_loss = Loss(
    lambda z, y: np.maximum(0, 1 - y * z),
    lambda z, y: np.where(y * z < 1, -y, 0).astype(z.dtype),
    lambda z, y: np.zeros_like(z),
)

cross_entropy = Loss(cross_entropy_value, lambda z, y: softmax(z) - y)  # y is 1 for the right class, else 0


@dataclass(frozen=True, eq=False)
class Problem:
    r"""The mean of a loss over examples, as a function of the weights w.

    f(w): values, shape (*runs), at weights w, shape (d, *runs).
    f.grad(w): gradients, shape (d, *runs). f.hess(w): Hessians, shape (d, d, *runs), of the linear models.
    f.accuracy(w): share of the examples that are classified right, shape (*runs).
    f.batches(size, rng): the same problem, its gradients from mini-batches.
    f.X: array (n, ...), one example a row. f.y: array (n, ...), the targets.
    f.name: str. f.d: int. f.start: array (d,). f.minima: array (k, d), where it is known in closed form, else k = 0.
    f.L, f.mu: bounds on the curvature, or None.
    Each of the first three takes ``rows``, an index of examples, and is then the mean over those alone.
    Runs are computed by matrix products: beside others, a run can differ from itself alone in the last bits.
    """

    name: str
    X: np.ndarray
    y: np.ndarray
    value: Callable
    gradient: Callable
    start: np.ndarray
    minima: np.ndarray
    hessian: Callable | None = None
    hits: Callable | None = None
    L: float | None = None
    mu: float | None = None

    def __repr__(self):
        return self.name

    @property
    def d(self) -> int:
        return len(self.start)

    def __call__(self, w: ArrayLike, rows: Any = slice(None)) -> np.ndarray:
        w = points(w, self.d)
        with np.errstate(all="ignore"):  # a run that diverged has a value, too: inf or NaN
            return self.value(runs_first(w), self.X[rows], self.y[rows]).astype(w.dtype, copy=False)

    def grad(self, w: ArrayLike, rows: Any = slice(None)) -> np.ndarray:
        w = points(w, self.d)
        return runs_last(self.gradient(runs_first(w), self.X[rows], self.y[rows]), 1).astype(w.dtype, copy=False)

    def hess(self, w: ArrayLike, rows: Any = slice(None)) -> np.ndarray:
        if self.hessian is None:
            raise ValueError(f"{self.name}: there is no Hessian in closed form; take differences of gradients")
        w = points(w, self.d)
        return runs_last(self.hessian(runs_first(w), self.X[rows], self.y[rows]), 2).astype(w.dtype, copy=False)

    def accuracy(self, w: ArrayLike) -> np.ndarray:
        if self.hits is None:
            raise ValueError(f"{self.name}: accuracy is a share of right classes, and there are no classes here")
        return self.hits(runs_first(points(w, self.d)), self.X, self.y).mean(axis=-1)

    def batches(self, size: int, rng: np.random.Generator, replace: bool = False) -> Batches:
        r"""The same problem, but each gradient is that of the next mini-batch.

        size: int from 1 to n, examples in a batch; n is the full gradient. Runs side by side see the same batch.
        rng: numpy Generator; drawing goes on where it stopped, so a run is repeated with a fresh one.
        replace: False goes through all examples once an epoch, reshuffled each time, the last batch being what is left;
            True draws each batch anew from all examples, and one may come twice.
        Returns an object that stands for the problem; its value stays the loss over all examples.
        Errors: ValueError for a size or rng out of range.
        """
        return Batches(self, size, rng, replace)


def runs_first(w):
    """Runs to the front, the weights last, in one piece: so @ broadcasts over runs at full speed."""
    return w if w.ndim == 1 else np.ascontiguousarray(np.moveaxis(w, 0, -1))


def runs_last(a, axes):
    """The last axes to the front, the runs behind them."""
    return a if a.ndim == axes else np.ascontiguousarray(np.moveaxis(a, range(-axes, 0), range(axes)))


class Batches(Delegate):
    def __init__(self, problem, size, rng, replace):
        super().__init__(descendable(problem, "problem"))
        self.n = len(problem.X)
        self.size, self.rng, self.replace = integer("size", size, 1, self.n), generator(rng), replace
        self.order, self.done = None, self.n  # an epoch is over, so the next batch begins a new one

    def grad(self, w):
        return self.f.grad(w, self.rows())

    def rows(self):
        """The examples of the next batch."""
        if self.replace:
            return self.rng.integers(self.n, size=self.size, dtype=int)
        if self.done >= self.n:
            self.order, self.done = self.rng.permutation(self.n), 0
        self.done += self.size
        return self.order[self.done - self.size : self.done]


def svrg(problem: Problem, size: int, rng: np.random.Generator, every: int) -> VarianceReduced:
    r"""The same problem, its mini-batch gradients freed of most of their noise: stochastic variance reduced gradients.

    $g_t = \nabla f_B(x_t) - \nabla f_B(\tilde x) + \nabla f(\tilde x)$, the batch B new at each call

    The anchor $\tilde x$ is where the first call asks, and each one `every` calls later. Near the minimum $x_t$ and
    $\tilde x$ are close, and the noise of both batch gradients cancels: a constant rate converges.

    problem: a Problem. size, rng: as in its `batches`.
    every: int >= 1, calls for each anchor. They cost n examples for the anchor and 2 size for each call; 1 gives the
        full gradient.
    Returns an object that stands for the problem, for one run or for runs side by side; its value stays the loss over
    all examples.
    Errors: ValueError for a size, rng or every out of range.
    Source: Johnson and Zhang (2013), figure 1, option I, with every = 2n to 5n at size 1; there B is drawn with
    replacement, here each epoch is a new shuffle.
    """
    return VarianceReduced(problem, size, rng, integer("every", every))


class VarianceReduced(Batches):
    def __init__(self, problem, size, rng, every):
        super().__init__(problem, size, rng, replace=False)
        self.every, self.calls = every, 0

    def grad(self, w):
        if self.calls % self.every == 0:
            self.anchor, self.full = np.array(w), self.f.grad(w)
        self.calls += 1
        rows = self.rows()
        return self.f.grad(w, rows) - self.f.grad(self.anchor, rows) + self.full


def noisy(f: Descendable, sigma: ArrayLike, rng: np.random.Generator) -> Noisy:
    r"""The same function with noise on its gradient: $g + \sigma\xi$, $\xi$ standard normal, new at every call.

    f: a surface or a problem. Every coordinate of every run has noise of its own.
    sigma: standard deviation >= 0, a number or an array that broadcasts against the gradient: (d,) for one run has a
        deviation for each coordinate.
    rng: numpy Generator; drawing goes on where it stopped, so a run is repeated with a fresh one.
    Returns an object that stands for f; its value stays exact.
    Errors: ValueError for a sigma or rng out of range.
    """
    return Noisy(f, sigma, rng)


class Noisy(Delegate):
    def __init__(self, f, sigma, rng):
        super().__init__(descendable(f))
        self.sigma, self.rng = numbers("sigma", sigma, least=0), generator(rng)

    def grad(self, p):
        g = self.f.grad(p)
        return g + (self.sigma * self.rng.standard_normal(g.shape)).astype(g.dtype)


def least_squares(X: ArrayLike, y: ArrayLike, decay: float = 0.0) -> Problem:
    r"""Linear regression: half the mean square of the residuals.

    $f(w) = \frac1{2n}\|Xw - y\|^2 + \frac\lambda2\|w\|^2$

    X: array (n, d), one example a row, entries below 1e150; put in a column of ones for an intercept.
    y: array (n,).
    decay: $\lambda \ge 0$, ridge; 0 has none.
    Returns a Problem; `minima` holds the solution, the shortest if there are many. L and mu are the largest and the
    smallest eigenvalue of the Hessian.
    Errors: ValueError for data or a decay out of range.
    """
    problem = linear("least squares", X, y, squared_loss, decay)
    d, decay = problem.d, problem.mu
    ridge = np.sqrt(len(problem.X) * decay) * np.eye(d)
    solution = np.linalg.lstsq(np.vstack((problem.X, ridge)), np.concatenate((problem.y, np.zeros(d))))[0]
    smallest = np.linalg.eigvalsh(problem.hess(problem.start))[0]
    return replace(problem, hits=None, minima=solution[None], mu=float(max(decay, smallest)))


def logistic(X: ArrayLike, y: ArrayLike, decay: float = 0.0) -> Problem:
    r"""Logistic regression: a smooth price for small and for wrong margins.

    $f(w) = \frac1n\sum_i \log(1 + e^{-y_i x_i^\top w}) + \frac\lambda2\|w\|^2$

    X: array (n, d), one example a row; put in a column of ones for an intercept.
    y: array (n,) of labels -1 and 1; of class numbers 0 and 1 make ``2 * y - 1``.
    decay: $\lambda \ge 0$; with 0 and classes that a plane separates there is no minimum, and w grows for ever.
    Returns a Problem with L = a quarter of the largest eigenvalue of $X^\top X/n$, plus decay, and mu = decay.
    Errors: ValueError for data, labels or a decay out of range.
    """
    return linear("logistic regression", X, checked_labels(y), logistic_loss, decay)


def hinge(X: ArrayLike, y: ArrayLike, decay: float = 0.0) -> Problem:
    r"""Support vector machine: no price for a margin above 1, a straight one below.

    $f(w) = \frac1n\sum_i \max(0,\ 1 - y_i x_i^\top w) + \frac\lambda2\|w\|^2$

    X, y, decay: as in `logistic`.
    Returns a Problem with mu = decay and no L: the slope jumps where a margin is 1. There `grad` counts it as 0, which
    is one of the subgradients; `hess` is that of the smooth pieces.
    Errors: ValueError for data, labels or a decay out of range.
    """
    return linear("support vector machine", X, checked_labels(y), hinge_loss, decay)


def linear(name, X, y, loss, decay):
    """A linear model's Problem: outputs z = Xw, a loss for each, and weight decay."""
    X, y = checked_data(X, y)
    y = array("y", y, f"({len(X)},)", ", a number for each row of X")
    decay = number("decay", decay, least=0)
    if (size := float(np.abs(X).max())) >= 1e150:
        raise ValueError(f"X must have entries of a size below 1e150, so that sums of squares are finite; got {size:g}")
    (n, d), A = X.shape, X.astype(float)
    largest = np.linalg.eigvalsh(A.T @ A / n)[-1]
    model = Linear(loss, decay)
    return Problem(
        name,
        X,
        y,
        model.value,
        model.gradient,
        start=np.zeros(d),
        hessian=model.hessian,
        hits=model.hits,
        minima=np.empty((0, d)),
        L=None if loss.steepest is None else float(loss.steepest * largest + decay),
        mu=float(decay),
    )


@dataclass(frozen=True, eq=False)
class Linear:
    loss: Loss
    decay: float

    def value(self, w, X, y):
        return self.loss.value(w @ X.T, y).mean(axis=-1) + 0.5 * (self.decay * w * w).sum(axis=-1)

    def gradient(self, w, X, y):
        return self.loss.slope(w @ X.T, y) @ X / len(X) + self.decay * w

    def hessian(self, w, X, y):
        curvatures = self.loss.curvature(w @ X.T, y)
        return X.T * curvatures[..., None, :] @ X / len(X) + self.decay * np.eye(X.shape[1])

    def hits(self, w, X, y):
        return np.sign(w @ X.T) == y


def classify(network: Layered, X: ArrayLike, y: ArrayLike) -> Problem:
    r"""A network's mean cross-entropy over examples, as a function of its flat vector of parameters.

    $f(\theta) = -\frac1n\sum_i \log p_{\theta}(y_i \mid x_i)$, where p is the softmax of the outputs; a single output
    is the log-odds of class 1 against class 0.

    network: a `Network` with one output for each class, or one for two classes.
    X: array (n, inputs), one example a row. y: array (n,) of class numbers 0, 1, ...
    Returns a Problem with d = network.size and no Hessian; it starts at ``network.init(np.random.default_rng(0))``.
    Errors: ValueError for data that do not fit the network.
    """
    outputs = network.sizes[-1]
    labels, classes = floats(y, "iub"), max(outputs, 2)
    if labels is None or not fits(labels.shape, "(n,)") or labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"y must be an array (n,) of class numbers from 0 to {classes - 1}; got {y!r}")
    if outputs == 1:
        return fitted("binary classification", network, X, 2 * labels[:, None] - 1, logistic_loss, signs_agree)
    return fitted("classification", network, X, np.eye(outputs)[labels.astype(int)], cross_entropy, largest_agree)


def regress(network: Layered, X: ArrayLike, y: ArrayLike) -> Problem:
    r"""A network's mean squared error, halved: $f(\theta) = \frac1{2n}\sum_i \|z_\theta(x_i) - y_i\|^2$.

    network: a `Network`.
    X: array (n, inputs), one example a row. y: array (n, outputs), or (n,) for one output.
    Returns a Problem, as `classify`.
    Errors: ValueError for data that do not fit the network.
    """
    y = array("y", y, "(n,) or (n, outputs)", kinds="biuf")
    return fitted("regression", network, X, y[:, None] if y.ndim == 1 else y, squared_loss, None)


def signs_agree(z, y):
    return np.sign(z[..., 0]) == y[..., 0]


def largest_agree(z, y):
    return z.argmax(axis=-1) == y.argmax(axis=-1)


def fitted(name, network, X, y, loss, agree):
    """A network's Problem: outputs z, and a loss for each."""
    X, y = checked_data(X, y)
    if X.shape[1] != network.sizes[0] or y.shape[1:] != (network.sizes[-1],):
        raise ValueError(f"X and y must fit a network of sizes {network.sizes}; got shapes {X.shape} and {y.shape}")

    model = Fitted(network, loss, agree)
    start, unknown = network.init(np.random.default_rng(0)), np.empty((0, network.size))
    return Problem(name, X, y, model.value, model.gradient, start, minima=unknown, hits=agree and model.hits)


@dataclass(frozen=True, eq=False)
class Fitted:
    network: Layered
    loss: Loss
    agree: Callable | None

    def value(self, theta, X, y):
        return self.loss.value(self.network.forward(theta, X), y).sum(axis=-1).mean(axis=-1)

    def gradient(self, theta, X, y):
        outputs = self.network.activations(theta, X)
        return self.network.backward(theta, outputs, self.loss.slope(outputs[-1], y) / len(X))

    def hits(self, theta, X, y):
        return self.agree(self.network.forward(theta, X), y)


def checked_data(X, y):
    X = array("X", X, "(n, d)", ", one example a row", kinds="biuf")
    return X, array("y", y, f"({len(X)}, ...)", ", one entry for each row of X", kinds="biuf")


def checked_labels(y):
    y = array("y", y, "(n, ...)", ", labels -1 and 1", kinds="biuf")
    if not np.all((y == 1) | (y == -1)):
        raise ValueError(f"y must hold labels -1 and 1; got {np.unique(y)} (of 0 and 1 make 2 * y - 1)")
    return y


def two_moons(n: int, noise: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    r"""Two half circles that reach into each other: the smallest data that no line can part.

    n: int >= 2, number of points. noise: standard deviation >= 0 of both coordinates; from about 0.3 on they mix.
    rng: numpy Generator.
    Returns X, array (n, 2), and y, array (n,) of classes 0 (upper) and 1 (lower), in turn.
    Errors: ValueError for an argument out of range.
    """
    y = np.arange(integer("n", n, 2)) % 2
    angle, side = generator(rng).uniform(0, np.pi, n), 1 - 2 * y
    X = np.stack((y + side * np.cos(angle), y / 2 + side * np.sin(angle)), axis=1)
    return X + number("noise", noise, least=0) * rng.standard_normal(X.shape), y


def clusters(n: int, centers: ArrayLike, spread: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    r"""Round Gaussian clouds of points.

    n: int >= 1, number of points. centers: array (k, d), the middle of each cloud.
    spread: standard deviation >= 0 of every coordinate.
    rng: numpy Generator.
    Returns X, array (n, d), and y, array (n,) of classes 0 to k - 1, in turn.
    Errors: ValueError for an argument out of range.
    """
    places = array("centers", centers, "(k, d)")
    y = np.arange(integer("n", n)) % len(places)
    X = places[y]
    return X + number("spread", spread, least=0) * generator(rng).standard_normal(X.shape), y


def sparse_words(n: int, words: int, length: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    r"""Short texts as bags of words: a few words are in nearly all of them, most are rare.

    The word of rank j comes with probability in proportion to 1/j (Zipf). The ten most frequent say nothing; the
    others speak for and against in turn, and a text is of class 1 if more of its words are for than against.

    n: int >= 1, number of texts. words: int > 10, size of the vocabulary. length: int >= 1, words drawn for a text.
    rng: numpy Generator.
    Returns X, array (n, words) of 0 and 1, whether the word is there, and y, array (n,) of classes 0 and 1.
    Errors: ValueError for an argument out of range.
    """
    n, words, length = integer("n", n), integer("words", words, 11), integer("length", length)
    frequency = 1 / np.arange(1, words + 1)
    drawn = generator(rng).choice(words, size=(n, length), p=frequency / frequency.sum())
    X = np.zeros((n, words))
    X[np.arange(n)[:, None], drawn] = 1
    opinions = np.where(np.arange(words) % 2, -1, 1)
    opinions[:10] = 0
    return X, (X @ opinions > 0).astype(int)


def digits() -> tuple[np.ndarray, np.ndarray]:
    r"""The 8 x 8 digits: 1,797 pictures of handwritten figures, written by 13 people.

    Returns X, array (1797, 64) of grey values in [0, 1], row by row (``X[i].reshape(8, 8)`` is picture i), and y,
    array (1797,) of classes 0 to 9.
    Source: Alpaydin and Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning Repository,
    doi 10.24432/C50P49, licence CC BY 4.0: the test set, as scikit-learn ships it, stored as integers 0 to 16.
    """
    with files("course_lib").joinpath("data", "digits.npz").open("rb") as file, np.load(file) as data:
        return data["X"] / 16, data["y"].astype(int)


def longley() -> tuple[np.ndarray, np.ndarray]:
    r"""Sixteen years of one country: six columns in their own units that nearly all rise together.

    Returns X, array (16, 6), the years 1947 to 1962 of the United States: price index (1954 is 100), gross national
    product (10⁹ dollars), unemployed, armed forces (both in 1,000 people), population from 14 years on (10⁶), year; and
    y, array (16,), people employed (10⁶).
    Source: Longley (1967), An Appraisal of Least Squares Programs, Journal of the American Statistical Association 62,
    there to show how many digits a computer loses; one of NIST's Statistical Reference Datasets, in the public domain.
    """
    text = files("course_lib").joinpath("data", "longley.csv").read_text(encoding="utf-8")
    table = np.loadtxt(text.splitlines(), delimiter=",")
    return table[:, :-1], table[:, -1]
