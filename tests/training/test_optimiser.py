from __future__ import annotations

import pytest
import torch
from torch import nn

from searchengine.embedding.clip.dual_encoder import DualEncoder
from searchengine.training.optimiser import adamw, pace, parameter_groups, set_rates
from tests.embedding.clip.folders import ENCODERS


def test_gains_biases_and_the_temperature_do_not_decay() -> None:
    encoder = DualEncoder(ENCODERS["vit+transformer"])
    decayed, kept = parameter_groups(encoder.parameters(), 1e-3, 0.2)
    names = {id(parameter): name for name, parameter in encoder.named_parameters()}
    kept_names = {names[id(parameter)] for parameter in kept["params"]}
    assert (decayed["weight_decay"], kept["weight_decay"]) == (0.2, 0.0)
    assert {"logit_scale", "logit_bias"} <= kept_names
    assert all(name in kept_names for name in names.values() if name.endswith(("norm.weight", ".bias")))
    assert any(names[id(one)].endswith("in_projection.weight") for one in decayed["params"])
    assert len(decayed["params"]) + len(kept["params"]) == len(names)


def test_what_is_locked_is_not_moved() -> None:
    layers = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])
    layers[0].requires_grad_(False)
    groups = parameter_groups(layers.parameters(), 1e-3, 0.2)
    assert sum(len(group["params"]) for group in groups) == 2


def test_rates_rise_then_fall_along_a_cosine() -> None:
    shares = [pace(step, 110, 10) for step in range(110)]
    assert shares[:10] == pytest.approx([0.1 * (step + 1) for step in range(10)])
    assert shares[10] == 1.0
    assert shares[60] == pytest.approx(0.5)
    assert 0 < shares[109] < 0.001
    assert shares[10:] == sorted(shares[10:], reverse=True)


def test_every_group_keeps_its_part_of_the_rate() -> None:
    one, other = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))
    optimiser = adamw([{"params": [one], "lr": 1e-3}, {"params": [other], "lr": 1e-2}])
    set_rates(optimiser, 0.5)
    assert [group["lr"] for group in optimiser.param_groups] == [5e-4, 5e-3]
    assert optimiser.defaults["betas"] == (0.9, 0.98)
    assert optimiser.defaults["eps"] == 1e-6
