# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy>=2.0", "torch==2.13.0", "optax==0.2.8", "jax==0.10.2"]
# ///
"""The paths of torch and optax, stored in paths.npz, so that no test needs either of them.

Again, with the versions above:  uv run tests/reference/make.py  (the versions used lie in the file, too)

Everything in float64, 200 steps, the start included, axis 0 the coordinates, as `descend` gives it:
- Rosenbrock's function from (-0.5, 0.3);
- for Muon, which steps along matrices, |A W - B|^2 / 2 from W = ((3, 0), (0, 3), (0, 0)).
The gradients are the formulas below and no automatic derivative, so two paths differ by their optimizers alone.
conventions.py says how each of them is brought to the convention of the course; FROM_HERE.md is made from both.
"""

import sys
from pathlib import Path

import jax
import numpy as np
import optax.contrib
import torch

STEPS = 200
START = np.array([-0.5, 0.3])
A = np.array([[2.0, 1, 0], [0, 2, 1], [1, 0, 2]])
B = np.array([[1.0, 2], [-1, 1], [3, 0]])
W = 3 * np.eye(3, 2)


def rosenbrock(p):
    x, y = p
    return np.array([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)])


def matrix(p):
    return A.T @ (A @ p - B)


def transposed(p):
    return matrix(p.T).T


def torch_path(optimizer, grad=rosenbrock, start=START):
    p = torch.nn.Parameter(torch.tensor(start))
    optimizer = optimizer([p])
    path = [start]
    for _ in range(STEPS):
        p.grad = torch.tensor(grad(path[-1]))
        optimizer.step()
        path.append(p.detach().numpy().copy())
    return np.stack(path, axis=1)


def optax_path(optimizer, grad=rosenbrock, start=START, evaluate=lambda state, p: p, **memory):
    p = jax.numpy.asarray(start)
    state = optax.tree.set(optimizer.init(p), **memory)
    update = jax.jit(optimizer.update)
    path = [start]
    for _ in range(STEPS):
        updates, state = update(jax.numpy.asarray(grad(np.asarray(p))), state, p)
        p = optax.apply_updates(p, updates)
        path.append(np.asarray(evaluate(state, p)))
    return np.stack(path, axis=1)


def torch_paths():
    yield "gd", torch_path(lambda params: torch.optim.SGD(params, lr=2e-3))
    yield "momentum", torch_path(lambda params: torch.optim.SGD(params, lr=1e-3, momentum=0.9))
    yield "nesterov", torch_path(lambda params: torch.optim.SGD(params, lr=1e-3, momentum=0.9, nesterov=True))
    yield "adagrad", torch_path(lambda params: torch.optim.Adagrad(params, lr=0.5))
    yield "rmsprop", torch_path(lambda params: torch.optim.RMSprop(params, lr=1e-3, alpha=0.9))
    yield "adadelta", torch_path(lambda params: torch.optim.Adadelta(params, lr=1.0, rho=0.95))
    yield "adam", torch_path(lambda params: torch.optim.Adam(params, lr=0.05))
    yield "adamw", torch_path(lambda params: torch.optim.AdamW(params, lr=0.05, weight_decay=0.1))
    yield "amsgrad", torch_path(lambda params: torch.optim.Adam(params, lr=0.05, amsgrad=True))
    yield "adamax", torch_path(lambda params: torch.optim.Adamax(params, lr=0.05))
    yield "nadam", torch_path(lambda params: torch.optim.NAdam(params, lr=0.01))
    yield "radam eps=0", torch_path(lambda params: torch.optim.RAdam(params, lr=0.002, eps=0.0))
    yield "muon", torch_path(lambda params: torch.optim.Muon(params, lr=0.001, weight_decay=0.0), matrix, W)

    yield "momentum dampened", torch_path(lambda params: torch.optim.SGD(params, lr=1e-2, momentum=0.9, dampening=0.9))
    yield "rmsprop defaults", torch_path(lambda params: torch.optim.RMSprop(params, lr=1e-3))
    yield "adadelta defaults", torch_path(lambda params: torch.optim.Adadelta(params))
    yield "adam defaults", torch_path(lambda params: torch.optim.Adam(params))
    yield "adam l2", torch_path(lambda params: torch.optim.Adam(params, lr=0.05, weight_decay=0.1))
    yield "adamw defaults", torch_path(lambda params: torch.optim.AdamW(params, lr=0.05))
    yield "radam eps=1", torch_path(lambda params: torch.optim.RAdam(params, lr=0.002, eps=1.0))
    yield "muon defaults", torch_path(lambda params: torch.optim.Muon(params, lr=0.001), matrix, W)


