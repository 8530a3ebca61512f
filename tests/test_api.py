"""The library's functions as one: whole numbers, half precision, the huge, the tiny and the wrong, put to each of them.

ARGUMENTS holds for every function of the library whose docstring says what it returns one right call, in whole numbers.
A new function without an entry fails here.
"""

import importlib
import inspect
import math
import pickle
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from course_lib import convexity, curvature, gradients, optimizers, surfaces
from course_lib.descent import arrived, end
from course_lib.linalg import eigenvalues
from course_lib.networks import Network
from course_lib.optimizers import gd, momentum
from course_lib.problems import least_squares
from course_lib.surfaces import himmelblau, quadratic, quadratic_form, rosenbrock
from course_lib.wrappers import clip_by_norm, clip_by_value, preconditioned

MODULES = ["optimizers", "schedules", "surfaces", "wrappers", "convexity", "gradients", "curvature", "problems"]
MODULES += ["networks", "landscapes", "scale", "choosing", "descent"]


def public(name):
    module = importlib.import_module(f"course_lib.{name}")
    own = {key: value for key, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__}
    return {key: value for key, value in own.items() if "eturns" in (value.__doc__ or "") and not key.startswith("_")}


API = {f"{module}.{key}": function for module in MODULES for key, function in public(module).items()}

RELUS, WEIGHTS = Network((2, 3, 1), "relu"), [1, 0, 2, 1, 1, 0, 1, 2, 1, 0, 1, 1, 2]
POINTS, X, MATRIX = [[3, 1, 2], [4, 2, 1]], [[1, 2], [3, 1], [2, 2]], [[2, 1], [1, 3]]


def rng():
    return np.random.default_rng(0)


def ball(x):
    return convexity.project_ball(x, 2)


