"""What Python's email package finds in a message, as JSON."""

import email
import email.policy
import json
import sys

with open(sys.argv[1], "rb") as file:
    message = email.message_from_binary_file(file, policy=email.policy.SMTPUTF8)

defects = [repr(d) for part in message.walk() for d in part.defects]
defects += [repr(d) for part in message.walk() for v in part.values() for d in getattr(v, "defects", ())]
plain = message.get_body(("plain",)).get_content()
html = message.get_body(("html",)).get_content()
json.dump(
    {
        "subject": message["Subject"],
        "from": str(message["From"]),
        "to": str(message["To"]),
        "plain": plain.replace("\r\n", "\n").rstrip("\n") + "\n",
        "html": html.replace("\r\n", "\n"),
        "attachments": [part.get_filename() for part in message.iter_attachments()],
        "defects": defects,
    },
    sys.stdout,
)
