r"""The optimizers, in the order of their history: each is a line or two more than the one above it.

All have one shape, a pure function of one step::

    x, *memory = method(x, g, *memory, lr=0.1)

``x`` holds the coordinates on axis 0; further axes are runs side by side. ``g`` is the gradient there, of the same
shape. The memory starts with the defaults in the signature and comes back, updated, behind the new point.
Hyperparameters are keyword-only numbers, or arrays that broadcast against one row of ``x``, one value for each run.
Nothing is changed in place, nothing is validated (``descend`` does that, and takes whole numbers and half precision as
float64; a formula alone computes with what it gets) and float32 stays float32. A run has the same bits alone and side
by side with others; only a power ``b1**t`` of a number and of an array may differ in the last bit.
"""

import numpy as np

from course_lib import linalg


def gd(x, g, *, lr):
    r"""Gradient descent: one step against the gradient.

    $x_{t+1} = x_t - \eta g_t$

    x, g: point and gradient, float arrays (d, *runs).
    lr: learning rate $\eta \ge 0$; 0 stays where it is, above 2/L a quadratic of curvature L diverges.
    Returns (x,): the next point, shape of x.
    Source: Cauchy (1847).
    """
    return (x - lr * g,)


def momentum(x, g, v=0.0, *, lr, beta=0.9):
    r"""Heavy ball: the velocity is the fading sum of all gradients so far.

    $v_{t+1} = \beta v_t + g_t,\quad x_{t+1} = x_t - \eta v_{t+1}$

    x, g: point and gradient, float arrays (d, *runs).
    v: velocity, shape of x; starts at 0.
    lr: learning rate $\eta \ge 0$; 0 stays where it is.
    beta: momentum in [0, 1); 0 is gradient descent, towards 1 a constant gradient is amplified $1/(1-\beta)$ times.
    Returns (x, v), each of the shape of x.
    Source: Polyak (1964), eq. 9. Convention: the sum, with the rate outside, as torch.optim.SGD and optax.sgd.
    """
    v = beta * v + g
    return x - lr * v, v


def momentum_ema(x, g, v=0.0, *, lr, beta=0.9):
    r"""Momentum as a running mean: the velocity is an average of the gradients, so its gain is 1.

    $v_{t+1} = \beta v_t + (1-\beta) g_t,\quad x_{t+1} = x_t - \eta v_{t+1}$

    x, g: point and gradient, float arrays (d, *runs).
    v: running mean of the gradients, shape of x; starts at 0, so it is too small for about $1/(1-\beta)$ steps.
    lr: learning rate $\eta \ge 0$; the path is that of `momentum` with rate $\eta(1-\beta)$.
    beta: share of the old mean in [0, 1); 0 is gradient descent, towards 1 nothing moves.
    Returns (x, v), each of the shape of x.
    Source: the exponential moving average; torch.optim.SGD with dampening $\beta$, but for torch's undamped first step.
    """
    v = beta * v + (1 - beta) * g
    return x - lr * v, v


def nesterov(x, g, v=0.0, *, lr, beta=0.9):
    r"""Nesterov's accelerated gradient: the gradient counts where the velocity is about to carry the ball.

    $v_{t+1} = \beta v_t + g_t,\quad x_{t+1} = x_t - \eta\,(g_t + \beta v_{t+1})$

    x is the look-ahead point itself: the ball is at $x + \eta\beta v$.

    x, g: point and gradient, float arrays (d, *runs).
    v: velocity, shape of x; starts at 0.
    lr: learning rate $\eta \ge 0$; 0 stays where it is.
    beta: momentum in [0, 1); 0 is gradient descent.
    Returns (x, v), each of the shape of x.
    Source: Nesterov (1983), in the form of Sutskever et al. (2013), eq. 3-4, written at the look-ahead point as
    torch.optim.SGD(nesterov=True) and optax.sgd(nesterov=True) do.
    """
    v = beta * v + g
    return x - lr * (g + beta * v), v


