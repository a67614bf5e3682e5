#!/usr/bin/python3
"""Verifies what an Undisclosed ledger says, without Undisclosed: the standard library and python3-nacl.

    verify.py entry VERIFIER-KEY PROOF.json
    verify.py consistency VERIFIER-KEY OLDER.checkpoint NEWER.checkpoint PATH.json

PATH.json is a list of base64 hashes. Exit code 0 and a line for people, or another code and what does not fit.
With a word after the rest (`several`), the files hold a JSON list of cases and each gets a line, `ok` or `no: why`.
"""

import base64
import hashlib
import hmac
import json
import re
import sys

import nacl.exceptions
import nacl.signing


class Refused(Exception):
    pass


def require(condition, why):
    if not condition:
        raise Refused(why)


def sha256(octets):
    return hashlib.sha256(octets).digest()


def unbase64(text, length=None):
    require(isinstance(text, str), "not base64")
    try:
        octets = base64.b64decode(text, validate=True)
    except ValueError:
        raise Refused("not base64") from None
    require(base64.b64encode(octets).decode() == text, "base64 is not canonical")
    require(length is None or len(octets) == length, "a wrong number of octets")
    return octets


def number(value, low, high):
    require(type(value) is int and low <= value <= high, "not a number in range")
    return value


# C2SP signed-note and tlog-checkpoint.


def read_verifier_key(text):
    name, key_id, key = text.split("+", 2)
    key = unbase64(key, 33)
    require(key[0] == 1, "not an Ed25519 key")
    require(sha256(name.encode() + b"\n" + key)[:4].hex() == key_id, "the key's number does not fit it")
    return name, bytes.fromhex(key_id), nacl.signing.VerifyKey(key[1:])


def open_checkpoint(note, verifier_key):
    name, key_id, key = read_verifier_key(verifier_key)
    require(not re.search(r"[\x00-\x09\x0b-\x1f]", note), "a control character in the note")
    text, blank, signatures = note.rpartition("\n\n")
    require(blank and signatures.endswith("\n"), "not a signed note")
    text += "\n"
    verified = False
    for line in signatures[:-1].split("\n"):
        match = re.fullmatch(r"\u2014 ([^\s+]+) (\S+)", line)
        require(match, "not a signature line")
        signature = unbase64(match[2])
        require(len(signature) > 4, "a signature without octets")
        if match[1] == name and signature[:4] == key_id:
            try:
                key.verify(text.encode(), signature[4:])
            except (nacl.exceptions.BadSignatureError, ValueError):
                raise Refused("a signature is wrong") from None
            verified = True
    require(verified, "not signed with this key")
    lines = text[:-1].split("\n")
    require(len(lines) >= 3 and all(lines), "not a checkpoint")
    require(lines[0] == name, "a checkpoint of another log")
    require(re.fullmatch(r"0|[1-9][0-9]*", lines[1]), "not a size")
    return int(lines[1]), unbase64(lines[2], 32)


# RFC 6962 section 2.1, top down as the RFC defines it and not step by step as most verifiers do.


def leaf_hash(leaf):
    return sha256(b"\x00" + leaf)


def node_hash(left, right):
    return sha256(b"\x01" + left + right)


def split(size):
    return 1 << ((size - 1).bit_length() - 1)


def root_from_inclusion(leaf, index, size, path):
    """The root that PATH(index, D[size]) leads to."""
    if size == 1:
        require(not path, "the path is too long")
        return leaf
    require(path, "the path is too short")
    k = split(size)
    if index < k:
        return node_hash(root_from_inclusion(leaf, index, k, path[:-1]), path[-1])
    return node_hash(path[-1], root_from_inclusion(leaf, index - k, size - k, path[:-1]))


def roots_from_consistency(old, new, path, old_root):
    """The two roots that SUBPROOF(old, D[new], b) leads to; b is true where old_root is known."""
    if old == new:
        if old_root is not None:
            require(not path, "the path is too long")
            return old_root, old_root
        require(len(path) == 1, "the path has a wrong length")
        return path[0], path[0]
    require(path, "the path is too short")
    k = split(new)
    if old <= k:
        first, second = roots_from_consistency(old, k, path[:-1], old_root)
        return first, node_hash(second, path[-1])
    first, second = roots_from_consistency(old - k, new - k, path[:-1], None)
    return node_hash(path[-1], first), node_hash(path[-1], second)


def verify_inclusion(leaf, index, size, path, root):
    require(0 <= index < size, "no such leaf")
    require(len(path) <= 64, "the path is too long")
    require(root_from_inclusion(leaf, index, size, path) == root, "the path leads to another root")


