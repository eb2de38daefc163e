"""The fit of `quality.judging.fit`, written out slowly: EM with a Dirichlet prior, in loops."""

import numpy as np

from quality.judging import fit


def shares(asset, label, n, k):
    votes = np.zeros((n, k))
    for a, c in zip(asset, label, strict=True):
        votes[a, c] += 1
    return votes / votes.sum(axis=1, keepdims=True)


def coin(asset, who, label, n, m, k, rounds=300):
    """(posterior, accuracy) with one accuracy a labeller."""
    posterior = shares(asset, label, n, k)
    for _ in range(rounds):
        hits, tried = np.full(m, 2.0), np.full(m, 3.0)
        for a, w, c in zip(asset, who, label, strict=True):
            hits[w] += posterior[a, c]
            tried[w] += 1
        accuracy = hits / tried
        score = np.zeros((n, k))
        for a, w, c in zip(asset, who, label, strict=True):
            score[a, c] += np.log(accuracy[w] * (k - 1) / (1 - accuracy[w]))
        posterior = np.exp(score - score.max(axis=1, keepdims=True))
        posterior /= posterior.sum(axis=1, keepdims=True)
    return posterior, accuracy


def drawn(asset, who, label, n, m, k, rounds=300):
    """(posterior, confusion, prior) with matrices drawn towards the usual one."""
    posterior, accuracy = coin(asset, who, label, n, m, k)
    for _ in range(fit.PULLS):
        errors = np.zeros((k, k))
        for a, c in zip(asset, label, strict=True):
            errors[:, c] += posterior[a]
        errors += fit.WORTH_OF_ERRORS / (k - 1)
        np.fill_diagonal(errors, 0)
        errors /= errors.sum(axis=1, keepdims=True)
        usual = (1 - accuracy)[:, None, None] * errors + accuracy[:, None, None] * np.eye(k)
        posterior = shares(asset, label, n, k)
        for _ in range(rounds):
            confusion = fit.WORTH * usual + 0.01
            for a, w, c in zip(asset, who, label, strict=True):
                confusion[w, :, c] += posterior[a]
            confusion /= confusion.sum(axis=2, keepdims=True)
            # One asset of each class is known, and counts in the prior.
            prior = posterior.sum(axis=0) + 1
            prior /= prior.sum()
            score = np.tile(np.log(prior), (n, 1))
            for a, w, c in zip(asset, who, label, strict=True):
                score[a] += np.log(confusion[w, :, c])
            posterior = np.exp(score - score.max(axis=1, keepdims=True))
            posterior /= posterior.sum(axis=1, keepdims=True)
        hits = np.zeros(m)
        for a, w, c in zip(asset, who, label, strict=True):
            hits[w] += posterior[a, c]
        accuracy = (hits + 2) / (np.bincount(who, minlength=m) + 3)
    return posterior, confusion, prior


def of_others(asset, who, label, confusion, prior):
    """For each answer the others' best class and its probability."""
    best, chance = [], []
    for i, a in enumerate(asset):
        score = np.log(prior)
        for j in np.flatnonzero(asset == a):
            if j != i:
                score = score + np.log(confusion[who[j], :, label[j]])
        score = np.exp(score - score.max())
        best.append(int(score.argmax()))
        chance.append(score.max() / score.sum())
    return np.array(best), np.array(chance)
