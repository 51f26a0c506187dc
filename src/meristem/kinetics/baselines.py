"""What a kinetic network must beat: ridge on the edits, and the number of edits."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import RidgeCV

from meristem.kinetics.kinn import Measurements
from meristem.records import FloatArray

_PENALTIES = np.logspace(-1, 4, 11)


def ridge_prediction(
    train: Measurements, test: Measurements
) -> FloatArray:  # (n_test,)
    """Return ridge predictions on every edit at every position.

    The penalty is chosen by leave-one-out on the training rows.
    """
    model = RidgeCV(alphas=_PENALTIES)
    model.fit(train.x.reshape(len(train.y), -1).astype(float), train.y)
    predicted = model.predict(test.x.reshape(len(test.y), -1).astype(float))
    return np.asarray(predicted, dtype=float)