def adagrad(x, g, s=0.0, *, lr, eps=1e-10):
    r"""AdaGrad: each coordinate divides its rate by the size of all its gradients so far.

    $s_{t+1} = s_t + g_t^2,\quad x_{t+1} = x_t - \eta\, g_t / (\sqrt{s_{t+1}} + \varepsilon)$

    x, g: point and gradient, float arrays (d, *runs).
    s: sum of squared gradients, shape of x; starts at 0 and never shrinks.
    lr: learning rate $\eta \ge 0$, the length of the first step in every coordinate.
    eps: $\varepsilon \ge 0$ against 0/0; a large one gives gradient descent with rate $\eta/\varepsilon$.
    Returns (x, s), each of the shape of x.
    Source: Duchi, Hazan and Singer (2011), eq. 1, diagonal. Convention: $\varepsilon$ outside the root and s from 0,
    as torch.optim.Adagrad; optax.adagrad starts s at 0.1 and has $\varepsilon$ inside.
    """
    s = s + g * g
    return x - lr * g / (np.sqrt(s) + eps), s


def rmsprop(x, g, v=0.0, *, lr, b2=0.9, eps=1e-8):
    r"""RMSProp: AdaGrad with a memory that fades.

    $v_{t+1} = \beta_2 v_t + (1-\beta_2) g_t^2,\quad x_{t+1} = x_t - \eta\, g_t / (\sqrt{v_{t+1}} + \varepsilon)$

    x, g: point and gradient, float arrays (d, *runs).
    v: running mean of squared gradients, shape of x; starts at 0, uncorrected: the first step is
        $1/\sqrt{1-\beta_2}$ rates long.
    lr: learning rate $\eta \ge 0$; near a minimum the steps stay about this long, for ever.
    b2: share of the old mean, in [0, 1); 0 gives the sign of the gradient.
    eps: $\varepsilon \ge 0$ against 0/0; a large one gives gradient descent with rate $\eta/\varepsilon$.
    Returns (x, v), each of the shape of x.
    Source: Tieleman and Hinton (2012), lecture 6.5. Convention: $\beta_2 = 0.9$ as in the lecture (torch has 0.99);
    $\varepsilon$ outside the root, as torch.optim.RMSprop; optax.rmsprop has it inside unless told otherwise.
    """
    v = b2 * v + (1 - b2) * (g * g)
    return x - lr * g / (np.sqrt(v) + eps), v


def adadelta(x, g, v=0.0, w=0.0, *, lr=1.0, b2=0.95, eps=1e-6):
    r"""AdaDelta: RMSProp whose rate is the size of the latest steps, so that the units of x come out right.

    $v_{t+1} = \beta_2 v_t + (1-\beta_2) g_t^2,\quad u_t = \sqrt{(w_t + \varepsilon)/(v_{t+1} + \varepsilon)}\; g_t$
    $w_{t+1} = \beta_2 w_t + (1-\beta_2) u_t^2,\quad x_{t+1} = x_t - \eta u_t$

    x, g: point and gradient, float arrays (d, *runs).
    v, w: running means of squared gradients and of squared steps, shape of x; both start at 0.
    lr: factor $\eta \ge 0$ on the step; 1 is the method as published.
    b2: share of the old means, in [0, 1).
    eps: $\varepsilon > 0$ sets the first steps, about $\sqrt{\varepsilon/(1-\beta_2)}$ long; 0 never moves.
    Returns (x, v, w), each of the shape of x.
    Source: Zeiler (2012), algorithm 1, with its $\rho = 0.95$ (torch and optax: 0.9).
    """
    v = b2 * v + (1 - b2) * (g * g)
    u = np.sqrt((w + eps) / (v + eps)) * g
    w = b2 * w + (1 - b2) * (u * u)
    return x - lr * u, v, w


