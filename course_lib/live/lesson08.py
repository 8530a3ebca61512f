"""Depth: signal and gradient of fifty layers, as measured and as theory has them."""

from functools import lru_cache

import numpy as np

from course_lib.live.figure import Figure
from course_lib.live.parts import Choice, Lines, Panel, Slider, Toggles
from course_lib.networks import ACTIVATIONS, Network, signal_and_gradient
from course_lib.problems import digits
from course_lib.style import BLUE, DASHED, INK, SOLID

DEPTH, WIDTH, EXAMPLES = 50, 64, 50
NAMES = ["measured", "theory"]
LOOKS = [(BLUE, SOLID, ""), (INK, DASHED, "")]
LOW, HIGH = 1e-12, 1e12
Z, WEIGHTS = np.polynomial.hermite_e.hermegauss(80)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


def depth(scale=1.0):
    r"""A network before any training: how large the signal is behind each layer, and the gradient in it.

    Fifty layers of 64 units, fifty centred digits, a random gradient from behind. Theory is that of wide layers, whose
    sums are normal. Outside of 1e-12 to 1e12 a line leaves the picture.

    scale: factor on the recommended weights at first, from 0.03 to 10.
    Returns a Figure.
    """
    X, behind = inputs()

    def compute(activation, scale, norm, skip):
        net = Network([WIDTH] * (DEPTH + 1) + [10], activation, norm, skip)
        theta = net.init(np.random.default_rng(0), [scale] * DEPTH + [1])
        measured = [sizes[: DEPTH + 1] for sizes in signal_and_gradient(net, theta, X, behind)]
        expected = theory(activation, scale, norm, skip, float(np.mean(X * X)))
        signal, gradient = (np.stack(pair) for pair in zip(measured, expected))
        gradient = gradient / gradient[:, -1:]
        return {
            "signal": seen(signal),
            "gradient": np.stack([np.broadcast_to(np.arange(DEPTH + 1.0), gradient.shape), seen(gradient)], axis=1)[
                ..., ::-1
            ],
            "forward": np.round(rate(signal[0, -1] / signal[0, 1]), 3),
            "backward": np.round(rate(gradient[0, 1]), 3),
        }

    axis = {"x": (0, DEPTH), "y": (LOW, HIGH), "xlabel": "layer", "log": True, "aspect": 1.35}
    panels = [
        Panel("Signal behind each layer", [Lines("signal", NAMES, LOOKS, follow=False)], **axis),
        Panel("Gradient in each layer, 1 in the last", [Lines("gradient", NAMES, LOOKS, follow=False)], **axis),
    ]
    controls = [
        Toggles(NAMES, looks=LOOKS),
        Choice("activation", "activation", {name: name for name in ("relu", "tanh", "sigmoid")}),
        Slider("scale", "scale of the weights", 0.03, 10, scale, log=True, count=51, ahead=False),
        Choice("norm", "norm", {"none": None, "batch": "batch", "layer": "layer"}),
        Choice("skip", "skips", {"no": False, "yes": True}),
    ]
    note = "Factor of a layer, in the mean of layers 2 to 50: signal {forward}, gradient on its way back {backward}"
    task = "Choose an activation, a norm and skips, and move the scale."
    return Figure("Fifty layers", panels, controls, compute, note, task=task)


@lru_cache(1)
def inputs():
    """Digits, five of each, with the mean picture taken away, and a gradient in the ten outputs."""
    pixels, digit = digits()
    images = (pixels - pixels.mean(axis=0)) / pixels.std()
    rows = np.concatenate([np.flatnonzero(digit == figure)[: EXAMPLES // 10] for figure in range(10)])
    return images[rows], np.random.default_rng(1).normal(size=(EXAMPLES, 10))


def seen(lines):
    """Numbers out of sight end a line; that of the gradient begins behind, in the last layer."""
    return np.where((lines >= LOW) & (lines <= HIGH), lines, np.nan)


def rate(grown):
    """The factor of one layer, from that of all but the first."""
    return grown ** (1 / (DEPTH - 1))


def theory(activation, scale, norm, skip, square):
    r"""Signal and gradient in wide layers: sums z are normal, of the mean square that the layer before gives them.

    Along the way: the mean square of $a$, its mean over the units, and the part that is common to all examples, which
    batch norm takes away. Back, each layer multiplies the mean square of a gradient by
    $[1 +] \operatorname{Var}W\,n\,\overline{\sigma'^2}/s^2$.

    square: the mean square of the inputs. Returns two lists of DEPTH + 1 sizes, the gradient's up to a factor.
    """
    bend, slope, variance = ACTIVATIONS[activation]
    weight = WIDTH * variance(WIDTH, WIDTH) * scale**2
    mean = common = 0.0
    signal, factors = [square], []
    for _ in range(DEPTH):
        spread = weight * {None: 1.0, "batch": square - common, "layer": square}[norm]  # what the norm divides by
        z = Z if norm else np.sqrt(weight * square) * Z
        out = bend(z)
        level, power = WEIGHTS @ out, WEIGHTS @ out**2
        factors.append(weight * (WEIGHTS @ slope(out) ** 2) / (spread if norm else 1.0) + skip)
        kept = float(skip)
        square, mean, common = (
            kept * (square + 2 * mean * level) + power,
            kept * mean + level,
            kept * (common + 2 * mean * level) + level**2,
        )
        signal.append(square)
    growth = np.cumprod([1.0, *factors[::-1]])[::-1]
    if skip and activation == "relu" and norm is None:  # outputs are a_k . delta_k in each layer, so both grow alike
        growth = np.array(signal[::-1]) / signal[0]
    return np.sqrt(signal), np.sqrt(growth)
