"""Schedules: a learning rate, or any other hyperparameter, as a function of the step t = 0, 1, 2, ...

Each is made with the rate to start from (or to reach) and is then a function t -> value, to be given to ``descend`` in
place of a number: ``descend(gd, f, start, 100, lr=cosine(0.1, 100))``. The rate may be an array, one value a run; what
shapes the schedule is a number. A value is a Python float, or an array: neither turns float32 into float64. Asked for
an array of steps, ``cosine(0.1, 100)(np.arange(100))``, a schedule gives an array of the values.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from course_lib.arguments import integer, number, numbers


class Schedule:
    """What all have: a schedule has `at(t)`, its value at the step t >= 0; called, it takes an array of steps, too."""

    def __call__(self, t: ArrayLike) -> float | np.ndarray:
        if isinstance(t, int):
            return self.at(t)
        t = np.asarray(t).tolist()
        return np.array([self(step) for step in t]) if isinstance(t, list) else self.at(t)

    def at(self, t: Any) -> Any:
        raise NotImplementedError

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"


class constant(Schedule):
    r"""The same rate for ever.

    $\eta_t = \eta$

    lr: rate $\eta \ge 0$, a number or an array, one value a run.
    Returns a function t -> rate. Errors: ValueError for a bad lr.
    """

    def __init__(self, lr: ArrayLike):
        self.lr = numbers("lr", lr, least=0)

    def at(self, t):
        return self.lr


class step_decay(Schedule):
    r"""A rate that falls in stairs: the same for `every` steps, then times `factor`.

    $\eta_t = \eta\, q^{\lfloor t/n \rfloor}$

    lr: first rate $\eta \ge 0$, a number or an array, one value a run.
    every: length n of a stair in steps, int >= 1.
    factor: q in [0, 1]; 1 is constant, 0 stops after the first stair.
    Returns a function t -> rate. Errors: ValueError for a bad argument.
    Convention: torch's StepLR; optax.exponential_decay with staircase=True.
    """

    def __init__(self, lr: ArrayLike, every: int, factor: float = 0.1):
        self.lr, self.every = numbers("lr", lr, least=0), integer("every", every)
        self.factor = number("factor", factor, least=0, most=1)

    def at(self, t):
        return self.lr * self.factor ** (t // self.every)


class exponential(Schedule):
    r"""A rate that is multiplied by the same number at each step.

    $\eta_t = \eta\, q^t$

    All steps together go no further than $1/(1-q)$ first steps would, so a small q stops on the way.

    lr: first rate $\eta \ge 0$, a number or an array, one value a run.
    rate: $q \ge 0$; 1 is constant, 0 stops after one step; above 1 the rate grows, as in a search for the largest
        usable one (Smith, 2017).
    Returns a function t -> rate. Errors: ValueError for a bad argument.
    Convention: torch's ExponentialLR; optax.exponential_decay with transition_steps=1.
    """

    def __init__(self, lr: ArrayLike, rate: float):
        self.lr, self.rate = numbers("lr", lr, least=0), number("rate", rate, least=0)

    def at(self, t):
        try:
            growth = self.rate**t
        except OverflowError:  # Python's floats; `descend` says at which step
            growth = math.inf
        return self.lr * growth if np.any(self.lr) else self.lr


class inverse_time(Schedule):
    r"""A rate that falls like 1/t: slowly enough to reach any point, fast enough to average noise away.

    $\eta_t = \eta / (1 + kt)$

    lr: first rate $\eta \ge 0$, a number or an array, one value a run.
    rate: $k \ge 0$; 0 is constant, 1 gives $\eta/(t+1)$, a large one is nearly spent after the first step.
    Returns a function t -> rate. Errors: ValueError for a bad argument.
    Source: Robbins and Monro (1951), with $\sum\eta_t = \infty$ and $\sum\eta_t^2 < \infty$; the form with k is that of
    Keras' InverseTimeDecay.
    """

    def __init__(self, lr: ArrayLike, rate: float = 1.0):
        self.lr, self.rate = numbers("lr", lr, least=0), number("rate", rate, least=0)

    def at(self, t):
        return self.lr / (1 + self.rate * t)


class inverse_sqrt(Schedule):
    r"""A rate that falls like $1/\sqrt t$, the classical choice for convex functions without curvature.

    $\eta_t = \eta / \sqrt{1 + kt}$

    lr: first rate $\eta \ge 0$, a number or an array, one value a run.
    rate: $k \ge 0$; 0 is constant, 1 gives $\eta/\sqrt{t+1}$.
    Returns a function t -> rate. Errors: ValueError for a bad argument.
    Source: Zinkevich (2003), theorem 1. The rate of the Transformer, linear up to step w (counted from 1) and then
    $\sqrt{w/t}$ (Vaswani et al., 2017, eq. 3), is `warmup(inverse_sqrt(lr, 1 / w), w - 1)`.
    """

    def __init__(self, lr: ArrayLike, rate: float = 1.0):
        self.lr, self.rate = numbers("lr", lr, least=0), number("rate", rate, least=0)

    def at(self, t):
        return self.lr / math.sqrt(1 + self.rate * t)


class cosine(Schedule):
    r"""A rate that falls along half a cosine: flat, then steep, then flat again.

    $\eta_t = \eta_{\min} + \tfrac12(\eta - \eta_{\min})\big(1 + \cos(\pi\min(t, T)/T)\big)$

    lr: first rate $\eta \ge 0$, a number or an array, one value a run.
    steps: length T of the way down, int >= 1; from step T on the rate is the floor.
    floor: last rate $\eta_{\min} \ge 0$, a number or an array.
    Returns a function t -> rate. Errors: ValueError for a bad argument.
    Source: Loshchilov and Hutter (2017), eq. 5, without restarts. Convention: optax.cosine_decay_schedule (its alpha is
    floor / lr); torch's CosineAnnealingLR agrees up to step T and climbs again afterwards.
    """

    def __init__(self, lr: ArrayLike, steps: int, floor: ArrayLike = 0.0):
        self.lr, self.floor = numbers("lr", lr, least=0), numbers("floor", floor, least=0)
        self.steps = integer("steps", steps)

    def at(self, t):
        return half_cosine(self.lr, self.floor, t / self.steps)


def half_cosine(start, end, share):
    """From start at share 0 to end at share 1 and beyond."""
    return end + (start - end) * ((1 + math.cos(math.pi * min(share, 1.0))) / 2)


class warmup(Schedule):
    r"""A straight way up to a rate, or to the first rate of a schedule, which then runs from its own step 0.

    $\eta_t = \frac{t+1}{w+1}\,\eta_0$ for $t < w$, then the schedule at $t - w$

    schedule: a function t -> rate, or a constant rate >= 0 (a number or an array, one value a run).
    steps: number w of steps below the full rate, int >= 0; 0 gives the schedule itself.
    Returns a function t -> rate. Errors: ValueError for a bad argument.
    Source: Goyal et al. (2017), section 2.2. Convention: no step is wasted at rate 0; torch's LinearLR with
    start_factor=1/(w+1), total_iters=w, or optax.linear_schedule from lr/(w+1), joined to what follows at w.
    """

    def __init__(self, schedule: ArrayLike | Callable[[int], ArrayLike], steps: int):
        if not callable(schedule):
            schedule = constant(numbers("schedule", schedule, ", or a function of the step", least=0))
        self.schedule, self.steps = schedule, integer("steps", steps, 0)

    def at(self, t):
        if t >= self.steps:
            return self.schedule(t - self.steps)
        return numbers("schedule(0)", self.schedule(0), least=0) * ((t + 1) / (self.steps + 1))


class one_cycle(Schedule):
    r"""One rise to a large rate and one fall to a tiny one, each along half a cosine.

    $\eta/d \to \eta$ in the first $pT$ steps, then $\eta \to \eta/(dD)$ until step T

    lr: the largest rate $\eta \ge 0$, a number or an array, one value a run.
    steps: length T of the cycle, int >= 1; from step T on the rate is the last one.
    pct_start: share p of the steps that go up, in [0, 1]; 0 starts at the top, 1 never comes down before step T.
    div_factor, final_div_factor: d and D, both >= 1; the first rate is lr / d, the last one lr / d / D.
    Returns a function t -> rate. Errors: ValueError for a bad argument.
    Source: Smith and Topin (2019). Convention: optax.cosine_onecycle_schedule; torch's OneCycleLR reaches its peak and
    its end one step earlier.
    """

    def __init__(
        self, lr: ArrayLike, steps: int, pct_start: float = 0.3, div_factor: float = 25.0, final_div_factor: float = 1e4
    ):
        self.lr, self.steps = numbers("lr", lr, least=0), integer("steps", steps)
        self.top = number("pct_start", pct_start, least=0, most=1) * self.steps
        self.first = self.lr / number("div_factor", div_factor, least=1)
        self.last = self.first / number("final_div_factor", final_div_factor, least=1)

    def at(self, t):
        if t >= self.steps:
            return self.last
        if t < self.top:
            return half_cosine(self.first, self.lr, t / self.top)
        return half_cosine(self.lr, self.last, (t - self.top) / (self.steps - self.top))
