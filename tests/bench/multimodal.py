# SPDX-License-Identifier: GPL-3.0-or-later
"""120 songs with lyrics -> sound and sentence vectors, beta-VAE, clusters, scores, two pictures, as a Python user writes it.
multimodal.py MSD200_DIR MINILM_DIR OUT.png CONFUSION.png"""
import csv
import sys

import librosa
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn import metrics
from sklearn.cluster import DBSCAN, AgglomerativeClustering, KMeans, SpectralClustering
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.preprocessing import StandardScaler
from torch import nn
from transformers import AutoModel, AutoTokenizer

folder, model, picture, confusion = sys.argv[1:5]
with open(folder + "/songs.csv", newline="", encoding="utf-8") as f:
    songs = [row for row in csv.DictReader(f) if row["audio"]]
names, genre = np.unique([s["genre"] for s in songs], return_inverse=True)

audio = []
for s in songs:
    y, sr = librosa.load(folder + "/" + s["audio"])
    mfcc = librosa.feature.mfcc(y=y, sr=sr, n_mfcc=20)
    chroma = librosa.feature.chroma_stft(y=y, sr=sr)
    rest = [librosa.feature.spectral_centroid(y=y, sr=sr), librosa.feature.spectral_bandwidth(y=y, sr=sr),
            librosa.feature.spectral_rolloff(y=y, sr=sr), librosa.feature.zero_crossing_rate(y)]
    audio.append(np.concatenate([mfcc.mean(1), mfcc.std(1), chroma.mean(1), chroma.std(1), [r.mean() for r in rest]]))
audio = StandardScaler().fit_transform(np.array(audio))

tokenizer, bert = AutoTokenizer.from_pretrained(model), AutoModel.from_pretrained(model).eval()
lyrics = []
with torch.no_grad():
    for i in range(0, len(songs), 32):
        t = tokenizer([s["lyrics"] for s in songs[i:i + 32]], padding=True, truncation=True, max_length=256, return_tensors="pt")
        h, mask = bert(**t).last_hidden_state, t["attention_mask"].unsqueeze(-1).float()
        lyrics.append(nn.functional.normalize((h * mask).sum(1) / mask.sum(1)).numpy())
lyrics = StandardScaler().fit_transform(PCA(32, random_state=0).fit_transform(np.concatenate(lyrics)))
x = torch.tensor(np.hstack([0.6 * audio, 0.4 * lyrics]), dtype=torch.float32)


class Residual(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(n, n), nn.BatchNorm1d(n), nn.ReLU(), nn.Linear(n, n), nn.BatchNorm1d(n))

    def forward(self, x):
        return torch.relu(x + self.f(x))


def stack(sizes):
    layers = []
    for a, b in zip(sizes, sizes[1:]):
        layers += [nn.Linear(a, b), nn.BatchNorm1d(b), nn.ReLU(), Residual(b)]
    return nn.Sequential(*layers)


class VAE(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.enc, self.mu, self.logvar = stack([n, 512, 256, 128]), nn.Linear(128, 32), nn.Linear(128, 32)
        self.dec = nn.Sequential(stack([32, 128, 256, 512]), nn.Linear(512, n))

    def forward(self, x):
        h = self.enc(x)
        mu, logvar = self.mu(h), self.logvar(h)
        return self.dec(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)), mu, logvar


torch.manual_seed(0)
vae = VAE(x.shape[1])
adam = torch.optim.Adam(vae.parameters(), lr=1e-3, weight_decay=1e-5)
rate = torch.optim.lr_scheduler.CosineAnnealingLR(adam, 200)
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x), batch_size=32, shuffle=True)
for epoch in range(200):
    for (batch,) in loader:
        out, mu, logvar = vae(batch)
        loss = ((out - batch) ** 2).sum(1).mean() - 4 * 0.5 * (1 + logvar - mu ** 2 - logvar.exp()).sum(1).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
    rate.step()
vae.eval()
with torch.no_grad():
    z = vae(x)[1].numpy()

k = len(names)
labels = {"kmeans": KMeans(k, n_init=10, random_state=0).fit_predict(z), "ward": AgglomerativeClustering(k).fit_predict(z),
          "dbscan": DBSCAN(eps=0.5, min_samples=5).fit_predict(z), "spectral": SpectralClustering(k, random_state=0).fit_predict(x)}
for name, c in labels.items():
    v = x.numpy() if name == "spectral" else z
    inner = [f(v, c) for f in (metrics.silhouette_score, metrics.calinski_harabasz_score, metrics.davies_bouldin_score)] \
        if 1 < len(set(c)) < len(c) else [np.nan] * 3
    table = metrics.cluster.contingency_matrix(genre, c)
    outer = [metrics.adjusted_rand_score(genre, c), metrics.normalized_mutual_info_score(genre, c), table.max(axis=0).sum() / len(c)]
    print(name, *("%.4f" % v for v in inner + outer))

xy = TSNE(random_state=0).fit_transform(z)
for g, name in enumerate(names):
    plt.scatter(*xy[genre == g].T, label=name)
plt.legend()
plt.savefig(picture)
plt.figure()
plt.imshow(metrics.cluster.contingency_matrix(genre, labels["kmeans"]))
plt.yticks(range(k), names)
plt.colorbar()
plt.savefig(confusion)
