"""What a kinetic network must beat: ridge on the edits, and a plain CNN."""

from __future__ import annotations

import numpy as np
import torch
from sklearn.linear_model import RidgeCV
from torch import nn

from meristem.kinetics.cas9.encode import Encoding
from meristem.kinetics.network.kinn import Measurements
from meristem.kinetics.network.likelihood import soft_reading
from meristem.kinetics.transfer.trunk import Trunk, TrunkNet
from meristem.records import FloatArray

_TRUNK = Trunk(
    first="k3",
    first_width=32,
    dropout=0.1,
    second="k5",
    second_width=64,
    dense=64,
    reads="all",
    last_dropout=0.0,
)
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


class CnnRegression:
    """A plain convolutional network of the log10 rate: no kinetics in it."""

    def __init__(self, net: TrunkNet, head: nn.Linear, limit: float) -> None:
        self.net, self.head, self.limit = net, head, limit

    def predict(
        self,
        x: Encoding,  # (n, 25, 13)
        *,
        block: int = 20_000,
    ) -> FloatArray:  # (n,)
        """Return predicted log10 rates, without the detection limit."""
        self.net.eval()
        out = []
        with torch.no_grad():
            for i in range(0, len(x), block):
                chunk = torch.from_numpy(x[i : i + block]).float()
                out.append(self.head(self.net(chunk))[:, 0].double().numpy())
        return np.concatenate(out)


def fit_cnn(
    x: Encoding,  # (n, 25, 13)
    y: FloatArray,  # (n,)
    *,
    rng: np.random.Generator,
    limit: float,
    trunk: Trunk = _TRUNK,
    epochs: int = 60,
    patience: int = 10,
) -> CnnRegression:
    """Train a plain CNN on log10 rates; a tenth of the rows stops the training."""
    held = rng.random(len(y)) < 0.1
    rows = np.flatnonzero(~held)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng.integers(2**31)))
        net = TrunkNet(trunk)
        head = nn.Linear(net.width, 1)
        nn.init.constant_(head.bias, float(y.mean()))
        parameters = [*net.parameters(), *head.parameters()]
        adam = torch.optim.Adam(parameters, lr=1e-3)
        model = CnnRegression(net, head, limit)
        best, waited, kept = np.inf, 0, None
        for _ in range(epochs):
            net.train()
            order = rng.permutation(rows)
            for i in range(0, len(order), 256):
                chunk = order[i : i + 256]
                out = head(net(torch.from_numpy(x[chunk]).float()))[:, 0]
                reading = soft_reading(out, limit, 0.3)
                target = torch.from_numpy(y[chunk]).float()
                loss = nn.functional.mse_loss(reading, target)
                adam.zero_grad()
                loss.backward()
                adam.step()
            now = np.maximum(model.predict(x[held]), limit) - y[held]
            waited += 1
            if float((now**2).mean()) < best:
                best, waited = float((now**2).mean()), 0
                kept = [p.detach().clone() for p in parameters]
            if waited >= patience:
                break
        with torch.no_grad():
            for parameter, value in zip(parameters, kept or parameters, strict=True):
                parameter.copy_(value)
    return model
