"""How fast the course computes, beside torch and optax: a table of ratios taken in one run, on one thread.

    python tests/benchmark.py        a few minutes; on a quiet machine, or the times mean little

The contenders of a row take turns, and the ratio is the median over the turns. Where torch and optax are not installed
they are, with the NumPy of the course, in a folder of their own (in the system's folder for temporary files), never in
the course's environment. torch's wheel for Linux from a public index can bring gigabytes for graphics cards along.
"""

import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

import numpy as np

try:
    import jax
    import jax.numpy as jnp
    import optax
    import torch
except ModuleNotFoundError:
    torch = None

sys.path.insert(0, str(Path(__file__).parents[1]))

from course_lib import networks, problems, surfaces
from course_lib.descent import descend, end
from course_lib.optimizers import adam, gd
from course_lib.wrappers import blocked

LIBRARIES = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"]
ONE_THREAD = dict.fromkeys(LIBRARIES, "1")
ONE_THREAD |= {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1", "JAX_ENABLE_X64": "1"}


def main():
    if not ONE_THREAD.items() <= os.environ.items():  # NumPy and torch look at it when they are imported
        python = (
            sys.executable if torch else environment("torch", "torch==2.13.0", f"numpy=={np.__version__} jax optax")
        )
        sys.exit(subprocess.run([python, __file__], env=os.environ | ONE_THREAD).returncode)
    if torch is None:
        sys.exit(f"torch, jax or optax is missing in {sys.executable}")
    torch.set_num_threads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, [max(os.sched_getaffinity(0))])
    versions = ", ".join(f"{module.__name__} {module.__version__}" for module in (np, torch, jax, optax))
    print(f"Python {sys.version.split()[0]}, {versions}; one thread. x: how many times as long as the course.")
    for part in (one_run, many_rates, basins, digits, long_vector):
        part()


def environment(name, *installs):
    """The Python of an environment made at the first time; installs: for each call of pip its packages."""
    folder = Path(tempfile.gettempdir()) / f"course-benchmark-{name}-{sys.version_info[0]}.{sys.version_info[1]}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not (folder / "ready").exists():
        print(f"Installing into {folder} ...", flush=True)
        venv.create(folder, clear=True, with_pip=True)
        for packages in installs:
            subprocess.run([python, "-m", "pip", "install", "--quiet", *packages.split()], check=True)
        (folder / "ready").touch()
    return python


# Timing


# The time of the processor, which the machine's other work lengthens least; Windows counts it in 1/64 s.
clock = time.perf_counter if os.name == "nt" else time.process_time


def seconds(run):
    start = clock()
    run()
    return clock() - start


def turns(contenders, rounds):
    """{name: [seconds]} of functions that take turns, after one turn that does not count."""
    for run in contenders.values():
        run()
    times = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            times[name].append(seconds(run))
    return times


def compiled(run, *examples):
    """A function of jax, compiled once and for all; what it gives is waited for."""
    program = jax.jit(run).lower(*examples).compile()
    return lambda *args: jax.block_until_ready(program(*args))


def afresh(run):
    """A function that compiles anew each time, as in a new kernel."""

    def anew():
        jax.clear_caches()
        return run()

    return anew


def table(title, contenders, targets, rounds, scale=None):
    """Prints a block: the course first, then the others, how many times slower each is, and whether that was hoped for.

    contenders: {name: function}, the course's first. targets: {name: least ratio}. scale: {name: factor} for those that
    are measured on a part of the work.
    """
    times, scale = turns(contenders, rounds), scale or {}
    course = next(iter(times))
    print(f"\n{title}")
    for name, taken in times.items():
        factor = scale.get(name, 1)
        ratio = statistics.median(factor * a / b for a, b in zip(taken, times[course]))
        said = ""
        if name in targets:
            said = f"at least {round(targets[name], 2):g}: " + ("yes" if ratio >= targets[name] else "NO")
        elif ratio < 1:
            said = "faster than the course"
        line = f"{1e3 * factor * statistics.median(taken):12.2f} ms {ratio:10.2f} x  {said}"
        print(f"  {name:<58}{line}", flush=True)
    return times