# What is given as a number or as an array of them is cast to each form; "text", functions and all in KEPT are not
STEP = {"x": [3, 4], "g": [2, 1], "lr": 1}
ARGUMENTS = {
    **{f"optimizers.{name}": STEP for name in public("optimizers")},
    "optimizers.muon": {"x": [[3, 4], [1, 2]], "g": [[2, 1], [1, 1]], "lr": 1},
    "optimizers.shampoo": {"x": [[3, 4], [1, 2]], "g": [[2, 1], [1, 1]], "lr": 1},
    "optimizers.orthogonalize": {"matrix": [[3, 4], [1, 2]], "eps": 0},
    "schedules.constant": {"lr": 2},
    "schedules.step_decay": {"lr": 2, "every": 2, "factor": 1},
    "schedules.exponential": {"lr": 2, "rate": 2},
    "schedules.inverse_time": {"lr": 2, "rate": 3},
    "schedules.inverse_sqrt": {"lr": 2, "rate": 3},
    "schedules.cosine": {"lr": 2, "steps": 4, "floor": 1},
    "schedules.warmup": {"schedule": 3, "steps": 2},
    "schedules.one_cycle": {"lr": 3, "steps": 4, "pct_start": 1, "div_factor": 2, "final_div_factor": 5},
    "surfaces.counted": {"f": rosenbrock},
    "surfaces.quadratic_form": {"A": MATRIX, "start": [1, 2], "window": [[0, 3], [0, 3]]},
    "surfaces.changed": {"f": himmelblau, "A": MATRIX, "scale": 3, "shift": 2},
    "surfaces.quadratic": {"kappa": 3, "angle": 30, "L": 2},
    "surfaces.rastrigin": {"d": 2},
    "surfaces.nesterov_worst": {"d": 2, "L": 3},
    "wrappers.clip_by_norm": {"method": gd, "limit": 2},
    "wrappers.clip_by_value": {"method": gd, "limit": 2},
    "wrappers.l2": {"method": gd, "decay": 2},
    "wrappers.decoupled_decay": {"method": gd, "decay": 2},
    "wrappers.preconditioned": {"method": gd, "P": MATRIX},
    "wrappers.perturbed": {"method": gd, "sigma": 2, "rng": rng},
    "wrappers.sam": {"method": gd, "f": quadratic(), "rho": 2},
    "wrappers.averaged": {"method": gd, "after": 1},
    "wrappers.fed": {"method": momentum, "gradients": [[1, 2], [3, 1]]},
    "wrappers.per_layer": {"method": gd, "shapes": [1, 1]},
    "wrappers.by_coordinate": {"method": gd, "factors": [2, 1]},
    "wrappers.stale": {"method": momentum, "delay": 2},
    "wrappers.with_feedback": {"method": gd, "code": np.sign},
    "wrappers.packed": {"method": gd},
    "wrappers.blocked": {"method": momentum, "size": 1},
    "convexity.chord_gap": {"f": himmelblau, "x": POINTS, "y": [[1, 2, 3], [1, 2, 3]], "t": 1},
    "convexity.tangent_gap": {"f": himmelblau, "x": POINTS, "y": [[1, 2, 3], [1, 2, 3]]},
    "convexity.find_violation": {"f": himmelblau, "window": [[0, 3], [0, 3]], "rng": rng, "pairs": 50},
    "convexity.project_ball": {"x": POINTS, "radius": 2},
    "convexity.project_box": {"x": POINTS, "low": 2, "high": 3},
    "convexity.project_simplex": {"x": POINTS, "amount": 2},
    "convexity.projected": {"method": gd, "project": ball},
    "convexity.penalized": {"f": himmelblau, "project": ball, "weight": 2},
    "gradients.forward_differences": {"f": himmelblau, "x": POINTS, "h": 1},
    "gradients.central_differences": {"f": himmelblau, "x": POINTS, "h": 1},
    "gradients.complex_step": {"f": himmelblau, "x": POINTS, "h": 1},
    "gradients.gradient_check": {"f": himmelblau, "x": POINTS},
    "gradients.relative_cost": {"f": himmelblau, "x": POINTS, "repeats": 2},
    "gradients.steepest_l1": {"g": POINTS},
    "gradients.steepest_l2": {"g": POINTS},
    "gradients.steepest_linf": {"g": POINTS},
    "gradients.backtracking": {"f": himmelblau},
    "curvature.newton": {"f": himmelblau},
    "curvature.damped_newton": {"f": himmelblau},
    "curvature.saddle_free_newton": {"f": himmelblau},
    "curvature.wolfe": {"f": himmelblau, "x": [3, 4], "p": [-1, -1], "g": [1, 1]},
    "curvature.parabola": {"f": himmelblau, "x": [3, 4], "p": [-1, -1], "g": [1, 1]},
    "curvature.exact": {"f": himmelblau, "x": [3, 4], "p": [-1, -1], "g": [1, 1]},
    "curvature.bfgs": {"f": himmelblau},
    "curvature.lbfgs": {"f": himmelblau, "history": 2},
    "curvature.conjugate_gradients": {"f": himmelblau},
    "curvature.hessian_vector_product": {"f": himmelblau, "x": POINTS, "v": [[1, 2, 3], [1, 2, 3]]},
    "curvature.with_hessian": {"f": himmelblau},
    "curvature.power_iteration": {"product": lambda v: 3 * v, "start": [3, 4], "steps": 3},
    "curvature.critical_kind": {"H": MATRIX, "tolerance": 0},
    "curvature.condition_number": {"H": MATRIX},
    "problems.svrg": {"problem": least_squares(X, [1, 2, 3]), "size": 2, "rng": rng, "every": 2},
    "problems.noisy": {"f": himmelblau, "sigma": 2, "rng": rng},
    "problems.least_squares": {"X": X, "y": [1, 2, 3], "decay": 1},
    "problems.logistic": {"X": X, "y": [1, -1, 1], "decay": 1},
    "problems.hinge": {"X": X, "y": [1, -1, 1], "decay": 1},
    "problems.classify": {"network": Network((2, 2, 3)), "X": X, "y": [0, 1, 2]},
    "problems.regress": {"network": Network((2, 2, 1)), "X": X, "y": [1, 2, 3]},
    "problems.two_moons": {"n": 4, "noise": 1, "rng": rng},
    "problems.clusters": {"n": 4, "centers": MATRIX, "spread": 1, "rng": rng},
    "problems.sparse_words": {"n": 4, "words": 12, "length": 3, "rng": rng},
    "problems.digits": {},
    "problems.longley": {},
    "landscapes.line": {"a": [3, 4], "b": [1, 2], "n": 3},
    "landscapes.plane": {"origin": [3, 4], "u": [1, 2], "v": [2, 1], "s": [0, 1], "t": [0, 1, 2]},
    "landscapes.barrier": {"f": himmelblau, "a": [3, 4], "b": [1, 2], "n": 3},
    "landscapes.filter_normalized": {"network": RELUS, "direction": WEIGHTS, "theta": WEIGHTS[::-1]},
    "landscapes.stretched": {"network": RELUS, "theta": WEIGHTS, "c": 2},
    "landscapes.permuted": {"network": RELUS, "theta": WEIGHTS, "orders": [[1, 0, 2]]},
    "landscapes.aligned": {"network": RELUS, "theta": WEIGHTS, "to": WEIGHTS[::-1]},
    "landscapes.assignment": {"cost": [[1, 2, 3], [3, 1, 2], [2, 2, 1]]},
    "landscapes.Bend": {"f": himmelblau, "a": [3, 4], "b": [1, 2], "k": 2},
    "landscapes.sharpness": {"f": himmelblau, "x": POINTS, "v": [[1, 2, 3], [1, 2, 3]], "steps": 2},
    "landscapes.principal_components": {"path": POINTS, "k": 2},
    "scale.noise_scale": {"problem": least_squares(X, [1, 2, 3]), "w": [1, 2]},
    "scale.least_time": {"call": list, "repeats": 1},
    "scale.ring": {"parts": X},
    "scale.largest": {"u": POINTS, "k": 1},
    "scale.scaled_sign": {"u": POINTS},
    "scale.rounded": {"x": X, "format": "bfloat16"},
    "scale.rounded_randomly": {"x": X, "format": "float16", "rng": rng},
    "scale.spacing": {"x": X, "format": "float16"},
    "scale.eight_bits": {"a": POINTS, "power": 2, "block": 1},
    "scale.standard": {"network": RELUS},
    "scale.mup": {"network": RELUS, "base": 2},
    "scale.bigram": {"V": 3, "a": 1, "rng": rng},
    "scale.seen": {"f": himmelblau, "code": np.rint},
    "choosing.at_random": {"space": {"lr": (1, 4)}, "n": 3, "rng": rng},
    "choosing.on_grid": {"space": {"lr": (1, 4), "eps": (2, 3)}, "levels": 2},
    "choosing.halving": {"values": X},
    "choosing.hypergradient": {**STEP, "last": [1, 2], "speed": 1},
    "choosing.expected_best": {"scores": [3, 1, 2], "k": 2, "reports": [1, 3, 2]},
    "choosing.interval": {"values": [3, 1, 2]},
    "choosing.ranks": {"scores": X},
    "choosing.critical_difference": {"methods": 3, "problems": 2},
    "choosing.profile": {"steps": X, "factors": [1, 2]},
    "choosing.measured": {"method": "gd", "schedule": "constant", "seed": 0, "nudge": 0},
    "choosing.runs": {},
    "choosing.league": {"method": gd, "hyper": {"lr": 0.1}, "sets": 1},
    "choosing.clinic": {"seed": 0},
    "networks.normalized": {"z": X, "axis": 0},
    "networks.normalized_backward": {"delta": X, "z": [[1, -1], [0, 1], [-1, 0]], "s": [[1, 2]], "axis": 0},
    "networks.signal_and_gradient": {"network": Network((2, 2, 2)), "theta": [1] * 12, "X": X, "delta": X},
    "descent.iterate": {"method": momentum, "f": quadratic(), "start": [3, 4], "lr": 1, "beta": 0},
    "descent.descend": {"method": momentum, "f": quadratic(), "start": [3, 4], "steps": 3, "lr": 1, "beta": 0},
    "descent.end": {"method": momentum, "f": quadratic(), "start": [3, 4], "steps": 3, "lr": 1, "beta": 0},
    "descent.best_rate": {"method": gd, "f": quadratic(), "start": [3, 4], "steps": 3, "rates": [1, 2]},
    "descent.first_step": {"holds": [0, 0, 1]},
    "descent.arrived": {"x": POINTS, "places": [[3, 4], [1, 2]], "within": 1},
}
COUNTS = [
    "axis",
    "steps",
    "every",
    "k",
    "delay",
    "power",
    "base",
    "V",
    "block",
    "orders",
    "d",
    "after",
    "size",
    "pairs",
    "repeats",
    "history",
    "n",
    "words",
    "length",
    "shapes",
    "levels",
    "methods",
    "problems",
    "seed",
    "sets",
]
CLASSES = {"problems.classify": ["y"], "descent.first_step": ["holds"]}


