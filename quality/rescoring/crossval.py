"""Out-of-sample class probabilities by k-fold cross-validation, on a GPU where there is one.

Needs nothing but torch and numpy.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import nn

Array = np.ndarray


@dataclass(frozen=True)
class Fit:
    """How the reference model is trained."""

    hidden: int = 128
    epochs: int = 60
    batch: int = 128
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    dropout: float = 0.2
    smoothing: float = 0.05  # keeps the model from learning wrong labels by heart
    layers: int = 1
    seed: int = 0


@dataclass(frozen=True)
class Trained:
    """A network, with the scale of the features that it was trained on; `tags` are answered each
    by itself, where classes share what is certain."""

    network: nn.Module
    mean: Array
    spread: Array
    tags: bool = False

    def chances(self, features: Array) -> Array:
        """Probabilities (n, classes) float64 of features (n, d); rows of classes sum to 1."""
        place = next(self.network.parameters()).device
        scaled = torch.as_tensor((features - self.mean) / self.spread, dtype=torch.float32)
        with torch.inference_mode():
            parts = [self.network(part.to(place)).double() for part in scaled.split(2**16)]
            found = torch.cat(parts)
            shares = torch.sigmoid(found) if self.tags else torch.softmax(found, dim=1)
            return shares.cpu().numpy()


def device() -> torch.device:
    """The device that work runs on: the first GPU, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def device_name() -> str:
    """Its name for the record of a run."""
    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else "cpu"


def folds(labels: Array, k: int, seed: int) -> Array:
    """The fold of each item: (n,) in 0…k-1, stratified by label, the same for the same seed."""
    rng = np.random.default_rng(seed)
    result = np.empty(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        # A random start, so that small classes do not all fall into the first folds.
        result[members] = (np.arange(len(members)) + rng.integers(k)) % k
    return result


def predict_fold(
    features: Array, labels: Array, held_out: Array, n_classes: int, fit: Fit
) -> Array:
    """Probabilities of the held-out items from a model trained on all the others.

    features: (n, d) float32; labels: (n,) codes 0…n_classes-1, or tags (n, n_classes) of zeros and
    ones; held_out: (n,) bool. Returns (held_out.sum(), n_classes) float64 whose rows sum to 1, of
    tags the probability that each applies. Classes that no training item
    has get the smallest probability the model can give, never an error.
    """
    trained = train(features[~held_out], labels[~held_out], n_classes, fit)
    return trained.chances(features[held_out])


def train(features: Array, labels: Array, n_classes: int, fit: Fit) -> Trained:
    """A network trained on features (n, d) float32 with labels (n,) of 0…n_classes-1, or tags
    (n, n_classes) of zeros and ones."""
    place = device()
    if place.type == "cpu":
        # In layers this small threads wait for one another longer than they compute: on two cores
        # that something else shares, five folds of 1,800 pictures took 49 s with two, 4 s with one.
        torch.set_num_threads(1)
    torch.manual_seed(fit.seed)
    # One scale for all: components of their own would raise the noise of the small ones.
    mean, spread = features.mean(0), features.std() + 1e-6
    x = torch.as_tensor((features - mean) / spread, dtype=torch.float32)
    model = _network(features.shape[1], n_classes, fit).to(place)
    tags = labels.ndim == 2
    y = torch.as_tensor(labels, dtype=torch.float32 if tags else torch.int64)
    if tags:
        y = y * (1 - fit.smoothing) + fit.smoothing / 2
    _train(model, x.to(place), y.to(place), fit, place)
    return Trained(model.eval(), mean, spread, tags)


def _network(width: int, n_classes: int, fit: Fit) -> nn.Module:
    sizes = [width] + [fit.hidden] * fit.layers
    hidden = [
        layer
        for one, other in pairwise(sizes)
        for layer in (nn.Linear(one, other), nn.GELU(), nn.Dropout(fit.dropout))
    ]
    return nn.Sequential(*hidden, nn.Linear(fit.hidden, n_classes))


def _train(
    model: nn.Module, x: torch.Tensor, y: torch.Tensor, fit: Fit, place: torch.device
) -> None:
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=fit.learning_rate, weight_decay=fit.weight_decay
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, fit.epochs)
    loss: nn.Module = nn.CrossEntropyLoss(label_smoothing=fit.smoothing)
    if y.dim() == 2:
        loss = nn.BCEWithLogitsLoss()
    order = torch.Generator().manual_seed(fit.seed)
    model.train()
    for _ in range(fit.epochs):
        for rows in torch.randperm(len(x), generator=order).split(fit.batch):
            picked = rows.to(place)
            optimiser.zero_grad(set_to_none=True)
            with torch.autocast(place.type, dtype=torch.bfloat16, enabled=place.type == "cuda"):
                value = loss(model(x[picked]), y[picked])
            value.backward()
            optimiser.step()
        schedule.step()
