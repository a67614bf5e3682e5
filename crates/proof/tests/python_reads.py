"""Reads messages with Python's own e-mail parser and says which addresses a reader would see in each.

Input: for each message its length in a line, then its octets. Output: one line of JSON a message.
"""
import base64, email, email.policy, html, io, json, re, sys, urllib.parse, zipfile
from email.utils import getaddresses

ADDRESS = re.compile(r"[A-Za-z0-9._+'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
TOKEN = re.compile(r"[A-Za-z0-9+/_-]{8,}")


def in_text(text):
    found = set(ADDRESS.findall(text))
    for view in (html.unescape(re.sub(r"<!--.*?-->|<[^>]*>", "", text, flags=re.S)), urllib.parse.unquote(html.unescape(text))):
        found |= set(ADDRESS.findall(view.replace("\u200b", "").replace("\u00ad", "")))
    for token in TOKEN.findall(text):
        try:
            plain = base64.b64decode(token.translate(str.maketrans("-_", "+/")) + "===").decode("ascii")
        except ValueError:
            continue
        if plain.isprintable():
            found |= set(ADDRESS.findall(plain))
    return found


def in_message(message):
    found = set()
    for name, value in message.items():
        if name.lower() not in ("message-id", "content-id"):
            found |= in_text(str(value))
        if name.lower() in ("to", "cc", "from", "reply-to"):
            found |= {a for _, a in getaddresses([str(value)]) if "@" in a}
    if message.is_multipart():
        for part in message.iter_parts() if message.get_content_type().startswith("multipart/") else message.get_payload():
            found |= in_message(part)
        return found
    octets = message.get_payload(decode=True) or b""
    if octets.startswith(b"PK\x03\x04"):
        archive = zipfile.ZipFile(io.BytesIO(octets))
        for member in archive.namelist():
            found |= in_text(member) | in_text(archive.read(member).decode("utf-8", "replace"))
        return found
    return found | in_text(octets.decode(message.get_content_charset("utf-8"), "replace"))


def main():
    stream = sys.stdin.buffer
    while line := stream.readline():
        message = email.message_from_bytes(stream.read(int(line)), policy=email.policy.SMTP)
        print(json.dumps(sorted(a.lower() for a in in_message(message))), flush=True)


main()
