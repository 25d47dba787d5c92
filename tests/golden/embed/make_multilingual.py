"""A tiny random XLM-R with a SentencePiece vocabulary, and what transformers makes of it.   make_multilingual.py OUT [LYRICS.csv ...]

OUT/model         a sentence-transformers folder: tokenizer.json, sentencepiece.bpe.model, weights in F16
OUT/texts.jsonl   texts; "ids" of XLMRobertaTokenizer, of tokenizer.json (or, the same, of the .model alone); "steps", the ids of the same
                  pieces by a tokenizer without a class, changed by steps.json: byte fallback, Metaspace alone, steps behind the
                  Precompiled, an added token that is normalised and one that takes the blanks before it
OUT/x.f32         vectors by sentence-transformers in float32, each text alone, little-endian

Without tables of lyrics: the 550 pieces that the sentences below give, and a normalisation of a few hundred rules out of NFKC. With them:
8000 pieces, nmt_nfkc, and the tables' first 1000 lyrics before the texts made here.
SPDX-License-Identifier: GPL-3.0-or-later
"""
import csv, json, os, random, shutil, sys, tempfile, unicodedata
import numpy, sentencepiece, torch
from tokenizers import Tokenizer
from sentence_transformers import SentenceTransformer
from transformers import XLMRobertaConfig, XLMRobertaModel, XLMRobertaTokenizer

torch.set_num_threads(1)
SENTENCES = """
the river sings to the moon and nobody hears the song
oh my heart, don't you cry tonight; we'll dance till 3:45 in the rain
der Fluß singt dem Mond ein Lied, und niemand hört die Straße schweigen
la rivière chante à la lune où l'été s'achève déjà, ça ira
নদী চাঁদের কাছে গান গায়, কেউ শোনে না সেই গান
আমার হৃদয় আজ রাতে কেঁদো না, বৃষ্টির মধ্যে আমরা নাচব
река поёт луне свою песню, и никто её не слышит
моё сердце, не плачь сегодня ночью, мы будем танцевать под дождём
το ποτάμι τραγουδά στο φεγγάρι και κανείς δεν ακούει το τραγούδι
καρδιά μου, μην κλαις απόψε, θα χορέψουμε στη βροχή
川は月に歌うけれど、誰もその歌を聞かない。
私の心よ、今夜は泣かないで。雨の中で踊ろう、タンゴを。
النهر يغني للقمر ولا أحد يسمع الأغنية
يا قلبي لا تبكِ الليلة، سنرقص تحت المطر
नदी चाँद के लिए गाती है और कोई गीत नहीं सुनता
강은 달에게 노래하고 아무도 그 노래를 듣지 않는다
แม่น้ำร้องเพลงให้ดวงจันทร์ฟัง
河流对月亮唱歌，没有人听见这首歌
""".strip().split("\n")
ODD = ["", " ", "\n", "  two  blanks  ", "a\tb\r\nc\u2028d\u3000e\xa0f", "ﬁne ﬂow ½ ² ™ Ⅷ ㌔", "ｆｕｌｌ ｗｉｄｔｈ ＡＢＣ", "e\u0301te\u0301 ﬁ\u0301 ａ\u0301 x\u0301\u0323",
       "\u200bzero\u200cwidth\u200d\ufeff", "<s> la </s>", "la <mask> song", "la<mask>song", "<unk> <pad> song <pad>", "▁a▁b ▁▁ c", "♪♫ 🎵🎶 👩‍👩‍👧 🇧🇩",
       "𝒻𝒶𝓃𝒸𝓎", "ஆத்மா இசை", "ქართული", "[laa] [laa]la", "Nana nana Ｎａｎａ", "\x00\x01\x02 control \x7f\x85", "Ａ\u200dＢ", "가\u1100\u1161\u11a8",
       "la " * 70, "abcdefghijklmnopqrstuvwxyz" * 2, "ʼn ŀ ĳ ſ", "१२३ ١٢٣ ①②③", "x<s>y</s>z", " <mask> ", "\xad soft\xadhyphen", "İI ıi ẞß Σς"]
H, LAYERS, POSITIONS, LIMIT = 8, 2, 66, 64

def words(random, n):
    out = []
    for _ in range(n):
        w = random.choice(random.choice(SENTENCES).split())
        k = random.randrange(12)
        if k == 0:
            w = w.upper()
        elif k == 1:
            w = unicodedata.normalize("NFD", w)
        elif k == 2:
            w = "".join(chr(ord(c) + 0xfee0) if "!" <= c <= "~" else c for c in w)
        elif k == 3:
            w = "".join(random.sample(w, len(w)))
        elif k == 4:
            first = random.choice([0x20, 0xa0, 0x300, 0x370, 0x400, 0x600, 0x900, 0x980, 0xe00, 0x1100, 0x1e00, 0x2000, 0x2100, 0x2460, 0x3040, 0x4e00,
                                   0xac00, 0xf900, 0xfb00, 0xff00, 0x1d400, 0x1f300])
            w = "".join(chr(first + random.randrange(256)) for _ in range(random.randrange(1, 9)))
        out.append(w + random.choice(["", "", "", "", ",", " ", "\n", "!", "\u3000", "…"]))
    return " ".join(out)