def test_every_function_is_here():
    assert set(ARGUMENTS) == set(API)
    for name, given in ARGUMENTS.items():
        parameters = inspect.signature(API[name]).parameters
        assert set(given) <= set(parameters) or "hyper" in parameters, name


def is_step(name):
    """Lessons show the lines of the steps, and what one has more than another: the types of all stand in `Step`."""
    return list(inspect.signature(API[name]).parameters)[:2] == ["x", "g"]


@pytest.mark.parametrize("name", [name for name in API if not is_step(name)])
def test_every_argument_has_a_type(name):
    signature = inspect.signature(API[name])
    assert [
        one.name for one in signature.parameters.values() if one.annotation is one.empty and one.name != "hyper"
    ] == []
    kinds = inspect.getmro(API[name]) if inspect.isclass(API[name]) else ()
    calls = [vars(kind)["__call__"] for kind in kinds if "__call__" in vars(kind)] if kinds else [API[name]]
    assert all(inspect.signature(call).return_annotation is not signature.empty for call in calls)


def called(name, cast, **changes):
    """The numbers that come of a call, or of what it gives, with every number cast."""
    with np.errstate(all="ignore"):
        return used(made(name, cast, **changes), cast)


def made(name, cast, **changes):
    """What a call gives back."""
    given = {}
    for key, value in (ARGUMENTS[name] | changes).items():
        counted = key in COUNTS or key in CLASSES.get(name, ())
        is_number = isinstance(value, int | list) and not counted and key not in changes
        given[key] = value() if value is rng else cast(value) if is_number else value
    return API[name](**given)


