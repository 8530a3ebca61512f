"""What all exercises share that ask for one step of a method: what it is tried with, and that `descend` can run it."""

from course_lib.checks import draws
from course_lib.checks.exercise import Rule, case
from course_lib.descent import descend
from course_lib.surfaces import quadratic


def step(memory=lambda rng, shape: (), always=(), **ranges):
    """A draw of one step: a place, a gradient, a memory, a rate, and hyperparameters, some of the time left out.

    memory: (rng, shape) -> the arguments behind the gradient. ranges: (low, high) of each hyperparameter. always: a
    dict of those that are given always.
    """

    def drawn(rng):
        shape = draws.shape(rng)
        x, g = (draws.array(rng, shape) for _ in range(2))
        hyper = draws.sometimes(rng, **{name: draws.number(rng, *ends) for name, ends in ranges.items()})
        return case("", x, g, *memory(rng, shape), lr=draws.number(rng, 0, 1), **hyper, **dict(always))

    return drawn


def runs_in_descend(needs):
    """The rule that `descend` can run a step. needs: what it needs from it."""

    def runs(step, rng):
        return descend(step, quadratic(kappa=10), [1.0, 1.0], 2, lr=0.1) is not None

    words = f"descend cannot run it: it needs {needs}."
    return Rule("it runs in descend", runs, words, says="It runs in descend.", weight=0.25, needs=0)
