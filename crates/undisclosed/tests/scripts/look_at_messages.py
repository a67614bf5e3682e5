"""Looks at received messages with Python's own e-mail package and a DKIM verifier: shares no code with the program.

look_at_messages.py PEOPLE.csv FOLDER RSA.pem ED25519.pem
"""
import base64
import csv
import email
import email.policy
import pathlib
import re
import subprocess
import sys

import dkim

people_file, folder, rsa, ed25519 = sys.argv[1:]


def key(address):
    local, domain = address.rsplit("@", 1)
    return f"{local}@{domain.encode('idna').decode()}".lower()


people = {key(row["email"]) for row in csv.DictReader(open(people_file, encoding="utf-8"))}
everything = re.compile(r"[\w.+'-]+@[\w.-]+\w")


def public(path):
    der = subprocess.run(["openssl", "pkey", "-in", path, "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout
    return der


RECORDS = {
    b"rsa._domainkey.unit.example.": b"v=DKIM1; k=rsa; p=" + base64.b64encode(public(rsa)),
    # RFC 8463 section 4: the 32 octets alone, without the envelope of X.509.
    b"ed._domainkey.unit.example.": b"v=DKIM1; k=ed25519; p=" + base64.b64encode(public(ed25519)[-32:]),
}

written_to = []
for path in sorted(pathlib.Path(folder).glob("*.eml")):
    raw = path.read_bytes()
    recipients = path.with_suffix(".rcpt").read_text(encoding="utf-8").split("\n")
    assert len(recipients) == 1, "one RCPT"
    own = key(recipients[0])
    written_to.append(own)
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert not message.defects, message.defects
    for name in ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Auto-Submitted", "List-Unsubscribe"]:
        assert len(message.get_all(name, [])) == 1, name
    for name in ["Cc", "Bcc", "Resent-To", "Resent-Cc", "Resent-Bcc"]:
        assert message.get_all(name) is None, name
    assert [key(address.addr_spec) for address in message["To"].addresses] == [own]
    texts = [str(value) for value in message.values()]
    kinds = []
    for part in message.walk():
        assert not part.defects
        if part.is_multipart():
            continue
        kinds.append(part.get_content_type())
        texts.append(part.get_content())
    assert kinds == ["text/plain", "text/html"], kinds
    shown = {key(found) for text in texts for found in everything.findall(text)}
    assert not (shown & people) - {own}, "another person is shown"
    # Received fields come from the relays on the way; what they show is the recipient too.
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    for index in range(2):
        verifier = dkim.DKIM(raw, minkey=1024)
        assert verifier.verify(idx=index, dnsfunc=lambda name, timeout=5: RECORDS.get(name)), f"DKIM {index}"

assert len(written_to) == len(people) == len(set(written_to)), "everybody once"
