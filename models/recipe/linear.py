"""How the weights of a ``models.summarizer.linear`` are made: a logistic regression of scikit-learn's, rounded to 8 bits."""

from collections.abc import Sequence

import numpy as np

from models.summarizer.linear import FEATURES


def fit(seen: Sequence[Sequence[int]], classes: Sequence[int], *, strength: float, rounds: int) -> dict[str, np.ndarray]:
    """Weights, their scales and the offsets of rows whose columns are seen; ``strength`` is scikit-learn's C."""
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression

    flat = np.concatenate([np.asarray(one) for one in seen])
    ends = np.cumsum([0, *map(len, seen)])
    matrix = csr_matrix((np.ones(len(flat), np.float32), flat, ends), shape=(len(seen), FEATURES))
    fitted = LogisticRegression(C=strength, max_iter=rounds).fit(matrix, classes)
    scales = np.abs(fitted.coef_).max(axis=1) / 127
    weights = np.round(fitted.coef_ / scales[:, None]).astype(np.int8).T
    return {
        "weights": np.ascontiguousarray(weights),
        "scales": scales.astype(np.float32),
        "offsets": fitted.intercept_.astype(np.float32),
    }
