"""Reference numbers of librosa for the filters of sound.

    make_golden.py          writes into the folder it is in

signal.npy      f32[9000]: two tones that slide, noise that grows, silence at the end
CASE.npy        [frame][...] as the filters write it: the transpose of librosa's
mfcc.csv        case, rate, part of the signal (first, last), options of mfcc; so also
logmel.csv, chroma.csv, descriptors.csv
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


def logmel(name, options="", first=0, last=9000, rate=22050, **o):
    m = mel_db(y[first:last], rate, o)
    np.save(f"logmel_{name}.npy", np.ascontiguousarray(m.T))
    logmel.cases.append([f"logmel_{name}", rate, first, last, options])


logmel.cases = []
logmel("plain")
logmel("40", "--n-mels 40", n_mels=40)
logmel("ref_max", "--n-mels 40 --ref max", n_mels=40, ref=np.max)
logmel("no_top", "--n-mels 40 --top-db none --ref 0.5", n_mels=40, top_db=None, ref=0.5)
logmel("htk", "--n-mels 23 --htk --fmin 20 --n-fft 400 --hop-length 500 --no-center", rate=16000, n_mels=23, htk=True,
       fmin=20, n_fft=400, hop_length=500, center=False)


def chroma(name, options="", first=0, last=9000, rate=22050, n_fft=2048, hop_length=512, center=True, n_chroma=12, norm=np.inf, **o):
    part = y[first:last]
    s = np.abs(librosa.stft(part, n_fft=n_fft, hop_length=hop_length, center=center)) ** 2
    tuning = o.pop("tuning", None)
    if tuning is None:
        tuning = librosa.estimate_tuning(S=s, sr=rate, bins_per_octave=n_chroma)
    m = librosa.feature.chroma_stft(S=s, sr=rate, n_fft=n_fft, hop_length=hop_length, n_chroma=n_chroma, norm=norm, tuning=tuning, **o)
    np.save(f"chroma_{name}.npy", np.ascontiguousarray(m.T.astype("f4")))
    chroma.cases.append([f"chroma_{name}", rate, first, last, "%.2f" % tuning, options])


chroma.cases = []
chroma("plain")
chroma("24", "--n-chroma 24", n_chroma=24)
chroma("13", "-n 13 --hop-length 1000", n_chroma=13, hop_length=1000)
chroma("7", "-n 7 --no-base-c", n_chroma=7, base_c=False)
chroma("tuning_0", "--tuning 0", tuning=0.0)
chroma("tuning_-0.13", "--tuning -0.13", tuning=-0.13)
chroma("norm_1", "--norm 1", norm=1)
chroma("norm_2", "--norm 2", norm=2)
chroma("norm_none", "--norm none", norm=None)
chroma("centre", "--ctroct 4 --octwidth 1", ctroct=4.0, octwidth=1.0)
chroma("flat", "--octwidth 0", octwidth=None)
chroma("from_a", "--no-base-c", base_c=False)
chroma("small", "--n-fft 512 --hop-length 700 --no-center", n_fft=512, hop_length=700, center=False)
chroma("8000", "--hop-length 1024", rate=8000, hop_length=1024)
chroma("silence", "", 8300, 8900)
chroma("one_sample", "", 5000, 5001)
chroma("empty", "", 0, 0)


def descriptors(name, options="", first=0, last=9000, rate=22050, n_fft=2048, hop=512, center=True, pad_mode="constant",
                p=2, roll=0.85, amin=1e-10, power=2.0, threshold=1e-10, which=range(6)):
    part = y[first:last]
    s = np.abs(librosa.stft(part, n_fft=n_fft, hop_length=hop, center=center, pad_mode=pad_mode))
    f = librosa.feature
    z = dict(frame_length=n_fft, hop_length=hop, center=center)
    rows = [f.spectral_centroid(S=s, sr=rate, n_fft=n_fft), f.spectral_bandwidth(S=s, sr=rate, n_fft=n_fft, p=p),
            f.spectral_rolloff(S=s, sr=rate, n_fft=n_fft, roll_percent=roll), f.spectral_flatness(S=s, amin=amin, power=power),
            f.zero_crossing_rate(part, threshold=threshold, **z), f.rms(y=part, pad_mode="constant", **z)]
    m = np.concatenate([rows[i] for i in which]).T
    np.save(f"descriptors_{name}.npy", np.ascontiguousarray(m.astype("f4")))
    descriptors.cases.append([f"descriptors_{name}", rate, first, last, options])


descriptors.cases = []
descriptors("plain")
descriptors("which", "--which rms,zcr,centroid", which=(5, 4, 0))
descriptors("bandwidth", "--which bandwidth --p 1.5", p=1.5, which=(1,))
descriptors("rolloff", "--which rolloff --roll-percent 0.3", roll=0.3, which=(2,))
descriptors("flatness", "--which flatness --amin 1e-4 --power 1", amin=1e-4, power=1.0, which=(3,))
descriptors("flatness_3", "--which flatness --power 3", power=3.0, which=(3,))
descriptors("zcr", "--which zcr --threshold 0.02", threshold=0.02, which=(4,))
descriptors("no_center", "--no-center", center=False)
descriptors("odd_n_fft", "--n-fft 1001 --hop-length 300", n_fft=1001, hop=300)
descriptors("8000", "--n-fft 256 --hop-length 777", rate=8000, n_fft=256, hop=777)
descriptors("silence", "", 8300, 8900)
descriptors("one_sample", "", 5000, 5001)
descriptors("short", "", 5000, 5700)

for made, columns in ((mfcc, []), (logmel, []), (chroma, ["tuning"]), (descriptors, [])):
    with open(f"{made.__name__}.csv", "w") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow(["case", "rate", "first", "last"] + columns + ["options"])
        out.writerows(made.cases)
