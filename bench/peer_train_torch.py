"""What an epoch of full-batch Adam costs with PyTorch: the loop of bench/train.c, float32, one thread.

    python3 bench/peer_train_torch.py [N d]...      (default 400 22 2400 54 8000 100 8000 200)

Prints a line "N d milliseconds" a case, the best of ten series, in processor time.
"""
import sys
import time

import torch

torch.set_num_threads(1)


def milliseconds(N, d):
    X, Y = torch.randn(N, d), torch.sign(torch.randn(N, 1))
    W = [torch.randn(d, d) * (2 / d) ** 0.5 for _ in range(3)] + [torch.randn(d, 1) * (2 / d) ** 0.5]
    for w in W:
        w.requires_grad_()
    optimizer = torch.optim.Adam(W, lr=0.1 / N**0.5)
    best = float("inf")
    for series in range(-1, 10):
        start, seconds, epochs = time.process_time(), 0.0, 0
        while seconds < 0.1:
            optimizer.zero_grad()
            F = X
            for w in W[:-1]:
                F = torch.relu(F @ w)
            loss = (F @ W[-1] - Y).square().mean()
            loss.backward()
            optimizer.step()
            seconds, epochs = time.process_time() - start, epochs + 1
        if series >= 0:
            best = min(best, seconds / epochs)
    return 1e3 * best


cases = [int(a) for a in sys.argv[1:]] or [400, 22, 2400, 54, 8000, 100, 8000, 200]
for N, d in zip(cases[::2], cases[1::2]):
    print(N, d, f"{milliseconds(N, d):.4f}", flush=True)
