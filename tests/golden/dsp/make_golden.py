"""Reference numbers of librosa for the filters of sound.

    make_golden.py          writes into the folder it is in

signal.npy      f32[9000]: two tones that slide, noise that grows, silence at the end
CASE.npy        [frame][...] as the filters write it: the transpose of librosa's
mfcc.csv        case, rate, part of the signal (first, last), options of mfcc
Made with librosa 0.11.0, numpy 2.4.6, scipy 1.17.1, Python 3.11.
SPDX-License-Identifier: GPL-3.0-or-later
"""
import csv
import os
import warnings

import librosa
import numpy as np

warnings.simplefilter("ignore")
os.chdir(os.path.dirname(os.path.abspath(__file__)))

i = np.arange(9000)
noise = np.random.default_rng(1).standard_normal(9000)
y = 0.4 * np.sin(2 * np.pi * (440 + i / 100) * i / 22050) + 0.2 * np.sin(2 * np.pi * 1760 * i / 22050) + 0.05 * noise * i / 9000
y[8200:] = 0
y = np.round(y * 32768).astype("f4") / 32768
np.save("signal.npy", y)


def mel_db(part, rate, o):
    """The log-mel spectrogram [band][frame] of options o, as of librosa's functions."""
    keys = ("n_fft", "hop_length", "win_length", "window", "center", "pad_mode", "power", "n_mels", "fmin", "fmax", "htk", "norm")
    s = librosa.feature.melspectrogram(y=part, sr=rate, **{k: o[k] for k in keys if k in o})
    return librosa.power_to_db(s, ref=o.get("ref", 1.0), amin=o.get("amin", 1e-10), top_db=o.get("top_db", 80.0))


def mfcc(name, options="", first=0, last=9000, rate=22050, **o):
    d = {k[4:] if k == "dct_norm" else k: o[k] for k in ("n_mfcc", "dct_type", "dct_norm", "lifter") if k in o}
    m = librosa.feature.mfcc(S=mel_db(y[first:last], rate, o), **d)
    np.save(f"mfcc_{name}.npy", np.ascontiguousarray(m.T))
    mfcc.cases.append([f"mfcc_{name}", rate, first, last, options])


mfcc.cases = []
mfcc("plain")
mfcc("40", "-n 40", n_mfcc=40)
for pad in ("edge", "reflect", "symmetric"):
    mfcc(pad, f"--pad-mode {pad}", pad_mode=pad)
    for n in (1, 2, 100):
        mfcc(f"{pad}_{n}", f"--pad-mode {pad}", 5000, 5000 + n, pad_mode=pad)
for window in ("hamming", "blackman", "bartlett", "ones"):
    mfcc(window, f"--window {window}", window=window)
for win in (400, 401):
    mfcc(f"win_{win}", f"--win-length {win} --n-fft 512 --hop-length 640", win_length=win, n_fft=512, hop_length=640)
mfcc("odd_n_fft", "--n-fft 1001 --hop-length 300", n_fft=1001, hop_length=300)
mfcc("no_center", "--no-center", center=False)
mfcc("bands_8000", "--fmin 20 --fmax 3800", rate=8000, fmin=20, fmax=3800)
mfcc("htk", "--htk --mel-norm none", htk=True, norm=None)
for norm, value in (("1", 1), ("2", 2), ("inf", np.inf)):
    mfcc(f"norm_{norm}", f"--mel-norm {norm}", norm=value)
mfcc("power_1", "--power 1", power=1.0)
mfcc("power_1.5", "--power 1.5", power=1.5)
mfcc("dct_1", "--dct-type 1", dct_type=1)
mfcc("dct_1_none", "--dct-type 1 --norm none", dct_type=1, dct_norm=None)
mfcc("dct_2_none", "--norm none", dct_norm=None)
mfcc("dct_3", "--dct-type 3", dct_type=3)
mfcc("dct_3_none", "--dct-type 3 --norm none", dct_type=3, dct_norm=None)
mfcc("lifter", "--lifter 22", lifter=22)
mfcc("ref_max", "--ref max", ref=np.max)
mfcc("ref_2.5", "--ref 2.5", ref=2.5)
mfcc("no_top", "--top-db none", top_db=None)
mfcc("top_20", "--top-db 20", top_db=20.0)
mfcc("amin", "--amin 0.001", amin=1e-3)
mfcc("empty", "", 0, 0)
mfcc("one_sample", "", 5000, 5001)
mfcc("13_of_13", "-n 13 --n-mels 13 --n-fft 100 --hop-length 99", n_mfcc=13, n_mels=13, n_fft=100, hop_length=99)
mfcc("n_fft_2", "-n 3 --n-mels 3 --n-fft 2 --hop-length 777", n_mfcc=3, n_mels=3, n_fft=2, hop_length=777)
with open("mfcc.csv", "w") as f:
    out = csv.writer(f, lineterminator="\n")
    out.writerow(["case", "rate", "first", "last", "options"])
    out.writerows(mfcc.cases)