def used(result, cast):
    """The numbers behind what a function returned: the path of a step, the values of a schedule, ..."""
    if hasattr(result, "grad"):
        p = cast(POINTS if result.d == 2 else np.ones(np.shape(result.start), int).tolist())
        with_hessian = [result.hess(p)] if getattr(result, "hessian", True) else []
        return (result(p), result.grad(p), *with_hessian)
    if inspect.isgenerator(result):
        return tuple(next(result)[0] for _ in range(4))
    if not callable(result):
        return result
    if len(inspect.signature(result).parameters) == 1:
        return tuple(result(t) for t in range(6))
    with_damping = {"damping": cast(1)} if "damping" in inspect.signature(result).parameters else {}
    has_rate = {"lr": cast(1)} if "last" not in inspect.signature(result).parameters else {}  # else it searches
    return end(result, quadratic(), cast([3, 4]), 4, **has_rate, **with_damping)


def python(value):
    return value


def form(dtype):
    return lambda value: np.array(value, dtype)[()]


def fractions(value):
    return np.vectorize(Fraction, otypes=[object])(value)[()]


FORMS = {"Python": python, "Fraction": fractions} | {
    dtype.__name__: form(dtype) for dtype in (np.int8, np.int64, np.float16, np.longdouble)
}
BARE = [name for name in API if name.startswith("optimizers.")]  # of arrays, and nothing but the formula
BARE += ["curvature.wolfe", "curvature.parabola", "curvature.exact", "choosing.hypergradient"]
TIMED = ["gradients.relative_cost", "scale.least_time"]


def arrays(result):
    """All arrays and numbers of a result, one after the other."""
    if isinstance(result, tuple):
        return [array for part in result for array in arrays(part)]
    if isinstance(result, dict):
        return arrays((*result, *result.values()))
    if isinstance(result, convexity.Violation):
        return arrays((result.x, result.y, result.t, result.above))
    return [np.asarray(result)]


