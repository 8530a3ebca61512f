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

from .arguments import data, generator, integers, number

# name: (function, its slope as a function of its value, the variance of weights that keeps signals alive, from in, out)
ACTIVATIONS: dict[str, tuple[Callable, Callable, Callable]] = {
    "tanh": (np.tanh, lambda a: 1 - a * a, lambda n, m: 2 / (n + m)),
    "relu": (lambda z: np.maximum(z, 0), lambda a: a > 0, lambda n, m: 2 / n),
}


class Network:
    r"""A multilayer network: $a_0 = x,\quad a_k = \sigma(a_{k-1} W_k + b_k),\quad z = a_{K-1} W_K + b_K$.

    sizes: widths of the layers, ints >= 1, from inputs to outputs: (64, 32, 10) has one hidden layer of 32.
    activation: "tanh" or "relu", the $\sigma$ of every layer but the last.
    Attributes: `size`, the number p of parameters, and `shapes`, those of $W_1, b_1, W_2, b_2, \dots$ in their order in
    the flat vector (as `per_layer` takes them).
    Errors: ValueError for sizes or an activation out of range.
    """

    def __init__(self, sizes: Sequence[int], activation: str = "tanh"):
        self.sizes, self.activation = integers("sizes", sizes, 2), activation
        if activation not in list(ACTIVATIONS):
            raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}; got {activation!r}")
        self.shapes = [shape for n, m in pairwise(self.sizes) for shape in ((n, m), (m,))]
        self.size = sum(map(prod, self.shapes))
        self.bend, self.slope, self.variance = ACTIVATIONS[activation]

    def __reduce__(self):
        return type(self), (self.sizes, self.activation)

    def layers(self, theta: ArrayLike) -> list[tuple[np.ndarray, np.ndarray]]:
        """The pairs (W, b) of all layers: views, so that to write into them is to write into theta.

        theta: array (*runs, p), of floats. Returns a list of arrays (*runs, in, out) and (*runs, 1, out).
        Errors: ValueError for a theta of another length.
        """
        theta = data("theta", theta, last=self.size)
        runs, pairs, end = theta.shape[:-1], [], 0
        for n, m in pairwise(self.sizes):
            start, middle, end = end, end + n * m, end + n * m + m
            pairs.append((theta[..., start:middle].reshape(*runs, n, m), theta[..., None, middle:end]))
        return pairs

    def init(self, rng: np.random.Generator, scale: float = 1.0) -> np.ndarray:
        r"""Parameters to start from: normal weights, biases 0.

        Their variance keeps signals about as large from layer to layer: 2/(in + out) for tanh, 2/in for relu.

        rng: numpy Generator.
        scale: factor >= 0 on all weights; 0 makes all units of a layer alike, for ever.
        Returns an array (p,).
        Errors: ValueError for an rng or scale out of range.
        Source: Glorot and Bengio (2010), eq. 12, for tanh; He et al. (2015), eq. 10, for relu.
        """
        scale, theta = number("scale", scale, least=0), np.zeros(self.size)
        for W, _ in self.layers(theta):
            W[:] = scale * sqrt(self.variance(*W.shape)) * generator(rng).standard_normal(W.shape)
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
        for W, b in hidden:
            outputs.append(self.bend(outputs[-1] @ W + b))
        return [*outputs, outputs[-1] @ W_out + b_out]

    def backward(self, theta: ArrayLike, outputs: Sequence[np.ndarray], delta: ArrayLike) -> np.ndarray:
        r"""Backpropagation: the gradient, from the last layer to the first.

        $\partial W_k = a_{k-1}^\top \delta_k,\quad \partial b_k = \textstyle\sum_i \delta_{k,i},\quad
        \delta_{k-1} = \delta_k W_k^\top \odot \sigma'_{k-1}$

        theta: array (*runs, p). outputs: what `activations` gave there.
        delta: array (*runs, n, outputs), the gradient of the loss in the outputs z.
        Returns the gradient in theta, shape (*runs, p).
        Source: Rumelhart, Hinton and Williams (1986).
        """
        theta, delta = data("theta", theta), data("delta", delta, last=self.sizes[-1])
        gradient = np.empty_like(theta)
        backwards = zip(self.layers(theta)[::-1], self.layers(gradient)[::-1], outputs[-2::-1])
        for k, ((W, _), (dW, db), a) in enumerate(backwards, 1):
            np.matmul(a.mT, delta, out=dW)
            np.sum(delta, axis=-2, keepdims=True, out=db)
            if k < len(self.sizes) - 1:
                delta = delta @ W.mT * self.slope(a)
        return gradient
