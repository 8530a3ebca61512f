"""Linear algebra for points side by side: coordinates on axis 0, the same bits for each point alone and in company.

`np.sum` and `@` group what they add by the layout of an array; here sums are running sums.
"""

import numpy as np


def total(a: np.ndarray) -> np.ndarray:
    """The sum over axis 0, first to last: the same bits for a point alone and in a batch."""
    return a.cumsum(axis=0)[-1]


def norm(a: np.ndarray) -> np.ndarray:
    """The length along axis 0; of the largest coordinate's size, no square overflows or vanishes."""
    largest = np.abs(a).max(axis=0)
    largest = np.where((largest > 0) & (largest < np.inf), largest, 1).astype(largest.dtype)
    a = a / largest
    return largest * np.sqrt(total(a * a))


def times(A: np.ndarray, p: np.ndarray) -> np.ndarray:
    """The products A p, (n, *runs), of a matrix (n, d) with points (d, *runs); the same bits alone and in a batch."""
    columns = A.T.astype(p.dtype)
    return total(columns.reshape(*columns.shape, *[1] * (p.ndim - 1)) * p[:, None])


def stacked(a: np.ndarray) -> np.ndarray:
    """Matrices (n, m, *runs) as `@` takes them: (*runs, n, m), in one piece, so that a batch adds as one alone."""
    return np.ascontiguousarray(np.moveaxis(a, (0, 1), (-2, -1)))


def unstacked(a: np.ndarray) -> np.ndarray:
    """The way back from `stacked`."""
    return np.moveaxis(a, (-2, -1), (0, 1))


def inverse_fourth_root(A: np.ndarray, eps: float) -> np.ndarray:
    """(A + eps I)^(-1/4) of positive semidefinite matrices (n, n, *runs), stacked; what is not finite counts as 0."""
    values, V = np.linalg.eigh(stacked(np.where(np.isfinite(A), A, 0)))
    shifted = np.maximum(values, 0) + np.asarray(eps, A.dtype)[..., None]
    return (V / np.sqrt(np.sqrt(shifted))[..., None, :]) @ np.swapaxes(V, -2, -1)


def eigenvalues(A: np.ndarray) -> np.ndarray:
    """Eigenvalues of symmetric matrices (d, d, *runs), shape (*runs, d), rising; what may be rounding alone is 0."""
    matrices = np.moveaxis(A, (0, 1), (-2, -1)).astype(float)
    diagonal = np.diagonal(matrices, axis1=-2, axis2=-1)
    exact = np.count_nonzero(matrices, axis=(-2, -1)) == np.count_nonzero(diagonal, axis=-1)
    if exact.all():
        return np.sort(diagonal)
    values = np.linalg.eigvalsh(matrices)
    rounding = len(A) * np.finfo(A.dtype).eps * np.abs(values).max(axis=-1, keepdims=True)
    return np.where(exact[..., None], np.sort(diagonal), np.where(np.abs(values) > rounding, values, 0))