@pytest.mark.parametrize("dtype", FORMS)
@pytest.mark.parametrize("name", [name for name in API if name not in [*BARE, *TIMED]])
def test_whole_numbers_and_half_precision_are_numbers(name, dtype):
    for expected, got in zip(arrays(called(name, form(float))), arrays(called(name, FORMS[dtype])), strict=True):
        assert got.dtype == expected.dtype
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("name", BARE)
def test_formulas_take_arrays_of_whole_numbers(name):
    for expected, got in zip(arrays(called(name, form(float))), arrays(called(name, form(int))), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-14)


@pytest.mark.parametrize("name", [name for name in BARE if name.startswith("optimizers.") and "orth" not in name])
@pytest.mark.parametrize("dtype", FORMS)
def test_what_descends_takes_whole_numbers(name, dtype):
    x, f = ARGUMENTS[name]["x"], Bowl()
    expected = end(API[name], f, form(float)(x), 3, lr=0.5)
    got = end(API[name], f, FORMS[dtype](x), 3, lr=FORMS[dtype](1) / 2)
    assert got.dtype == float
    np.testing.assert_array_equal(got, expected)


class Bowl:
    """The sum of the halved squares of all coordinates, whatever the shape."""

    def grad(self, x):
        return x


@pytest.mark.parametrize("dtype", FORMS)
def test_a_network_takes_whole_numbers(dtype):
    network, cast = Network((2, 3, 1)), FORMS[dtype]
    theta, delta = [1, 0, 2, 1, 1, 0, 1, 2, 1, 0, 1, 1, 2], [[1], [2], [1]]
    outputs = network.activations(form(float)(theta), form(float)(X))
    for expected, got in zip(outputs, network.activations(cast(theta), cast(X)), strict=True):
        np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(network.forward(cast(theta), cast(X)), outputs[-1])
    expected = network.backward(form(float)(theta), outputs, form(float)(delta))
    np.testing.assert_array_equal(network.backward(cast(theta), outputs, cast(delta)), expected)
    for wrong, name in (((theta[1:], X), "theta"), ((theta, [[1]]), "X"), ((None, X), "theta"), ((theta, "X"), "X")):
        with pytest.raises(ValueError, match=rf"^{name} must "):
            network.forward(*wrong)


# The huge and the tiny: what is known to grow with its argument does so, as far as numbers go

SCALES = [(np.float64, 2.0**e) for e in (-1000, -540, 0, 540, 1000)] + [
    (np.float32, 2.0**e) for e in (-120, -70, 70, 120)
]
G = np.array([[3.0, 1, 0], [-4.0, 2, 0]])
M = np.array([[3.0, 1], [-4.0, 2], [1, 1]])


def step_of(wrapper, g):
    return wrapper(np.zeros_like(g), g, lr=1)[0]


class Slope:
    """A plane in which `grad` claims another slope."""

    def __init__(self, slope, claimed):
        self.slope, self.claimed = slope, claimed

    def __call__(self, p):
        return self.slope @ p

    def grad(self, p):
        return self.claimed


