"""Goldens of the contrastive loss and of two towers.   make_contrast.py OUT_FOLDER

loss:    a, b [7][5], t: the loss, found (share of a whose own b is nearest), gradients da, db.
towers:  nets a (6-8-8-4) and l (3-8-8-4), ReLU; rows xa [5][6], xl [5][3], one song each; t .5; three steps of AdamW,
         lr .01, weight decay .01.  loss [3], grad.P of the first step, P.value (before), after.P (after the third).
"""
import sys
import torch
import torch.nn.functional as F
from torch import nn
from store import save, write_noise

torch.set_num_threads(1)


def info_nce(a, b, t):
    s = F.normalize(a, dim=1) @ F.normalize(b, dim=1).T / t
    y = torch.arange(len(a))
    return (F.cross_entropy(s, y) + F.cross_entropy(s.T, y)) / 2, (s.argmax(1) == y).to(a.dtype).mean()


def loss(dtype):
    g = torch.Generator().manual_seed(21)
    a, b = (torch.randn(7, 5, generator=g).to(dtype) for _ in range(2))
    b = (b + a).requires_grad_()
    a.requires_grad_()
    t = torch.tensor(0.3, dtype=dtype)
    l, found = info_nce(a, b, t)
    l.backward()
    return {"a": a, "b": b, "t": t, "loss": l, "found": found, "da": a.grad, "db": b.grad}


def towers(dtype):
    torch.manual_seed(22)
    make = lambda n: nn.Sequential(nn.Linear(n, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 4))
    nets = nn.ModuleDict({"a": make(6), "l": make(3)})
    x = {"a": torch.randn(5, 6).to(dtype), "l": torch.randn(5, 3).to(dtype)}
    nets = nets.to(dtype)
    opt = torch.optim.AdamW(nets.parameters(), 0.01, weight_decay=0.01)
    r = {"xa": x["a"], "xl": x["l"]} | {k + ".value": v.detach().clone() for k, v in nets.named_parameters()}
    losses = []
    for step in range(3):
        l, _ = info_nce(nets["a"](x["a"]), nets["l"](x["l"]), 0.5)
        opt.zero_grad()
        l.backward()
        losses.append(l.detach())
        if step == 0:
            r |= {"grad." + k: v.grad.clone() for k, v in nets.named_parameters()}
        opt.step()
    return r | {"loss": torch.stack(losses)} | {"after." + k: v for k, v in nets.named_parameters()}


noise = []
for name, make in (("loss", loss), ("towers", towers)):
    save(sys.argv[1], name, make(torch.float32), make(torch.float64), {}, noise)
write_noise("/dev/stdout", noise)