def valley(x, y):
    """Rosenbrock's function, for torch and for jax."""
    u, v = 1 - x, y - x * x
    return u * u + 100 * (v * v)


def valley_slopes(x, y):
    s = 200 * (y - x * x)
    return 2 * (x - 1 - x * s), s


def hills(x, y):
    u, v = x * x + y - 11, x + y * y - 7
    return u * u + v * v


def scanned(loss, optimizer, steps):
    """A whole run of optax as one function of the start, for jax.jit."""

    def run(x):
        def step(state, _):
            x, memory = state
            updates, memory = optimizer.update(jax.grad(loss)(x), memory)
            return (optax.apply_updates(x, updates), memory), None

        return jax.lax.scan(step, (x, optimizer.init(x)), length=steps)[0][0]

    return run


# 1 and 2: Adam in Rosenbrock's valley

STEPS, RATES, LR = 500, np.geomspace(1e-4, 1e-1, 1000), 1e-2
START = surfaces.rosenbrock.start


def torch_run(lr=LR, **kind):
    x = torch.tensor(START, requires_grad=True)
    optimizer = torch.optim.Adam([x], lr=lr, **kind)
    for _ in range(STEPS):
        optimizer.zero_grad()
        valley(*x).backward()
        optimizer.step()
    return x.detach().numpy()


def optax_run():
    """As its documentation has it: a compiled step in a loop of Python."""
    optimizer = optax.adam(LR)

    @jax.jit
    def step(x, memory):
        updates, memory = optimizer.update(jax.grad(lambda x: valley(*x))(x), memory)
        return optax.apply_updates(x, updates), memory

    x = jnp.array(START)
    memory = optimizer.init(x)
    for _ in range(STEPS):
        x, memory = step(x, memory)
    return np.asarray(x)


def optax_scan(x=START):
    return np.asarray(jax.jit(scanned(lambda x: valley(*x), optax.adam(LR), STEPS))(x))


def torch_batch(automatic):
    """A thousand runs at once, Adam written by hand, as torch.optim has one rate for all; in place, as torch would."""
    x = torch.tensor(np.repeat(START[:, None], len(RATES), axis=1), requires_grad=automatic)
    m, v, lr = torch.zeros_like(x), torch.zeros_like(x), torch.tensor(RATES)
    for t in range(1, STEPS + 1):
        if automatic:
            (g,) = torch.autograd.grad(valley(*x).sum(), x)
        else:
            g = torch.stack(valley_slopes(*x))
        with torch.no_grad():
            m.mul_(0.9).add_(g, alpha=0.1)
            v.mul_(0.999).addcmul_(g, g, value=0.001)
            x.sub_(lr * (m / (1 - 0.9**t)) / ((v / (1 - 0.999**t)).sqrt_().add_(1e-8)))
    return x.detach().numpy()


def by_hand():
    """What `descend` does, without its checks."""
    path = np.empty((2, STEPS + 1))
    path[:, 0] = x = np.array(START)
    m, v, t = 0.0, 0.0, 0
    with np.errstate(all="ignore"):
        for k in range(STEPS):
            x, m, v, t = adam(x, surfaces.rosenbrock.grad(x), m, v, t, lr=LR)
            path[:, k + 1] = x
    return path


def one_run():
    ours = descend(adam, surfaces.rosenbrock, START, STEPS, lr=LR)
    np.testing.assert_array_equal(by_hand(), ours)
    hand = "the same loop written out by hand, unchecked"
    table(
        f"0. descend, Rosenbrock, {STEPS} steps of Adam",
        {"course": lambda: descend(adam, surfaces.rosenbrock, START, STEPS, lr=LR), hand: by_hand},
        {hand: 1 / 1.2},
        rounds=51,
    )
    for run in (torch_run, optax_run, optax_scan):
        np.testing.assert_allclose(run(), ours[:, -1], rtol=1e-9)
    program = compiled(scanned(lambda x: valley(*x), optax.adam(LR), STEPS), START)
    table(
        f"1. Rosenbrock, {STEPS} steps of Adam",
        {
            "course": lambda: end(adam, surfaces.rosenbrock, START, STEPS, lr=LR),
            "torch, autograd and torch.optim.Adam": torch_run,
            "optax, a jitted step in a loop, compilation included": afresh(optax_run),
            "optax, the loop jitted as a whole, compilation included": afresh(optax_scan),
            "torch, fused Adam": lambda: torch_run(fused=True),
            "optax, the loop jitted as a whole, compiled before": lambda: program(START),
        },
        {
            "torch, autograd and torch.optim.Adam": 20,
            "optax, a jitted step in a loop, compilation included": 20,
            "optax, the loop jitted as a whole, compilation included": 20,
        },
        rounds=11,
    )


