"""python3 verify.py DIR: do records.jsonl, leaves.txt and checkpoint belong together? Exit 0: yes, 1: no."""
import base64, hashlib, json, os, sys
FILES = ("records.jsonl", "leaves.txt", "checkpoint")
CAVEAT = "not anchored: a consistent rewrite of all three cannot be detected without a checkpoint kept elsewhere"

def sha(data): return hashlib.sha256(data).digest()
def split(data):  # the lines, and whether the last one has its newline
    *lines, rest = data.split(b"\n")
    return (lines + [rest], False) if rest else (lines, True)
def depth(value): return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0
def root_of(leaves):  # RFC 6962, section 2.1; k is the largest power of two below their number
    k = 1 << (len(leaves) - 1).bit_length() >> 1
    return leaves[0] if len(leaves) == 1 else sha(b"\1" + root_of(leaves[:k]) + root_of(leaves[k:]))

def log_of(line, log, seq, prev):  # the id of the log; fails unless the record says that this is its place there
    record = json.loads(line.decode(), parse_int=lambda digits: (float(digits), digits))  # so "-0" is not "0"
    json.dumps(record, ensure_ascii=False, allow_nan=False).encode()  # fails for what other readers refuse
    is_flat = depth(json.loads(line, object_pairs_hook=lambda pairs: [value for _, value in pairs])) < 128
    is_here = is_flat and record["seq"] == (float(seq), str(seq)) and record.get("prev") == prev
    if is_here and isinstance(record["log"], str) and log in (None, record["log"]): return record["log"]
    raise ValueError

def verdict(records, leaves, checkpoint):
    (records, whole), (leaves, whole_leaves), log, real = split(records), split(leaves), None, [None]
    for seq in range(max(len(records), len(leaves))):
        if seq >= len(records) or seq >= len(leaves): return f"entry {seq}: only {FILES[seq >= len(records)]} has it"
        real.append(sha(b"\0" + records[seq]))
        if real[-1].hex().encode() != leaves[seq]: return f"entry {seq}: the record does not have that leaf"
        try: log = log_of(records[seq], log, seq, real[-2] and real[-2].hex())
        except Exception: return f"entry {seq}: the record does not say that this is its place in the log"
    if not (records and whole and whole_leaves): return FILES[bool(records and whole)] + ": the end is missing"
    root = base64.b64encode(root_of(real[1:])).decode()
    word = "continued, not " * ([json.loads(r, parse_int=str).get("kind") for r in records[1:2]] == ["log.succeeds"])
    if checkpoint != f"callout/{log}\n{len(records)}\n{root}\n".encode(): return "checkpoint: these are not its entries"
    return f"{word}intact: {len(records)} entries, root {root}\n{CAVEAT}"

if __name__ == "__main__":
    try: verdict = verdict(*(open(os.path.join(sys.argv[1], name), "rb").read() for name in FILES))
    except (IndexError, OSError) as err: sys.exit(f"python3 verify.py DIR: {err}")
    sys.exit(print(verdict) or not verdict.startswith(("intact: ", "continued, not intact: ")))