def optax_paths():
    yield "gd", optax_path(optax.sgd(2e-3))
    yield "momentum", optax_path(optax.sgd(1e-3, momentum=0.9))
    yield "momentum_ema", optax_path(optax.chain(optax.ema(0.9, debias=False), optax.scale(-1e-2)))
    yield "nesterov", optax_path(optax.sgd(1e-3, momentum=0.9, nesterov=True))
    yield "adagrad start=0, eps=0", optax_path(optax.adagrad(0.5, initial_accumulator_value=0.0, eps=0.0))
    yield "adagrad eps=0", optax_path(optax.adagrad(0.5, eps=0.0))
    yield "rmsprop eps outside", optax_path(optax.rmsprop(1e-3, decay=0.9, eps=1e-8, eps_in_sqrt=False))
    yield "adadelta", optax_path(optax.adadelta(1.0, rho=0.95, eps=1e-6))
    yield "adam", optax_path(optax.adam(0.05))
    yield "adamw", optax_path(optax.adamw(0.05, weight_decay=0.1))
    yield "adamax", optax_path(optax.adamax(0.05))
    yield "nadam_constant", optax_path(optax.nadam(0.01))
    yield "radam", optax_path(optax.radam(0.002))
    yield "lion", optax_path(optax.lion(0.01, b1=0.9, b2=0.99, weight_decay=0.1))
    yield "lamb", optax_path(optax.lamb(0.02, weight_decay=0.1))
    yield "muon late", optax_path(optax.contrib.muon(0.01, eps=1e-7), transposed, W.T, count=10_000)
    yield "schedule_free", optax_path(optax.contrib.schedule_free_sgd(2e-3, b1=0.9))
    yield (
        "schedule_free mean",
        optax_path(optax.contrib.schedule_free_sgd(2e-3, b1=0.9), evaluate=optax.contrib.schedule_free_eval_params),
    )

    yield "adagrad defaults", optax_path(optax.adagrad(0.5))
    yield "adagrad start=0, eps=1", optax_path(optax.adagrad(0.5, initial_accumulator_value=0.0, eps=1.0))
    yield "rmsprop eps=1 inside", optax_path(optax.rmsprop(1e-3, eps=1.0))
    yield "rmsprop eps=1 outside", optax_path(optax.rmsprop(1e-3, eps=1.0, eps_in_sqrt=False))
    yield "adadelta defaults", optax_path(optax.adadelta(1.0))
    yield "adamw defaults", optax_path(optax.adamw(0.05))
    yield "amsgrad", optax_path(optax.amsgrad(0.05))
    yield "radam eps=1", optax_path(optax.radam(0.002, eps=1.0))
    yield "muon", optax_path(optax.contrib.muon(0.01, eps=1e-7), transposed, W.T)


def optimizers():
    """The names of the optimizers in torch.optim."""
    base = torch.optim.Optimizer
    return sorted(name for name, c in vars(torch.optim).items() if isinstance(c, type) and base in c.__mro__[1:])


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    torch.set_default_dtype(torch.float64)  # NAdam keeps the product of its momenta in the default type
    versions = {module.__name__: module.__version__ for module in (torch, optax, jax, np)}
    versions["python"] = sys.version.split()[0]
    paths = {f"torch {name}": path for name, path in torch_paths()}
    paths |= {f"optax {name}": path for name, path in optax_paths()}
    versions = np.array([f"{name} {version}" for name, version in versions.items()])
    np.savez_compressed(
        Path(__file__).with_name("paths.npz"), versions=versions, **{"torch.optim": optimizers()}, **paths
    )