def adam(x, g, m=0.0, v=0.0, t=0, *, lr, b1=0.9, b2=0.999, eps=1e-8):
    r"""Adam: momentum over RMSProp, both running means corrected for their start at 0.

    $m_t = \beta_1 m_{t-1} + (1-\beta_1) g_t,\quad v_t = \beta_2 v_{t-1} + (1-\beta_2) g_t^2$
    $\hat m = m_t/(1-\beta_1^t),\quad \hat v = v_t/(1-\beta_2^t),\quad
    x_t = x_{t-1} - \eta\, \hat m / (\sqrt{\hat v} + \varepsilon)$

    x, g: point and gradient, float arrays (d, *runs).
    m, v: running means of gradients and of their squares, shape of x; both start at 0.
    t: number of steps done, int.
    lr: learning rate $\eta \ge 0$, the length of the first step in every coordinate.
    b1, b2: shares of the old means, in [0, 1); b1 = 0 is RMSProp with its mean corrected.
    eps: $\varepsilon \ge 0$ against 0/0; a large one gives bias-corrected momentum_ema with rate $\eta/\varepsilon$.
    Returns (x, m, v, t).
    Source: Kingma and Ba (2015), algorithm 1; torch.optim.Adam and optax.adam agree ($\varepsilon$ outside the root).
    """
    t = t + 1
    m = b1 * m + (1 - b1) * g
    v = b2 * v + (1 - b2) * (g * g)
    m_hat = m / (1 - b1**t)
    v_hat = v / (1 - b2**t)
    return x - lr * m_hat / (np.sqrt(v_hat) + eps), m, v, t


def adamax(x, g, m=0.0, u=0.0, t=0, *, lr, b1=0.9, b2=0.999, eps=1e-8):
    r"""Adamax: Adam with a fading maximum in place of the root of the mean square.

    $u_t = \max(\beta_2 u_{t-1},\ |g_t| + \varepsilon),\quad x_t = x_{t-1} - \eta\, \hat m / u_t$

    x, g: point and gradient, float arrays (d, *runs).
    m, u: running mean and fading maximum of the gradients, shape of x; both start at 0.
    t: number of steps done, int.
    lr: learning rate $\eta \ge 0$, the length of the first step in every coordinate.
    b1, b2: shares of the old values, in [0, 1).
    eps: $\varepsilon \ge 0$ against 0/0.
    Returns (x, m, u, t).
    Source: Kingma and Ba (2015), algorithm 2. The paper has no $\varepsilon$; here as torch.optim.Adamax, optax.adamax.
    """
    t = t + 1
    m = b1 * m + (1 - b1) * g
    u = np.maximum(b2 * u, np.abs(g) + eps)
    return x - lr * m / (1 - b1**t) / u, m, u, t


def nadam(x, g, m=0.0, v=0.0, p=1.0, t=0, *, lr, b1=0.9, b2=0.999, eps=1e-8, psi=0.004):
    r"""NAdam: Adam that looks ahead as Nesterov's method does, with a momentum that warms up.

    $\mu_t = \beta_1(1 - \tfrac12\, 0.96^{t\psi}),\quad p_t = p_{t-1}\mu_t$
    $x_t = x_{t-1} - \eta\left[\frac{(1-\mu_t)\,g_t}{1-p_t} + \frac{\mu_{t+1} m_t}{1-p_t\mu_{t+1}}\right]
    \Big/ (\sqrt{\hat v} + \varepsilon)$

    x, g: point and gradient, float arrays (d, *runs).
    m, v: running means as in Adam, shape of x; both start at 0.
    p: product of the momenta so far; starts at 1. t: number of steps done, int.
    lr, b1, b2, eps: as in `adam`.
    psi: speed of the warm-up, $\psi \ge 0$; 0 keeps half of b1 for ever, a large one starts with all of it.
    Returns (x, m, v, p, t).
    Source: Dozat (2016), algorithm 2 with the schedule of its section 3; torch.optim.NAdam agrees.
    """
    t = t + 1
    now = b1 * (1 - 0.5 * 0.96 ** (t * psi))
    then = b1 * (1 - 0.5 * 0.96 ** ((t + 1) * psi))
    p = p * now
    m = b1 * m + (1 - b1) * g
    v = b2 * v + (1 - b2) * (g * g)
    m_hat = (1 - now) / (1 - p) * g + then / (1 - p * then) * m
    v_hat = v / (1 - b2**t)
    return x - lr * m_hat / (np.sqrt(v_hat) + eps), m, v, p, t