@pytest.mark.parametrize(("dtype", "s"), SCALES)
@pytest.mark.parametrize(
    ("function", "grows"),
    [
        (lambda s, t: gradients.steepest_l1(s(G)), 0),
        (lambda s, t: gradients.steepest_l2(s(G)), 0),
        (lambda s, t: gradients.steepest_linf(s(G)), 0),
        (lambda s, t: step_of(clip_by_norm(gd, t), s(G)), 1),
        (lambda s, t: step_of(clip_by_value(gd, t), s(G)), 1),
        (lambda s, t: step_of(preconditioned(gd, MATRIX), s(G)), 1),
        (lambda s, t: convexity.project_ball(s(G), 2 * t), 1),
        (lambda s, t: convexity.project_box(s(G), -t, t), 1),
        (lambda s, t: convexity.project_simplex(s(G), t), 1),
        (lambda s, t: optimizers.orthogonalize(s(M), eps=0), 0),
        (lambda s, t: optimizers.lamb(s(M), np.sign(M).astype(s(M).dtype), lr=0.1)[0], 1),
        (lambda s, t: curvature.hessian_vector_product(quadratic(), np.ones((2, 3)).astype(s(G).dtype), s(G)), 1),
        (lambda s, t: curvature.power_iteration(lambda v: s(MATRIX) @ v, [1, 2])[0], 1),
        (lambda s, t: curvature.power_iteration(lambda v: np.array(MATRIX) @ v, s([1, 2]))[0], 0),
        (lambda s, t: curvature.condition_number(s(MATRIX)), 0),
        (lambda s, t: eigenvalues(s(MATRIX)), 1),
        (lambda s, t: quadratic_form(s(MATRIX)).L, 1),
        (lambda s, t: quadratic(7, 30, L=t).grad(np.ones(2)), 1),
        (lambda s, t: arrived(s(G), s(G.T), within=t), 0),
        (lambda s, t: gradients.gradient_check(Slope(s(G[:, 0]), -s(G[:, 0])), np.ones(2, s(G).dtype), h=0.5), 0),
        (lambda s, t: gradients.central_differences(Slope(s(G[:, 0]), 0), np.ones(2, s(G).dtype), h=0.5), 1),
    ],
)
def test_what_grows_with_its_argument_does_so(function, grows, dtype, s):
    def scaled(a):
        return (np.array(a) * s).astype(dtype)

    def plain(a):
        return np.array(a).astype(dtype)

    with np.errstate(all="ignore"):
        got, expected = np.asarray(function(scaled, s), float), np.asarray(function(plain, 1.0), float)
    np.testing.assert_allclose(got / s**grows, expected, rtol=0, atol=1e-9 if dtype is np.float64 else 1e-4)


# The wrong: what is no number, no array of numbers, no function or no generator is refused, and the argument named

NO_NUMBERS = [None, "two", 1j, [[1], [1, 2]], {1}]
NAMED = [
    (name, argument)
    for name, given in ARGUMENTS.items()
    if name not in BARE
    for argument in given
    if argument != "network"
]


@pytest.mark.parametrize(("name", "argument"), NAMED)
@pytest.mark.parametrize("wrong", NO_NUMBERS, ids=repr)
def test_what_is_wrong_is_refused_by_name(name, argument, wrong):
    if wrong is None and inspect.signature(API[name]).parameters.get(argument, inspect.Parameter).default is None:
        return
    with pytest.raises((ValueError, TypeError), match=rf"\b{argument}\b"):
        called(name, python, **{argument: wrong})


@pytest.mark.parametrize(
    ("name", "argument"), [(name, argument) for name, argument in NAMED if type(ARGUMENTS[name][argument]) is int]
)
@pytest.mark.parametrize(
    "wrong", [math.nan, math.inf, -math.inf, 10**400, [], True], ids=["nan", "inf", "-inf", "10**400", "[]", "True"]
)
def test_a_number_is_finite_and_one(name, argument, wrong):
    if (name, argument) in [("convexity.project_box", "low"), ("convexity.project_box", "high")]:
        return  # which may be infinite
    with pytest.raises(ValueError, match=rf"\b{argument}\b"):
        called(name, python, **{argument: wrong})


# Another process: what a function returns can be sent there, and does the same


def sent(value):
    return pickle.loads(pickle.dumps(value))


@pytest.mark.parametrize("name", [name for name in API if name not in [*TIMED, "descent.iterate"]])
def test_what_comes_back_can_be_pickled(name):
    result = made(name, form(float))
    for expected, got in zip(arrays(used(sent(result), python)), arrays(used(result, python)), strict=True):
        np.testing.assert_array_equal(got, expected)


def test_surfaces_come_back_as_themselves():
    for name, f in vars(surfaces).items():
        if isinstance(f, surfaces.Surface):
            assert sent(f) is f, name
    slower = replace(surfaces.saddle, value=abs, gradient=abs, hessian=None)
    assert sent(slower).value is abs


def test_batches_go_on_where_they_were():
    f = least_squares(np.eye(5), np.ones(5)).batches(2, rng())
    for _ in range(4):
        f.grad(np.zeros(5))
        twin = sent(f)
        np.testing.assert_array_equal(twin.grad(np.ones(5)), sent(f).grad(np.ones(5)))
