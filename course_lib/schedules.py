"""Schedules: a learning rate, or any other hyperparameter, as a function of the step t = 0, 1, 2, ...

Each function takes the rate to start from (or to reach) and returns a function t -> value, to be given to ``descend``
in place of a number: ``descend(gd, f, start, 100, lr=cosine(0.1, 100))``. The rate may be an array, one value a run;
what shapes the schedule is a number. A value is a Python float, or an array: neither turns float32 into float64.
"""

import math

from .arguments import integer, number, numbers


def constant(lr):
    r"""The same rate for ever.

    $\eta_t = \eta$

    lr: rate $\eta \ge 0$, a number or an array, one value a run.
    Returns a function t -> rate. Errors: ValueError for a bad lr.
    """
    lr = numbers("lr", lr, least=0)
    return lambda t: lr


def step_decay(lr, every, factor=0.1):
    r"""A rate that falls in stairs: the same for `every` steps, then times `factor`.

    $\eta_t = \eta\, q^{\lfloor t/n \rfloor}$

    lr: first rate $\eta \ge 0$, a number or an array, one value a run.
    every: length n of a stair in steps, int >= 1.
    factor: q in [0, 1]; 1 is constant, 0 stops after the first stair.
    Returns a function t -> rate. Errors: ValueError for a bad argument.
    Convention: torch's StepLR; optax.exponential_decay with staircase=True.
    """
    lr, every = numbers("lr", lr, least=0), integer("every", every)
    factor = number("factor", factor, least=0, most=1)
    return lambda t: lr * factor ** (t // every)


def exponential(lr, rate):
    r"""A rate that is multiplied by the same number at each step.

    $\eta_t = \eta\, q^t$

    All steps together go no further than $1/(1-q)$ first steps would, so a small q stops on the way.

    lr: first rate $\eta \ge 0$, a number or an array, one value a run.
    rate: $q \ge 0$; 1 is constant, 0 stops after one step; above 1 the rate grows, as in a search for the largest
        usable one (Smith, 2017).
    Returns a function t -> rate. Errors: ValueError for a bad argument.
    Convention: torch's ExponentialLR; optax.exponential_decay with transition_steps=1.
    """
    lr, rate = numbers("lr", lr, least=0), number("rate", rate, least=0)
    return lambda t: lr * rate**t


def inverse_time(lr, rate=1.0):
    r"""A rate that falls like 1/t: slowly enough to reach any point, fast enough to average noise away.

    $\eta_t = \eta / (1 + kt)$

    lr: first rate $\eta \ge 0$, a number or an array, one value a run.
    rate: $k \ge 0$; 0 is constant, 1 gives $\eta/(t+1)$, a large one is nearly spent after the first step.
    Returns a function t -> rate. Errors: ValueError for a bad argument.
    Source: Robbins and Monro (1951), with $\sum\eta_t = \infty$ and $\sum\eta_t^2 < \infty$; the form with k is that of
    Keras' InverseTimeDecay.
    """
    lr, rate = numbers("lr", lr, least=0), number("rate", rate, least=0)
    return lambda t: lr / (1 + rate * t)


def inverse_sqrt(lr, rate=1.0):
    r"""A rate that falls like $1/\sqrt t$, the classical choice for convex functions without curvature.

    $\eta_t = \eta / \sqrt{1 + kt}$

    lr: first rate $\eta \ge 0$, a number or an array, one value a run.
    rate: $k \ge 0$; 0 is constant, 1 gives $\eta/\sqrt{t+1}$.
    Returns a function t -> rate. Errors: ValueError for a bad argument.
    Source: Zinkevich (2003), theorem 1. The rate of the Transformer, linear up to step w (counted from 1) and then
    $\sqrt{w/t}$ (Vaswani et al., 2017, eq. 3), is `warmup(inverse_sqrt(lr, 1 / w), w - 1)`.
    """
    lr, rate = numbers("lr", lr, least=0), number("rate", rate, least=0)
    return lambda t: lr / math.sqrt(1 + rate * t)


def cosine(lr, steps, floor=0.0):
    r"""A rate that falls along half a cosine: flat, then steep, then flat again.

    $\eta_t = \eta_{\min} + \tfrac12(\eta - \eta_{\min})\big(1 + \cos(\pi\min(t, T)/T)\big)$

    lr: first rate $\eta \ge 0$, a number or an array, one value a run.
    steps: length T of the way down, int >= 1; from step T on the rate is the floor.
    floor: last rate $\eta_{\min} \ge 0$, a number or an array.
    Returns a function t -> rate. Errors: ValueError for a bad argument.
    Source: Loshchilov and Hutter (2017), eq. 5, without restarts. Convention: optax.cosine_decay_schedule (its alpha is
    floor / lr); torch's CosineAnnealingLR agrees up to step T and climbs again afterwards.
    """
    lr, steps, floor = numbers("lr", lr, least=0), integer("steps", steps), numbers("floor", floor, least=0)
    return lambda t: half_cosine(lr, floor, t / steps)


def half_cosine(start, end, share):
    """From start at share 0 to end at share 1 and beyond."""
    return end + (start - end) * ((1 + math.cos(math.pi * min(share, 1.0))) / 2)


def warmup(schedule, steps):
    r"""A straight way up to a rate, or to the first rate of a schedule, which then runs from its own step 0.

    $\eta_t = \frac{t+1}{w+1}\,\eta_0$ for $t < w$, then the schedule at $t - w$

    schedule: a function t -> rate, or a constant rate >= 0 (a number or an array, one value a run).
    steps: number w of steps below the full rate, int >= 0; 0 gives the schedule itself.
    Returns a function t -> rate. Errors: ValueError for a bad argument.
    Source: Goyal et al. (2017), section 2.2. Convention: no step is wasted at rate 0; torch's LinearLR with
    start_factor=1/(w+1), total_iters=w, or optax.linear_schedule from lr/(w+1), joined to what follows at w.
    """
    steps = integer("steps", steps, 0)
    if not callable(schedule):
        schedule = constant(numbers("schedule", schedule, ", or a function of the step", least=0))
    return lambda t: schedule(0) * ((t + 1) / (steps + 1)) if t < steps else schedule(t - steps)


def one_cycle(lr, steps, pct_start=0.3, div_factor=25.0, final_div_factor=1e4):
    r"""One rise to a large rate and one fall to a tiny one, each along half a cosine.

    $\eta/d \to \eta$ in the first $pT$ steps, then $\eta \to \eta/(dD)$ until step T

    lr: the largest rate $\eta \ge 0$, a number or an array, one value a run.
    steps: length T of the cycle, int >= 1; from step T on the rate is the last one.
    pct_start: share p of the steps that go up, in [0, 1]; 0 starts at the top, 1 never comes down before step T.
    div_factor, final_div_factor: d and D, both >= 1; the first rate is lr / d, the last one lr / d / D.
    Returns a function t -> rate. Errors: ValueError for a bad argument.
    Source: Smith and Topin (2018). Convention: optax.cosine_onecycle_schedule; torch's OneCycleLR reaches its peak and
    its end one step earlier.
    """
    lr, steps = numbers("lr", lr, least=0), integer("steps", steps)
    top = number("pct_start", pct_start, least=0, most=1) * steps
    first = lr / number("div_factor", div_factor, least=1)
    last = first / number("final_div_factor", final_div_factor, least=1)

    def rate(t):
        if t >= steps:
            return last
        return half_cosine(first, lr, t / top) if t < top else half_cosine(lr, last, (t - top) / (steps - top))

    return rate
