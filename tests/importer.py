"""A program as somebody else would write it on top of the library; the checker of types reads it, nobody runs it.

Each line below "refused" is wrong: its comment says by which rule, and the checker reports a comment that it needs not.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import assert_type

import numpy as np

from course_lib.checks.exercise import Function, case, function
from course_lib.convexity import project_ball, projected
from course_lib.descent import best_rate, descend, end, iterate
from course_lib.grading.batch import grade_class
from course_lib.grading.marks import Limits, grade_one
from course_lib.grading.results import Result
from course_lib.grading.unit import unit_of
from course_lib.networks import Network
from course_lib.optimizers import adam, gd, momentum
from course_lib.problems import Problem, classify, logistic
from course_lib.schedules import cosine
from course_lib.surfaces import Surface, quadratic, rosenbrock
from course_lib.wrappers import clip_by_norm, decoupled_decay, sam


class Mine:
    """Whatever has a gradient is descended."""

    def grad(self, x: np.ndarray) -> np.ndarray:
        return 2 * x


def signum(x: np.ndarray, g: np.ndarray, *, lr: float) -> tuple[np.ndarray]:
    return (x - lr * np.sign(g),)


exercise = function("1.1 One step", points=2, read="A step", cases=[case("one", 3.0, 2.0, lr=0.1)])
network, rng = Network((2, 3, 2)), np.random.default_rng(0)
problem = classify(network, [[1, 2], [3, 4]], [0, 1])

assert_type(descend(adam, rosenbrock, [1, 2], 10, lr=cosine(0.1, 10)), np.ndarray)
assert_type(descend(signum, Mine(), np.ones(3), 10, lr=0.1), np.ndarray)
assert_type(end(clip_by_norm(sam(momentum, rosenbrock, 0.1), 1), Mine(), (1.0, 2.0), 10, lr=[0.1, 0.2]), np.ndarray)
assert_type(end(projected(decoupled_decay(gd, 0.1), project_ball), problem, network.init(rng), 10, lr=1), np.ndarray)
assert_type(best_rate(adam, problem, problem.start, 10), float)
assert_type(next(iterate(gd, problem.batches(1, rng), problem.start, lr=1)), tuple)
assert_type(quadratic(10), Surface)
assert_type(rosenbrock([1, 2]), np.ndarray)
assert_type(problem, Problem)
assert_type(problem.grad(problem.start, rows=[0]), np.ndarray)
assert_type(logistic([[1, 2]], [1]).accuracy([0, 0]), np.ndarray)
assert_type(exercise(lambda x, g, *, lr: x - lr * g), Function)
assert_type(grade_one("04_momentum.ipynb", "04_momentum", seed=3), Result)
with ThreadPoolExecutor() as pool:
    sheet, limits = unit_of("04_momentum"), Limits()
    for one, result in grade_class([], "04_momentum", sheet, pool, 2, sandbox="none", seed=3, limits=limits):
        assert_type((one.learner, result), tuple[str, Result])

# refused
descend(adam, lambda x: x, [1, 2], 10, lr=0.1)  # type: ignore[arg-type]
descend(rosenbrock.grad([1, 2]), rosenbrock, [1, 2], 10, lr=0.1)  # type: ignore[arg-type]
descend(adam, rosenbrock, [1, 2], 10.5, lr=0.1)  # type: ignore[arg-type]
best_rate(gd, Mine(), [1, 2], 10)  # type: ignore[arg-type]
clip_by_norm(1, gd)  # type: ignore[arg-type]
classify((2, 3, 2), [[1, 2]], [0])  # type: ignore[arg-type]
quadratic("round")  # type: ignore[arg-type]
project_ball([1, 2], radius="1")  # type: ignore[arg-type]
grade_one("04_momentum.ipynb", 4)  # type: ignore[arg-type]
