r"""The landscape of a network's loss: lines and planes through it, what its symmetries do, ways between two networks.

A network is a point here, as everywhere: theta, shape (p, *runs). What gives points gives them side by side, so that
`f(line(a, b))` are heights and `task.accuracy(line(a, b))` is what the networks on the way can do.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from course_lib.arguments import (
    Descendable,
    Landscape,
    Layered,
    array,
    descendable,
    floats,
    function,
    integer,
    numbers,
    points,
)
from course_lib.curvature import hessian_vector_product
from course_lib.linalg import norm, total
from course_lib.surfaces import Delegate


def line(a: ArrayLike, b: ArrayLike, n: int = 21) -> np.ndarray:
    r"""Points on the straight line from a to b: $(1 - t)\,a + t\,b$, with t in equal steps from 0 to 1.

    a, b: points, arrays (d,). n: int >= 2, number of points, both ends among them.
    Returns an array (d, n).
    Errors: ValueError for points of different length or a bad n.
    """
    a, b = ends(a, b)
    t = np.linspace(0, 1, integer("n", n, 2), dtype=a.dtype)
    return (1 - t) * a[:, None] + t * b[:, None]


def ends(a: ArrayLike, b: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    a = array("a", a, "(d,)")
    return a, array("b", b, f"({len(a)},)", ", a point like a").astype(a.dtype)


def plane(origin: ArrayLike, u: ArrayLike, v: ArrayLike, s: ArrayLike, t: ArrayLike | None = None) -> np.ndarray:
    r"""Points on a grid in a plane: $o + s_j u + t_i v$.

    origin: o, a point, array (d,). u, v: directions, arrays (d,): two random ones, or from one network to two others.
    s, t: arrays (m,) and (n,), how far along u and v; without t it is s.
    Returns an array (d, n, m); f of it is a picture with s to the right and t upwards, as `plots.heat` draws it.
    Errors: ValueError for arrays of another shape.
    """
    o = array("origin", origin, "(d,)")
    u, v = (array(name, w, f"({len(o)},)").astype(o.dtype) for name, w in (("u", u), ("v", v)))
    s = array("s", s, "(m,)").astype(o.dtype)
    t = s if t is None else array("t", t, "(n,)").astype(o.dtype)
    return o[:, None, None] + s * u[:, None, None] + t[:, None] * v[:, None, None]


def barrier(f: Landscape, a: ArrayLike, b: ArrayLike, n: int = 21) -> float:
    r"""How high one has to climb on the straight line from a to b.

    $\max_t\ f\big((1 - t)a + tb\big) - (1 - t)f(a) - tf(b)$

    f: a surface or a problem. a, b: points, arrays (d,). n: as in `line`; on few points a narrow hill is missed.
    Returns a float >= 0; 0 where the line lies nowhere above the chord between its ends.
    Errors: ValueError as `line`.
    Source: Entezari and others (2022). Frankle and others (2020) take the height above the mean of both ends: the same
    where both are equally low.
    """
    values = function("f", f)(line(a, b, n))
    t = np.linspace(0, 1, n)
    return float(np.max(values - (1 - t) * values[0] - t * values[-1]))


def runs_first(theta: np.ndarray) -> np.ndarray:
    """A copy (*runs, p) in one piece: what is written into its `layers` is written into it."""
    return np.moveaxis(theta, 0, -1).copy()


def plain(network: Layered) -> Layered:
    """A network whose layers are pairs, and whose units can change places: without norm and skip."""
    if network.norm or network.skip:
        raise ValueError(f"network must have neither norm nor skip; got norm={network.norm!r}, skip={network.skip!r}")
    return network


def filter_normalized(network: Layered, direction: ArrayLike, theta: ArrayLike) -> np.ndarray:
    r"""A direction in which each unit's weights move by a share of their own length.

    $D_j \leftarrow \frac{\|W_j\|}{\|D_j\|}\,D_j$, j a unit, $W_j$ the weights that lead into it; biases stay

    Then a slice shows the same whatever the units of the weights: that of a stretched network is that of the network.

    network: a `Network` without norm and skip. direction: array (p, *runs), a random one mostly.
    theta: parameters, array (p) or (p, *runs).
    Returns an array (p, *runs); a unit whose direction is 0 keeps it.
    Errors: ValueError for another network or for arrays of another length.
    Source: Li, Xu, Taylor, Studer and Goldstein (2018): a "filter" is the unit of a convolution.
    """
    found = runs_first(points(direction, plain(network).size, "direction").astype(float))
    here = runs_first(points(theta, network.size, "theta"))
    for (D, d), (W, _) in zip(network.layers(found), network.layers(here)):
        length = np.linalg.norm(D, axis=-2, keepdims=True)
        D *= np.linalg.norm(W, axis=-2, keepdims=True) / np.where(length > 0, length, 1)
        d[:] = 0
    return np.moveaxis(found, -1, 0)


def stretched(network: Layered, theta: ArrayLike, c: ArrayLike) -> np.ndarray:
    r"""The same function from other weights: $W_1, b_1$ times c, and $W_2$ divided by it.

    $\sigma(c z) = c\,\sigma(z)$ for relu and c > 0, so every output stays as it was.

    network: a `Network` of relus with a hidden layer, without norm and skip. theta: parameters, array (p,).
    c: a number > 0, or an array (*runs) of them.
    Returns an array (p, *runs).
    Errors: ValueError for another network, or a theta or c out of range.
    Source: Dinh, Pascanu, Bengio and Bengio (2017).
    """
    if plain(network).activation != "relu" or len(network.sizes) < 3:
        raise ValueError(f"network must have a hidden layer of relus; got {network.sizes} with {network.activation}")
    theta, c = array("theta", theta, f"({network.size},)"), np.asarray(numbers("c", c, above=0))
    new = np.tile(theta, (*c.shape, 1))
    (W, b), (V, _), *_ = network.layers(new)
    for part, factor in ((W, c), (b, c), (V, 1 / c)):
        part *= factor[..., None, None]
    return np.moveaxis(new, -1, 0)


def permuted(network: Layered, theta: ArrayLike, orders: Sequence[ArrayLike]) -> np.ndarray:
    r"""The same function with its hidden units in another order.

    $W_k \leftarrow W_k$ with the rows in the order of layer k - 1 and the columns, as $b_k$, in that of layer k

    network: a `Network` without norm and skip. theta: parameters, array (p, *runs).
    orders: one for each hidden layer: which unit comes first, second, ..., a permutation of 0, 1, ..., width - 1.
    Returns an array (p, *runs).
    Errors: ValueError for another network, a theta of another length, or an order that is none.
    Source: Hecht-Nielsen (1990).
    """
    old = runs_first(points(theta, plain(network).size, "theta"))
    new, widths = np.empty_like(old), network.sizes[1:-1]
    taken = [floats(order, "iu") for order in orders] if isinstance(orders, Sequence) else []
    if [None if order is None else sorted(order.flat) for order in taken] != [list(range(n)) for n in widths]:
        raise ValueError(f"orders must hold a permutation for each hidden layer, of widths {widths}; got {orders!r}")
    whole = [np.arange(network.sizes[0]), *(np.asarray(order, int) for order in taken), np.arange(network.sizes[-1])]
    for (W, b), (V, c), rows, columns in zip(network.layers(old), network.layers(new), whole, whole[1:]):
        V[:], c[:] = W[..., rows, :][..., columns], b[..., columns]
    return np.moveaxis(new, -1, 0)


def aligned(network: Layered, theta: ArrayLike, to: ArrayLike) -> np.ndarray:
    r"""The same function as theta, its hidden units in the order in which its weights are most like those of `to`.

    $\max_\pi\ \theta^{\pi} \cdot \theta_{\text{to}}$, one layer after the other until no order changes

    network: a `Network` without norm and skip. theta, to: parameters, arrays (p,).
    Returns an array (p,): theta `permuted`. With one hidden layer no order is better; with more, perhaps another one.
    Errors: ValueError for another network or for arrays of another length.
    Source: Ainsworth, Hayase and Srinivasa (2023), algorithm 1: weight matching.
    """
    theta, to = (
        array(name, a, f"({plain(network).size},)").astype(float) for name, a in (("theta", theta), ("to", to))
    )
    widths, moved = network.sizes[1:-1], True
    while moved:
        moved = False
        for k in range(len(widths)):
            orders = [np.arange(width) for width in widths]
            orders[k] = assignment(-likeness(network, to, theta, k))
            new = permuted(network, theta, orders)
            if new @ to > theta @ to:
                theta, moved = new, True
    return theta


def likeness(network, a, b, k):
    """How alike unit i of a and unit j of b are in hidden layer k: the product of all weights into and out of them."""
    ((W, c), (V, _)), ((X, d), (Y, _)) = (network.layers(theta)[k : k + 2] for theta in (a, b))
    return W.T @ X + c.T @ d + V @ Y.T


def assignment(cost: ArrayLike) -> np.ndarray:
    r"""A column for each row, no column twice, at the lowest total cost: $\min_\pi \sum_i C_{i\pi(i)}$.

    cost: C, array (n, n) of finite numbers of any sign.
    Returns an int array (n,), a permutation: row i has column `assignment(C)[i]`. Of several best ones it is one.
    Errors: ValueError for a cost that is no square of finite numbers.
    Source: Kuhn (1955), the Hungarian method; here by shortest ways, one row after the other, in $n^3$ operations.
    """
    cost = array("cost", cost, "(n, n)").astype(float)
    n = len(cost)
    row_of, column_of = np.full(n, -1), np.full(n, -1)
    u, v = np.zeros(n), np.zeros(n)  # prices of rows and columns; cost - u - v is nowhere negative, and 0 where taken
    for row in range(n):
        way, before = np.full(n, np.inf), np.full(n, row)  # how far each column is, and from which row
        done, i, far = np.zeros(n, bool), row, 0.0
        while i >= 0:
            new = far + cost[i] - u[i] - v
            nearer = ~done & (new < way)
            way[nearer], before[nearer] = new[nearer], i
            j = np.argmin(np.where(done, np.inf, way))
            done[j], i, far = True, row_of[j], way[j]
        reached = row_of[done & (row_of >= 0)]
        u[reached] += far - way[column_of[reached]]
        u[row] += far
        v[done] -= far - way[done]
        while i != row:  # along the way back each row takes the column that it led to
            i = before[j]
            row_of[j], column_of[i], j = i, j, column_of[i]
    return column_of


class Bend(Delegate):
    r"""The mean height of a bent way from a to b, as a function of the point c that bends it.

    $F(c) = \frac1k \sum_i f(\gamma_c(t_i)),\quad \gamma_c(t) = (1 - t)^2 a + 2t(1 - t)\,c + t^2 b$, a Bézier curve

    It is descended like any function: `c = end(adam, Bend(f, a, b), (a + b) / 2, 100, lr=0.03)`. The way is
    `Bend(f, a, b).at(c, t)`.

    f: a surface or a problem. a, b: points, arrays (d,).
    k: int >= 1, how many $t_i$: the middles of k equal parts of [0, 1]. More see narrower hills.
    Returns an object with value, shape (*runs), and `grad`, shape (d, *runs), at points c, shape (d, *runs).
    Errors: ValueError for points of another length or a bad k.
    Source: Garipov and others (2018), who draw one t anew at each step.
    """

    def __init__(self, f: Landscape, a: ArrayLike, b: ArrayLike, k: int = 9):
        super().__init__(descendable(f))
        self.a, self.b = ends(a, b)
        self.t = (np.arange(integer("k", k)) + 0.5) / k

    def at(self, c: ArrayLike, t: ArrayLike) -> np.ndarray:
        """The points of the curve at t, array (n,), from 0 to 1: array (d, *runs, n)."""
        c, there = points(c, len(self.a), "c")[..., None], numbers("t", t, least=0, most=1)
        a, b = (end.reshape(-1, *[1] * (c.ndim - 1)) for end in (self.a, self.b))
        return (1 - there) ** 2 * a + 2 * there * (1 - there) * c + there**2 * b

    def __call__(self, c: ArrayLike) -> np.ndarray:
        return self.f(self.at(c, self.t)).mean(axis=-1)

    def grad(self, c: ArrayLike) -> np.ndarray:
        return (2 * self.t * (1 - self.t) * self.f.grad(self.at(c, self.t))).mean(axis=-1)


def sharpness(
    f: Descendable, x: ArrayLike, v: ArrayLike, steps: int = 20, h: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
    r"""The curvature of largest size at x, and the direction in which it is: power iteration on gradients.

    $v \leftarrow Hv / \|Hv\|$, and $v\cdot Hv$ at the end, as in `power_iteration`, for runs side by side

    f: anything with `grad`. x: points, float array (d, *runs).
    v: where to begin, of the shape of x, nowhere 0: random numbers, or for a point near the last one the v found there,
        with which 2 or 3 steps are enough.
    steps: int >= 1, each two gradients. h: the step of `hessian_vector_product`, small where f has kinks.
    Returns (values, v): arrays (*runs) and (d, *runs).
    Errors: ValueError for a v of another shape or that is 0, bad steps or a bad h.
    """
    w = points(v, name="v")
    for _ in range(integer("steps", steps)):
        if not np.all(length := norm(w)):
            raise ValueError(f"v must not be 0, and neither must the curvature along it; got lengths {length!r}")
        unit = w / length
        w = hessian_vector_product(f, x, unit, h)
        value = total(unit * w)
    return value, w / np.where(length := norm(w), length, 1)


def principal_components(path: ArrayLike, k: int = 2) -> tuple[np.ndarray, np.ndarray]:
    r"""The plane, or space of k dimensions, in which a path spreads most, and the path's shadow in it.

    Share i is $s_i^2 / \sum_j s_j^2$, with the singular values $s$ of the path less its mean.

    path: array (d, n), one point a column: what `descend` returns.
    k: int from 1 to min(d, n), how many components.
    Returns (shares, shadow): the shares of the variance, array (k,), falling, and the coordinates, array (k, n); each
    component has the sign with which its last coordinate is not negative.
    Errors: ValueError for a path of another shape or a bad k.
    Source: Pearson (1901). Of a random walk share i tends to $6/(\pi i)^2$: Antognini and Sohl-Dickstein (2018).
    """
    path = array("path", path, "(d, n)").astype(float)
    k = integer("k", k, 1, min(path.shape))
    _, s, shadow = np.linalg.svd(path - path.mean(axis=1, keepdims=True), full_matrices=False)
    signs = np.where(shadow[:k, -1:] < 0, -1, 1)
    return s[:k] ** 2 / np.sum(s**2), signs * s[:k, None] * shadow[:k]