def many_rates():
    def ours():
        return end(adam, surfaces.rosenbrock, START, STEPS, lr=RATES)

    for automatic in (True, False):
        np.testing.assert_allclose(torch_batch(automatic), ours(), rtol=1e-9)

    def all_rates(lr):
        return jax.vmap(lambda lr: scanned(lambda x: valley(*x), optax.adam(lr), STEPS)(jnp.array(START)))(lr)

    program = compiled(all_rates, RATES)
    some = itertools.cycle(RATES[:: len(RATES) // 10])
    loop = f"torch, a loop over the rates (from one rate a turn, times {len(RATES):,})"
    times = table(
        f"2. Rosenbrock, {len(RATES):,} learning rates, {STEPS} steps of Adam",
        {
            "course": ours,
            loop: lambda: torch_run(next(some)),
            "torch, batched by hand, autograd": lambda: torch_batch(True),
            "torch, batched by hand, the gradient by hand, too": lambda: torch_batch(False),
            "optax, vmap of the jitted loop, compilation included": afresh(lambda: jax.jit(all_rates)(RATES)),
            "optax, vmap of the jitted loop, compiled before": lambda: program(RATES),
        },
        {loop: 5000, "torch, batched by hand, autograd": 4.5},
        rounds=11,
        scale={loop: len(RATES)},
    )
    taken = 1e3 * statistics.median(times["course"])
    print(f"  {'course below 16 ms':<58}{taken:12.2f} ms{'':14}{'yes' if taken < 16 else 'NO'}")


# 3: basins

GRID = np.stack(np.meshgrid(*[np.linspace(-5, 5, 200)] * 2))


def torch_basins():
    x = torch.tensor(GRID, requires_grad=True)
    optimizer = torch.optim.SGD([x], lr=0.01)
    for _ in range(300):
        optimizer.zero_grad()
        hills(*x).sum().backward()
        optimizer.step()
    return x.detach().numpy()


def basins():
    def ours():
        return end(gd, surfaces.himmelblau, GRID, 300, lr=0.01)

    np.testing.assert_allclose(torch_basins(), ours(), rtol=0, atol=1e-6)
    program = compiled(scanned(lambda x: hills(*x).sum(), optax.sgd(0.01), 300), GRID)
    table(
        f"3. Basins of Himmelblau's function, {GRID[0].size:,} starts, 300 steps",
        {
            "course": ours,
            "torch, batched, autograd and torch.optim.SGD": torch_basins,
            "optax, the loop jitted as a whole, compiled before": lambda: program(GRID),
        },
        {"torch, batched, autograd and torch.optim.SGD": 1.9},
        rounds=7,
    )


# 4: a network

EPOCHS, BATCH = 10, 32


def digits():
    X, y = problems.digits()
    network = networks.Network((64, 32, 10))
    task, start = problems.classify(network, X, y), network.init(np.random.default_rng(0))
    steps = EPOCHS * -(-len(X) // BATCH)

    def ours():
        return end(adam, task.batches(BATCH, np.random.default_rng(1)), start, steps, lr=0.01)

    def theirs(dtype, **kind):
        layers = torch.nn.Linear(64, 32), torch.nn.Linear(32, 10)
        model = torch.nn.Sequential(layers[0], torch.nn.Tanh(), layers[1]).to(dtype)
        with torch.no_grad():
            for layer, (W, b) in zip(layers, network.layers(start)):
                layer.weight.copy_(torch.tensor(W.T))
                layer.bias.copy_(torch.tensor(b[0]))
        inputs, targets, rng = torch.tensor(X, dtype=dtype), torch.tensor(y), np.random.default_rng(1)
        optimizer, loss = torch.optim.Adam(model.parameters(), lr=0.01, **kind), torch.nn.CrossEntropyLoss()
        for _ in range(EPOCHS):
            for rows in torch.tensor(rng.permutation(len(X))).split(BATCH):
                optimizer.zero_grad()
                loss(model(inputs[rows]), targets[rows]).backward()
                optimizer.step()
        return [layer.weight.detach().numpy() for layer in layers]

    for W, (ours_W, _) in zip(theirs(torch.float64), network.layers(ours())):
        np.testing.assert_allclose(W.T, ours_W, rtol=0, atol=1e-6)
    order = batch_order(len(X))
    program = compiled(epochs_of_optax(X, y), start, order)
    table(
        f"4. Digits, a network with 32 hidden units, {EPOCHS} epochs of Adam in batches of {BATCH}",
        {
            "course (float64)": ours,
            "torch, nn and torch.optim.Adam (float32, its default)": lambda: theirs(torch.float32),
            "torch, nn and torch.optim.Adam (float64)": lambda: theirs(torch.float64),
            "torch, nn and fused Adam (float32)": lambda: theirs(torch.float32, fused=True),
            "optax, all epochs jitted as a whole, compiled before (float64)": lambda: program(start, order),
        },
        {
            "torch, nn and torch.optim.Adam (float32, its default)": 2.5,
            "torch, nn and torch.optim.Adam (float64)": 2.5,
        },
        rounds=7,
    )


def batch_order(n):
    """Rows of whole batches, (batches, BATCH): XLA wants one shape, so the last short batch of an epoch is left out."""
    rng = np.random.default_rng(1)
    return np.concatenate([rng.permutation(n)[: n // BATCH * BATCH].reshape(-1, BATCH) for _ in range(EPOCHS)])


def epochs_of_optax(X, y):
    optimizer = optax.adam(0.01)
    X, y = jnp.array(X), jnp.array(y)

    def loss(theta, rows):
        W, b, V, c = jnp.split(theta, np.cumsum([64 * 32, 32, 32 * 10]))
        z = jnp.tanh(X[rows] @ W.reshape(64, 32) + b) @ V.reshape(32, 10) + c
        return optax.softmax_cross_entropy_with_integer_labels(z, y[rows]).mean()

    def run(theta, order):
        def step(state, rows):
            theta, memory = state
            updates, memory = optimizer.update(jax.grad(loss)(theta, rows), memory)
            return (optax.apply_updates(theta, updates), memory), None

        return jax.lax.scan(step, (theta, optimizer.init(theta)), order)[0][0]

    return run


# 5: a long vector

LONG = 10**7


def long_vector():
    rng = np.random.default_rng(0)
    x, g = rng.standard_normal((2, LONG), dtype=np.float32)

    def ours(method):
        state = [x]

        def step():
            state[:] = method(state[0], g, *state[1:], lr=0.001)

        return step

    def theirs(**kind):
        p = torch.tensor(x, requires_grad=True)
        p.grad = torch.tensor(g)
        return torch.optim.Adam([p], lr=0.001, **kind).step

    def jitted():
        optimizer, slope = optax.adam(0.001), jnp.array(g)

        def update(p, memory):
            updates, memory = optimizer.update(slope, memory)
            return optax.apply_updates(p, updates), memory

        state, update = [jnp.array(x), optimizer.init(jnp.array(x))], jax.jit(update, donate_argnums=(0, 1))

        def step():
            state[:] = update(*state)
            state[0].block_until_ready()

        return step

    table(
        f"5. One step of Adam on {LONG:,} numbers (float32)",
        {
            "course, blocked(adam)": ours(blocked(adam)),
            "torch, single-tensor": theirs(foreach=False),
            "torch, foreach": theirs(foreach=True),
            "torch, fused": theirs(fused=True),
            "optax, jitted step, compiled before": jitted(),
            "course, adam": ours(adam),
        },
        {"torch, single-tensor": 1, "torch, foreach": 1},
        rounds=15,
    )


if __name__ == "__main__":
    main()