def nadam_constant(x, g, m=0.0, v=0.0, t=0, *, lr, b1=0.9, b2=0.999, eps=1e-8):
    r"""NAdam without the warm-up of its momentum.

    $\hat m = \beta_1 m_t/(1-\beta_1^{t+1}) + (1-\beta_1) g_t/(1-\beta_1^t),\quad
    x_t = x_{t-1} - \eta\, \hat m / (\sqrt{\hat v} + \varepsilon)$

    x, g: point and gradient, float arrays (d, *runs).
    m, v: running means as in Adam, shape of x; both start at 0.
    t: number of steps done, int.
    lr, b1, b2, eps: as in `adam`.
    Returns (x, m, v, t).
    Source: Dozat (2016), algorithm 2 with constant momentum; optax.nadam agrees.
    """
    t = t + 1
    m = b1 * m + (1 - b1) * g
    v = b2 * v + (1 - b2) * (g * g)
    m_hat = b1 * m / (1 - b1 ** (t + 1)) + (1 - b1) * g / (1 - b1**t)
    v_hat = v / (1 - b2**t)
    return x - lr * m_hat / (np.sqrt(v_hat) + eps), m, v, t


def adamw(x, g, m=0.0, v=0.0, t=0, *, lr, b1=0.9, b2=0.999, eps=1e-8, decay=0.01):
    r"""AdamW: Adam with weight decay beside the gradient instead of inside it.

    $x_t = (1 - \eta\lambda)\,x_{t-1} - \eta\, \hat m / (\sqrt{\hat v} + \varepsilon)$

    x, g: point and gradient, float arrays (d, *runs).
    m, v, t, lr, b1, b2, eps: as in `adam`; lr scales the decay, too.
    decay: weight decay $\lambda \ge 0$; 0 is Adam, $1/\eta$ forgets the point in one step.
    Returns (x, m, v, t).
    Source: Loshchilov and Hutter (2019), algorithm 2, with the decay scaled by $\eta$ as in torch.optim.AdamW
    (default 1e-2) and optax.adamw (default 1e-4).
    """
    step, m, v, t = adam(0.0, g, m, v, t, lr=lr, b1=b1, b2=b2, eps=eps)
    return (1 - lr * decay) * x + step, m, v, t


def amsgrad(x, g, m=0.0, v=0.0, top=0.0, t=0, *, lr, b1=0.9, b2=0.999, eps=1e-8):
    r"""AMSGrad: Adam that divides by the largest mean square so far: it forgets no large gradient.

    $\bar v_t = \max(\bar v_{t-1}, v_t),\quad
    x_t = x_{t-1} - \eta\, \hat m / \big(\sqrt{\bar v_t/(1-\beta_2^t)} + \varepsilon\big)$

    Only the factor $1-\beta_2^t$ of the bias correction lets its rates grow, by at most $1/\sqrt{1-\beta_2}$.

    x, g: point and gradient, float arrays (d, *runs).
    m, v: running means as in Adam, shape of x; both start at 0.
    top: the largest v so far, shape of x; starts at 0. t: number of steps done, int.
    lr, b1, b2, eps: as in `adam`.
    Returns (x, m, v, top, t).
    Source: Reddi, Kale and Kumar (2018), algorithm 2. Convention: the maximum is taken before the bias correction,
    as torch.optim.Adam(amsgrad=True); optax.amsgrad takes it after; the paper corrects nothing.
    """
    t = t + 1
    m = b1 * m + (1 - b1) * g
    v = b2 * v + (1 - b2) * (g * g)
    top = np.maximum(top, v)
    m_hat = m / (1 - b1**t)
    v_hat = top / (1 - b2**t)
    return x - lr * m_hat / (np.sqrt(v_hat) + eps), m, v, top, t


