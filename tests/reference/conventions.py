"""How the methods of the course stand to the stored paths of torch and optax: which agree, which only look alike.

The tests compare each row with the path, and FROM_HERE.md is made from the rows (python -m tools.from_here).
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_lib.descent import descend
from course_lib.optimizers import (
    adadelta,
    adagrad,
    adam,
    adamax,
    adamw,
    amsgrad,
    gd,
    lamb,
    lion,
    momentum,
    momentum_ema,
    muon,
    nadam,
    nadam_constant,
    nesterov,
    radam,
    rmsprop,
    schedule_free,
)
from course_lib.surfaces import rosenbrock
from course_lib.wrappers import l2

SCRIPT = Path(__file__).with_name("make.py")
START = np.array([-0.5, 0.3])
STEPS = 200


class Matrix:
    """|A W - B|^2 / 2 of a 3 x 2 matrix W."""

    A = np.array([[2.0, 1, 0], [0, 2, 1], [1, 0, 2]])
    B = np.array([[1.0, 2], [-1, 1], [3, 0]])
    start = 3 * np.eye(3, 2)

    def grad(self, W):
        return self.A.T @ (self.A @ W - self.B)


def adagrad_from_a_tenth(x, g, s=0.1, **hyper):
    return adagrad(x, g, s, **hyper)


@dataclass(frozen=True)
class Agree:
    """A stored path, our method that walks it, and what brings both to one convention ("" if nothing is to be done)."""

    path: str
    method: object
    hyper: dict
    why: str = ""
    within: float = 1e-12

    @property
    def library(self):
        return self.path.split()[0]

    @property
    def of(self):
        """The optimizer: without a wrapper, and from its usual start."""
        return adagrad if self.method is adagrad_from_a_tenth else getattr(self.method, "method", self.method)


@dataclass(frozen=True)
class Differ(Agree):
    """A stored path, our method that one could take for the same, and why it is another: at least so far away."""

    least: float = 0.0


AGREE = [
    Agree("torch gd", gd, {"lr": 2e-3}),
    Agree("optax gd", gd, {"lr": 2e-3}),
    Agree("torch momentum", momentum, {"lr": 1e-3}),
    Agree("optax momentum", momentum, {"lr": 1e-3}),
    Agree("torch momentum", momentum_ema, {"lr": 1e-2}, "torch has the sum: the rate is ours times 1 − beta"),
    Agree("optax momentum_ema", momentum_ema, {"lr": 1e-2}),
    Agree("torch nesterov", nesterov, {"lr": 1e-3}),
    Agree("optax nesterov", nesterov, {"lr": 1e-3}),
    Agree("torch adagrad", adagrad, {"lr": 0.5}),
    Agree("optax adagrad start=0, eps=0", adagrad, {"lr": 0.5, "eps": 0.0}, "s from 0; no eps, so no place for it"),
    Agree("optax adagrad eps=0", adagrad_from_a_tenth, {"lr": 0.5, "eps": 0.0}, "our s started at 0.1, as optax's"),
    Agree("torch rmsprop", rmsprop, {"lr": 1e-3}, "our b2 is torch's alpha"),
    Agree("torch rmsprop defaults", rmsprop, {"lr": 1e-3, "b2": 0.99}, "torch's alpha is 0.99 unless told otherwise"),
    Agree("optax rmsprop eps outside", rmsprop, {"lr": 1e-3}, "eps outside the root"),
    Agree("optax rmsprop eps=1 outside", rmsprop, {"lr": 1e-3, "eps": 1.0}, "an eps that counts, outside the root"),
    Agree("torch adadelta", adadelta, {}, "our b2 is torch's rho"),
    Agree("optax adadelta", adadelta, {}, "our b2 is optax's rho"),
    Agree("torch adadelta defaults", adadelta, {"b2": 0.9}, "torch's rho is 0.9 unless told otherwise"),
    Agree("optax adadelta defaults", adadelta, {"b2": 0.9}, "optax's rho is 0.9 unless told otherwise"),
    Agree("torch adam", adam, {"lr": 0.05}),
    Agree("optax adam", adam, {"lr": 0.05}),
    Agree("torch adam defaults", adam, {"lr": 1e-3}, "torch's rate is 1e-3 unless told otherwise; optax wants one"),
    Agree("torch adam l2", l2(adam, 0.1), {"lr": 0.05}, "torch adds weight_decay to the gradient"),
    Agree("torch adamax", adamax, {"lr": 0.05}),
    Agree("optax adamax", adamax, {"lr": 0.05}),
    Agree("torch nadam", nadam, {"lr": 0.01}, "after `torch.set_default_dtype(torch.float64)`: torch keeps the product "
          "of its momenta in that type"),
    Agree("optax nadam_constant", nadam_constant, {"lr": 0.01}),
    Agree("torch adamw", adamw, {"lr": 0.05, "decay": 0.1}),
    Agree("optax adamw", adamw, {"lr": 0.05, "decay": 0.1}),
    Agree("torch adamw defaults", adamw, {"lr": 0.05}, "a decay of 1e-2 in both"),
    Agree("optax adamw defaults", adamw, {"lr": 0.05, "decay": 1e-4}, "optax decays by 1e-4 unless told otherwise"),
    Agree("torch amsgrad", amsgrad, {"lr": 0.05}),
    Agree("torch radam eps=0", radam, {"lr": 2e-3, "eps": 0.0}, "no eps, so no place for it"),
    Agree("optax radam", radam, {"lr": 2e-3}),
    Agree("optax radam eps=1", radam, {"lr": 2e-3, "eps": 1.0}, "an eps that counts, added to the corrected root"),
    Agree("optax lamb", lamb, {"lr": 0.02, "decay": 0.1}),
    Agree("optax lion", lion, {"lr": 0.01, "decay": 0.1}),
    Agree("torch muon", muon, {"lr": 1e-3}, "as far as bfloat16 goes, in which torch iterates", within=5e-3),
    Agree("torch muon defaults", muon, {"lr": 1e-3, "decay": 0.1}, "torch decays by 0.1 unless told otherwise; "
          "as far as bfloat16 goes", within=5e-3),
    Agree("optax muon late", muon, {"lr": 0.01}, "the matrix transposed, and only after so many steps "
          "that optax's correction for the start is 1"),
    Agree("optax schedule_free", schedule_free, {"lr": 2e-3}, "optax's params are our x; "
          "`optax.contrib.schedule_free_eval_params` gives the mean"),
]  # fmt: skip

DIFFER = [
    Differ("torch momentum", momentum_ema, {"lr": 1e-3}, "torch has the sum, not the mean", least=0.1),
    Differ("torch momentum dampened", momentum_ema, {"lr": 1e-2}, "torch does not dampen the first gradient",
           least=0.1),
    Differ("optax momentum", momentum_ema, {"lr": 1e-3}, "optax has the sum, not the mean", least=0.1),
    Differ("optax adagrad defaults", adagrad, {"lr": 0.5}, "optax starts s at 0.1", least=5e-4),
    Differ("optax adagrad start=0, eps=1", adagrad, {"lr": 0.5, "eps": 1.0}, "optax has eps inside the root",
           least=1e-3),
    Differ("torch rmsprop defaults", rmsprop, {"lr": 1e-3}, "torch has alpha = 0.99, we have b2 = 0.9", least=0.05),
    Differ("optax rmsprop eps=1 inside", rmsprop, {"lr": 1e-3, "eps": 1.0}, "optax has eps inside the root",
           least=0.02),
    Differ("torch adadelta defaults", adadelta, {}, "torch has rho = 0.9, we have b2 = 0.95", least=0.1),
    Differ("optax adadelta defaults", adadelta, {}, "optax has rho = 0.9, we have b2 = 0.95", least=0.1),
    Differ("torch nadam", nadam_constant, {"lr": 0.01}, "torch warms the momentum up", least=0.01),
    Differ("optax nadam_constant", nadam, {"lr": 0.01}, "optax does not warm the momentum up", least=0.01),
    Differ("torch adam l2", adamw, {"lr": 0.05, "decay": 0.1}, "torch's decay goes through the division", least=0.05),
    Differ("optax adamw defaults", adamw, {"lr": 0.05}, "optax decays by 1e-4, we by 1e-2", least=0.02),
    Differ("optax amsgrad", amsgrad, {"lr": 0.05}, "optax takes the maximum after the correction", least=0.3),
    Differ("torch radam eps=1", radam, {"lr": 2e-3, "eps": 1.0}, "torch adds eps before the correction", least=5e-3),
    Differ("torch muon defaults", muon, {"lr": 1e-3}, "torch decays by 0.1", least=0.05),
    Differ("optax muon", muon, {"lr": 0.01}, "optax corrects the mean for its start at 0", least=1e-6),
]  # fmt: skip


def stored():
    """What make.py stored: the paths by name, the versions, and the names in torch.optim."""
    with np.load(SCRIPT.with_name("paths.npz")) as arrays:
        return dict(arrays)


def ours(row):
    """The path of our method, (d, steps + 1)."""
    f, start = (Matrix(), Matrix.start) if row.of is muon else (rosenbrock, START)
    return descend(row.method, f, start, STEPS, **row.hyper)


def theirs(paths, row):
    """The stored path, in our layout: optax's Muon has the matrix transposed."""
    path = paths[row.path]
    return path.transpose(2, 1, 0) if row.path.startswith("optax muon") else path