def rules():
    """Some of NFKC, as the trainer wants them: from, to, in hexadecimal numbers."""
    lines = {}
    for a, b in [(0x2000, 0x2010), (0x2100, 0x2150), (0x3000, 0x3001), (0xa0, 0x180), (0xfb00, 0xfb07), (0xff01, 0xff5f)]:
        for c in range(a, b):
            s = unicodedata.normalize("NFKC", chr(c))
            if s != chr(c):
                lines[chr(c)] = s
            d = unicodedata.normalize("NFD", chr(c))
            if d != chr(c) and unicodedata.normalize("NFC", d) == chr(c):
                lines[d] = chr(c)
    for c in "\t\n\r\u2028\u2029":
        lines[c] = " "
    for c in "\u200b\u200e\ufeff\x01\x02\x7f\xad":
        lines[c] = ""
    hexes = lambda s: " ".join("%X" % ord(c) for c in s)
    return "".join(f"{hexes(k)}\t{hexes(v)}\n" for k, v in sorted(lines.items()))

def main(out, tables):
    draw = random.Random(13)
    made = ODD + [words(draw, draw.randrange(1, 30 if tables else 12)) for _ in range(1000 if tables else 40)]
    lyrics = []
    for t in tables:
        lyrics += [r["lyrics"] for r in csv.DictReader(open(t, encoding="utf-8", newline="")) if r["lyrics"]]
    shutil.rmtree(out, ignore_errors=True)
    model = f"{out}/model"
    os.makedirs(f"{model}/1_Pooling")
    work = tempfile.mkdtemp()
    with open(f"{work}/text", "w", encoding="utf-8") as f:
        f.write("\n".join(SENTENCES * 4 + [line for t in lyrics for line in t.split("\n") if line.strip()]) + "\n")
    how = dict(normalization_rule_name="nmt_nfkc", vocab_size=8000)
    if not tables:
        open(f"{work}/rules", "w").write(rules())
        how = dict(normalization_rule_tsv=f"{work}/rules", vocab_size=700)
    sentencepiece.SentencePieceTrainer.train(input=f"{work}/text", model_prefix=f"{work}/sp", model_type="unigram", character_coverage=0.98,
        byte_fallback=True, user_defined_symbols=["[laa]"], num_threads=1, minloglevel=2, hard_vocab_limit=False, **how)
    shutil.copy(f"{work}/sp.model", f"{model}/sentencepiece.bpe.model")
    json.dump({"tokenizer_class": "XLMRobertaTokenizer", "model_max_length": 1000000000000000019884624838656},
              open(f"{model}/tokenizer_config.json", "w"))
    torch.manual_seed(13)
    t = XLMRobertaTokenizer.from_pretrained(model)
    width = 64 if tables else H
    config = XLMRobertaConfig(vocab_size=len(t), hidden_size=width, num_hidden_layers=LAYERS, num_attention_heads=2, intermediate_size=2 * width,
        max_position_embeddings=514 if tables else POSITIONS, type_vocab_size=1, pad_token_id=1, bos_token_id=0, eos_token_id=2)
    net = XLMRobertaModel(config, add_pooling_layer=False)
    with torch.no_grad():
        for p in net.parameters():
            p.add_(torch.randn(p.shape) * 0.3)
    net.half().save_pretrained(model)
    plain = XLMRobertaTokenizer.from_pretrained(model)           # of the .model alone
    limit = 512 if tables else LIMIT
    texts = lyrics[:1000] + made
    alone = [plain(x)["input_ids"] for x in texts]
    t._tokenizer.save(f"{model}/tokenizer.json", pretty=False)
    json.dump({"max_seq_length": limit}, open(f"{model}/sentence_bert_config.json", "w"))
    json.dump([{"idx": i, "name": str(i), "path": p, "type": f"sentence_transformers.models.{c}"} for i, (p, c) in
               enumerate([("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")])], open(f"{model}/modules.json", "w"))
    os.makedirs(f"{model}/2_Normalize")
    json.dump({"word_embedding_dimension": width, "pooling_mode_mean_tokens": True}, open(f"{model}/1_Pooling/config.json", "w"))
    again = XLMRobertaTokenizer.from_pretrained(model)           # of tokenizer.json
    ids = [again(x)["input_ids"] for x in texts]
    print(sum(a != b for a, b in zip(ids, alone)), "texts differ between tokenizer.json and the .model")
    steps = json.load(open(f"{model}/tokenizer.json"))
    laa = [v[0] for v in steps["model"]["vocab"]].index("[laa]")
    nana = len(steps["model"]["vocab"])
    usual = dict(single_word=False, lstrip=False, rstrip=False, normalized=False, special=False)
    changed = {
        "behind": [{"type": "Strip", "strip_left": False, "strip_right": True},
                   {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "▁"}],
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        "added_tokens": [dict(a, lstrip=a["content"] == "<mask>") for a in steps["added_tokens"] if a["id"] != laa] +
                        [dict(usual, id=laa, content="[laa]"), dict(usual, id=nana, content="Nana", normalized=True)]}
    changed["added_tokens"].sort(key=lambda a: a["id"])
    steps["normalizer"] = {"type": "Sequence", "normalizers": [steps["normalizer"]] + changed["behind"]}
    steps["model"]["byte_fallback"] = True
    steps["pre_tokenizer"], steps["added_tokens"] = changed["pre_tokenizer"], changed["added_tokens"]
    bare = Tokenizer.from_str(json.dumps(steps))
    other = [bare.encode(x).ids for x in texts]
    st = SentenceTransformer(model, device="cpu")
    st.to(torch.float32)
    x = numpy.concatenate([st.encode([text]) for text in texts]).astype("<f4")
    x.tofile(f"{out}/x.f32")
    json.dump(changed, open(f"{out}/steps.json", "w"))
    with open(f"{out}/texts.jsonl", "w", encoding="utf-8") as f:
        for text, a, b in zip(texts, ids, other):
            f.write(json.dumps({"text": text, "ids": a, "steps": b}, ensure_ascii=False, separators=(",", ":")) + "\n")
    print(len(texts), "texts,", len(t), "pieces")

main(sys.argv[1], sys.argv[2:])