def radam(x, g, m=0.0, v=0.0, t=0, *, lr, b1=0.9, b2=0.999, eps=1e-8):
    r"""Rectified Adam: no division by $\sqrt{\hat v}$ until enough gradients stand behind it, then less than Adam's.

    $\rho_\infty = \frac{2}{1-\beta_2} - 1,\quad \rho_t = \rho_\infty - \frac{2t\beta_2^t}{1-\beta_2^t},\quad
    r_t^2 = \frac{(\rho_t-4)(\rho_t-2)\rho_\infty}{(\rho_\infty-4)(\rho_\infty-2)\rho_t}$
    $x_t = x_{t-1} - \eta\, r_t\hat m / (\sqrt{\hat v} + \varepsilon)$ if $\rho_t > 5$, else $x_{t-1} - \eta\,\hat m$

    x, g: point and gradient, float arrays (d, *runs).
    m, v: running means as in Adam, shape of x; both start at 0.
    t: number of steps done, int.
    lr: learning rate $\eta \ge 0$; the first steps are $\eta\,|\hat m|$ long, as those of gradient descent.
    b1, b2, eps: as in `adam`; with b2 below 2/3 it never divides.
    Returns (x, m, v, t).
    Source: Liu et al. (2020), algorithm 2. Convention: $\varepsilon$ is added to $\sqrt{\hat v}$ as in optax.radam;
    torch.optim.RAdam adds it before the bias correction.
    """
    t = t + 1
    m = b1 * m + (1 - b1) * g
    v = b2 * v + (1 - b2) * (g * g)
    m_hat = m / (1 - b1**t)
    v_hat = v / (1 - b2**t)
    rho_end = 2 / (1 - b2) - 1
    rho = rho_end - 2 * t * b2**t / (1 - b2**t)
    ready = rho > 5
    # before that the ratio may be negative or 0/0, and is not used
    above, below = (rho - 4) * (rho - 2) * rho_end, (rho_end - 4) * (rho_end - 2) * rho
    r = np.sqrt(np.where(ready, above, 0) / np.where(ready, below, 1)).astype(m.dtype)
    return x - lr * np.where(ready, r * m_hat / (np.sqrt(v_hat) + eps), m_hat), m, v, t


def lamb(x, g, m=0.0, v=0.0, t=0, *, lr, b1=0.9, b2=0.999, eps=1e-6, decay=0.0):
    r"""LAMB: Adam's step, made as long as the weights it changes.

    $u = \hat m / (\sqrt{\hat v} + \varepsilon) + \lambda x,\quad x_t = x_{t-1} - \eta\, \frac{\|x\|}{\|u\|}\, u$

    The ratio is 1 where either norm is 0. Wrap it in `per_layer` to give each layer a ratio of its own.

    x, g: point and gradient, float arrays (d, *runs); norms are taken along axis 0.
    m, v, t, b1, b2, eps: as in `adam`.
    lr: learning rate $\eta \ge 0$, the length of a step relative to x; 0 stays where it is.
    decay: weight decay $\lambda \ge 0$, inside the ratio; 0 has none, a large one shrinks x by the share lr a step.
    Returns (x, m, v, t).
    Source: You et al. (2020), algorithm 2, with $\phi(z) = z$; optax.lamb agrees.
    """
    u, m, v, t = adam(0.0, g, m, v, t, lr=-1.0, b1=b1, b2=b2, eps=eps)
    u = u + decay * x
    size, length = linalg.norm(x), linalg.norm(u)
    usable = (size > 0) & (length > 0)
    trust = np.where(usable, size, 1) / np.where(usable, length, 1)
    return x - lr * trust * u, m, v, t


