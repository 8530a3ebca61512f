r"""A small network: layers of weighted sums and bends, all its parameters in one flat vector.

The optimizers of the course see a point with many coordinates; the network sees weights and biases. Both look at the
same memory. Here the parameters are on the last axis and runs side by side before it, (*runs, p), so that ``@``
broadcasts; `classify` and `regress` in problems turn (p, *runs) to this and back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import prod, sqrt

import numpy as np
from numpy.typing import ArrayLike

from course_lib.arguments import data, generator, integer, integers, numbers, points

# name: (function, its slope as a function of its value, the variance of weights that keeps signals alive, from in, out)
ACTIVATIONS: dict[str, tuple[Callable, Callable, Callable]] = {
    "tanh": (np.tanh, lambda a: 1 - a * a, lambda n, m: 2 / (n + m)),
    "relu": (lambda z: np.maximum(z, 0), lambda a: a > 0, lambda n, m: 2 / n),
    "sigmoid": (lambda z: 0.5 + 0.5 * np.tanh(0.5 * z), lambda a: a * (1 - a), lambda n, m: 2 / (n + m)),
}
AXES = {None: None, "batch": -2, "layer": -1}  # over what a norm takes means: the examples, or the units of a layer
EPS = 1e-5


class Network:
    r"""A multilayer network: $a_0 = x,\quad a_k = \sigma(a_{k-1} W_k + b_k),\quad z = a_{K-1} W_K + b_K$.

    A norm and a skip change the hidden layers: $a_k = [a_{k-1}] + \sigma(\gamma_k \odot \hat z_k + b_k)$, where
    $\hat z_k$ is $a_{k-1} W_k$, normalised (`normalized`), with a gain $\gamma_k$ for each unit.

    sizes: widths of the layers, ints >= 1, from inputs to outputs: (64, 32, 10) has one hidden layer of 32.
    activation: "tanh", "relu" or "sigmoid", the $\sigma$ of every layer but the last.
    norm: None; "batch", over the examples of the call, so that what comes out for one depends on the others; "layer",
        over the units of one example.
    skip: whether $a_{k-1}$ is added in each hidden layer that is as wide as the one before it.
    Attributes: `size`, the number p of parameters, and `shapes`, those of $W_1, b_1, [\gamma_1,] W_2, b_2, \dots$ in
    their order in the flat vector (as `per_layer` takes them); the last layer has no gain.
    Errors: ValueError for sizes, an activation or a norm out of range.
    Source: Ioffe and Szegedy (2015) for batch, Ba, Kiros and Hinton (2016) for layer normalisation, He et al. (2016)
    for skips. Convention: torch.nn.BatchNorm1d keeps running means for later calls unless track_running_stats=False.
    """

    def __init__(self, sizes: Sequence[int], activation: str = "tanh", norm: str | None = None, skip: bool = False):
        self.sizes, self.activation, self.norm, self.skip = integers("sizes", sizes, 2), activation, norm, skip
        if activation not in list(ACTIVATIONS):
            raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}; got {activation!r}")
        if norm not in list(AXES):
            raise ValueError(f"norm must be one of {', '.join(map(str, AXES))}; got {norm!r}")
        self.shapes = [shape for n, m in pairwise(self.sizes) for shape in ((n, m), (m,), (m,))[: 3 if norm else 2]]
        if norm:
            self.shapes.pop()
        self.size = sum(map(prod, self.shapes))
        self.bend, self.slope, self.variance = ACTIVATIONS[activation]

    def __reduce__(self):
        return type(self), (self.sizes, self.activation, self.norm, self.skip)

    def layers(self, theta: ArrayLike) -> list[tuple[np.ndarray, ...]]:
        """(W, b) of each layer, with a norm (W, b, gain) of each hidden one: views, so what is written goes to theta.

        theta: array (*runs, p), of floats. Returns a list of arrays (*runs, in, out) and (*runs, 1, out).
        Errors: ValueError for a theta of another length.
        """
        theta = data("theta", theta, last=self.size)
        layers: list[tuple[np.ndarray, ...]] = []
        runs, end = theta.shape[:-1], 0
        for shape in self.shapes:
            start, end = end, end + prod(shape)
            part = theta[..., start:end]
            if len(shape) == 2:
                layers.append((part.reshape(*runs, *shape),))
            else:
                layers[-1] += (part[..., None, :],)
        return layers

    def init(self, rng: np.random.Generator, scale: ArrayLike = 1.0, orthogonal: bool = False) -> np.ndarray:
        r"""Parameters to start from: normal weights, biases 0, gains 1.

        Their variance keeps signals about as large from layer to layer: 2/(in + out) for tanh and sigmoid, 2/in for
        relu.

        rng: numpy Generator.
        scale: factor >= 0 on all weights, or one for each layer; 0 makes all units of a layer alike, for ever (with
            skips a tanh layer that begins at 0 hands the signal on as it is, and learns).
        orthogonal: whether each matrix has orthogonal columns or rows, all of one length, its mean square as above.
        Returns an array (p,).
        Errors: ValueError for an rng or scale out of range.
        Source: Glorot and Bengio (2010), eq. 12, for tanh; He et al. (2015), eq. 10, for relu; Saxe, McClelland and
        Ganguli (2014) for orthogonal matrices.
        """
        theta, layers = np.zeros(self.size), len(self.sizes) - 1
        scale = numbers("scale", scale, f", one for each of {layers} layers", least=0)
        if np.shape(scale) not in ((), (layers,)):
            raise ValueError(f"scale must be one number or {layers}, one for each layer; got {scale!r}")
        for (W, _, *gain), factor in zip(self.layers(theta), np.broadcast_to(scale, layers)):
            drawn = generator(rng).standard_normal(W.shape)
            W[:] = factor * sqrt(self.variance(*W.shape)) * (orthogonalized(drawn) if orthogonal else drawn)
            for ones in gain:
                ones[:] = 1
        return theta

    def forward(self, theta: ArrayLike, X: ArrayLike) -> np.ndarray:
        """The outputs z, shape (*runs, n, outputs), for examples X, shape (n, inputs), and theta, shape (*runs, p).

        Errors: ValueError for a theta or X of another width.
        """
        return self.activations(theta, X)[-1]

    def activations(self, theta: ArrayLike, X: ArrayLike) -> list[np.ndarray]:
        """What every layer puts out: a list of X, the hidden layers' activations, and the outputs z.

        theta, X: as in `forward`. Returns arrays of shape (*runs, n, width of the layer), but for X itself.
        """
        *hidden, (W_out, b_out) = self.layers(theta)
        outputs = [data("X", X, last=self.sizes[0])]
        for layer in hidden:
            a, (bent, *_) = outputs[-1], self.bent(outputs[-1], *layer)
            outputs.append(a + bent if self.skips(layer) else bent)
        return [*outputs, outputs[-1] @ W_out + b_out]

    def bent(self, a, W, b, gain=None):
        """What a hidden layer makes of a, without the skip; with a norm also the normalised sums and their scale."""
        if gain is None:
            return (self.bend(a @ W + b),)
        z, scale = normalized(a @ W, AXES[self.norm])
        return self.bend(gain * z + b), z, scale

    def skips(self, layer):
        """Whether a hidden layer hands on what came in."""
        return self.skip and layer[0].shape[-2] == layer[0].shape[-1]

    def backward(self, theta: ArrayLike, outputs: Sequence[np.ndarray], delta: ArrayLike) -> np.ndarray:
        r"""Backpropagation: the gradient, from the last layer to the first.

        $\partial W_k = a_{k-1}^\top \delta_k,\quad \partial b_k = \textstyle\sum_i \delta_{k,i},\quad
        \delta_{k-1} = \delta_k W_k^\top \odot \sigma'_{k-1}$; a norm bends $\delta$ as `normalized_backward` has it,
        and a skip adds what it was behind the layer

        theta: array (*runs, p). outputs: what `activations` gave there.
        delta: array (*runs, n, outputs), the gradient of the loss in the outputs z.
        Returns the gradient in theta, shape (*runs, p).
        Source: Rumelhart, Hinton and Williams (1986).
        """
        theta = data("theta", theta)
        gradient = np.empty_like(theta)
        for a, (dW, *dothers), (_, into, others) in zip(
            outputs[-2::-1], self.layers(gradient)[::-1], self.backwards(theta, outputs, delta)
        ):
            np.matmul(a.mT, into, out=dW)
            for d, other in zip(dothers, others):
                np.sum(other, axis=-2, keepdims=True, out=d)
        return gradient

    def backwards(self, theta, outputs, delta):
        """For each layer, the last one first: the gradient in what it puts out, in a W, and, by example, in b and gain.

        After the first layer comes the gradient in X, with nothing behind it.
        """
        delta = data("delta", delta, last=self.sizes[-1])
        last, *hidden = self.layers(theta)[::-1]
        yield delta, delta, (delta,)
        delta = delta @ last[0].mT
        for layer, a, out in zip(hidden, outputs[-3::-1], outputs[-2::-1]):
            W, *_, gain = layer if self.norm else (*layer, None)
            bent, *norm = self.bent(a, *layer) if self.norm or self.skip else (out,)
            into = through = delta * self.slope(bent)
            others = (through,)
            if norm:
                others = through, through * norm[0]
                into = normalized_backward(through * gain, *norm, AXES[self.norm])
            yield delta, into, others
            back = into @ W.mT
            delta = delta + back if self.skips(layer) else back
        yield delta, None, ()


def orthogonalized(G):
    """Orthogonal columns (of a wide matrix, rows) of mean square 1, uniform if G is normal."""
    Q, R = np.linalg.qr(G if G.shape[0] >= G.shape[1] else G.T)
    Q = Q * np.copysign(sqrt(len(Q)), np.diag(R))
    return Q if Q.shape == G.shape else Q.T


def normalized(z: ArrayLike, axis: int) -> tuple[np.ndarray, np.ndarray]:
    r"""Numbers with mean 0 and standard deviation 1 (nearly) along an axis.

    $\hat z = (z - \bar z)/s,\quad s = \sqrt{\overline{(z - \bar z)^2} + \varepsilon}$

    z: array. axis: int; for z of shape (n, units) 0 makes this batch and 1 layer normalisation.
    Returns z-hat, and s with length 1 along the axis. Two numbers become -1 and 1, one becomes 0.
    Errors: ValueError for a z without axes, or an axis that it has not.
    Source: Ioffe and Szegedy (2015), algorithm 1. Convention: $\varepsilon = 10^{-5}$ and the mean (not the unbiased)
    square, as in torch.nn.BatchNorm1d while it trains, and in torch.nn.LayerNorm.
    """
    z = points(z, name="z")
    axis = integer("axis", axis, -z.ndim, z.ndim - 1)
    centred = z - z.mean(axis=axis, keepdims=True)
    s = np.sqrt((centred * centred).mean(axis=axis, keepdims=True) + EPS)
    return centred / s, s


def normalized_backward(delta: ArrayLike, z: ArrayLike, s: ArrayLike, axis: int) -> np.ndarray:
    r"""The gradient's way back through `normalized`: what points along 1 or along z-hat is taken out.

    $\left(\delta - \overline{\delta} - \hat z\; \overline{\delta \hat z}\right)/s$

    delta: array, the gradient in z-hat. z, s: what `normalized` returned. axis: as there.
    Returns the gradient in what was normalised, of the shape of delta.
    Errors: as there.
    Source: Ioffe and Szegedy (2015), section 3, its three lines put together.
    """
    delta, z, s = points(delta, name="delta"), points(z, name="z"), points(s, name="s")
    axis = integer("axis", axis, -z.ndim, z.ndim - 1)
    mean, along = delta.mean(axis=axis, keepdims=True), (delta * z).mean(axis=axis, keepdims=True)
    return (delta - mean - z * along) / s


def signal_and_gradient(
    network: Network, theta: ArrayLike, X: ArrayLike, delta: ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    r"""How large the signal is behind each layer, and the gradient in it: root mean squares over examples and units.

    $\sqrt{\overline{a_k^2}}$ and $\sqrt{\overline{\delta_k^2}}$ with $\delta_k = \partial f/\partial a_k$, for
    k = 0 (the inputs) to K (the outputs)

    network, theta, X: as in `Network.forward`. delta: the gradient in the outputs, as in `Network.backward`.
    Returns two arrays of shape (K + 1, *runs).
    """
    outputs = network.activations(theta, X)
    gradients = [delta for delta, *_ in network.backwards(data("theta", theta), outputs, delta)][::-1]
    runs = np.shape(theta)[:-1]
    signal, gradient = (
        np.stack([np.broadcast_to(np.sqrt(np.square(a).mean(axis=(-2, -1))), runs) for a in arrays])
        for arrays in (outputs, gradients)
    )
    return signal, gradient