def verify_consistency(old, new, path):
    (old_size, old_root), (new_size, new_root) = old, new
    require(old_size <= new_size, "the older checkpoint is larger")
    require(len(path) <= 64, "the path is too long")
    if old_size == 0:
        require(not path and old_root == sha256(b""), "not the empty tree")
        return
    first, second = roots_from_consistency(old_size, new_size, path, old_root)
    require(first == old_root and second == new_root, "the log was rewritten between the checkpoints")


# The commitments of Undisclosed.


def field(octets):
    return len(octets).to_bytes(4, "big") + octets


def commitment(label, salt, content):
    return sha256(field(label) + field(salt) + field(content))


def entry_octets(content):
    require(set(content) == {"at", "actor", "act", "subject", "detail"}, "not an entry")
    at = number(content["at"], -(2**63), 2**63 - 1).to_bytes(8, "big", signed=True)
    texts = [content[name].encode() for name in ("actor", "act", "subject", "detail")]
    return b"\x01" + at + b"".join(map(field, texts))


def delivery_octets(content):
    names = {"number", "at", "person", "message", "state", "status", "enhanced"}
    require(set(content) == names, "not a delivery")
    message = content["message"]
    fields = [
        bytes.fromhex(content["person"]),
        b"" if message is None else bytes.fromhex(message),
        content["state"].encode(),
        content["enhanced"].encode(),
    ]
    return (
        b"\x01"
        + number(content["number"], 0, 2**64 - 1).to_bytes(8, "big")
        + number(content["at"], -(2**63), 2**63 - 1).to_bytes(8, "big", signed=True)
        + number(content["status"], 0, 2**16 - 1).to_bytes(2, "big")
        + b"".join(map(field, fields))
    )


def delivery_salt(key, delivery_number):
    """How the salts of a campaign's deliveries come from its salt key."""
    return hmac.new(key, delivery_number.to_bytes(8, "big"), hashlib.sha256).digest()


def verify_disclosed(disclosed, label, octets, size, root):
    require(set(disclosed) == {"index", "salt", "content", "path"}, "not a disclosed leaf")
    salt = unbase64(disclosed["salt"], 32)
    leaf = leaf_hash(commitment(label, salt, octets(disclosed["content"])))
    path = [unbase64(text, 32) for text in disclosed["path"]]
    verify_inclusion(leaf, number(disclosed["index"], 0, 2**63 - 1), size, path, root)


def verify_proof(proof, verifier_key):
    require(proof["format"] == "undisclosed proof of entry v1", "not a proof of an entry")
    require(set(proof) - {"delivery"} == {"format", "checkpoint", "entry"}, "not a proof of an entry")
    size, root = open_checkpoint(proof["checkpoint"], verifier_key)
    entry = proof["entry"]
    verify_disclosed(entry, b"undisclosed entry", entry_octets, size, root)
    delivery = proof.get("delivery")
    if delivery is not None:
        tree = load(entry["content"]["detail"])["delivery_tree"]
        size, root = number(tree["size"], 0, 2**63 - 1), unbase64(tree["root"], 32)
        verify_disclosed(delivery, b"undisclosed delivery", delivery_octets, size, root)


def load(text):
    def once(pairs):
        require(len(dict(pairs)) == len(pairs), "a name stands twice in the JSON")
        return dict(pairs)

    return json.loads(text, object_pairs_hook=once)


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def judge(verify, *arguments):
    """None, or why it is refused. What is not of the form at all raises what it raises, and is refused too."""
    try:
        verify(*arguments)
    except Refused as refused:
        return str(refused)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        return f"not of the form ({type(error).__name__})"
    return None


def verify_two_checkpoints(older, newer, path, verifier_key):
    old, new = open_checkpoint(older, verifier_key), open_checkpoint(newer, verifier_key)
    verify_consistency(old, new, [unbase64(text, 32) for text in path])


def main(arguments):
    match arguments:
        case ["entry", key, proof]:
            why = judge(lambda: verify_proof(load(read(proof)), key))
        case ["consistency", key, older, newer, path]:
            why = judge(lambda: verify_two_checkpoints(read(older), read(newer), load(read(path)), key))
        case ["entry", key, proofs, "several"]:
            for proof in load(read(proofs)):
                print(judge(lambda proof=proof: verify_proof(load(proof), key)) or "ok")
            return 0
        case ["consistency", key, cases, "several"]:
            for older, newer, path in load(read(cases)):
                print(judge(verify_two_checkpoints, older, newer, path, key) or "ok")
            return 0
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    print(f"REFUSED: {why}" if why else "verified: it is what the log recorded")
    return 1 if why else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