def lion(x, g, m=0.0, *, lr, b1=0.9, b2=0.99, decay=0.0):
    r"""Lion: the sign of a momentum, so every coordinate moves by exactly the learning rate.

    $x_{t+1} = x_t - \eta\,[\operatorname{sign}(\beta_1 m_t + (1-\beta_1) g_t) + \lambda x_t],\quad
    m_{t+1} = \beta_2 m_t + (1-\beta_2) g_t$

    x, g: point and gradient, float arrays (d, *runs).
    m: running mean of the gradients, shape of x; starts at 0.
    lr: learning rate $\eta \ge 0$, the length of each step in every coordinate.
    b1, b2: shares of the old mean in the step and in the memory, in [0, 1); both 0: the sign of the gradient.
    decay: decoupled weight decay $\lambda \ge 0$; 0 has none.
    Returns (x, m), each of the shape of x.
    Source: Chen et al. (2023), algorithm 2; optax.lion agrees.
    """
    u = np.sign(b1 * m + (1 - b1) * g)
    return x - lr * (u + decay * x), b2 * m + (1 - b2) * g


def orthogonalize(matrix: np.ndarray, iterations: int = 5, eps: float = 1e-7) -> np.ndarray:
    r"""The nearest half-orthogonal matrix, roughly: all singular values are brought to about 1, none turned.

    $X_0 = M/\|M\|_F,\quad X \leftarrow aX + (bXX^\top + c(XX^\top)^2)X,\quad (a,b,c) = (3.4445, -4.7750, 2.0315)$

    matrix: float array (n, m, *runs).
    iterations: int >= 0; 5 brings singular values of 0.01 to 1 times the largest into about [0.7, 1.2].
    eps: $\varepsilon \ge 0$, added to the norm against 0/0.
    Returns an array of the shape of matrix.
    Source: Jordan et al. (2024), the quintic Newton-Schulz iteration of Muon.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    rows, columns = matrix.shape[:2]
    # in one block: the sum adds in the same order alone and in a batch
    X = np.ascontiguousarray(np.moveaxis(matrix, (0, 1), (-2, -1) if rows <= columns else (-1, -2)))
    largest = np.abs(X).max(axis=(-2, -1), keepdims=True)
    largest = np.where(largest > 0, largest, 1)
    X = X / largest  # whose squares neither overflow nor vanish
    X = X / (np.sqrt(np.sum(X * X, axis=(-2, -1), keepdims=True)) + eps / largest)
    for _ in range(iterations):
        A = X @ np.swapaxes(X, -2, -1)
        X = a * X + (b * A + c * A @ A) @ X
    return np.moveaxis(X, (-2, -1) if rows <= columns else (-1, -2), (0, 1))


def muon(x, g, v=0.0, *, lr, beta=0.95, decay=0.0):
    r"""Muon: the momentum of a weight matrix, turned into a rotation, so that all its directions move alike.

    $v_{t+1} = \beta v_t + (1-\beta) g_t,\quad
    x_{t+1} = x_t - \eta\,\big[\sqrt{\max(1, n/m)}\;\mathrm{orth}(\beta v_{t+1} + (1-\beta) g_t) + \lambda x_t\big]$

    x, g: a weight matrix and its gradient, float arrays (n, m, *runs); many rates want a start of shape (n, m, 1).
    v: running mean of the gradients, shape of x; starts at 0.
    lr: learning rate $\eta \ge 0$, about the spectral norm of a step.
    beta: share of the old mean, in [0, 1).
    decay: decoupled weight decay $\lambda \ge 0$; 0 has none.
    Returns (x, v), each of the shape of x.
    Source: Jordan et al. (2024), with Nesterov's look-ahead. torch.optim.Muon agrees (it iterates in bfloat16 and
    decays by 0.1); optax.contrib.muon takes the matrix transposed ($m/n$ in place of $n/m$) and corrects the
    bias of v.
    """
    if np.ndim(x) < 2:
        raise ValueError(
            f"muon needs a matrix, x of shape (n, m, ...), as per_layer cuts them; got shape {np.shape(x)}"
        )
    v = beta * v + (1 - beta) * g
    n, m = x.shape[:2]
    u = max(1, n / m) ** 0.5 * orthogonalize(beta * v + (1 - beta) * g)
    return x - lr * (u + decay * x), v


def shampoo(x, g, left=0.0, right=0.0, *, lr, eps=1e-4):
    r"""Shampoo: AdaGrad for a matrix, with one matrix for its rows and one for its columns in place of a number each.

    $L_t = L_{t-1} + g_t g_t^\top,\quad R_t = R_{t-1} + g_t^\top g_t,\quad
    x_{t+1} = x_t - \eta\,(L_t + \varepsilon I)^{-1/4}\, g_t\, (R_t + \varepsilon I)^{-1/4}$

    It notices no rotation of rows or columns. Of a weight matrix (n, m) it remembers $n^2 + m^2$ numbers.

    x, g: a weight matrix and its gradient, float arrays (n, m, *runs); many rates want a start of shape (n, m, 1).
    left, right: sums of products of the gradients, (n, n, *runs) and (m, m, *runs); both start at 0.
    lr: learning rate $\eta \ge 0$, the spectral norm of the first step.
    eps: $\varepsilon > 0$ against 0/0, where no gradient has yet pointed; a large one gives gradient descent with rate
        $\eta/\sqrt\varepsilon$.
    Returns (x, left, right).
    Source: Gupta, Koren and Singer (2018), algorithm 1, whose $L_0 = R_0 = \varepsilon I$. Convention: the root is the
    fourth, as in TensorFlow 1's ShampooOptimizer; torch_optimizer.Shampoo takes the second, and R of what L has bent.
    """
    if np.ndim(x) < 2:
        raise ValueError(
            f"shampoo needs a matrix, x of shape (n, m, ...), as per_layer cuts them; got shape {np.shape(x)}"
        )
    G = linalg.stacked(g)
    left = left + linalg.unstacked(G @ np.swapaxes(G, -2, -1))
    right = right + linalg.unstacked(np.swapaxes(G, -2, -1) @ G)
    u = linalg.inverse_fourth_root(left, eps) @ G @ linalg.inverse_fourth_root(right, eps)
    return x - lr * linalg.unstacked(u), left, right


def schedule_free(x, g, w=0.0, t=0, *, lr, beta=0.9):
    r"""Schedule-Free SGD: the mean of all fast iterates takes the place of a falling learning rate.

    $z_{t+1} = z_t - \eta\, g(x_t),\quad
    \bar x_{t+1} = \left(1-\tfrac1{t+1}\right)\bar x_t + \tfrac1{t+1} z_{t+1},\quad
    x_t = (1-\beta) z_t + \beta\bar x_t$

    The mean is the answer: $\bar x = x - (1-\beta)w$, with $w = z - \bar x$ the only memory beside the count.

    x, g: the point between z and the mean, and the gradient there, float arrays (d, *runs).
    w: how far z is ahead of the mean, shape of x; starts at 0. t: number of steps done, int.
    lr: learning rate $\eta \ge 0$, constant.
    beta: where the gradient is taken, in [0, 1); 0 at z (Polyak averaging), towards 1 at the mean (primal averaging).
    Returns (x, w, t).
    Source: Defazio et al. (2024), eq. 8-10; optax.contrib.schedule_free_sgd agrees.
    """
    t = t + 1
    mean = x - (1 - beta) * w
    ahead = x + beta * w - lr * g - mean
    w = (1 - 1 / t) * ahead
    return mean + ahead / t + (1 - beta) * w, w, t
