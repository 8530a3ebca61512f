"""Wrappers: each takes a step and is a step again, so they stack and go wherever a method goes.

``clip_by_norm(adam, 1.0)`` has the shape of ``adam``: ``x, *memory = method(x, g, *memory, **hyper)``. A wrapper that
remembers something puts it before the memory of the method inside. ``blocked`` alone changes arrays in place.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from course_lib.arguments import (
    Descendable,
    Step,
    array,
    descendable,
    function,
    generator,
    integer,
    integers,
    number,
    points,
    step,
    symmetric,
)
from course_lib.linalg import eigenvalues, norm, times
from course_lib.schedules import constant


class clip_by_norm:
    r"""Shorten a gradient that is longer than the limit; its direction stays.

    $g \leftarrow g\,\min(1, c/\|g\|_2)$, the norm along axis 0: each run its own

    method: a step.
    limit: c, a number > 0; a large one changes nothing, a small one leaves the direction alone.
    Returns a step with the memory of method.
    Errors: ValueError for a bad limit.
    Source: Pascanu, Mikolov and Bengio (2013), algorithm 1. torch.nn.utils.clip_grad_norm_ adds 1e-6 to the norm;
    optax.clip_by_global_norm agrees.
    """

    def __init__(self, method: Step, limit: float):
        self.method, self.limit = step(method), number("limit", limit, above=0)

    def __call__(self, x, g, *memory, **hyper) -> tuple:
        g = points(g, name="g")
        length = np.hypot.reduce(g, dtype=float)  # of short vectors this is the faster way, and the more precise one
        shorter = g * (self.limit / np.maximum(length, self.limit)).astype(g.dtype)
        return self.method(x, shorter, *memory, **hyper)


class clip_by_value:
    r"""Cut each coordinate of the gradient at the limit; its direction changes.

    $g_i \leftarrow \max(-c, \min(g_i, c))$

    method: a step.
    limit: c, a number > 0; a large one changes nothing, a small one leaves the signs alone.
    Returns a step with the memory of method.
    Errors: ValueError for a bad limit.
    Source: Mikolov (2012); torch.nn.utils.clip_grad_value_ and optax.clip agree.
    """

    def __init__(self, method: Step, limit: float):
        self.method, self.limit = step(method), number("limit", limit, above=0)

    def __call__(self, x, g, *memory, **hyper) -> tuple:
        return self.method(x, np.clip(points(g, name="g"), -self.limit, self.limit), *memory, **hyper)


class l2:
    r"""An L2 penalty: the gradient of $\tfrac\lambda2\|x\|^2$ is added to the gradient, before the method sees it.

    $g \leftarrow g + \lambda x$

    method: a step; an adaptive one divides the penalty, too, by the size of the gradients.
    decay: $\lambda \ge 0$, a number; 0 changes nothing.
    Returns a step with the memory of method.
    Errors: ValueError for a bad decay.
    Convention: weight_decay of torch.optim.SGD and Adam; optax.add_decayed_weights before the method.
    """

    def __init__(self, method: Step, decay: float):
        self.method, self.decay = step(method), number("decay", decay, least=0)

    def __call__(self, x, g, *memory, **hyper) -> tuple:
        return self.method(x, g + self.decay * x, *memory, **hyper)


class decoupled_decay:
    r"""Weight decay beside the gradient: the point shrinks by itself, whatever the method makes of the gradient.

    $x \leftarrow (1 - \eta\lambda)\,x$, then the step with the gradient of the old point

    method: a step; with `adam` this is `adamw`, to the last bit.
    decay: $\lambda \ge 0$, a number; 0 changes nothing.
    Returns a step with the memory of method; lr must be given, as it scales the decay.
    Errors: ValueError for a bad decay.
    Source: Loshchilov and Hutter (2019), with the decay scaled by $\eta$ as in torch.optim.AdamW and optax.adamw.
    """

    def __init__(self, method: Step, decay: float):
        self.method, self.decay = step(method), number("decay", decay, least=0)

    def __call__(self, x, g, *memory, lr, **hyper) -> tuple:
        return self.method((1 - lr * self.decay) * x, g, *memory, lr=lr, **hyper)


class preconditioned:
    r"""The gradient goes through a matrix before the method sees it: P bends the ruler that the method measures with.

    $g \leftarrow P g$

    With gd, momentum and nesterov this is the method itself in the coordinates z, where $x = Az$ and $P = AA^\top$:
    the Hessian there is $A^\top H A$, and its condition number decides. $P = H^{-1}$ makes it 1;
    $P = \mathrm{diag}(H)^{-1}$ is Jacobi's.

    method: a step.
    P: symmetric positive definite matrix (d, d), or its diagonal (d,), all > 0; the same for all runs. Ones change
        nothing.
    Returns a step with the memory of method.
    Errors: ValueError for a P that is not so, and, at the first step, for a point of another length.
    Source: Nocedal and Wright (2006), section 5.1, there for conjugate gradients.
    """

    def __init__(self, method: Step, P: ArrayLike):
        self.method, P = step(method), array("P", P, "(d,) or (d, d)")
        if not np.all((P if P.ndim == 1 else eigenvalues(symmetric("P", P))) > 0):
            raise ValueError(f"P must be positive definite, or a diagonal > 0; got {P!r}")
        self.P = P.astype(float)

    def __call__(self, x, g, *memory, **hyper) -> tuple:
        g, P = points(g, name="g"), self.P
        if len(g) != len(P):
            raise ValueError(f"P must fit a point of {len(g)} numbers; it has shape {P.shape}")
        bent = P.astype(g.dtype).reshape(-1, *[1] * (g.ndim - 1)) * g if P.ndim == 1 else times(P, g)
        return self.method(x, bent, *memory, **hyper)


class perturbed:
    r"""Noise on the point after each step, each run its own.

    $x_{t+1} \leftarrow x_{t+1} + \sigma_t\, \xi_t,\quad \xi_t \sim \mathcal N(0, I)$

    method: a step.
    sigma: standard deviation in each coordinate, a number >= 0, or a function of the step t = 0, 1, ...: now and then
        is `lambda t: 0.01 * (t % 50 == 0)`.
    rng: a numpy.random.Generator; it moves on, so a second run sees other noise.
    Returns a step whose memory is the number of steps done, then that of method.
    Errors: ValueError for a bad sigma or rng.
    Source: Jin et al. (2017), with Gaussian noise in place of a ball and times of your choice.
    """

    def __init__(self, method: Step, sigma: float | Callable[[int], float], rng: np.random.Generator):
        self.method, self.rng = step(method), generator(rng)
        self.sigma = sigma if callable(sigma) else constant(number("sigma", sigma, least=0))

    def __call__(self, x, g, t=0, *memory, **hyper) -> tuple:
        x, *new = self.method(x, g, *memory, **hyper)
        noise = self.sigma(t) * self.rng.standard_normal(x.shape)
        return x + noise.astype(x.dtype), t + 1, *new


class sam:
    r"""Sharpness-aware minimization: the gradient is that of a point a little way uphill.

    $g \leftarrow \nabla f\!\left(x + \rho\,\frac{g}{\|g\|_2}\right)$, the norm along axis 0: each run its own

    Each step costs two gradients: the one that comes in, and the one taken uphill.

    method: a step.
    f: whose gradient is taken uphill: anything with `grad`. To take both on one batch, give the batch to both.
    rho: $\rho \ge 0$, a number, how far uphill; 0 changes nothing. Where g is 0 the point is x itself.
    Returns a step with the memory of method.
    Errors: ValueError for a bad rho; TypeError for an f without grad.
    Source: Foret, Kleiner, Mobahi and Neyshabur (2021), with the 2-norm; optax.contrib.sam with a normalised gradient
    step for the way uphill agrees.
    """

    def __init__(self, method: Step, f: Descendable, rho: float):
        self.method, self.f, self.rho = step(method), descendable(f), number("rho", rho, least=0)

    def __call__(self, x, g, *memory, **hyper) -> tuple:
        g = points(g, name="g")
        length = norm(g)
        uphill = x + self.rho * g / np.where(length > 0, length, 1).astype(g.dtype)
        return self.method(x, self.f.grad(uphill), *memory, **hyper)


class averaged:
    r"""The running mean of the points beside the points: the mean forgets noise that the points keep.

    $\bar x_t = (1-w_t)\,\bar x_{t-1} + w_t x_t,\quad w_t = 1/\max(1,\ t - a)$

    The points go their way as without the mean: gradients are taken at x. The mean is the first entry of the memory:
    `*_, (x, mean, *_) = islice(iterate(averaged(gd), f, start, lr=0.1), steps + 1)`.

    method: a step.
    after: a, number of steps, int >= 0, whose points are left out; until then the mean is the latest point. 0 takes
        all points but the start.
    Returns a step with memory (mean, t, *memory of method); mean has the shape of x, t counts the steps done.
    Errors: ValueError for a bad after.
    Source: Polyak and Juditsky (1992); torch.optim.swa_utils.AveragedModel takes the same mean.
    """

    def __init__(self, method: Step, after: int = 0):
        self.method, self.after = step(method), integer("after", after, 0)

    def __call__(self, x, g, mean=0.0, t=0, *memory, **hyper) -> tuple:
        x, *new = self.method(x, g, *memory, **hyper)
        t = t + 1
        weight = 1 / max(1, t - self.after)
        return x, (1 - weight) * mean + weight * x, t, *new


class fed:
    r"""A method on a diet: one gradient after another from a list, whatever the real one is, round and round.

    What a method makes of gradients that are chosen: `-np.diff(descend(fed(adam, g), f, [0.0], len(g), lr=1.0)[0])` are
    its steps; where it is, and on which f, does not matter.

    method: a step.
    gradients: finite numbers, array (n,) of one for all coordinates or (n, d), n >= 1.
    Returns a step whose memory is the number of steps done, then that of method.
    Errors: ValueError for gradients of another shape.
    """

    def __init__(self, method: Step, gradients: ArrayLike):
        self.method, self.gradients = step(method), array("gradients", gradients, "(n,) or (n, d)")

    def __call__(self, x, g, t=0, *memory, **hyper) -> tuple:
        g = np.empty_like(points(g, name="g"))
        g.T[...] = self.gradients[t % len(self.gradients)]  # by coordinate, the same in all runs
        x, *new = self.method(x, g, *memory, **hyper)
        return x, t + 1, *new


class per_layer:
    r"""Cut a flat vector into layers and step each in its own shape, with a memory of its own.

    method: a step; it sees an array of shape (*shape, *runs) for each layer: matrices for `muon`. `lamb` takes norms
        along axis 0: give it flat layers.
    shapes: the layers in order, each a tuple of ints >= 1, or one int for a flat layer; their sizes add up to d.
    Returns a step on (d, *runs) whose memory is one tuple: for each layer, the tuple of its memory.
    Errors: ValueError for shapes that are no shapes, and, at the first step, for a point of another length.
    """

    def __init__(self, method: Step, shapes: Sequence[int | tuple[int, ...]]):
        self.method = step(method)
        if not np.iterable(shapes) or len(shapes) == 0:
            raise ValueError(f"shapes must be a list of tuples of integers >= 1; got {shapes!r}")
        self.shapes = [integers("each of shapes", shape) for shape in shapes]
        self.ends = np.cumsum([math.prod(shape) for shape in self.shapes])

    def layers(self, a):
        parts = np.split(a, self.ends[:-1])
        return [part.reshape(*shape, *a.shape[1:]) for part, shape in zip(parts, self.shapes)]

    def __call__(self, x, g, memories=None, **hyper) -> tuple:
        if len(x) != self.ends[-1]:
            raise ValueError(f"shapes must add up to {len(x)} numbers; {self.shapes} add up to {self.ends[-1]}")
        layers = zip(self.layers(x), self.layers(g), memories or [()] * len(self.shapes))
        stepped = [self.method(*layer, *memory, **hyper) for *layer, memory in layers]
        flat = [layer.reshape(-1, *x.shape[1:]) for layer, *_ in stepped]
        return np.concatenate(flat), tuple(tuple(memory) for _, *memory in stepped)


class by_coordinate:
    r"""A rate for each coordinate: the common one times a factor of its own.

    $\eta_i = c_i\,\eta$

    Unlike a factor on the gradient (`preconditioned`) it counts with methods, too, that divide by the gradients' size.

    method: a step; not `per_layer` or `blocked`, which cut x and not the rate.
    factors: c, finite numbers >= 0, array (d,); ones change nothing, a 0 holds its coordinate fast.
    Returns a step with the memory of method; lr must be given.
    Errors: ValueError for factors that are not so, and, at the first step, for a point of another length.
    Convention: torch.optim has it as a parameter group for each factor, optax as optax.multi_transform.
    """

    def __init__(self, method: Step, factors: ArrayLike):
        self.method, self.factors = step(method), array("factors", factors, "(d,)", ", of numbers >= 0")
        if not np.all(self.factors >= 0):
            raise ValueError(f"factors must be a finite array of shape (d,), of numbers >= 0; got {factors!r}")

    def __call__(self, x, g, *memory, lr, **hyper) -> tuple:
        x = points(x, name="x")
        if len(x) != len(self.factors):
            raise ValueError(f"factors must fit a point of {len(x)} numbers; there are {len(self.factors)}")
        factors = self.factors.astype(x.dtype).reshape(-1, *[1] * (x.ndim - 1))
        return self.method(x, g, *memory, lr=lr * factors, **hyper)


class stale:
    r"""Late gradients: the method gets the one that was taken some steps ago, as from a worker that took so long.

    $g_t \leftarrow g_{t-\tau}$; until there is one so old, the first

    On a quadratic gradient descent then converges while $\eta L < 2\sin\frac{\pi}{2(2\tau+1)}$.

    method: a step.
    delay: $\tau$, int >= 0; 0 changes nothing.
    Returns a step whose memory is the tuple of the latest gradients, then that of method.
    Errors: ValueError for a bad delay.
    """

    def __init__(self, method: Step, delay: int):
        self.method, self.delay = step(method), integer("delay", delay, 0)

    def __call__(self, x, g, kept=(), *memory, **hyper) -> tuple:
        kept = (*kept, g)[-self.delay - 1 :]
        x, *new = self.method(x, kept[0], *memory, **hyper)
        return x, kept, *new


class with_feedback:
    r"""Error feedback: of each step only a short message is sent, and what was left out is added to the next.

    $p_t = e_t + (x_t - x'_t),\quad x_{t+1} = x_t - C(p_t),\quad e_{t+1} = p_t - C(p_t)$, with $x'_t$ where the method
    would go

    So nothing is lost: what all messages so far add up to is the way of all steps, up to the latest rest e.

    method: a step.
    code: C, a function of an array (d, *runs), what is sent of it: an array of the same shape. The identity gives the
        method (up to rounding); one that always gives 0 never moves.
    Returns a step whose memory is the rest e, which starts at 0, then that of method.
    Errors: TypeError for a code that is no function.
    Source: Seide et al. (2014) for one bit; Karimireddy et al. (2019), EF-SGD, for gd and any code.
    """

    def __init__(self, method: Step, code: Callable[[np.ndarray], np.ndarray]):
        self.method, self.code = step(method), function("code", code)

    def __call__(self, x, g, rest=0.0, *memory, **hyper) -> tuple:
        there, *new = self.method(x, g, *memory, **hyper)
        wanted = rest + (x - there)
        sent = self.code(wanted)
        return x - sent, wanted - sent, *new


class packed:
    r"""What a method keeps goes through codes after each step, as if it were stored in few bits.

    method: a step.
    codes: for the point and then for each entry of the memory, in order, a function of an array that gives what comes
        back of it, of the same shape; None, and whatever has no code, stays as it is. `packed(adam, None, even, even)`
        packs m and v.
    Returns a step with the memory of method.
    Errors: TypeError for a code that is neither a function nor None.
    """

    def __init__(self, method: Step, *codes: Callable[[np.ndarray], np.ndarray] | None):
        self.method = step(method)
        self.codes = [code if code is None else function("codes", code, "functions or None") for code in codes]

    def __call__(self, x, g, *memory, **hyper) -> tuple:
        state = self.method(x, g, *memory, **hyper)
        return *(code(m) if code else m for code, m in zip(self.codes, state)), *state[len(self.codes) :]


class blocked:
    r"""The same step, walked over a very long vector in blocks that stay in the cache. IT WRITES IN PLACE.

    NumPy makes a new array for each operation of a formula; a vector of millions travels to memory and back each time,
    a block does not. The first step copies x; from then on THE ARRAYS THAT A STEP RETURNED ARE OVERWRITTEN BY THE NEXT:
    copy what you keep. The start and the gradients are never changed, and the numbers are those of method, bit for bit.

    method: a step in which every coordinate goes alone: not `lamb`, `muon`, `clip_by_norm` or `per_layer`. These go
        around it: `clip_by_norm(blocked(adam), 1.0)`.
    size: rows of x in a block, int >= 1.
    Returns a step with the memory of method: arrays of the shape of x are walked over, counts are passed on.
    Errors: ValueError for a bad size.
    """

    def __init__(self, method: Step, size: int = 2**17):
        self.method, self.size = step(method), integer("size", size)

    def __call__(self, x, g, *memory, **hyper) -> tuple:
        whole = [x, *memory] if memory else [points(x, name="x").copy()]
        for start in range(0, len(x), self.size):
            rows = slice(start, start + self.size)
            new = self.method(x[rows], g[rows], *(m[rows] if alike(m, x) else m for m in memory), **hyper)
            if len(whole) < len(new):
                whole += [np.empty_like(whole[0]) if alike(m, new[0]) else m for m in new[1:]]
            for i, m in enumerate(new):
                if alike(m, new[0]):
                    whole[i][rows] = m
                else:
                    whole[i] = m
        return tuple(whole)


def alike(a, x):
    return isinstance(a, np.ndarray) and a.shape == x.shape
