"""What a point of Figure 1 costs by the usual route, for comparison with ntkit: the gradient of every
sample by automatic differentiation, J J^T, all eigenvalues, in float32, with PyTorch.

    python3 bench/peer_torch.py [N] [d]      (default 2000 500; needs PyTorch and NumPy)
"""
import sys
import time

import numpy as np
import torch

N = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
d = int(sys.argv[2]) if len(sys.argv) > 2 else 500

X = torch.randn(N, d)
W = [torch.randn(d, d) / d**0.5, torch.randn(d, d) / d**0.5, torch.randn(d, 1)]
for w in W:
    w.requires_grad_()

start = time.time()
rows = []
for x in X:
    for w in W:
        w.grad = None
    output = torch.sigmoid(torch.sigmoid(x @ W[0]) @ W[1]) @ W[2]
    output.backward()
    rows.append(torch.cat([w.grad.reshape(-1) for w in W]))
gradients = time.time()
J = torch.stack(rows)
K = (J @ J.T).numpy()
gram = time.time()
smallest = np.linalg.eigh(K)[0][0]
end = time.time()
print(f"N = {N}, d = {d}: gradients {gradients - start:.1f} s, J J^T {gram - gradients:.1f} s, "
      f"eigh {end - gram:.1f} s, together {end - start:.1f} s; lambda_min {smallest:.6g}")
